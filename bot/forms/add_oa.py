"""Registering an OA by hand: name, OA ID, both tokens, description, published, testing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bot.forms.engine import ask, open_form
from bot.keyboards import cancel_row, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.apps import app_name
from bot.screens.oa_card import added
from bot.turn import Turn
from services import accounts, apps, current, quotas, reconcile, troubles
from services.accounts import NewAccount
from services.drafts import Form
from services.errors import Conflict, DeskError, Invalid
from services.pacing import Lane
from texts.html import Html, lines

APP = "app"
STEPS = ("name", "oa_id", "access", "refresh", "description", "published", "testing")
SECRET = {"access", "refresh"}
YES_NO = {"published", "testing"}
YES = {"yes", "y", "có", "co", "ok", "1"}
NO = {"no", "n", "không", "khong", "0"}
# Which answer is asked again for which contradiction; every other one is about the access token.
ASKED_AGAIN = {"oa.wrong_id": "oa_id", "oa.id_invalid": "oa_id", "oa.exists": "oa_id", "oa.name_empty": "name"}


async def begin(turn: Turn) -> None:
    """Open an empty form; with several Zalo apps the first question is whose tokens they are."""
    several = len(await turn.db(apps.known, turn.desk)) > 1
    form = Form("add_oa", APP, {"several": True}) if several else Form("add_oa", STEPS[0])
    await open_form(ADD_OA, turn, form)


def _steps(form: Form) -> tuple[str, ...]:
    return (APP, *STEPS) if form.data.get("several") else STEPS


class AddOa:
    """The form. An answer that Zalo contradicts is asked again, the others stay."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The open question, under what was answered so far."""
        t, steps = turn.t, _steps(form)
        title = t("add_oa.title", step=steps.index(form.step) + 1, steps=len(steps))
        choices = await _apps(turn) if form.step == APP else _choices(turn, form.step)
        return Screen(lines(title, *_answers(turn, form), "", t(f"add_oa.ask_{form.step}")), [*choices, cancel_row(t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Keep one answer; after the last one, check with Zalo and register."""
        if form.step in SECRET:
            await turn.forget_my_message(form.message_id)
        if form.step == APP:
            form.data[APP] = await _checked_app(turn)
        else:
            form.data[form.step] = _checked(form.step, turn.text.strip())
        missing = [step for step in _steps(form) if step not in form.data]
        if missing:
            form.step = missing[0]
            await ask(self, turn, form)
            return
        await self._register(turn, form)

    async def _register(self, turn: Turn, form: Form) -> None:
        data = form.data
        try:
            profile = await accounts.check_access_token(turn.desk, data["access"], data["oa_id"], data.get(APP, ""))
            oa = await turn.db(accounts.register, turn.desk, turn.actor, _account(data, profile.raw))
        except (Invalid, Conflict) as error:
            form.step = ASKED_AGAIN.get(error.key, "access")
            data.pop(form.step, None)
            raise
        await turn.close_form()
        await turn.db(current.choose, turn.staff, oa)
        await turn.db(reconcile.start, turn.desk, oa)
        await turn.show(added(turn, oa))
        with suppress(DeskError, *troubles.FROM_ZALO):
            await quotas.refresh(turn.desk, oa, Lane.URGENT)


def _account(data: dict[str, Any], profile: dict[str, Any]) -> NewAccount:
    return NewAccount(**{step: data[step] for step in STEPS}, profile=profile, app_id=data.get(APP, ""))


async def _apps(turn: Turn) -> Rows:
    """The apps to choose from."""
    found = await turn.db(apps.known, turn.desk)
    return [[Button(f"🧩 {short(app_name(turn.t, app), 30)}", to("f", APP, app.app_id))] for app in found]


async def _checked_app(turn: Turn) -> str:
    app_id = turn.text.strip()
    if app_id not in {app.app_id for app in await turn.db(apps.known, turn.desk)}:
        raise Invalid("form.tap_button")
    return app_id


def _checked(step: str, text: str) -> Any:
    """The answer as it is kept. Raises Invalid; no error repeats a token."""
    if step in SECRET:
        return accounts.check_token(text)
    if step in YES_NO:
        return _yes_or_no(text)
    if step == "oa_id":
        return accounts.check_id(text)
    return accounts.check_name(text) if step == "name" else text.strip("-")


def _yes_or_no(text: str) -> bool:
    word = text.lower()
    if word not in YES | NO:
        raise Invalid("form.yes_or_no")
    return word in YES


def _answers(turn: Turn, form: Form) -> list[Html]:
    return [
        turn.t("add_oa.answered", name=turn.t(f"add_oa.name_{step}"), value=_shown(turn, step, form.data[step]))
        for step in _steps(form)
        if step in form.data
    ]


def _shown(turn: Turn, step: str, value: Any) -> str:
    if step in SECRET:
        return turn.t("add_oa.token_taken")
    if step in YES_NO:
        return turn.t("word.yes" if value else "word.no")
    return str(value) or turn.t("word.none")


def _choices(turn: Turn, step: str) -> Rows:
    t = turn.t
    if step in YES_NO:
        yes = Button(t.plain("button.yes_plain"), to("f", step, "yes"))
        return [[yes, Button(t.plain("button.no"), to("f", step, "no"))]]
    return [[Button(t.plain("button.skip"), to("f", step, "-"))]] if step == "description" else []


ADD_OA = AddOa()
