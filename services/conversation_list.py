"""Reading conversations: who waits, longest first, and what was said lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from peewee import fn

from models import Channel, ChatMessage, Conversation, Delivery, Follower, OfficialAccount
from services.conversations import TAKEN_FOR
from services.interaction import FREE_WINDOW

ENDS_SOON = timedelta(hours=6)
DONE_FOR = timedelta(days=7)  # how far back the list of what is done goes


class Which(StrEnum):
    """The lists of /cho."""

    WAITING = "w"  # nobody looks after them
    MINE = "m"
    SOON = "s"  # the free window ends soon
    DONE = "d"


@dataclass(frozen=True)
class Line:
    """One conversation with the person it is with."""

    conversation: Conversation
    person: Follower
    name: str  # of the OA


@dataclass(frozen=True)
class Counts:
    """How many stand in each list, and since when the first one waits."""

    waiting: int
    mine: int
    soon: int
    longest: datetime | None  # among all who wait, taken or not


def page(now: datetime, me: int, oa_ids: list[str], which: Which, offset: int, limit: int) -> tuple[list[Line], int]:
    """A page of one list over these OAs, longest waiting first (done: latest first), and how many there are in all."""
    where = (Conversation.oa_id.in_(oa_ids), _condition(now, me, which))
    order = Conversation.done_at.desc() if which is Which.DONE else Conversation.waiting_since.asc(nulls="last")
    people = (Follower.oa_id == Conversation.oa_id) & (Follower.user_id == Conversation.user_id)
    total = int(Conversation.select().where(*where).count())
    query = (
        Conversation.select(Conversation, Follower, OfficialAccount.name)
        .join(Follower, on=people, attr="person")
        .switch(Conversation)
        .join(OfficialAccount, on=(OfficialAccount.oa_id == Conversation.oa_id), attr="account")
        .where(*where)
        .order_by(order, Conversation.id)
    )
    rows: Any = query.offset(offset).limit(limit)
    return [Line(row, row.person, row.account.name) for row in rows], total


def counts(now: datetime, me: int, oa_ids: list[str]) -> Counts:
    """The figures above the lists, over these OAs."""
    theirs = Conversation.oa_id.in_(oa_ids)

    def count(which: Which) -> int:
        return int(Conversation.select().where(theirs, _condition(now, me, which)).count())

    first: Any = Conversation.select(fn.MIN(Conversation.waiting_since)).where(theirs, _waits()).scalar()
    longest = Conversation.waiting_since.python_value(first) if isinstance(first, int) else first
    return Counts(count(Which.WAITING), count(Which.MINE), count(Which.SOON), longest)


def waiting(oa_ids: list[str]) -> tuple[int, datetime | None]:
    """How many wait for an answer at these OAs, and since when the first does."""
    theirs = (Conversation.oa_id.in_(oa_ids), _waits())
    first: Any = Conversation.select(fn.MIN(Conversation.waiting_since)).where(*theirs).scalar()
    longest = Conversation.waiting_since.python_value(first) if isinstance(first, int) else first
    return int(Conversation.select().where(*theirs).count()), longest


def everywhere(most: int = 10_000) -> tuple[int, datetime | None]:
    """As `waiting` for all OAs, looking at no more than `most` rows."""
    rows: Any = Conversation.select(Conversation.waiting_since).where(_waits()).limit(most).tuples()
    since = [moment for (moment,) in rows]
    return len(since), min(since, default=None)


def said(oa_id: str, user_id: str, limit: int = 8) -> list[ChatMessage]:
    """The last lines in both directions as Zalo told them, oldest first."""
    mine = (ChatMessage.oa_id == oa_id, ChatMessage.user_id == user_id)
    rows = ChatMessage.select().where(*mine).order_by(ChatMessage.at.desc(), ChatMessage.id.desc()).limit(limit)
    return list(rows)[::-1]


def sent(oa_id: str, user_id: str, limit: int = 5) -> list[Delivery]:
    """The last messages we sent to this user id, oldest first."""
    here = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount)
    mine = (OfficialAccount.oa_id == oa_id, Delivery.recipient == user_id, Delivery.channel != Channel.ZNS)
    return list(here.where(*mine).order_by(Delivery.id.desc()).limit(limit))[::-1]


def free_until(row: Conversation) -> datetime | None:
    """The end of the free window that the last line opened."""
    return None if row.last_inbound_at is None else row.last_inbound_at + FREE_WINDOW


def _waits() -> Any:
    return Conversation.waiting_since.is_null(False)


def _condition(now: datetime, me: int, which: Which) -> Any:
    held = Conversation.taken_by.is_null(False) & (Conversation.taken_at >= now - TAKEN_FOR)
    if which is Which.WAITING:
        return _waits() & (Conversation.taken_by.is_null() | (Conversation.taken_at < now - TAKEN_FOR))
    if which is Which.MINE:
        return (Conversation.taken_by == me) & held
    if which is Which.SOON:
        ends = (Conversation.last_inbound_at > now - FREE_WINDOW) & (
            Conversation.last_inbound_at <= now - FREE_WINDOW + ENDS_SOON
        )
        return _waits() & ends
    return Conversation.waiting_since.is_null() & (Conversation.done_at > now - DONE_FOR)
