"""The owner's Zalo apps and Zalo's check of the domain: every button of their screens."""

from __future__ import annotations

from bot.forms.app import KINDS as APP_KINDS
from bot.forms.app import NEW_APP, app_form, change_form
from bot.forms.engine import open_form
from bot.forms.verification import VERIFICATION, verification_form
from bot.markup import OldKeyboard, part
from bot.screens.apps import app_card, app_list, domain_screen, drop_question, remove_question
from bot.turn import Turn
from db import write
from services import apps, confirmations, verification
from services.apps import KnownApp, WebhookSecret
from services.errors import Refusal

Args = tuple[str, ...]
DROP, REMOVE = "drop_webhook_secret", "remove_app"  # what a yes was asked for


async def show_list(turn: Turn, args: Args) -> None:
    """All apps."""
    await turn.show(await app_list(turn))


async def show_card(turn: Turn, args: Args) -> None:
    """One of them."""
    app = await _app(turn, args)
    await turn.show(await app_card(turn, app.app_id))


async def add(turn: Turn, args: Args) -> None:
    """Begin to enter another app."""
    await open_form(NEW_APP, turn, app_form())


async def change(turn: Turn, args: Args) -> None:
    """Another name, another secret, one more webhook secret."""
    assert turn.target is not None
    app = await _app(turn, args)
    kind = turn.target.action.replace(".", "_")
    await open_form(APP_KINDS[kind], turn, change_form(kind, app.app_id))


async def ask_drop(turn: Turn, args: Args) -> None:
    """The question before a webhook secret goes."""
    app = await _app(turn, args)
    secret, signs = await turn.db(_secret, turn, app.app_id, part(args, 1))
    payload = {"app": app.app_id, "print": secret.fingerprint}
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, DROP, payload)
    await turn.show(drop_question(turn, app, secret, signs, token))


def _secret(turn: Turn, app_id: str, fingerprint: str) -> tuple[WebhookSecret, bool]:
    """The secret of a button and whether it is the one that signs. Raises OldKeyboard when it is gone."""
    found = apps.webhook_secrets(turn.desk, app_id)
    secret = next((secret for secret in found if secret.fingerprint == fingerprint), None)
    if secret is None:
        raise OldKeyboard("webhook secret")
    return secret, secret == apps.in_use(found)


async def drop(turn: Turn, args: Args) -> None:
    """The yes to it."""

    def act() -> str:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), DROP)
            apps.drop_webhook_secret(turn.desk, turn.actor, spent.payload["app"], spent.payload["print"])
            return str(spent.payload["app"])

    app_id = await turn.db(act)
    await turn.show(await app_card(turn, app_id, turn.t("apps.dropped")))


async def ask_remove(turn: Turn, args: Args) -> None:
    """The question before an app goes; one that is in use stays."""
    app = await _app(turn, args)
    users = await turn.db(apps.oas_of, turn.desk, app.app_id)
    if users:
        raise Refusal("app.in_use", names=[oa.name for oa in users])
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, REMOVE, {"app": app.app_id})
    await turn.show(remove_question(turn, app, token))


async def remove(turn: Turn, args: Args) -> None:
    """The yes to it."""

    def act() -> None:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), REMOVE)
            apps.remove(turn.desk, turn.actor, spent.payload["app"])

    await turn.db(act)
    await turn.toast(turn.t.plain("apps.removed"))
    await turn.show(await app_list(turn))


async def show_domain(turn: Turn, args: Args) -> None:
    """Zalo's check of the domain."""
    await turn.show(await domain_screen(turn))


async def enter_code(turn: Turn, args: Args) -> None:
    """Begin to enter Zalo's code."""
    await open_form(VERIFICATION, turn, verification_form())


async def clear_code(turn: Turn, args: Args) -> None:
    """Show it no longer."""
    await turn.db(verification.clear, turn.desk, turn.actor)
    await turn.show(await domain_screen(turn, turn.t("domain.cleared")))


async def _app(turn: Turn, args: Args) -> KnownApp:
    """The app of a button. Raises OldKeyboard when it was removed."""
    app_id = part(args, 0)
    found = await turn.db(apps.known, turn.desk)
    app = next((app for app in found if app.app_id == app_id), None)
    if app is None:
        raise OldKeyboard("app", await app_list(turn))
    return app
