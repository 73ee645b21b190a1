"""A media or transaction message in the older free form: `key: value` lines, checked line by line; no wizard."""

from __future__ import annotations

from bot.attachments import read_parts
from bot.forms.composing import PREVIEW
from bot.markup import Screen
from bot.screens.document import ask_document, switched_off
from bot.turn import Turn
from bot.whom import Whom
from models import Channel, OfficialAccount, UidMessageApi
from services import contents, document_words, fetching
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError, Invalid
from services.preflight import Letter

KEEP = "keep"


class Document:
    """`document` is the text as it was typed, `banner` a picture that was sent with it, `sample` the kind shown."""

    steps = frozenset({"document"})

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    async def next_step(self, turn: Turn, oa: OfficialAccount, form: Form) -> str:
        """The text, until there is one."""
        legacy = oa.uid_message_api == UidMessageApi.LEGACY
        return PREVIEW if legacy and form.data.get("document") else "document"

    async def question(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """The sample to copy; an OA that sends by template is told so."""
        if oa.uid_message_api != UidMessageApi.LEGACY:
            return switched_off(turn, oa, whom, self.channel)
        return ask_document(turn, oa, whom, form, self.channel)

    async def letter(self, turn: Turn, oa: OfficialAccount, form: Form) -> Letter | None:
        """None: one question only, and it says itself when the older form is off."""
        return None

    def edit(self, form: Form) -> str:
        """The whole text again, to be copied and mended."""
        return "document"

    async def answer(self, turn: Turn, oa: OfficialAccount, form: Form) -> str | None:
        """A text, a picture for the banner, or both; what does not fit names its line."""
        if oa.uid_message_api != UidMessageApi.LEGACY:
            raise Invalid("form.tap_button")
        if turn.query_id and turn.text in document_words.KINDS:
            form.data["sample"] = turn.text
            return "document"
        if turn.query_id:
            return None if turn.text == KEEP and form.data.get("document") else "document"
        parts = await read_parts(turn)
        if parts["gif"] or parts["file"]:
            raise Invalid("image.wrong_type")
        if parts["image"]:
            form.data["banner"] = parts["image"]
        if parts["text"]:
            form.data["before"] = parts["text"]
            made = contents.document(parts["text"], banner=form.data.get("banner"))
            await _look_at_banner(turn, made)
            form.data["document"] = parts["text"]
        return None

    async def back_to(self, turn: Turn, oa: OfficialAccount, form: Form, error: DeskError) -> str:
        """There is one question only; the wrong text stands under it."""
        form.data |= {"before": form.data.get("document") or "", "document": ""}
        return "document"

    async def content(self, turn: Turn, oa: OfficialAccount, form: Form) -> Content:
        """The document, whichever of both kinds its first line says."""
        return contents.document(form.data["document"], banner=form.data.get("banner"))


async def _look_at_banner(turn: Turn, content: Content) -> None:
    """Zalo fetches it after the yes: there has to be a picture there. One with a placeholder differs by person."""
    address = (content.data["document"].get("banner") or {}).get("url", "")
    if address and "{" not in address:
        await fetching.image(turn.desk, address)


PROMOTION = Document(Channel.PROMOTION)
TRANSACTION = Document(Channel.TRANSACTION)
