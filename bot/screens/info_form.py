"""The questions of the form that asks a person for name, phone and address."""

from __future__ import annotations

from bot.keyboards import cancel_row
from bot.markup import Button, Rows, Screen, to
from bot.screens.send import to_title
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services.drafts import Form
from texts.html import Html, escape, lines

FIELDS = ("title", "subtitle", "picture")


def ask_field(turn: Turn, oa: OfficialAccount, whom: Whom, form: Form, proposal: str) -> Screen:
    """One field; the proposal stands there and is taken with a tap."""
    t = turn.t
    number = FIELDS.index(form.step) + 1
    question = t(f"info_form.ask_{form.step}", number=number, total=len(FIELDS))
    proposed = t("info_form.proposal", proposal=proposal) if proposal else t("info_form.no_picture")
    text = lines(to_title(turn, oa, whom), *_filled(turn, form, form.step), "", question, proposed)
    return Screen(text, [*_take(turn, form.step, proposal), cancel_row(t)], protect=True)


def ask_edit(turn: Turn, oa: OfficialAccount, whom: Whom, form: Form) -> Screen:
    """Which field is to be changed?"""
    t = turn.t
    buttons = [Button(t.plain(f"info_form.name_{name}"), to("f", "edit_form", name)) for name in FIELDS]
    text = lines(to_title(turn, oa, whom), *_filled(turn, form, ""), "", t("zns.ask_edit"))
    return Screen(text, [buttons, cancel_row(t)], protect=True)


def _filled(turn: Turn, form: Form, without: str) -> list[Html]:
    t = turn.t
    shown = ((name, form.data.get(f"form_{name}")) for name in FIELDS if name != without)
    return [Html(f"{t(f'info_form.name_{name}')}: <b>{escape(str(value))}</b>") for name, value in shown if value]


def _take(turn: Turn, step: str, proposal: str) -> Rows:
    return [[Button(turn.t.plain("button.take_proposal"), to("f", step, "-"), style="primary")]] if proposal else []
