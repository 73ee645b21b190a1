"""Everything stopped at once: what it means, who did it, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.keyboards import back_row, home_row
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_name
from bot.turn import Turn
from db import from_ms
from models import Role
from services import staff
from services.stop_all import Outlook, Standstill
from texts import figures
from texts.html import Html, lines

NAMED = 5  # OAs that stay stopped are named up to here


def stopped_screen(turn: Turn, standing: Standstill, *, already: bool) -> Screen:
    """Right after the press, and whenever somebody presses again."""
    t = turn.t
    since = figures.brief(t.language, standing.since, turn.now())
    head = t("stop_all.already" if already else "stop_all.done", by=standing.by, oas=standing.oas, since=since)
    notes = [t("stop_all.means")]
    if not staff.has_every_oa(turn.staff):
        notes.append(t("stop_all.means_all"))
    if not may_start(turn):
        notes.append(t("stop_all.who_starts"))
    return Screen(lines(head, "", *notes), [*start_row(turn), home_row(t)])


def banner(turn: Turn, standing: Standstill) -> Html:
    """The line under the title of every screen where somebody would expect messages to leave."""
    return turn.t("stop_all.banner", by=standing.by, since=figures.brief(turn.t.language, standing.since, turn.now()))


def start_row(turn: Turn, *, fresh: bool = False) -> Rows:
    """[Let it go again], a row of its own, for those who may; `fresh` under a notice, which stays in the chat."""
    if not may_start(turn):
        return []
    return [[Button(turn.t.plain("button.start_all"), to("stop.ask", fresh=fresh), style="success")]]


def may_start(turn: Turn) -> bool:
    """A manager who may use every OA."""
    return staff.may(turn.staff, Role.MANAGER) and staff.has_every_oa(turn.staff)


def start_question(turn: Turn, standing: Standstill, seen: Outlook, token: str) -> Screen:
    """What will go again, what waits for it, and what stays."""
    t = turn.t
    names = ", ".join(oa_name(oa) for oa in seen.stay[:NAMED]) + ("…" if len(seen.stay) > NAMED else "")
    text = lines(
        t("stop_all.ask_title"),
        t("stop_all.ask_standing", by=standing.by, since=figures.brief(t.language, standing.since, turn.now())),
        "",
        t("stop_all.ask_resumes", oas=seen.resumes),
        t("stop_all.ask_waiting", count=seen.waiting) if seen.waiting else t("stop_all.ask_nothing_waits"),
        t("stop_all.ask_stay", names=names) if seen.stay else None,
    )
    yes = Button(t.plain("button.start_all_yes", oas=seen.resumes), to("stop.over", token), style="success")
    return Screen(text, [[yes], back_row(t, to("settings"))])


def stop_notice(turn: Turn, payload: Mapping[str, Any]) -> Screen:
    """What managers were told; once it is over, by whom, and without its button."""
    t, over = turn.t, payload.get("over")
    values = {"by": payload["by"], "oas": payload["oas"], "at": _moment(turn, payload["since"])}
    if over:
        return Screen(t("notice.stop_all_over", **values, over_by=over["by"], over_at=_moment(turn, over["at"])))
    return Screen(t("notice.stop_all", **values), start_row(turn, fresh=True))


def start_notice(turn: Turn, payload: Mapping[str, Any]) -> Screen:
    """That messages leave again."""
    text = turn.t("notice.start_all", by=payload["by"], oas=payload["oas"], at=_moment(turn, payload["at"]))
    return Screen(text, [[Button(turn.t.plain("button.home"), to("home", fresh=True))]])


def _moment(turn: Turn, ms: int) -> str:
    return figures.brief(turn.t.language, from_ms(ms), turn.now())
