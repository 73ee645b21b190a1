"""From what a person typed or tapped to the function that answers, past the table of roles."""

from __future__ import annotations

import re
from dataclasses import replace

from bot import acts
from bot.answers import took_reply
from bot.codes import looks_like_code
from bot.commands.paste import pasted, sent
from bot.commands.sending import PHONE
from bot.forms.engine import ask, park, picked, present, take
from bot.forms.kinds import KINDS
from bot.keyboards import home_row
from bot.markup import Button, OldKeyboard, Screen, part, read, to
from bot.roles import BUTTONS, BY_NAME, FORMS, Command
from bot.routes import BUTTON_ROUTES, COMMAND_ROUTES
from bot.screens.home import home
from bot.stray_secrets import holds_secret
from bot.turn import Turn
from models import Role
from services import notices, staff
from services.drafts import Form
from services.errors import NotAllowed
from texts.html import lines

COMMAND = re.compile(r"/([A-Za-z0-9_]+)(?:@\w+)?(?:\s+(.*))?$", re.DOTALL)
# Buttons that belong to the open form: tapping them does not leave it.
OF_FORMS = {
    "f", "f.go", "cancel", "yes", "send.way", "send.edit", "send.again", "send.test", "send.watch", "send.keep",
}  # fmt: skip
BUTTON_STEPS = {"choose", "way", "preview", "edit", "edit_form"}
# Where a secret is what was asked for; the code of the domain only looks like one.
SECRETS_ASKED = {"access", "refresh", "secret", "webhook", "code"}
# Secrets of a Zalo app can look like a customer's code: any such word counts while a form for one is left open.
SECRET_STEPS = {"secret", "webhook"}
SECRET_LIKE = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{12,64}")


async def handle(turn: Turn) -> None:
    """Answer one turn. Raises DeskError for what the person may not or cannot do."""
    try:
        if turn.query_id:
            await _tap(turn)
        elif await _stray_secret(turn):
            return
        elif _is_command(turn):
            await _command(turn)
        else:
            await _typed(turn)
    except OldKeyboard as error:
        await _reopen(turn, error)


def command_of(text: str) -> tuple[Command | None, str]:
    """The command a text is, None when there is no such one, and what follows it."""
    found = COMMAND.match(text)
    return (BY_NAME.get(found.group(1).lower()), (found.group(2) or "").strip()) if found else (None, "")


def _is_command(turn: Turn) -> bool:
    """Whether the person gives a command. What somebody else once typed is forwarded to be looked at."""
    return turn.text.startswith("/") and not _carries_something(turn) and not turn.forwarded


def _carries_something(turn: Turn) -> bool:
    """Whether a picture, a file or a place came, with the words as its caption."""
    return bool(turn.photo or turn.document or turn.location)


async def _stray_secret(turn: Turn) -> bool:
    """Whether a secret was typed where none was asked for: it is off the chat then, and used for nothing.

    An open form stays at its question. The red button works all the same.
    """
    is_command = _is_command(turn)
    command, rest = command_of(turn.text) if is_command else (None, turn.text)
    if not holds_secret(turn.text, rest):
        return False
    form = None if is_command else await turn.form()
    if form is None or form.data.get("parked"):
        if form is not None and _left_secret(turn, form):
            return False  # `_typed` deletes it too, and says how to go on
        await turn.forget_my_message(None)
        if command is not None and command.action == "stop_all":
            turn.text = f"/{command.vi}"
            return False
        await park(turn)
        await turn.show(Screen(turn.t("unknown.token"), [home_row(turn.t)]))
        return True
    if form.step in SECRETS_ASKED:
        return False
    await turn.forget_my_message(form.message_id)
    _in_form(turn, form)
    await ask(KINDS[form.kind], turn, form, turn.t("unknown.token_here"))
    return True


def _left_secret(turn: Turn, form: Form) -> bool:
    return form.step in SECRET_STEPS and SECRET_LIKE.fullmatch(turn.text.strip()) is not None


async def _command(turn: Turn) -> None:
    command, rest = command_of(turn.text)
    if command is None:
        await turn.show(Screen(turn.t("unknown.command"), [home_row(turn.t)]))
        return
    turn.act = acts.COMMANDS.get(command.action, "")
    _need(turn, command.role)
    if command.action != "cancel":
        await park(turn)
    await COMMAND_ROUTES[command.action](turn, rest)


async def _typed(turn: Turn) -> None:
    if await took_reply(turn):
        return
    form = await turn.form()
    if form is not None and _waits_for(form, turn.text.strip()):
        _in_form(turn, form)
        await take(KINDS[form.kind], turn, form)
        return
    await park(turn)
    if _carries_something(turn):
        _need(turn, Role.OPERATOR)
        await sent(turn)
    elif form is not None and _left_secret(turn, form):
        await turn.forget_my_message(None)
        go_on = [Button(turn.t.plain("button.go_on"), to("f.go"))]
        await turn.show(Screen(turn.t("unknown.secret"), [go_on, home_row(turn.t)]))
    else:
        await pasted(turn)


def _waits_for(form: Form, text: str) -> bool:
    """Whether a text belongs to the open form. A number pasted while the form waits for a button is a new matter."""
    if form.data.get("parked"):
        return False
    return form.step not in BUTTON_STEPS or not (PHONE.fullmatch(text) or looks_like_code(text))


async def _tap(turn: Turn) -> None:
    turn.target = read(turn.text)
    await _act(turn, turn.target.action, turn.target.args)


async def _act(turn: Turn, action: str, args: tuple[str, ...]) -> None:
    if action not in BUTTONS:
        raise OldKeyboard(action)
    turn.act, turn.button = acts.BUTTONS.get(action) or acts.LEADS_TO.get(action, ""), (action, args)
    _need(turn, BUTTONS[action])
    turn.number = await turn.db(notices.withdraw, turn.chat_id, "hide_number", str(turn.tapped))
    if action not in OF_FORMS:
        await park(turn)
    if action == "f":
        await _answer_by_button(turn, args)
        return
    await BUTTON_ROUTES[action](turn, args)


async def _answer_by_button(turn: Turn, args: tuple[str, ...]) -> None:
    form = await turn.form()
    if form is None or form.message_id != turn.tapped:
        raise OldKeyboard("form")
    _in_form(turn, form)
    await picked(KINDS[form.kind], turn, form, part(args, 0), args[-1])


async def _reopen(turn: Turn, error: OldKeyboard) -> None:
    """Tell that the screen is old, and open its present version in its place."""
    await turn.toast(turn.t.plain("old.toast"))
    turn.target = None
    form = await turn.form()
    mine = form if form is not None and form.message_id == turn.tapped else None
    screen = error.instead or (await present(KINDS[mine.kind], turn, mine) if mine else None)
    if screen is None:
        desk = await home(turn)
        screen = replace(desk, text=lines(turn.t("old.told"), "", desk.text))
    await turn.show_beside(screen)


def _in_form(turn: Turn, form: Form) -> None:
    turn.act, turn.about = acts.FORMS.get(form.kind, ""), form.data.get("oa")
    _need(turn, FORMS[form.kind])


def _need(turn: Turn, role: Role) -> None:
    if not staff.may(turn.staff, role):
        raise NotAllowed(f"role.{role.value}")
