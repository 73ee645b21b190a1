"""Telling staff what customers write: several lines within seconds as one message, each line once.

Lines wait in `chat_message` with `told_at` empty. A pass claims all untold lines of a conversation by one conditional
UPDATE and posts the notices in the same transaction: a worker that dies between leaves both undone, two workers never
tell the same line. A notice names its lines by `told_at`, and is rendered from the rows as they are then, so that
whoever is erased in between is not told of.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import SQL, fn

from db import from_ms, in_thread, to_ms, write
from models import Channel, ChatMessage, Delivery, Follower, Notice, OfficialAccount, Staff
from services import conversations, notices, watches
from services.desk import Desk
from services.leaving import HIDE_NUMBER

JOIN = timedelta(seconds=5)  # lines that come within this are one message
# Somebody who writes a line a second for minutes is told in longer pieces.
CALM = timedelta(seconds=20)
BURST, BURST_WITHIN = 3, timedelta(minutes=1)
TOLD_FOR = timedelta(days=7)  # what comes to light later stands in the conversation only
MOST_ATTACHMENTS = 10  # of one message; the rest stands in Zalo
AT_ONCE = 50  # conversations a pass
WROTE, ATTACHMENT = "customer_wrote", "customer_file"  # notices
FETCHED = frozenset({"image", "gif", "audio", "video", "file", "sticker"})


class _Due(NamedTuple):
    oa_id: str
    user_id: str
    first: int  # when the oldest untold line reached us, epoch ms


async def step(desk: Desk) -> int:
    """Wait for the next conversation that is to be told, at most JOIN, and tell what is due; 0 when nothing waits."""
    first = await in_thread(_oldest)
    if first is None:
        return 0
    left = from_ms(first) + JOIN - desk.now()
    if timedelta(0) < left <= JOIN:
        await asyncio.sleep(left.total_seconds())
    return await in_thread(tell, desk.now())


def tell(now: datetime) -> int:
    """Tell what waited long enough; returns how many conversations were told of. Safe in several workers at once."""
    return sum(_tell(now, each) for each in _due(now))


def _oldest() -> int | None:
    rows: Any = ChatMessage.select(fn.MIN(ChatMessage.stored_at)).where(_untold()).tuples()
    value: Any = next(iter(rows))[0]
    return to_ms(value) if isinstance(value, datetime) else value


def _due(now: datetime) -> list[_Due]:
    stored = fn.MIN(ChatMessage.stored_at)
    rows: Any = (
        ChatMessage.select(ChatMessage.oa_id, ChatMessage.user_id, stored.alias("first"))
        # What seems to come in the future was stored before the clock was set back: it waits no longer for that.
        .where(_untold(), (ChatMessage.stored_at <= now - JOIN) | (ChatMessage.stored_at > now))
        .group_by(ChatMessage.oa_id, ChatMessage.user_id)
        .order_by(SQL("first"), ChatMessage.oa_id, ChatMessage.user_id)
        .limit(AT_ONCE)
        .tuples()
    )
    return [_Due(oa, user, to_ms(first) if isinstance(first, datetime) else first) for oa, user, first in rows]


def _tell(now: datetime, due: _Due) -> bool:
    if to_ms(now - CALM) < due.first <= to_ms(now) and _often(now, due):
        return False
    with write():
        mine = (ChatMessage.oa_id == due.oa_id) & (ChatMessage.user_id == due.user_id)
        if not ChatMessage.update(told_at=now).where(mine, ChatMessage.told_at.is_null()).execute():
            return False  # another worker was faster
        lines = list(ChatMessage.select().where(mine, ChatMessage.told_at == now).order_by(ChatMessage.at))
        _post(now, due, [line for line in lines if line.at > now - TOLD_FOR])
    return True


def _often(now: datetime, due: _Due) -> bool:
    """Whether this conversation was told of so often lately that its lines are better gathered for longer."""
    # Echoes of our own are marked as told when they come, and nobody was told of them.
    mine = (ChatMessage.oa_id == due.oa_id, ChatMessage.user_id == due.user_id, ChatMessage.inbound)
    lately = (ChatMessage.told_at > now - BURST_WITHIN) & (ChatMessage.told_at <= now)
    told: Any = ChatMessage.select(fn.COUNT(fn.DISTINCT(ChatMessage.told_at))).where(*mine, lately).scalar()
    return int(told or 0) >= BURST


def _post(now: datetime, due: _Due, lines: list[ChatMessage]) -> None:
    person = Follower.get_or_none(Follower.oa_id == due.oa_id, Follower.user_id == due.user_id)
    if person is None or not (lines := [line for line in lines if not _erased(person, line)]):
        return
    talk = conversations.of(due.oa_id, due.user_id)
    payload = {"oa_id": due.oa_id, "row": person.id, "told": to_ms(now), "since": to_ms(lines[0].at)}
    for reader in conversations.audience(now, talk, due.oa_id):
        notices.post(now, reader.telegram_id, WROTE, f"{person.id}:{payload['told']}", payload)
        _post_files(now, reader, payload, lines)
    if any(line.inbound for line in lines):
        watches.wrote(now, due.oa_id, due.user_id)


def _post_files(now: datetime, reader: Staff, payload: dict[str, Any], lines: list[ChatMessage]) -> None:
    """Each file is a Telegram message of its own, after the words; the bot fetches it when it sends."""
    found = [(line, at) for line in lines for at, each in enumerate(line.attachments or []) if is_file(each)]
    for line, at in found[:MOST_ATTACHMENTS]:
        one = {"oa_id": payload["oa_id"], "row": payload["row"], "message": line.id, "at": at}
        notices.post(now, reader.telegram_id, ATTACHMENT, f"{line.id}:{at}", one)


def is_file(attachment: dict[str, Any]) -> bool:
    """Whether there is something to fetch behind an attachment."""
    return attachment.get("kind") in FETCHED and bool(attachment.get("url"))


def _erased(person: Follower, line: ChatMessage) -> bool:
    return person.erased_at is not None and line.at <= person.erased_at


def lines_of(payload: dict[str, Any], person: Follower) -> list[ChatMessage]:
    """The lines a notice is about, oldest first; none of an erased past."""
    mine = (ChatMessage.oa_id == person.oa_id, ChatMessage.user_id == person.user_id)
    told = (ChatMessage.told_at == from_ms(payload["told"]), ChatMessage.at >= from_ms(payload["since"]))
    rows = ChatMessage.select().where(*mine, *told).order_by(ChatMessage.at, ChatMessage.id)
    return [line for line in rows if not _erased(person, line)]


def line_at(person: Follower, line_id: int) -> ChatMessage | None:
    """One line of this person; None when it is gone or erased."""
    mine = (ChatMessage.oa_id == person.oa_id, ChatMessage.user_id == person.user_id)
    row: ChatMessage | None = ChatMessage.get_or_none(ChatMessage.id == line_id, *mine)
    return None if row is None or _erased(person, row) else row


def retell(now: datetime, person: Follower) -> None:
    """Somebody took, answered or ended the conversation: its newest message in every chat says so. Joins the tx."""
    mine = (ChatMessage.oa_id == person.oa_id, ChatMessage.user_id == person.user_id)
    last: Any = ChatMessage.select(fn.MAX(ChatMessage.told_at)).where(*mine, ChatMessage.inbound).scalar()
    if last is None:
        return
    told = to_ms(last) if isinstance(last, datetime) else last
    chats = Staff.select(Staff.telegram_id).where(Staff.active)
    shown = Notice.select().where(Notice.chat_id.in_(chats), Notice.kind == WROTE, Notice.ref == f"{person.id}:{told}")
    for row in list(shown):
        notices.post(now, row.chat_id, WROTE, row.ref, row.payload)


def meant(chat_id: int, message_id: int) -> int | None:
    """Row number of the customer whom a Telegram message is about; None when it is about none, or is too old.

    Such are a customer's words and files, what concerns them, and what became of a message to them.
    """
    row = Notice.get_or_none(Notice.chat_id == chat_id, Notice.message_id == message_id, Notice.kind != HIDE_NUMBER)
    if row is None:
        return None
    if "delivery" in row.payload:
        return _recipient(int(row.payload["delivery"]))
    return int(row.payload.get("row") or 0) or None


def _recipient(delivery_id: int) -> int | None:
    sent = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(Delivery.id == delivery_id)
    for row in sent.where(Delivery.channel != Channel.ZNS):
        person = Follower.get_or_none(Follower.oa_id == row.oa.oa_id, Follower.user_id == row.recipient)
        return None if person is None else int(person.id)
    return None


def _untold() -> Any:
    return ChatMessage.told_at.is_null()
