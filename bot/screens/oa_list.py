"""All OAs, those with trouble first."""

from __future__ import annotations

from bot.keyboards import home_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import mode_name, oa_name, readiness_line
from bot.turn import Turn
from models import OfficialAccount, Role
from services import modes, reach, readiness, staff
from services.readiness import Level, Line
from texts.html import Html, escape, lines

PAGE = 8
LAMPS = {Level.BROKEN: "🔴", Level.WARNING: "🟠", Level.OK: "🟢", Level.UNKNOWN: "🟢"}
ORDER = [Level.BROKEN, Level.WARNING, Level.UNKNOWN, Level.OK]

Entry = tuple[OfficialAccount, Level, list[Line]]


async def oa_list(turn: Turn, offset: int = 0, only: list[OfficialAccount] | None = None) -> Screen:
    """A page of OAs; `only` are those a search found."""
    entries = await turn.db(_entries, turn, only)
    t = turn.t
    trouble = sum(level in (Level.BROKEN, Level.WARNING) for _, level, _ in entries)
    page = entries[offset : offset + PAGE]
    title = t("oas.title", count=len(entries)) if not trouble else t("oas.trouble", count=len(entries), bad=trouble)
    text = lines(title if entries else t("oas.none"), *(_entry(turn, *entry) for entry in page))
    buttons = [Button(f"{LAMPS[level]} {short(oa.name, 18)}", to("oa", oa.id)) for oa, level, _ in page]
    add = add_rows(turn) if staff.may(turn.staff, Role.MANAGER) else []
    return Screen(text, [*pairs(buttons), pager(offset, PAGE, len(entries), "oas"), *add, home_row(t)])


def add_rows(turn: Turn) -> Rows:
    """Every way to another OA, the one that needs no token first."""
    t = turn.t
    return [
        [Button(t.plain("button.connect"), to("connect", 0), style="primary")],
        [Button(t.plain("button.guide"), to("guide", "oa"))],
        [Button(t.plain("button.add_oa"), to("oa.add"))],
    ]


def _entries(turn: Turn, only: list[OfficialAccount] | None) -> list[Entry]:
    found = reach.oas(turn.staff) if only is None else only
    known = readiness.lines_of_all(turn.desk, found)
    rated = [(oa, readiness.worst(known[oa.id]), known[oa.id]) for oa in found]
    return sorted(rated, key=lambda entry: ORDER.index(entry[1]))


def _entry(turn: Turn, oa: OfficialAccount, level: Level, found: list[Line]) -> Html:
    head = f"{LAMPS[level]} <b>{escape(oa_name(oa))}</b> · {mode_name(turn.t, modes.mode(oa))}"
    if level not in (Level.BROKEN, Level.WARNING):
        return Html(head)
    why = next(line for line in found if line.level == level)
    return Html(f"{head}\n    {readiness_line(turn, why)}")
