"""Which part of the audit somebody looks at, short enough to travel in every button of its screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.markup import OldKeyboard, part, whole
from models import OfficialAccount, Staff
from services import audit, staff
from services.audit import Filter
from services.calendar import day_start

ANY, CLI, MACHINE = "0", "c", "m"  # besides the row number of a person
KINDS = {"s": "sending", "o": "oa", "p": "staff", "k": "customers", "x": "security", "m": "machine"}
TODAY, WEEK, MONTH = 1, 7, 30
LONGEST = 3660


@dataclass(frozen=True)
class View:
    """`oa` is a row number, 0 for all; `who` a row number, ANY, CLI or MACHINE; `days` counts today."""

    oa: int = 0
    who: str = ANY
    kind: str = "-"
    days: int = MONTH
    refused: bool = False

    def __str__(self) -> str:
        return ".".join((str(self.oa), self.who, self.kind, str(self.days), str(int(self.refused))))


def read_view(text: str) -> View:
    """What a button carries. Raises OldKeyboard."""
    parts = tuple(text.split("."))
    oa, days = whole(parts, 0), whole(parts, 3)
    who, kind, refused = part(parts, 1), part(parts, 2), part(parts, 4)
    if who not in (CLI, MACHINE):
        who = str(whole(parts, 1))
    if kind not in (*KINDS, "-"):
        raise OldKeyboard("audit")
    return View(oa, who, kind, min(days, LONGEST), refused == "1")


@dataclass(frozen=True)
class Looked:
    """A view with what it names, and the filter it is."""

    view: View
    oa: OfficialAccount | None
    person: Staff | None
    filter: Filter


def look(reader: Staff, view: View, now: datetime) -> Looked:
    """Blocking. The filter never shows more than the reader may see. Raises OldKeyboard for an OA closed to them."""
    oa = OfficialAccount.get_or_none(OfficialAccount.id == view.oa) if view.oa else None
    if oa is not None and not staff.may_use(reader, oa):
        raise OldKeyboard("audit")  # a removed OA may be looked at, one that is closed to the reader is not even named
    person = Staff.get_or_none(Staff.id == int(view.who)) if view.who.isdigit() and view.who != ANY else None
    kind = KINDS.get(view.kind, "")
    actor = {CLI: audit.CLI.name, MACHINE: audit.MACHINE.name}.get(view.who, "")
    return Looked(
        view,
        oa,
        person,
        Filter(
            oa_id=oa.oa_id if oa else "",
            staff_id=person.telegram_id if person else None,
            actor=audit.MACHINE.name if kind == "machine" else actor,
            action_prefix=audit.KINDS.get(kind, ()),
            since=_since(now, view.days),
            result=audit.REFUSED if view.refused else "",
            scope=audit.scope_of(reader),
        ),
    )


def _since(now: datetime, days: int) -> datetime:
    """Midnight in Vietnam, so many days ago; today is one of them."""
    return day_start(now) - timedelta(days=max(1, days) - 1)
