"""A consultation message to one follower: who, how, what, preview."""

from __future__ import annotations

import re
from typing import Any

from bot.forms.engine import ask, open_form
from bot.forms.zns import ZNS, zns_form
from bot.markup import Screen
from bot.reach import customer_of_form, oa_of_form
from bot.screens.customers import name_of
from bot.screens.refusal import refusal
from bot.screens.send import ask_choice, ask_content, ask_who, preview, ways_screen
from bot.turn import Turn
from models import Channel, Follower, OfficialAccount
from services import followers, messages, phones, preflight, uploads
from services.drafts import Form
from services.errors import Invalid, NotFound, Refusal

MANY = 8
IMAGE_ADDRESS = re.compile(r"https?://\S+?\.(?:jpe?g|png)(?:\?\S*)?(?=\s|$)", re.IGNORECASE)


def send_form(oa: OfficialAccount, *, text: str = "", image: dict[str, str] | None = None) -> Form:
    """A form that asks for the person first; what to send may be there already."""
    return Form("send", "who", {"oa": oa.id, "text": text, "image": image, "person": None, "found": []})


class Send:
    """The form. `person` is a follower's row, `found` are rows to choose from."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The screen of the open step; a refusal takes the place of the preview."""
        oa = await oa_of_form(turn, form)
        if form.step == "who":
            return ask_who(turn, oa, form)
        if form.step == "choose":
            found = (Follower.id.in_(form.data["found"]), Follower.oa_id == oa.oa_id)
            rows = await turn.db(lambda: list(Follower.select().where(*found)))
            return ask_choice(turn, oa, rows)
        person = await customer_of_form(turn, form)
        if form.step == "way":
            return await ways_screen(turn, oa, person, await turn.db(preflight.ways, turn.desk, oa, person))
        if form.step == "content":
            return ask_content(turn, oa, person)
        return await self._preview(turn, oa, person, form.data)

    async def _preview(self, turn: Turn, oa: OfficialAccount, person: Follower, data: dict[str, Any]) -> Screen:
        try:
            found = await turn.db(messages.preview_cs, turn.desk, oa, person, data["text"], data["image"])
        except Refusal as error:
            others = await turn.db(preflight.ways, turn.desk, oa, person)
            return refusal(turn, oa, error, kind="cs", name=name_of(turn, person), others=others)
        token = await turn.db(messages.ask, turn.desk, turn.staff, found)
        return preview(turn, found, token)

    async def answer(self, turn: Turn, form: Form) -> None:
        """Take one answer and go on."""
        text = turn.text.strip()
        if turn.photo or form.step == "content":
            await self._content(turn, form)
        elif form.step == "who":
            await self.find(turn, form, text)
        elif form.step == "choose" and text.isdecimal() and int(text) in form.data["found"]:
            await self.go_to(turn, form, int(text))
        elif form.step == "way" and text in (Channel.CS, Channel.ZNS):
            await self.by(turn, form, text)
        elif form.step == "way" and text:
            # Somebody who types at once means the usual way: a consultation message.
            await self._content(turn, form)
        else:
            raise Invalid("form.tap_button")

    async def find(self, turn: Turn, form: Form, text: str) -> None:
        """Look for the person; several are shown to choose from, an unknown number can still get a ZNS."""
        oa = await oa_of_form(turn, form)
        found = await turn.db(lambda: followers.find(oa.oa_id, text, MANY, whole_numbers=not turn.staff.sees_numbers))
        if len(found) == 1:
            await self.go_to(turn, form, found[0].id)
        elif found:
            form.step, form.data["found"] = "choose", [row.id for row in found]
            await ask(self, turn, form)
        else:
            await self._nobody(turn, oa, text)

    async def _nobody(self, turn: Turn, oa: OfficialAccount, text: str) -> None:
        if sum(char.isdigit() for char in text) < 9:
            raise NotFound("follower.none", query=text[:60])
        phone = phones.normalise(text)
        form = zns_form(oa, phone)
        form.step = "template"
        await turn.say(Screen(turn.t("send.only_zns", phone=phones.local(phone)), protect=True))
        await ZNS.go_on(turn, form)

    async def go_to(self, turn: Turn, form: Form, person: int) -> None:
        """The person is known: with something to send straight to the preview, else which way."""
        form.data["person"] = person
        form.step = "preview" if form.data["text"] or form.data["image"] else "way"
        await ask(self, turn, form)

    async def by(self, turn: Turn, form: Form, way: str) -> None:
        """The way is chosen."""
        if way == Channel.ZNS:
            person = await customer_of_form(turn, form)
            oa = await oa_of_form(turn, form)
            await ZNS.go_on(turn, zns_form(oa, person.phone, typed=False))
            return
        form.step = "preview" if form.data["text"] or form.data["image"] else "content"
        await ask(self, turn, form)

    async def _content(self, turn: Turn, form: Form) -> None:
        form.data |= await read_content(turn)
        if form.data["person"] is None:
            await ask(self, turn, form)
            return
        form.step = "preview"
        await ask(self, turn, form)


async def read_content(turn: Turn) -> dict[str, Any]:
    """What was typed or sent, as the parts of a message: text and perhaps an image. Raises Invalid `image.*`."""
    text = turn.text.strip()
    if turn.photo:
        return {"image": {"upload": await _fetch(turn)}, "text": text}
    address = IMAGE_ADDRESS.match(text)
    if address:
        return {"image": {"url": address.group()}, "text": text[address.end() :].strip()}
    return {"image": None, "text": text}


async def _fetch(turn: Turn) -> str:
    if turn.photo_size > uploads.MAX_IMAGE_BYTES:  # Telegram gives bots no file over 20 MB, so it is not even asked
        raise Invalid("image.too_big", limit=uploads.MAX_IMAGE_BYTES, size=turn.photo_size)
    file = await turn.sender.bot.get_file(turn.photo)
    data = bytes(await file.download_as_bytearray())
    return await turn.db(uploads.keep, turn.desk, data)


async def open_send(turn: Turn, oa: OfficialAccount, **given: Any) -> None:
    """Begin: who is it for?"""
    await open_form(SEND, turn, send_form(oa, **given))


SEND = Send()
