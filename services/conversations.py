"""The chat of one person with one OA as work: who waits, who looks after it, and when it is done.

Rows come from events (`services.conversation_facts`); staff move them here, each by one conditional UPDATE, so that of
two people who tap at once one is told who was faster. Every move is audited.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from db import to_ms, write
from models import Conversation, Role, Staff
from services import audit, followers, notices, staff
from services.audit import Actor
from services.errors import Conflict, NotAllowed, NotFound

# Whoever took a conversation and was not heard of for so long does not keep it from the others any more.
TAKEN_FOR = timedelta(hours=24)
HANDED_OVER = "handed_over"  # notice


def of(oa_id: str, user_id: str) -> Conversation | None:
    """The conversation of a person with an OA; None while they never wrote."""
    row: Conversation | None = Conversation.get_or_none(Conversation.oa_id == oa_id, Conversation.user_id == user_id)
    return row


def holder(now: datetime, row: Conversation | None) -> int | None:
    """Telegram id of whoever looks after it now; None when everybody may."""
    if row is None or row.taken_by is None or row.taken_at < now - TAKEN_FOR:
        return None
    return int(row.taken_by)


def holder_name(now: datetime, row: Conversation | None) -> str:
    """The name of the holder, "" for nobody."""
    held = holder(now, row)
    person = Staff.get_or_none(Staff.telegram_id == held) if held else None
    return (person.name or str(held)) if person else ""


def audience(now: datetime, row: Conversation | None, oa_id: str) -> list[Staff]:
    """Whom a line of this conversation concerns: its holder alone, else all operators who may use the OA."""
    people = staff.at_least(Role.OPERATOR, oa_id)
    held = holder(now, row)
    return [person for person in people if person.telegram_id == held] or people


def take(now: datetime, actor: Actor, oa_id: str, user_id: str) -> None:
    """Look after it from now on. Raises Conflict `inbox.taken` (name) when somebody got there first; safe to repeat."""
    me = _me(actor)
    with write():
        mine = Conversation.taken_by == me.telegram_id
        taken = _move(oa_id, user_id, _free(now) | mine, taken_by=me.telegram_id, taken_at=now)
        if not taken:
            raise _taken(now, oa_id, user_id)
        _record(now, actor, oa_id, user_id, "conversation.taken")


def take_longest(now: datetime, actor: Actor, oa_ids: list[str]) -> Conversation:
    """Take whoever waits longest and is looked after by nobody. Raises NotFound `inbox.nobody_waits`."""
    me = _me(actor)
    while True:
        row = _longest(now, oa_ids)
        if row is None:
            raise NotFound("inbox.nobody_waits")
        with write():
            if _move(row.oa_id, row.user_id, _free(now), taken_by=me.telegram_id, taken_at=now):
                _record(now, actor, row.oa_id, row.user_id, "conversation.taken")
                return row


def hold_for_answer(now: datetime, actor: Actor, oa_id: str, user_id: str) -> bool:
    """Whoever answers first looks after it: of two answers in the same seconds one is stopped. False: it is held."""
    me = _me(actor)
    if of(oa_id, user_id) is None:
        return True  # they never wrote to us: nothing to look after
    with write():
        mine = Conversation.taken_by == me.telegram_id
        return bool(_move(oa_id, user_id, _free(now) | mine, taken_by=me.telegram_id, taken_at=now))


def give_back(now: datetime, actor: Actor, oa_id: str, user_id: str) -> None:
    """Let everybody look after it again. Raises Conflict `inbox.not_yours`."""
    with write():
        if not _move(oa_id, user_id, Conversation.taken_by == _me(actor).telegram_id, taken_by=None, taken_at=None):
            raise Conflict("inbox.not_yours")
        _record(now, actor, oa_id, user_id, "conversation.given_back")


def hand_over(now: datetime, actor: Actor, oa_id: str, user_id: str, to: Staff) -> None:
    """Give it to a colleague, who is told. A manager may give away what somebody else looks after.

    Raises NotAllowed `inbox.cannot_have` when the colleague may not use the OA, Conflict `inbox.taken` (name).
    """
    me = _me(actor)
    if to.telegram_id not in {person.telegram_id for person in staff.at_least(Role.OPERATOR, oa_id)}:
        raise NotAllowed("inbox.cannot_have", name=to.name)
    with write():
        mine: Any = _free(now) | (Conversation.taken_by == me.telegram_id)
        where = Conversation.id.is_null(False) if staff.may(me, Role.MANAGER) else mine
        if not _move(oa_id, user_id, where, taken_by=to.telegram_id, taken_at=now):
            raise _taken(now, oa_id, user_id)
        _record(now, actor, oa_id, user_id, "conversation.handed_over", to=to.name)
        if to.telegram_id != me.telegram_id:
            payload = {"oa_id": oa_id, "row": followers.row_number(oa_id, user_id), "by": me.name}
            notices.post(now, to.telegram_id, HANDED_OVER, f"{payload['row']}:{to_ms(now)}", payload)


def done(now: datetime, actor: Actor, oa_id: str, user_id: str, seen: int) -> None:
    """Nobody waits any more, answered or not; `seen` is the last line the person saw (epoch ms).

    Raises Conflict `inbox.wrote_again` when a later line came meanwhile. Safe to repeat.
    """
    me = _me(actor)
    ended = {"waiting_since": None, "has_phone": False, "taken_by": None, "taken_at": None}
    with write():
        nothing_new = Conversation.last_inbound_at.is_null() | (Conversation.last_inbound_at <= seen)
        # Not "now": a line written a second ago may still be on its way to us, and nobody has seen it.
        if not _move(oa_id, user_id, nothing_new, **ended, done_at=seen, done_by=me.telegram_id):
            raise Conflict("inbox.wrote_again")
        _record(now, actor, oa_id, user_id, "conversation.done")


def _free(now: datetime) -> Any:
    return Conversation.taken_by.is_null() | (Conversation.taken_at < now - TAKEN_FOR)


def _move(oa_id: str, user_id: str, *conditions: Any, **values: Any) -> int:
    mine = (Conversation.oa_id == oa_id, Conversation.user_id == user_id)
    return int(Conversation.update(**values).where(*mine, *conditions).execute())


def _longest(now: datetime, oa_ids: list[str]) -> Conversation | None:
    waits = (Conversation.oa_id.in_(oa_ids), Conversation.waiting_since.is_null(False), _free(now))
    row: Conversation | None = (
        Conversation.select().where(*waits).order_by(Conversation.waiting_since, Conversation.id).first()
    )
    return row


def _taken(now: datetime, oa_id: str, user_id: str) -> Conflict | NotFound:
    row = of(oa_id, user_id)
    return NotFound("inbox.unknown") if row is None else Conflict("inbox.taken", name=holder_name(now, row) or "?")


def _me(actor: Actor) -> Staff:
    assert actor.staff is not None
    return actor.staff


def _record(now: datetime, actor: Actor, oa_id: str, user_id: str, action: str, **detail: Any) -> None:
    target = f"follower {followers.row_number(oa_id, user_id)}"
    audit.record(now, actor, action, oa_id=oa_id, target=target, detail=detail or None)
