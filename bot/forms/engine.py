"""Asking, taking an answer, repeating only the question that was answered wrongly."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot import errors, refusals
from bot.markup import OldKeyboard, Screen
from bot.turn import Turn
from services import troubles
from services.drafts import Form
from texts.html import Html, lines


class FormKind(Protocol):
    """A kind of form."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The screen of the step the form is at."""
        ...

    async def answer(self, turn: Turn, form: Form) -> None:
        """Take `turn.text` (typed, or the value of a tapped button) or `turn.photo`; then `ask` on, or finish.

        Raises DeskError for a wrong answer: the same question is asked again.
        """
        ...


async def ask(kind: FormKind, turn: Turn, form: Form, problem: Html | None = None) -> None:
    """Show the form's question and keep the form."""
    screen = await kind.question(turn, form)
    if problem is not None:
        screen = replace(screen, text=lines(problem, "", screen.text))
    before = form.message_id
    form.message_id = await turn.show(screen)
    form.data.pop("parked", None)
    await turn.keep(form)
    if before is not None and before != form.message_id:
        await turn.sender.strip(turn.chat_id, before)


async def present(kind: FormKind, turn: Turn, form: Form) -> Screen | None:
    """The form's open question; None when what it is about is gone or closed to the person: the form ends then."""
    try:
        return await kind.question(turn, form)
    except OldKeyboard:
        await turn.close_form()
        return None


async def take(kind: FormKind, turn: Turn, form: Form) -> None:
    """Give the form an answer."""
    try:
        await kind.answer(turn, form)
    except Exception as error:
        known = troubles.explain(error)
        if known is None:
            raise
        await refusals.note(turn, known)
        await ask(kind, turn, form, errors.explain(turn, known))


async def picked(kind: FormKind, turn: Turn, form: Form, step: str, value: str) -> None:
    """A button under the form's question was tapped. Raises OldKeyboard when the form is at another question."""
    if form.step != step:
        raise OldKeyboard(step)
    turn.text = value
    await take(kind, turn, form)


async def open_form(kind: FormKind, turn: Turn, form: Form) -> None:
    """Begin a form; the one that was open before is replaced, and its keyboard taken away."""
    before = await turn.form()
    if before is not None and before.message_id not in (None, turn.tapped):
        assert before.message_id is not None
        await turn.sender.strip(turn.chat_id, before.message_id)
    await ask(kind, turn, form)


async def park(turn: Turn) -> None:
    """The person does something else: typed text goes to the form again only after "go on"."""
    form = await turn.form()
    if form is not None and not form.data.get("parked"):
        form.data["parked"] = True
        await turn.keep(form)
