"""Inviting somebody: as what, for which OAs, with which rights, for how long; then the link."""

from __future__ import annotations

from typing import Any

from bot.forms.engine import ask
from bot.markup import Screen
from bot.screens.staff_invite import STEP_OAS, STEP_RIGHTS, STEP_ROLE, ask_oas, ask_rights, ask_role, link_screen
from bot.turn import Turn
from models import OfficialAccount, Role
from services import accounts, invitations, staff
from services.drafts import Form
from services.errors import Invalid
from services.names import tidy
from services.staff import Rights
from texts import LANGUAGES


def invite_form(language: str) -> Form:
    """An empty one; the newcomer gets the inviter's language unless told otherwise."""
    return Form("invite", STEP_ROLE, {"language": language, "oas": [], "every": True, "lasts": "day", "name": ""})


class Invite:
    """The form. `oas` are row numbers, `lasts` a key of `invitations.LIFETIMES`."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The screen of the open step."""
        if form.step == STEP_ROLE:
            return ask_role(turn)
        every = await turn.db(accounts.active)
        if form.step == STEP_OAS:
            return ask_oas(turn, form.data, every)
        return ask_rights(turn, form.data, [oa for oa in every if oa.id in form.data["oas"]])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Take one answer; a typed text is the name of the person it is for."""
        value = turn.text.strip()
        if not turn.query_id:
            await self._name(turn, form, value)
        elif form.step == STEP_ROLE:
            await self._role(turn, form, value)
        elif form.step == STEP_OAS:
            await self._oas(turn, form, value)
        elif value == "make":
            await self._make(turn, form)
        else:
            _turn_right(form.data, value)
            await ask(self, turn, form)

    async def _name(self, turn: Turn, form: Form, text: str) -> None:
        if form.step != STEP_RIGHTS:
            raise Invalid("form.tap_button")
        form.data["name"] = tidy(text)
        await ask(self, turn, form)

    async def _role(self, turn: Turn, form: Form, value: str) -> None:
        role = _role_of(value)
        usual = staff.usual(role)
        form.data |= {"role": role.value, "numbers": usual.numbers, "money": usual.money}
        several = len(await turn.db(accounts.active)) > 1
        form.step = STEP_OAS if several and role != Role.OWNER else STEP_RIGHTS
        await ask(self, turn, form)

    async def _oas(self, turn: Turn, form: Form, value: str) -> None:
        data = form.data
        if value in {"all", "chosen"}:
            data["every"] = value == "all" or not data["oas"]
            form.step = STEP_RIGHTS
        elif value.startswith("page") and value[4:].isdecimal():
            data["page"] = int(value[4:])
        elif value.startswith("oa") and value[2:].isdecimal():
            data["oas"] = _toggled(data["oas"], int(value[2:]), await turn.db(accounts.active))
        else:
            raise Invalid("form.tap_button")
        await ask(self, turn, form)

    async def _make(self, turn: Turn, form: Form) -> None:
        data, questions = form.data, form.message_id
        lasts = invitations.LIFETIMES[data["lasts"]]
        name = await _username(turn)
        row, parameter = await turn.db(invitations.create, turn.desk, turn.actor, _rights(data), lasts, data["name"])
        await turn.close_form()
        if questions is not None:
            await turn.sender.strip(turn.chat_id, questions)
        # A message of its own: whatever an old button of the form opens lands on the form's, never on the only link.
        await turn.say(link_screen(turn, Role(row.role), f"https://t.me/{name}?start={parameter}", row.expires_at))


def _role_of(value: str) -> Role:
    if value not in set(Role):
        raise Invalid("form.tap_button")
    return Role(value)


def _toggled(chosen: list[int], row_id: int, every: list[OfficialAccount]) -> list[int]:
    kept = [number for number in chosen if number != row_id and number in {oa.id for oa in every}]
    return kept if row_id in chosen else [*kept, row_id]


def _turn_right(data: dict[str, Any], value: str) -> None:
    if value in {"numbers", "money"}:
        data[value] = not data[value]
    elif value == "language":
        data["language"] = next(name for name in LANGUAGES if name != data["language"])
    elif value == "lasts":
        data["lasts"] = next(name for name in invitations.LIFETIMES if name != data["lasts"])
    else:
        raise Invalid("form.tap_button")


def _rights(data: dict[str, Any]) -> Rights:
    return Rights(
        role=Role(data["role"]),
        numbers=data["numbers"],
        money=data["money"],
        every_oa=data["every"],
        oas=() if data["every"] else tuple(data["oas"]),
        language=data["language"],
    )


async def _username(turn: Turn) -> str:
    """The bot's own name; asked of Telegram while the process has only just begun."""
    bot = turn.sender.bot
    try:
        return bot.username
    except RuntimeError:
        return str((await bot.get_me()).username)


INVITE = Invite()
