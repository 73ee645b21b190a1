"""What every way of writing has in common: a step at a time, and a content at the end."""

from __future__ import annotations

from typing import Protocol

from bot.markup import Screen
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError
from services.preflight import Letter

PREVIEW = "preview"


class Composer(Protocol):
    """One way of writing. Everything typed stays in the form's data, whatever way is chosen later."""

    steps: frozenset[str]

    async def next_step(self, turn: Turn, oa: OfficialAccount, form: Form) -> str:
        """The first question nobody answered yet, or "preview". Raises DeskError for an answer that does not fit."""
        ...

    async def question(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """The screen of the step the form is at."""
        ...

    async def letter(self, turn: Turn, oa: OfficialAccount, form: Form) -> Letter | None:
        """What the rules look at, where the way has questions they can spare; None while that is open.

        Raises DeskError for what names no letter.
        """
        ...

    def edit(self, form: Form) -> str:
        """The step that [Edit] under the preview opens."""
        ...

    async def answer(self, turn: Turn, oa: OfficialAccount, form: Form) -> str | None:
        """Keep one answer; returns the step to go to, None for the next open one.

        Raises DeskError: the same question is asked again, nothing else is lost.
        """
        ...

    async def back_to(self, turn: Turn, oa: OfficialAccount, form: Form, error: DeskError) -> str:
        """The step whose answer was wrong; that answer is forgotten, the others stay."""
        ...

    async def content(self, turn: Turn, oa: OfficialAccount, form: Form) -> Content:
        """The message as it stands. Raises DeskError naming the part and its rule."""
        ...
