"""What passed between the business and one person: messages both ways and deliveries, newest first, page by page.

A page begins where the one before ended, by time, so that what arrives meanwhile moves nothing. Our own messages come
back from Zalo as echoes; they are shown once, as the delivery with its state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from models import ChatMessage, Consent, Conversation, Delivery, Follower, OfficialAccount, Rating, Staff
from services import consents, followers, ratings

PAGE = 15
_RATINGS = 3


@dataclass(frozen=True)
class Happening:
    """One message of a chat, or one delivery; exactly one of the two is set."""

    at: datetime
    message: ChatMessage | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True)
class Past:
    """A page; `older` is where the next one begins, None at the end."""

    rows: list[Happening]
    older: datetime | None


@dataclass(frozen=True)
class Card:
    """What the card of a person shows besides their row."""

    tags: list[str]
    said: list[Consent]
    past: Past
    ratings: list[Rating]
    keeper: int | None  # Telegram id of who looks after the conversation
    names: dict[int, str]  # of staff, by Telegram id


def card(oa: OfficialAccount, person: Follower, limit: int = 3) -> Card:
    """Everything for the card, in a query for each kind of thing."""
    said = consents.of_person(oa.oa_id, person)
    keeper = _keeper(person)
    return Card(
        tags=followers.tags_of(oa.oa_id, [person.user_id])[person.user_id],
        said=said,
        past=of_follower(oa, person, limit=limit),
        ratings=ratings.of_recipient(person.oa_id, [person.user_id, person.phone], _RATINGS),
        keeper=keeper,
        names=names({word.staff_id for word in said} | {keeper}),
    )


def of_follower(oa: OfficialAccount, person: Follower, before: datetime | None = None, limit: int = PAGE) -> Past:
    """Messages with this OA, and what it sent to the user id or the phone."""
    theirs = (ChatMessage.oa_id == person.oa_id) & (ChatMessage.user_id == person.user_id)
    chat = _before(ChatMessage.select().where(theirs, ~_echo(oa)), ChatMessage.at, before, limit)
    recipients = [person.user_id, *([person.phone] if person.phone else [])]
    sent = _sent([oa], recipients, before, limit)
    return _page([*(Happening(row.at, message=row) for row in chat), *sent], limit)


def of_phone(oas: Iterable[OfficialAccount], phone: str, before: datetime | None = None, limit: int = PAGE) -> Past:
    """What these OAs sent to a phone (84...)."""
    return _page(_sent(oas, [phone], before, limit), limit)


def _sent(
    oas: Iterable[OfficialAccount], recipients: list[str], before: datetime | None, limit: int
) -> list[Happening]:
    theirs = (Delivery.oa.in_([oa.id for oa in oas]), Delivery.recipient.in_(recipients))
    query = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(*theirs)
    rows = _before(query, Delivery.created_at, before, limit)
    return [Happening(row.created_at, delivery=row) for row in rows]


def names(telegram_ids: Iterable[int | None]) -> dict[int, str]:
    """What these staff are called, those who left included."""
    wanted = sorted({number for number in telegram_ids if number is not None})
    if not wanted:
        return {}
    rows = Staff.select(Staff.telegram_id, Staff.name).where(Staff.telegram_id.in_(wanted))
    return {row.telegram_id: row.name or str(row.telegram_id) for row in rows}


def _echo(oa: OfficialAccount) -> Any:
    """A message of ours that is shown as its delivery."""
    ours = Delivery.select(Delivery.id).where(Delivery.oa == oa, Delivery.msg_id == ChatMessage.msg_id)
    return ~ChatMessage.inbound & fn.EXISTS(ours)


def _before(query: Any, at: Any, before: datetime | None, limit: int) -> list[Any]:
    later = query if before is None else query.where(at < before)
    return list(later.order_by(at.desc()).limit(limit + 1))


def _page(happened: list[Happening], limit: int) -> Past:
    rows = sorted(happened, key=lambda each: each.at, reverse=True)
    if len(rows) <= limit:
        return Past(rows, None)
    end = limit
    # What happened in one millisecond stays together: the next page begins before the last one shown.
    while end > 0 and rows[end].at == rows[end - 1].at:
        end -= 1
    return Past(rows[: end or limit], rows[(end or limit) - 1].at)


def _keeper(person: Follower) -> int | None:
    chat = Conversation.get_or_none(Conversation.oa_id == person.oa_id, Conversation.user_id == person.user_id)
    return None if chat is None else chat.taken_by
