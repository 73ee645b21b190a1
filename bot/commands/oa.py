"""/oa and every button of an OA card."""

from __future__ import annotations

from bot.forms import add_oa
from bot.forms.engine import open_form
from bot.forms.oa_fields import FIELDS, field_form
from bot.markup import OldKeyboard, Screen, part, whole
from bot.reach import oa_at
from bot.screens.oa_card import edit_screen, live_question, oa_card, prove_question, remove_question
from bot.screens.oa_list import oa_list
from bot.turn import Turn
from db import write
from models import OfficialAccount, Role, UidMessageApi
from services import (
    accounts,
    audit,
    confirmations,
    current,
    halts,
    modes,
    oa_settings,
    quotas,
    reach,
    reconcile,
    staff,
    templates,
    tokens,
)
from services.errors import NotAllowed
from services.modes import Mode
from services.pacing import Lane
from texts.html import lines

Args = tuple[str, ...]
MODE, REMOVE = "mode", "remove_oa"  # what a yes was asked for
FLAGS = {
    Mode.PAUSED: {"published": False},
    Mode.TEST: {"published": True, "testing": True},
    Mode.LIVE: {"published": True, "testing": False},
}


async def oa_command(turn: Turn, rest: str) -> None:
    """`/oa` lists, `/oa hoa mai` switches to the one found."""
    if not rest:
        await turn.show(await oa_list(turn))
        return
    found = await turn.db(reach.find, turn.staff, rest)
    if len(found) != 1:
        await turn.show(await oa_list(turn, 0, found))
        return
    await turn.db(current.choose, turn.staff, found[0])
    await turn.show(await oa_card(turn, found[0]))


async def show_list(turn: Turn, args: Args) -> None:
    """The list of OAs."""
    await turn.show(await oa_list(turn, whole(args, 0)))


async def show_card(turn: Turn, args: Args) -> None:
    """The card; opening it also makes this OA the one worked with."""
    oa = await _oa(turn, args)
    await turn.db(current.choose, turn.staff, oa)
    await turn.show(await oa_card(turn, oa))


async def add(turn: Turn, args: Args) -> None:
    """Begin to register an OA."""
    await add_oa.begin(turn)


async def edit(turn: Turn, args: Args) -> None:
    """What can be changed."""
    await turn.show(edit_screen(turn, await _oa(turn, args)))


async def change_field(turn: Turn, args: Args) -> None:
    """Rename, describe, paste new tokens, or choose the picture of the form."""
    assert turn.target is not None
    oa = await _oa(turn, args)
    kind = turn.target.action.removeprefix("oa.")
    await open_form(FIELDS[kind], turn, field_form(kind, oa))


async def change_mode(turn: Turn, args: Args) -> None:
    """Towards safer at once; towards sending only after a manager's confirmation."""
    oa = await _fresh_oa(turn, args)
    mode = _mode(part(args, 2))
    if accounts.towards_sending(modes.mode(oa), mode):
        if not staff.may(turn.staff, Role.MANAGER):
            raise NotAllowed("role.manager")
        ask = confirmations.ask
        token = await turn.db(ask, turn.now(), turn.staff, MODE, {"oa": oa.id, "mode": mode.value}, oa)
        await turn.show(live_question(turn, oa, mode, token))
        return
    await turn.db(lambda: accounts.set_flags(turn.desk, turn.actor, oa, **FLAGS[mode]))
    await turn.show(await oa_card(turn, oa))


async def confirm_mode(turn: Turn, args: Args) -> None:
    """The yes to more sending."""

    def act() -> OfficialAccount:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), MODE)
            oa = OfficialAccount.get_by_id(spent.payload["oa"])
            accounts.set_flags(turn.desk, turn.actor, oa, **FLAGS[Mode(spent.payload["mode"])])
            return oa

    await turn.show(await oa_card(turn, await turn.db(act)))


async def change_uid_api(turn: Turn, args: Args) -> None:
    """Media and transaction messages by template, or in the older form."""
    oa = await _fresh_oa(turn, args)
    if part(args, 2) not in set(UidMessageApi):
        raise OldKeyboard("uid_api")
    await turn.db(oa_settings.set_uid_message_api, turn.desk, turn.actor, oa, UidMessageApi(part(args, 2)))
    await turn.show(edit_screen(turn, oa))


async def ask_remove(turn: Turn, args: Args) -> None:
    """The question before an OA goes."""
    oa = await _oa(turn, args)
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, REMOVE, {"oa": oa.id}, oa)
    await turn.show(remove_question(turn, oa, token))


async def remove(turn: Turn, args: Args) -> None:
    """The yes to removing."""

    def act() -> None:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), REMOVE)
            accounts.remove(turn.desk, turn.actor, OfficialAccount.get_by_id(spent.payload["oa"]))

    await turn.db(act)
    screen = await oa_list(turn)
    await turn.show(Screen(lines(turn.t("oa.removed"), "", screen.text), screen.rows))


async def resume(turn: Turn, args: Args) -> None:
    """Let an OA that stopped itself send again."""
    oa = await _fresh_oa(turn, args)
    await turn.db(halts.resume_sending, turn.desk, turn.actor, oa)
    await turn.toast(turn.t.plain("oa.resumed"))
    await turn.show(await oa_card(turn, oa))


async def check(turn: Turn, args: Args) -> None:
    """Ask Zalo anew for everything on the card."""
    oa = await _oa(turn, args)
    await turn.toast(turn.t.plain("oa.checking"))
    await accounts.refresh_profile(turn.desk, oa, lane=Lane.URGENT)
    await templates.sync(turn.desk, oa, Lane.URGENT)
    await quotas.refresh(turn.desk, oa, Lane.URGENT)
    await turn.db(audit.record, turn.now(), turn.actor, "oa.checked", oa_id=oa.oa_id, target=oa.name)
    await turn.show(await oa_card(turn, await _oa(turn, args)))


async def sync(turn: Turn, args: Args) -> None:
    """Begin to read the follower list from Zalo."""
    oa = await _oa(turn, args)
    await turn.db(reconcile.start, turn.desk, oa, turn.actor)
    await turn.toast(turn.t.plain("oa.sync_begun"))


async def ask_prove(turn: Turn, args: Args) -> None:
    """The warning before the refresh token is spent."""
    await turn.show(prove_question(turn, await _oa(turn, args)))


async def prove(turn: Turn, args: Args) -> None:
    """Spend the pasted refresh token, to know that it works."""
    oa = await _oa(turn, args)
    await tokens.prove(turn.desk, oa)
    await turn.db(audit.record, turn.now(), turn.actor, "oa.proved", oa_id=oa.oa_id, target=oa.name)
    await turn.toast(turn.t.plain("oa.proved"))
    await turn.show(await oa_card(turn, await _oa(turn, args)))


def _mode(text: str) -> Mode:
    if text not in set(Mode):
        raise OldKeyboard("mode")
    return Mode(text)


async def _oa(turn: Turn, args: Args) -> OfficialAccount:
    """The OA of a button, as it is now. Raises OldKeyboard when it was removed or is closed to this person."""
    return await oa_at(turn, whole(args, 0))


async def _fresh_oa(turn: Turn, args: Args) -> OfficialAccount:
    """As `_oa`; when the OA changed since the keyboard was made, its card is opened anew instead."""
    oa = await _oa(turn, args)
    if str(oa.revision) != part(args, 1):
        raise OldKeyboard("oa", await oa_card(turn, oa))
    return oa
