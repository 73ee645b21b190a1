"""The record of who did what, and the reading of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from peewee import SQL, fn

from models import AuditEntry, OfficialAccount, Role, Staff, StaffOa
from services import phones
from services.logs import PHONE, is_phone

DONE, REFUSED = "done", "refused"
PIECE = 1000
# The kinds of a filter: what the names of their actions begin with. Each action belongs to one; a test sees to it.
KINDS: dict[str, tuple[str, ...]] = {
    "sending": ("message.", "stop_all.", "template."),
    "oa": ("oa.",),
    "staff": ("staff.", "invitation.", "stranger.", "group."),
    "customers": ("rating.", "customer.", "conversation.", "inbox."),
    "security": ("app.", "audit.", "backup.", "keys.", "verification."),
}


@dataclass(frozen=True)
class Actor:
    """Who acts, and from which message; `staff` is None for the command line and for OA Desk itself."""

    name: str
    staff: Staff | None = None
    chat_id: int | None = None
    message_id: int | None = None


CLI = Actor("cli")
MACHINE = Actor("machine")


@dataclass(frozen=True)
class Scope:
    """What somebody who may not use every OA may read: rows of these OAs, and what they did themselves without one."""

    oa_ids: tuple[str, ...]
    staff_id: int


@dataclass(frozen=True)
class Filter:
    """Which entries; everything left out does not count. `staff_id` is a Telegram id."""

    oa_id: str = ""
    staff_id: int | None = None
    actor: str = ""  # cli, machine
    action_prefix: tuple[str, ...] = ()  # any of these
    since: datetime | None = None
    until: datetime | None = None  # not included
    result: str = ""  # DONE, REFUSED for everything else, or one key
    scope: Scope | None = None  # None: everything


def record(
    at: datetime,
    actor: Actor,
    action: str,
    *,
    oa_id: str = "",
    target: str = "",
    detail: dict[str, Any] | None = None,
    result: str = DONE,
) -> None:
    """Write one entry in the transaction of the act itself, so that neither exists without the other.

    `result` is the key of what stood against it where it was refused. `detail` must hold no secret; phone numbers are
    masked here, whoever forgot to.
    """
    AuditEntry.create(
        at=at,
        staff_id=actor.staff.telegram_id if actor.staff else None,
        actor=actor.name,
        action=action,
        oa_id=oa_id,
        target=masked(target),
        detail=None if detail is None else {name: masked(value) for name, value in detail.items()},
        result=result,
        chat_id=actor.chat_id,
        message_id=actor.message_id,
    )


def masked(value: Any) -> Any:
    """The same without a full phone number, however it is written, in a text, a number or in what holds them."""
    if isinstance(value, str):
        return PHONE.sub(lambda found: _mask(found.group()), value)
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items()}
    if is_phone(value):
        return _mask(str(value))
    return [masked(inner) for inner in value] if isinstance(value, list | tuple) else value


def _mask(phone: str) -> str:
    """However it was written, by its last nine digits."""
    return phones.mask("84" + "".join(char for char in phone if char.isdigit())[-9:])


def scope_of(person: Staff) -> Scope | None:
    """What this person may read; None: everything. The past of an OA that was removed stays readable."""
    if person.every_oa or person.role == Role.OWNER:
        return None
    theirs = OfficialAccount.select(OfficialAccount.oa_id).join(StaffOa).where(StaffOa.staff == person)
    return Scope(tuple(row.oa_id for row in theirs), person.telegram_id)


def page(
    wanted: Filter, before_id: int | None = None, limit: int = 10, *, after_id: int | None = None
) -> list[AuditEntry]:
    """At most `limit` entries, newest first: those before `before_id`, those just after `after_id`, or the newest.

    By time, and by number where that is the same: an index has that order for all entries, and for those of one OA.
    """
    query = AuditEntry.select().where(*_conditions(wanted))
    if after_id is not None:
        nearest = query.where(*_beyond(after_id, later=True)).order_by(AuditEntry.at, AuditEntry.id).limit(limit)
        return list(reversed(list(nearest)))
    if before_id is not None:
        query = query.where(*_beyond(before_id, later=False))
    return list(query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit))


def _beyond(entry_id: int, *, later: bool) -> tuple[Any, ...]:
    """Later than this entry, or earlier; one that was purged meanwhile is known by its number only."""
    at, number = AuditEntry.at, AuditEntry.id
    known = AuditEntry.get_or_none(number == entry_id)
    if known is None:
        return (number > entry_id if later else number < entry_id,)
    if later:
        return at >= known.at, (at > known.at) | (number > entry_id)
    return at <= known.at, (at < known.at) | (number < entry_id)


def get(wanted: Filter, entry_id: int) -> AuditEntry | None:
    """One entry, if it is among these."""
    return next(iter(AuditEntry.select().where(AuditEntry.id == entry_id, *_conditions(wanted))), None)


def iterate(wanted: Filter, piece: int = PIECE) -> Iterator[AuditEntry]:
    """All entries in the order they were written; never more than `piece` in memory."""
    query = AuditEntry.select().where(*_conditions(wanted)).order_by(AuditEntry.id).limit(piece)
    last = 0
    while rows := list(query.where(AuditEntry.id > last)):
        yield from rows
        last = rows[-1].id


def kind_of(action: str) -> str:
    """The kind an action belongs to, "" for one that no kind names."""
    return next((kind for kind, beginnings in KINDS.items() if action.startswith(beginnings)), "")


def _conditions(wanted: Filter) -> list[Any]:
    found: list[Any] = [SQL("1 = 1")]
    if wanted.since is not None:
        found.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEntry.at < wanted.until)
    if wanted.oa_id:
        found.append(AuditEntry.oa_id == wanted.oa_id)
    if wanted.staff_id is not None:
        found.append(AuditEntry.staff_id == wanted.staff_id)
    if wanted.actor:
        found += [AuditEntry.staff_id.is_null(), AuditEntry.actor == wanted.actor]
    if wanted.action_prefix:
        begins = (fn.SUBSTR(AuditEntry.action, 1, len(prefix)) == prefix for prefix in wanted.action_prefix)
        found.append(reduce(or_, begins))
    if wanted.result:
        done = AuditEntry.result == DONE
        found.append(~done if wanted.result == REFUSED else AuditEntry.result == wanted.result)
    if wanted.scope is not None:
        own = (AuditEntry.oa_id == "") & (AuditEntry.staff_id == wanted.scope.staff_id)
        found.append(AuditEntry.oa_id.in_(wanted.scope.oa_ids) | own)
    return found
