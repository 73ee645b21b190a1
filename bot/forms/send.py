"""One message to one person: who, how, what, preview. Each way of writing has a composer of its own."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

from bot import errors
from bot.attachments import NOTHING, read_parts, something
from bot.forms.composing import PREVIEW, Composer
from bot.forms.document import PROMOTION, TRANSACTION
from bot.forms.engine import ask, open_form
from bot.forms.info_form import INFO_FORM
from bot.forms.template import UID, ZNS
from bot.forms.text import CONSULTATION
from bot.markup import Screen
from bot.reach import oa_of_form
from bot.screens.preview import preview
from bot.screens.refusal import refusal
from bot.screens.send import ask_choice, ask_who, ways_screen
from bot.screens.zns import ask_phone
from bot.turn import Turn
from bot.whom import Whom, whom_of
from models import Channel, Follower, OfficialAccount
from services import followers, messages, phones, preflight
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError, Invalid, NotFound, Refusal
from texts.html import lines

MANY = 8
# The ways of writing, by the name their buttons carry: Channel, and the form beside the consultation message.
COMPOSERS: dict[str, Composer] = {
    "cs": CONSULTATION,
    "form": INFO_FORM,
    "uid": UID,
    "zns": ZNS,
    "promotion": PROMOTION,
    "transaction": TRANSACTION,
}
# Questions that a picture or a file cannot answer: it would be taken for something it is not.
WORDS_ONLY = {"phone", "template", "param", "edit", "title", "subtitle", "edit_form"}
EMPTY: dict[str, Any] = {
    "person": None,
    "found": [],
    "phone": "",
    "typed": True,
    "way": "",
    "template": "",
    "params": {},
}


def send_form(oa: OfficialAccount, **given: Any) -> Form:
    """A form that asks for the person first; what to send, and how, may be there already."""
    return Form("send", "who", {**EMPTY, **NOTHING, "params": {}, "oa": oa.id, **given})


class Send:
    """The form. `person` is a follower's row, `found` are rows to choose from, `way` a name of COMPOSERS."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The screen of the open step; a refusal takes the place of the preview."""
        _complete(form)
        oa = await oa_of_form(turn, form)
        if form.step == "who":
            return ask_who(turn, oa, form)
        if form.step == "phone":
            return ask_phone(turn, oa)
        if form.step == "choose":
            found = (Follower.id.in_(form.data["found"]), Follower.oa_id == oa.oa_id)
            rows = await turn.db(lambda: list(Follower.select().where(*found)))
            return ask_choice(turn, oa, rows)
        whom = await whom_of(turn, form)
        if form.step == "way":
            return await ways_screen(turn, oa, whom, await ways(turn, oa, whom))
        if form.step == PREVIEW:
            return await self._preview(turn, oa, form, whom)
        return await composer_of(form).question(turn, oa, form, whom)

    async def _preview(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """What will arrive; a content that turns out wrong is asked for again in its place."""
        composer = composer_of(form)
        try:
            await _check_way(turn, oa, form, whom)
            content = await composer.content(turn, oa, form)
            phone = whom.phone if content.channel == Channel.ZNS else ""
            found = await turn.db(messages.preview, turn.desk, oa, content, phone=phone, follower=whom.follower)
        except Refusal as error:
            return await refusal(turn, oa, form, whom, error, await ways(turn, oa, whom))
        except (Invalid, NotFound) as error:
            form.step = await composer.back_to(turn, oa, form, error)
            screen = await composer.question(turn, oa, form, whom)
            return replace(screen, text=lines(errors.explain(turn, error), "", screen.text))
        token = await turn.db(messages.ask, turn.desk, turn.staff, found)
        return preview(turn, found, token, whom, form)

    async def answer(self, turn: Turn, form: Form) -> None:
        """Take one answer and go on to what is still missing."""
        _complete(form)
        text = turn.text.strip()
        composer = COMPOSERS.get(way_of(form))
        brought = bool(turn.photo or turn.document or turn.location)
        if brought and form.step in WORDS_ONLY:
            raise Invalid("form.words_wanted")
        if composer is not None and form.step in composer.steps:
            await self._composed(turn, form, composer)
        elif brought:
            await self._sent_at_once(turn, form)
        elif form.step == "who":
            await self.find(turn, form, text)
        elif form.step == "phone":
            form.data |= {"phone": phones.normalise(text), "typed": True}
            await self.go_on(turn, form)
        elif form.step == "choose" and text.isdecimal() and int(text) in form.data["found"]:
            await self.go_to(turn, form, int(text))
        elif form.step == "way" and turn.query_id and text in COMPOSERS:
            await self.by(turn, form, text)
        elif form.step == "way" and text and not turn.query_id and form.data["person"] is not None:
            await self._sent_at_once(turn, form)
        else:
            raise Invalid("form.tap_button")

    async def _composed(self, turn: Turn, form: Form, composer: Composer) -> None:
        step = await composer.answer(turn, await oa_of_form(turn, form), form)
        if step is None:
            await self.go_on(turn, form)
            return
        form.step = step
        await ask(self, turn, form)

    async def _sent_at_once(self, turn: Turn, form: Form) -> None:
        """Somebody who types or sends a picture at once means the usual way: a consultation message."""
        form.data |= await read_parts(turn)
        form.data["way"] = "cs"
        await self.go_on(turn, form)

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
            await self._nobody(turn, form, text)

    async def _nobody(self, turn: Turn, form: Form, text: str) -> None:
        if sum(char.isdigit() for char in text) < 9:
            raise NotFound("follower.none", query=text[:60])
        form.data |= {"phone": phones.normalise(text), "typed": True, "person": None, "way": "zns"}
        await turn.say(Screen(turn.t("send.only_zns", phone=phones.local(form.data["phone"])), protect=True))
        await self.go_on(turn, form)

    async def go_to(self, turn: Turn, form: Form, person: int) -> None:
        """The person is known: with something to send straight to the preview, else which way."""
        form.data["person"] = person
        if not way_of(form) and something(form.data):
            form.data["way"] = "cs"
        await self.go_on(turn, form)

    async def by(self, turn: Turn, form: Form, way: str) -> None:
        """The way is chosen. What was written for another way stays, and serves where it fits."""
        form.data["way"] = way
        form.data.pop("how", None)
        await self.go_on(turn, form)

    async def edit(self, turn: Turn, form: Form) -> None:
        """Back from the preview to what is to be changed."""
        form.step = composer_of(form).edit(form)
        await ask(self, turn, form)

    async def go_on(self, turn: Turn, form: Form) -> None:
        """Ask for the next thing that is missing; whatever a rule refuses is asked again, nothing else."""
        try:
            form.step = await self._next_step(turn, form)
            problem = None
        except (Invalid, NotFound) as error:
            form.step = await self._back_to(turn, form, error)
            problem = errors.explain(turn, error)
        await ask(self, turn, form, problem)

    async def _next_step(self, turn: Turn, form: Form) -> str:
        data, way = form.data, way_of(form)
        oa = await oa_of_form(turn, form)
        if data["phone"]:
            data["phone"] = phones.normalise(data["phone"])
        if data["person"] is None and not data["phone"]:
            return "phone" if way == "zns" else "who"
        if not way:
            return "way"
        whom = await whom_of(turn, form)
        if way == "zns" and not whom.phone:
            return "phone"
        try:
            await _check_way(turn, oa, form, whom)
        except Refusal:
            return PREVIEW  # where the refusal is shown, with the other ways: no question is worth an answer
        return await COMPOSERS[way].next_step(turn, oa, form)

    async def _back_to(self, turn: Turn, form: Form, error: DeskError) -> str:
        if error.key.startswith("phone."):
            form.data["phone"] = ""
            return "phone"
        return await composer_of(form).back_to(turn, await oa_of_form(turn, form), form, error)


def _complete(form: Form) -> None:
    """A form that was left open before an update of OA Desk lacks what came with it."""
    for name, value in {**EMPTY, **NOTHING}.items():
        form.data.setdefault(name, copy(value))
    if not way_of(form) and (form.step == "content" or (form.step == PREVIEW and something(form.data))):
        form.data["way"] = "cs"


def way_of(form: Form) -> str:
    """The way a form goes by; those of kind "zns" were opened for one."""
    return str(form.data.get("way") or ("zns" if form.kind == "zns" else ""))


def composer_of(form: Form) -> Composer:
    """What writes the message of this form. Raises Invalid when no way is chosen yet."""
    found = COMPOSERS.get(way_of(form))
    if found is None:
        raise Invalid("form.tap_button")
    return found


async def _check_way(turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> None:
    """Whether the way is open, before its questions. Raises Refusal, and what names no letter."""
    letter = await composer_of(form).letter(turn, oa, form)
    if letter is not None:
        phone = whom.phone if letter.channel == Channel.ZNS else ""
        await turn.db(preflight.check, turn.desk, oa, letter, phone=phone, follower=whom.follower)


async def content_of_form(turn: Turn, oa: OfficialAccount, form: Form) -> Content:
    """The message as it stands in a form. Raises Invalid, NotFound."""
    return await composer_of(form).content(turn, oa, form)


async def ways(turn: Turn, oa: OfficialAccount, whom: Whom) -> list[preflight.Verdict]:
    """Every way to this person, open ones first, cheapest first."""
    return await turn.db(preflight.ways, turn.desk, oa, phone=whom.phone, follower=whom.follower)


async def open_send(turn: Turn, oa: OfficialAccount, **given: Any) -> None:
    """Begin: who is it for?"""
    await open_form(SEND, turn, send_form(oa, **given))


SEND = Send()
