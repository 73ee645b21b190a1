"""Staff, for owners: the list, the card, and every change on it."""

from __future__ import annotations

from bot.forms.engine import open_form
from bot.forms.invite import INVITE, invite_form
from bot.markup import OldKeyboard, part, to, whole
from bot.reach import oa_at
from bot.screens.home import home
from bot.screens.staff import oas_screen, owner_question, remove_question, role_choice, staff_card, staff_list, told
from bot.turn import Turn
from db import write
from models import Role, Staff
from services import confirmations, staffing
from services.errors import NotFound
from texts import LANGUAGES

Args = tuple[str, ...]
MAKE_OWNER, DISMISS = "make_owner", "dismiss"  # what a yes was asked for


async def show_list(turn: Turn, args: Args) -> None:
    """Everybody who works here."""
    await turn.show(await staff_list(turn, whole(args, 0) if args else 0))


async def show_card(turn: Turn, args: Args) -> None:
    """One person."""
    await turn.show(await staff_card(turn, await _person(turn, args)))


async def invite(turn: Turn, args: Args) -> None:
    """Begin an invitation."""
    await open_form(INVITE, turn, invite_form(turn.staff.language))


async def change_role(turn: Turn, args: Args) -> None:
    """Which role shall it be; with a role, set it. An owner is made only after a question."""
    person = await _person(turn, args)
    if len(args) < 2:
        title = turn.t("staff.ask_role", name=person.name or str(person.telegram_id))
        await turn.show(role_choice(turn, title, "st.role", person.id, to("st.card", person.id)))
        return
    role = role_of(part(args, 1))
    if role == Role.OWNER and person.role != Role.OWNER:
        token = await turn.db(confirmations.ask, turn.now(), turn.staff, MAKE_OWNER, {"staff": person.id})
        await turn.show(owner_question(turn, person, token))
        return
    row = await turn.db(staffing.set_role, turn.desk, turn.actor, person, role)
    await _changed(turn, row)


async def make_owner(turn: Turn, args: Args) -> None:
    """The yes to another owner."""

    def act() -> Staff:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), MAKE_OWNER)
            person = staffing.active(spent.payload["staff"])
            return staffing.set_role(turn.desk, turn.actor, person, Role.OWNER)

    await _changed(turn, await turn.db(act))


async def change_language(turn: Turn, args: Args) -> None:
    """Speak another language to this person."""
    language = part(args, 1)
    if language not in LANGUAGES:
        raise OldKeyboard("lang")
    await _changed(turn, await turn.db(staffing.speak, turn.desk, turn.actor, await _person(turn, args), language))


async def change_numbers(turn: Turn, args: Args) -> None:
    """May they see full numbers?"""
    person, wanted = await _person(turn, args), part(args, 1) == "1"
    change = lambda: staffing.set_sight(turn.desk, turn.actor, person, numbers=wanted)  # noqa: E731
    await _changed(turn, await turn.db(change))


async def change_money(turn: Turn, args: Args) -> None:
    """May they see prices and costs?"""
    person, wanted = await _person(turn, args), part(args, 1) == "1"
    change = lambda: staffing.set_sight(turn.desk, turn.actor, person, money=wanted)  # noqa: E731
    await _changed(turn, await turn.db(change))


async def show_oas(turn: Turn, args: Args) -> None:
    """Which OAs they may use."""
    await turn.show(await oas_screen(turn, await _person(turn, args), whole(args, 1)))


async def change_oa(turn: Turn, args: Args) -> None:
    """Open or close one OA."""
    person, oa = await _person(turn, args), await oa_at(turn, whole(args, 1))
    row = await turn.db(staffing.allow_oa, turn.desk, turn.actor, person, oa, part(args, 2) == "1")
    await turn.show(await oas_screen(turn, row, whole(args, 3)))


async def change_every(turn: Turn, args: Args) -> None:
    """All OAs, or only chosen ones."""
    person = await _person(turn, args)
    row = await turn.db(staffing.set_every_oa, turn.desk, turn.actor, person, part(args, 1) == "1")
    await turn.show(await oas_screen(turn, row, 0))


async def ask_remove(turn: Turn, args: Args) -> None:
    """The question before somebody goes; whoever cannot go is said at once."""
    person = await _person(turn, args)
    await turn.db(staffing.check_removable, turn.desk, person)
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, DISMISS, {"staff": person.id})
    await turn.show(remove_question(turn, person, token))


async def remove(turn: Turn, args: Args) -> None:
    """The yes to that."""

    def act() -> Staff:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), DISMISS)
            person = staffing.active(spent.payload["staff"])
            staffing.remove(turn.desk, turn.actor, person)
            return person

    person = await turn.db(act)
    await turn.office.menus.hide(person.telegram_id)
    if person.id == turn.staff.id:
        return  # they removed themselves: nothing more is said to a stranger
    await turn.show(told(turn, await staff_list(turn), "staff.removed", name=person.name or str(person.telegram_id)))


async def _changed(turn: Turn, person: Staff) -> None:
    """The card anew; the person's menu follows role and language at once."""
    await turn.toast(turn.t.plain("staff.changed"))
    await turn.office.menus.show(person, person.telegram_id)
    if person.id == turn.staff.id:
        turn.staff = person
    if turn.staff.role == Role.OWNER:
        await turn.show(await staff_card(turn, person))
    else:
        await turn.show(told(turn, await home(turn), "staff.no_longer_owner"))


def role_of(text: str) -> Role:
    """A role of a button. Raises OldKeyboard."""
    if text not in set(Role):
        raise OldKeyboard("role")
    return Role(text)


async def _person(turn: Turn, args: Args) -> Staff:
    """The person of a button. Raises OldKeyboard when they are gone: the list is opened anew."""
    try:
        return await turn.db(staffing.active, whole(args, 0))
    except NotFound:
        raise OldKeyboard("staff", await staff_list(turn)) from None
