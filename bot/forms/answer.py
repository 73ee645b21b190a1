"""[Reply] in a conversation: what to say, and it goes."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.answers import answer
from bot.keyboards import cancel_row
from bot.markup import Screen
from bot.reach import customer_of_form, oa_of_form
from bot.screens.titles import name_of
from bot.turn import Turn
from db import from_ms, to_ms
from models import Follower, OfficialAccount
from services.drafts import Form
from services.errors import Invalid

# Who was asked longer ago may mean something else by what they type now: it is shown to them before it leaves.
ASKED_LATELY = timedelta(minutes=15)


def answer_form(now: datetime, oa: OfficialAccount, person: Follower) -> Form:
    """The form for an answer to this person."""
    return Form("answer", "words", {"oa": oa.id, "person": person.id, "asked": to_ms(now)})


class Answer:
    """One question, and no preview unless it costs money: as a reply to the customer's message."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """What shall they hear?"""
        person = await customer_of_form(turn, form)
        return Screen(turn.t("answer.ask", name=name_of(turn, person)), [cancel_row(turn.t)], protect=True)

    async def answer(self, turn: Turn, form: Form) -> None:
        """Words, a picture, a file, a GIF, a place."""
        if turn.query_id:
            raise Invalid("form.tap_button")
        oa, person = await oa_of_form(turn, form), await customer_of_form(turn, form)
        long_ago = turn.now() - from_ms(int(form.data.get("asked") or 0)) > ASKED_LATELY
        await answer(turn, oa, person, ask_first=long_ago or turn.forwarded)


ANSWER = Answer()
