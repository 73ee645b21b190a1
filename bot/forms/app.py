"""Entering a Zalo app, and changing one thing about it. Messages with a secret are deleted before anything else."""

from __future__ import annotations

from bot.forms.engine import FormKind, ask
from bot.keyboards import cancel_row
from bot.markup import Screen
from bot.screens.apps import app_card, app_name
from bot.turn import Turn
from services import apps
from services.drafts import Form
from services.errors import Conflict, Invalid
from texts.html import Html, lines

STEPS = ("app_id", "name", "secret", "webhook")
SECRET = {"secret", "webhook"}
CHANGES = {"app_name": "name", "app_secret": "secret", "app_webhook": "webhook"}
CHECKS = {
    "app_id": apps.check_id,
    "name": apps.check_name,
    "secret": apps.check_secret,
    "webhook": apps.check_secret,
}


def app_form() -> Form:
    """An empty form for a new app."""
    return Form("app", STEPS[0])


def change_form(kind: str, app_id: str) -> Form:
    """One question about an app."""
    return Form(kind, CHANGES[kind], {"app": app_id})


class NewApp:
    """Id, name, app secret, webhook secret."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The open question, under what was answered so far."""
        t = turn.t
        title = t("app_form.title", step=STEPS.index(form.step) + 1, steps=len(STEPS))
        answered = [_answered(turn, step, str(form.data[step])) for step in STEPS if step in form.data]
        return Screen(lines(title, *answered, "", t(f"app_form.ask_{form.step}")), [cancel_row(t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Keep one answer; after the last one the app is entered."""
        form.data[form.step] = await _checked(turn, form)
        if form.step == "app_id":
            await turn.db(self._new, turn, form)
        missing = [step for step in STEPS if step not in form.data]
        if missing:
            form.step = missing[0]
            await ask(self, turn, form)
            return
        await self._enter(turn, form)

    def _new(self, turn: Turn, form: Form) -> None:
        try:
            apps.check_new(turn.desk, form.data["app_id"])
        except Conflict:
            form.data.pop("app_id")
            raise

    async def _enter(self, turn: Turn, form: Form) -> None:
        data = form.data
        given = [str(data[step]) for step in STEPS]
        try:
            app = await turn.db(apps.add, turn.desk, turn.actor, *given)
        except (Invalid, Conflict) as error:
            # Which of two equal secrets is the wrong one cannot be told: both are asked again.
            for step in ("secret", "webhook") if error.key == "app.same_secret" else ("app_id",):
                data.pop(step, None)
            form.step = next(step for step in STEPS if step not in data)
            raise
        await turn.close_form()
        await turn.show(await app_card(turn, app.app_id, turn.t("app_form.done")))


class ChangeApp:
    """One question, then the app's card."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """What to type."""
        t = turn.t
        app = await turn.db(apps.find, turn.desk, form.data["app"])
        title = t("apps.card", name=app_name(t, app), app_id=app.app_id)
        return Screen(lines(title, "", t(f"app_form.change_{form.step}")), [cancel_row(t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Change it, audited."""
        value, app_id = await _checked(turn, form), form.data["app"]
        act = {"name": apps.rename, "secret": apps.replace_secret, "webhook": apps.add_webhook_secret}[form.step]
        await turn.db(act, turn.desk, turn.actor, app_id, value)
        await turn.close_form()
        await turn.show(await app_card(turn, app_id, turn.t(f"app_form.changed_{form.step}")))


async def _checked(turn: Turn, form: Form) -> str:
    """The answer as it is kept; what holds a secret is off the chat before it is looked at."""
    if form.step in SECRET:
        await turn.forget_my_message(form.message_id)
    return CHECKS[form.step](turn.text)


def _answered(turn: Turn, step: str, value: str) -> Html:
    t = turn.t
    shown = t("app_form.secret_taken") if step in SECRET else value
    return t("add_oa.answered", name=t(f"app_form.name_{step}"), value=shown)


NEW_APP = NewApp()
CHANGE_APP = ChangeApp()
KINDS: dict[str, FormKind] = {"app": NEW_APP, **dict.fromkeys(CHANGES, CHANGE_APP)}
