"""What staff send to the bot, kept as rows: nothing is lost in a restart and nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from peewee import IntegrityError

from db import write
from models import StaffUpdate, UpdateState
from secretbox import CannotOpen, SecretBox


@dataclass(frozen=True)
class Arrival:
    """One update of Telegram; `payload` is its JSON and may hold a token."""

    update_id: int
    chat_id: int
    message_id: int | None
    payload: str = field(repr=False)


def store(now: datetime, box: SecretBox, arrivals: Iterable[Arrival]) -> list[StaffUpdate]:
    """Keep updates in one transaction; returns the rows that are new, in order. Known update ids are left out."""
    with write():
        return [row for arrival in arrivals if (row := _insert(now, box, arrival)) is not None]


def _insert(now: datetime, box: SecretBox, arrival: Arrival) -> StaffUpdate | None:
    if StaffUpdate.select(StaffUpdate.id).where(StaffUpdate.update_id == arrival.update_id).exists():
        return None
    try:
        return StaffUpdate.create(
            update_id=arrival.update_id,
            chat_id=arrival.chat_id,
            message_id=arrival.message_id,
            payload=box.seal(arrival.payload, _context(arrival.update_id)),
            received_at=now,
        )
    except IntegrityError:  # two pollers for a moment: the other one has it
        return None


def start(box: SecretBox, row_id: int) -> str | None:
    """Mark a new update as started and give its JSON; None when it was started before. Commits before it returns."""
    with write():
        row = StaffUpdate.get_or_none(StaffUpdate.id == row_id, StaffUpdate.state == UpdateState.NEW)
        if row is None:
            return None
        StaffUpdate.update(state=UpdateState.STARTED).where(StaffUpdate.id == row_id).execute()
    return box.open(row.payload, _context(row.update_id))


def payload_of(box: SecretBox, row: StaffUpdate) -> str:
    """The JSON of an update that was not started, "{}" when no key opens it (`start` says so)."""
    try:
        return box.open(row.payload, _context(row.update_id))
    except CannotOpen:
        return "{}"


def done(row_id: int) -> None:
    """The update had its effect; its text is forgotten."""
    StaffUpdate.update(state=UpdateState.DONE, payload="").where(StaffUpdate.id == row_id).execute()


def failed(row_id: int, error: str) -> None:
    """The update ended in an error nobody foresaw; its text is forgotten, `error` (no personal data) stays."""
    StaffUpdate.update(state=UpdateState.FAILED, payload="", error=error[:300]).where(
        StaffUpdate.id == row_id
    ).execute()


def waiting() -> list[StaffUpdate]:
    """Updates that were stored and never started, oldest first."""
    return list(StaffUpdate.select().where(StaffUpdate.state == UpdateState.NEW).order_by(StaffUpdate.update_id))


def interrupted() -> list[int]:
    """Chats whose update was under way when the last process died; not run again, nobody knows how far it got."""
    with write():
        rows = list(StaffUpdate.select().where(StaffUpdate.state == UpdateState.STARTED).order_by(StaffUpdate.id))
        for row in rows:
            failed(row.id, "restart")
    return list(dict.fromkeys(row.chat_id for row in rows if row.chat_id is not None))


def _context(update_id: int) -> str:
    return f"staff_update:{update_id}:payload"
