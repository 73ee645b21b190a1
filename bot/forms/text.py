"""A consultation message: words with buttons, a picture, a GIF, a file."""

from __future__ import annotations

from bot.attachments import NO_CAPTION, NOTHING, content_of, only_words, read_parts, read_words, something
from bot.forms.composing import PREVIEW
from bot.markup import Screen
from bot.screens.compose import ask_content
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError
from services.preflight import Letter

# The buttons that explain how buttons are written, that leave all as it was, and that send a file without its words.
HOW, KEEP, BARE = "buttons", "keep", "bare"


class Consultation:
    """One question: what is to be said?"""

    steps = frozenset({"content"})

    async def next_step(self, turn: Turn, oa: OfficialAccount, form: Form) -> str:
        """The content, until there is one. An address of a picture that stood in the line of a command is fetched."""
        if only_words(form.data):
            form.data |= await read_words(turn, form.data["text"])
        return PREVIEW if something(form.data) else "content"

    async def question(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """What to send, with what was written before at hand."""
        return ask_content(turn, oa, whom, form)

    async def letter(self, turn: Turn, oa: OfficialAccount, form: Form) -> Letter | None:
        """None: one question only, and what is written for one way serves another."""
        return None

    def edit(self, form: Form) -> str:
        """The one question again; what was sent so far stays until something else comes."""
        return "content"

    async def answer(self, turn: Turn, oa: OfficialAccount, form: Form) -> str | None:
        """Words, a picture, a GIF, a file, a place or the address of a picture; checked before it is kept."""
        if turn.query_id and turn.text == HOW:
            form.data["how"] = True
            return "content"
        if turn.query_id and turn.text == KEEP and something(form.data):
            return None
        if turn.query_id and turn.text == BARE and form.data.get("file"):
            form.data |= {"text": "", "before": ""}
            return None
        parts = await read_parts(turn)
        form.data["before"] = parts["text"]
        if parts["file"]:
            form.data |= parts  # also with words, which the preview refuses: the file need not be sent again
        content_of(parts)
        form.data |= parts
        form.data.pop("how", None)
        return None

    async def back_to(self, turn: Turn, oa: OfficialAccount, form: Form, error: DeskError) -> str:
        """There is one question only. A wrong text stands under it, to be copied and mended; a file is kept."""
        form.data["before"] = form.data.get("text") or ""
        if error.key != NO_CAPTION:
            form.data |= NOTHING
        return "content"

    async def content(self, turn: Turn, oa: OfficialAccount, form: Form) -> Content:
        """The parts as a message."""
        return content_of(form.data)


CONSULTATION = Consultation()
