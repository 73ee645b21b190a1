"""Anything pasted without a command: a phone number, one of Zalo's codes, a picture, a name."""

from __future__ import annotations

from bot.attachments import read_parts
from bot.codes import looks_like_code, looks_like_id
from bot.commands.basics import explain_code
from bot.commands.customers import show_contact
from bot.commands.sending import PHONE
from bot.forms.send import open_send
from bot.keyboards import home_row
from bot.markup import Screen
from bot.screens.customers import ALL, customer_card, customer_list
from bot.screens.delivery import delivery_screen
from bot.screens.need_oa import need_oa
from bot.turn import Turn
from models import OfficialAccount, Role
from services import followers, phones, reach, staff


async def pasted(turn: Turn) -> None:
    """A text nobody asked for."""
    text = turn.text.strip()
    if looks_like_code(text):
        await explain_code(turn, text)
    elif text and staff.may(turn.staff, Role.OPERATOR):
        await _look_up(turn, text)
    else:
        await turn.show(Screen(turn.t("unknown.text"), [home_row(turn.t)]))


async def sent(turn: Turn) -> None:
    """A picture, a file or a place with no form open: whom is it for?"""
    oa = await need_oa(turn)
    if oa is not None:
        await open_send(turn, oa, **await read_parts(turn))


async def _look_up(turn: Turn, text: str) -> None:
    oa = await need_oa(turn)
    if oa is None:
        return
    if looks_like_id(text):
        row = await turn.db(reach.delivery_by_id, turn.staff, text)
        if row is not None:
            await turn.show(await delivery_screen(turn, row))
            return
    if PHONE.fullmatch(text):
        await _phone(turn, oa, phones.normalise(text))
        return
    found = await turn.db(lambda: followers.find(oa.oa_id, text, 2, whole_numbers=not turn.staff.sees_numbers))
    if len(found) == 1:
        await turn.show(await customer_card(turn, oa, found[0]))
    elif found:
        await turn.show(await customer_list(turn, oa, ALL, 0, text))
    else:
        await turn.show(Screen(turn.t("unknown.text"), [home_row(turn.t)]))


async def _phone(turn: Turn, oa: OfficialAccount, phone: str) -> None:
    """The card of the one person with this number, else what is known about a number nobody has here."""
    found = await turn.db(followers.find, oa.oa_id, phone, 2)
    if len(found) == 1:
        await turn.show(await customer_card(turn, oa, found[0]))
        return
    await show_contact(turn, phone)
