"""The form that asks a person for name, phone and address: title, words, picture, each with a proposal to tap."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from bot.forms.composing import PREVIEW
from bot.markup import Screen
from bot.screens.info_form import ask_edit, ask_field
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services import accounts, contents, fetching, troubles
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError, Invalid
from services.pacing import Lane
from services.preflight import Letter

FIELDS = ("title", "subtitle", "picture")
USUAL = "-"  # the value of the button with the proposal
# What stands for the fields that are not filled in yet while one of them is checked.
BLANK = {"title": "-", "subtitle": "-", "picture": "https://example.vn/a.jpg"}


class InfoForm:
    """Three questions; `form_title`, `form_subtitle`, `form_picture` in the data."""

    steps = frozenset({*FIELDS, "edit_form"})

    async def next_step(self, turn: Turn, oa: OfficialAccount, form: Form) -> str:
        """The first field nobody filled in."""
        step = next((name for name in FIELDS if not form.data.get(f"form_{name}")), PREVIEW)
        if step == "picture" and not usual(turn, oa, step):
            # The cover is only a proposal: where Zalo cannot be asked now, there is none.
            with suppress(DeskError, *troubles.FROM_ZALO):
                await accounts.refresh_profile(turn.desk, oa, lane=Lane.URGENT)
        return step

    async def question(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """One field with its proposal, or which one is to be changed."""
        if form.step == "edit_form":
            return ask_edit(turn, oa, whom, form)
        return ask_field(turn, oa, whom, form, usual(turn, oa, form.step))

    async def letter(self, turn: Turn, oa: OfficialAccount, form: Form) -> Letter | None:
        """None: each question has a proposal to tap."""
        return None

    def edit(self, form: Form) -> str:
        """Which field?"""
        return "edit_form"

    async def answer(self, turn: Turn, oa: OfficialAccount, form: Form) -> str | None:
        """Check one field by itself and keep it."""
        text = turn.text.strip()
        if form.step == "edit_form":
            if text not in FIELDS:
                raise Invalid("form.tap_button")
            return text
        value = usual(turn, oa, form.step) if turn.query_id and text == USUAL else text
        if form.step == "picture" and value:
            await _look_at(turn, value)
        _made({**BLANK, form.step: value})
        form.data[f"form_{form.step}"] = value
        return None

    async def back_to(self, turn: Turn, oa: OfficialAccount, form: Form, error: DeskError) -> str:
        """The field the rule is about, by the rule's name."""
        name = next((name for name in FIELDS if name in error.key), "picture" if "image" in error.key else "title")
        form.data[f"form_{name}"] = ""
        return name

    async def content(self, turn: Turn, oa: OfficialAccount, form: Form) -> Content:
        """The form as it will arrive."""
        return _made({name: form.data.get(f"form_{name}", "") for name in FIELDS})


def usual(turn: Turn, oa: OfficialAccount, field: str) -> str:
    """What is proposed for a field; "" when there is nothing to propose."""
    if field == "picture":
        return oa.form_image or cover(oa.profile or {})
    return turn.t.plain(f"info_form.usual_{field}", name=oa.name)


def cover(profile: dict[str, Any]) -> str:
    """The OA's own picture as `getoa` gave it: its cover, else its avatar; only an https address serves."""
    found = (str(profile.get(name) or "") for name in ("cover", "avatar"))
    return next((address for address in found if address.startswith("https://")), "")


async def _look_at(turn: Turn, address: str) -> None:
    """Zalo takes the form's picture by its address only (oa-api.md 5.1): there has to be a picture there."""
    if turn.query_id:  # the proposal: Zalo's own, or entered by a manager and looked at then
        return
    if turn.photo or not address.startswith(("https://", "http://")):
        raise Invalid("form.image")
    await fetching.image(turn.desk, address)


def _made(fields: dict[str, str]) -> Content:
    return contents.form(fields["title"], fields["subtitle"], fields["picture"])


INFO_FORM = InfoForm()
