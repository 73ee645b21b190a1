"""The desk: which OA, what happened today, what needs somebody."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.keyboards import pairs
from bot.markup import Button, Screen, to
from bot.screens.customers import ALL, of_oa
from bot.screens.inbox import home_line
from bot.screens.oa_list import add_rows
from bot.screens.stop import banner, start_row
from bot.screens.titles import oa_title, readiness_line
from bot.turn import Turn
from models import OfficialAccount, Role
from services import conversation_list, current, reach, readiness, staff, stop_all
from services.conversation_list import Which
from services.current import Today
from services.readiness import Level, Line
from texts.html import Html, lines


async def show_home(turn: Turn, args: tuple[str, ...] = ()) -> None:
    """Open the desk."""
    await turn.show(await home(turn))


async def home(turn: Turn) -> Screen:
    """The desk of the person's OA, or the first steps when there is none."""
    oa = await turn.db(current.oa_of, turn.staff)
    form = await turn.form()
    go_on = [[Button(turn.t.plain("button.go_on"), to("f.go"))]] if form else []
    standing = await turn.db(stop_all.in_force)
    told, start = ([banner(turn, standing)], start_row(turn)) if standing else ([], [])
    if oa is None:
        screen = await _without_oa(turn, go_on)
        return replace(screen, text=lines(*told, screen.text), rows=[*start, *screen.rows])
    today, found, waiting = await turn.db(_facts, turn, oa)
    text = lines(oa_title(turn.t, oa), *told, _today(turn, today), *_needs(turn, found, home_line(turn, *waiting)))
    return Screen(text, [*start, *go_on, *_buttons(turn, oa, waiting[0])])


def _facts(turn: Turn, oa: OfficialAccount) -> tuple[Today, list[Line], tuple[int, datetime | None]]:
    waiting = conversation_list.waiting([oa.oa_id]) if staff.may(turn.staff, Role.OPERATOR) else (0, None)
    return current.today(oa, turn.now()), readiness.lines(turn.desk, oa), waiting


def _today(turn: Turn, today: Today) -> Html:
    t = turn.t
    money = t("home.money", money=t.money(today.cost)) if turn.staff.sees_money else Html("")
    parts = [t("home.delivered", count=today.delivered) + money]
    if today.waiting:
        parts.append(t("home.waiting", count=today.waiting))
    if today.uncertain:
        parts.append(t("home.uncertain", count=today.uncertain))
    return Html(" · ".join(parts))


def _needs(turn: Turn, found: list[Line], waiting: Html | None) -> list[Html]:
    bad = [line for line in found if line.level in (Level.BROKEN, Level.WARNING)]
    if any(line.key == stop_all.STOP_ALL for line in bad):  # stands under the title already
        bad = [line for line in bad if line.key != stop_all.STOP_ALL]
        if not bad and waiting is None:
            return []
    if not bad and waiting is None:
        return [Html(""), turn.t("home.all_well")]
    customers = [] if waiting is None else [waiting]
    return [Html(""), turn.t("home.needs_you"), *customers, *(readiness_line(turn, line) for line in bad)]


async def _without_oa(turn: Turn, go_on: list[list[Button]]) -> Screen:
    t = turn.t
    several = bool(await turn.db(reach.oas, turn.staff))
    if several:
        return Screen(t("home.choose_oa"), [*go_on, [Button(t.plain("button.oas"), to("oas", 0))]])
    if staff.may(turn.staff, Role.MANAGER):
        return Screen(t("home.first_oa", name=turn.staff.name), [*go_on, *add_rows(turn), _rest(turn)])
    return Screen(t("home.no_oa"), [*go_on, _rest(turn)])


def _buttons(turn: Turn, oa: OfficialAccount, waiting: int) -> list[list[Button]]:
    t = turn.t
    inbox = t.plain("button.in_count", count=waiting) if waiting else t.plain("button.in_waiting")
    work = [
        Button(t.plain("button.send"), to("send")),
        Button(t.plain("button.zns"), to("zns")),
        Button(inbox, to("in", Which.WAITING.value, oa.id, 0)),
        Button(t.plain("button.customers"), to("kh", of_oa(ALL, oa), 0)),
    ]
    shown = work if staff.may(turn.staff, Role.OPERATOR) else []
    return [*pairs([*shown, Button(t.plain("button.oas"), to("oas", 0))]), _rest(turn)]


def _rest(turn: Turn) -> list[Button]:
    return [
        Button(turn.t.plain("button.settings"), to("settings")),
        Button(turn.t.plain("button.help"), to("help")),
    ]
