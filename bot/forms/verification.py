"""One question: the code with which Zalo checks that the domain is ours."""

from __future__ import annotations

from bot.keyboards import cancel_row
from bot.markup import Screen
from bot.screens.apps import domain_screen
from bot.turn import Turn
from services import verification
from services.drafts import Form
from texts.html import lines


def verification_form() -> Form:
    """An empty one."""
    return Form("verification", "code")


class Verification:
    """The form."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """What to paste."""
        t = turn.t
        return Screen(lines(t("domain.title"), "", t("domain.ask_code")), [cancel_row(t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Show it from now on, audited."""
        await turn.db(verification.put, turn.desk, turn.actor, turn.text)
        await turn.close_form()
        await turn.show(await domain_screen(turn, turn.t("domain.taken")))


VERIFICATION = Verification()
