"""Whom /tuchoi is about, when it came without a number."""

from __future__ import annotations

from bot.keyboards import cancel_row
from bot.markup import Screen
from bot.screens.opt_out import opt_out_screen
from bot.turn import Turn
from services import do_not_send, phones, reach
from services.drafts import Form


def opt_out_form() -> Form:
    """An empty form; it is about no OA, for a number's refusal holds at all of them."""
    return Form("opt_out", "number", {})


class OptOut:
    """One question: which number?"""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """It shows what a number looks like."""
        return Screen(turn.t("opt_out.ask"), [cancel_row(turn.t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """What is known about the number; nothing is entered yet. Raises Invalid `phone.*`."""
        phone = phones.normalise(turn.text)
        await turn.close_form()
        await show_number(turn, phone)


async def show_number(turn: Turn, phone: str) -> None:
    """What is known about a number that was typed just now (84...), and what can be entered."""
    person = await turn.db(lambda: do_not_send.known(reach.oas(turn.staff), phone))
    await turn.show(await opt_out_screen(turn, f"p{phone}", person, typed=True))


OPT_OUT = OptOut()
