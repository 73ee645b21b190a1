"""Invitations, strangers and groups, for owners."""

from __future__ import annotations

from bot.commands.staff import role_of
from bot.groups import leave_unwelcome
from bot.markup import OldKeyboard, part, to, whole
from bot.screens.staff import ROLES, oas_screen, role_choice, staff_card, told
from bot.screens.staff_door import group_list, invitation_list, stranger_list
from bot.turn import Turn
from models import Stranger, TelegramGroup
from services import groups, invitations, staff, strangers
from services.errors import NotFound

Args = tuple[str, ...]
BELOW_OWNER = ROLES[:-1]  # one tap makes nobody an owner


async def show_invitations(turn: Turn, args: Args) -> None:
    """The links somebody could still use."""
    await turn.show(await invitation_list(turn, whole(args, 0) if args else 0))


async def revoke(turn: Turn, args: Args) -> None:
    """Make one of them worthless."""
    done = await turn.db(invitations.revoke, turn.desk, turn.actor, whole(args, 0))
    await turn.show(told(turn, await invitation_list(turn), "links.revoked" if done else "links.too_late"))


async def show_strangers(turn: Turn, args: Args) -> None:
    """Who opened the bot uninvited."""
    await turn.show(await stranger_list(turn, whole(args, 0)))


async def admit(turn: Turn, args: Args) -> None:
    """As what shall this stranger come in; with a role, let them in."""
    row = await _stranger(turn, args)
    if len(args) < 2:
        title = turn.t("strangers.ask_role", name=row.name or str(row.telegram_id))
        back = to("st.strangers", 0)
        await turn.show(role_choice(turn, title, "st.admit", row.telegram_id, back, BELOW_OWNER))
        return
    role = role_of(part(args, 1))
    if role not in BELOW_OWNER:
        raise OldKeyboard("role")
    person = await turn.db(strangers.admit, turn.desk, turn.actor, row.telegram_id, role)
    name = person.name or str(person.telegram_id)
    shown = await staff_card(turn, person) if staff.has_every_oa(person) else await oas_screen(turn, person, 0)
    await turn.show(told(turn, shown, "strangers.admitted", name=name))


async def ignore(turn: Turn, args: Args) -> None:
    """Say nothing more about this stranger."""
    row = await _stranger(turn, args)
    await turn.db(strangers.ignore, turn.desk, turn.actor, row.telegram_id)
    name = row.name or str(row.telegram_id)
    await turn.show(told(turn, await stranger_list(turn), "strangers.now_ignored", name=name))


async def heed(turn: Turn, args: Args) -> None:
    """Tell of this stranger again."""
    row = await _stranger(turn, args)
    await turn.db(strangers.ignore, turn.desk, turn.actor, row.telegram_id, False)
    await turn.show(await stranger_list(turn))


async def show_groups(turn: Turn, args: Args) -> None:
    """Where the bot may stay."""
    await turn.show(await group_list(turn, whole(args, 0) if args else 0))


async def allow_group(turn: Turn, args: Args) -> None:
    """The bot may stay in this group the next time somebody adds it."""
    row = await _allow(turn, args, True)
    await turn.show(told(turn, await group_list(turn), "groups.now_allowed", name=row.title))


async def forbid_group(turn: Turn, args: Args) -> None:
    """The bot leaves this group, and every later time too."""
    row = await _allow(turn, args, False)
    await leave_unwelcome(turn.office)
    await turn.show(told(turn, await group_list(turn), "groups.now_forbidden", name=row.title))


async def _allow(turn: Turn, args: Args, wanted: bool) -> TelegramGroup:
    try:
        return await turn.db(groups.allow, turn.desk, turn.actor, whole(args, 0), wanted)
    except NotFound:
        raise OldKeyboard("group", await group_list(turn)) from None


async def _stranger(turn: Turn, args: Args) -> Stranger:
    try:
        return await turn.db(strangers.get, whole(args, 0))
    except NotFound:
        raise OldKeyboard("stranger", await stranger_list(turn)) from None
