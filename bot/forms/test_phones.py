"""Entering a test number of an OA."""

from __future__ import annotations

import re

from bot.keyboards import cancel_row
from bot.markup import Screen
from bot.reach import oa_of_form
from bot.screens.test_phones import phones_screen
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import OfficialAccount
from services import test_phones
from services.drafts import Form
from texts.html import lines


def phones_form(oa: OfficialAccount) -> Form:
    """An empty form about this OA."""
    return Form("test_phones", "phone", {"oa": oa.id})


class TestPhones:
    """One question; several numbers may stand on lines of their own, or with commas between."""

    __test__ = False  # no test, whatever its name

    async def question(self, turn: Turn, form: Form) -> Screen:
        """Which number?"""
        oa = await oa_of_form(turn, form)
        t = turn.t
        return Screen(lines(oa_title(t, oa), "", t("test_phones.ask"), t("test_phones.rules")), [cancel_row(t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Enter it, then show all."""
        oa = await oa_of_form(turn, form)
        for text in [each for each in re.split(r"[\n,;]", turn.text) if each.strip()] or [turn.text]:
            await turn.db(test_phones.add, turn.desk, turn.actor, oa, text)
        await turn.close_form()
        await turn.show(phones_screen(turn, oa))


TEST_PHONES = TestPhones()
