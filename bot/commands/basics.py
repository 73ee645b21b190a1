"""/start, /help, /settings, /cancel and the buttons every screen has."""

from __future__ import annotations

from dataclasses import replace

from bot.codes import code_in, code_page
from bot.forms.engine import ask
from bot.forms.kinds import KINDS
from bot.keyboards import home_row, pairs
from bot.markup import Button, OldKeyboard, Screen, part, to
from bot.roles import BUTTONS, COMMANDS
from bot.screens.home import home, show_home
from bot.turn import Turn
from db import write
from services import audit, invitations, staff
from texts import LANGUAGES
from texts.html import Html, lines

Args = tuple[str, ...]
# Label and button of what an owner or a manager sets for all; each is shown to those who may open it.
HOUSE = (("staff", "st"), ("apps", "apps"), ("domain", "domain"), ("audit", "audit"), ("stop_all", "stop"))


async def start(turn: Turn, rest: str) -> None:
    """The desk. An invitation opened by somebody who is staff already is left for the person it is meant for."""
    secret = invitations.secret_in(f"/start {rest}")
    if secret and await turn.db(invitations.get, secret) is not None:
        role = turn.t(f"as.{turn.staff.role}")
        await turn.show(Screen(turn.t("invite.staff_already", role=role), [home_row(turn.t)]))
        return
    await show_home(turn)


async def help_command(turn: Turn, rest: str) -> None:
    """What can be done here; `/trogiup -118` explains a code, also without its minus."""
    code = code_in(rest)
    if code:
        await explain_code(turn, code)
        return
    guide = [Button(turn.t.plain("button.guide"), to("guide", "oa"))]
    await turn.show(Screen(_help(turn), [guide, home_row(turn.t)]))


async def explain_code(turn: Turn, code: str) -> None:
    """What one of Zalo's codes means."""
    await turn.show(Screen(code_page(turn.t, code), [home_row(turn.t)]))


async def show_help(turn: Turn, args: Args) -> None:
    """The help, by its button."""
    await help_command(turn, "")


def _help(turn: Turn) -> Html:
    t = turn.t
    allowed = [command for command in COMMANDS if staff.may(turn.staff, command.role)]
    rows = [
        t("help.line", command=f"/{command.name(t.language)}", text=t(f"menu.{command.action}")) for command in allowed
    ]
    return lines(t("help.title"), *rows, "", t("help.paste"), "", t("help.words"))


async def settings(turn: Turn, rest: str) -> None:
    """The person's own settings: so far the language."""
    await turn.show(_settings(turn))


async def show_settings(turn: Turn, args: Args) -> None:
    """The settings, by their button."""
    await settings(turn, "")


def _settings(turn: Turn) -> Screen:
    t = turn.t
    role = t(f"role.{turn.staff.role}")
    text = t("settings.title", name=turn.staff.name, role=role, number=str(turn.staff.telegram_id))
    buttons = [
        Button(("✅ " if name == t.language else "") + t.plain(f"language.{name}"), to("lang", name))
        for name in LANGUAGES
    ]
    return Screen(text, [buttons, *pairs(_house(turn)), home_row(t)])


def _house(turn: Turn) -> list[Button]:
    """The settings of the whole house, as far as this person may open them."""
    return [
        Button(turn.t.plain(f"button.{label}"), to(action))
        for label, action in HOUSE
        if staff.may(turn.staff, BUTTONS[action])
    ]


async def set_language(turn: Turn, args: Args) -> None:
    """Speak another language from now on, in the menu too."""
    if part(args, 0) not in LANGUAGES:
        raise OldKeyboard("lang")
    await turn.db(_speak, turn, part(args, 0))
    await turn.office.menus.show(turn.staff, turn.chat_id)
    await turn.show(_settings(turn))


def _speak(turn: Turn, language: str) -> None:
    if turn.staff.language == language:
        return
    number, detail = str(turn.staff.telegram_id), {"language": language, "name": turn.staff.name}
    with write():
        staff.set_language(turn.staff, language)
        audit.record(turn.now(), turn.actor, "staff.language", target=number, detail=detail)


async def cancel(turn: Turn, rest: str) -> None:
    """Drop the open form; nothing of it leaves."""
    form = await turn.form()
    await turn.close_form()
    if form is not None and form.message_id is not None and turn.tapped is None:
        await turn.sender.strip(turn.chat_id, form.message_id)
    screen = await home(turn)
    told = turn.t("cancel.done" if form else "cancel.nothing")
    await turn.show(replace(screen, text=lines(told, "", screen.text)))


async def cancel_button(turn: Turn, args: Args) -> None:
    """The cancel button of a form or preview."""
    await cancel(turn, "")


async def go_on(turn: Turn, args: Args) -> None:
    """Back to the form that was left for something else."""
    form = await turn.form()
    if form is None:
        raise OldKeyboard("form")
    await ask(KINDS[form.kind], turn, form)
