"""Changing one thing about an OA: its name, its description, its tokens, the picture of its form."""

from __future__ import annotations

from bot.forms.engine import ask
from bot.keyboards import cancel_row
from bot.markup import Button, Rows, Screen, to
from bot.reach import oa_of_form
from bot.screens.oa_card import oa_card
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import OfficialAccount
from services import accounts, fetching, oa_settings, token_paste
from services.drafts import Form
from services.errors import Invalid
from texts.html import lines

STEPS = {"rename": "name", "describe": "description", "tokens": "access", "form_image": "form_image"}


def field_form(kind: str, oa: OfficialAccount) -> Form:
    """An empty form about this OA."""
    return Form(kind, STEPS[kind], {"oa": oa.id})


class OaField:
    """One question about an OA (two for tokens), then its card."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """What to type."""
        oa = await oa_of_form(turn, form)
        text = lines(oa_title(turn.t, oa), "", turn.t(f"oa_field.ask_{form.step}"))
        return Screen(text, [*_skip(turn, form.step), cancel_row(turn.t)])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Change it, audited."""
        oa = await oa_of_form(turn, form)
        text = turn.text.strip()
        if form.kind == "tokens":
            await self._token(turn, form, oa, text)
            return
        if form.kind == "form_image":
            await _form_image(turn, oa, text)
        elif form.kind == "rename":
            await turn.db(accounts.rename, turn.desk, turn.actor, oa, text)
        else:
            await turn.db(accounts.describe, turn.desk, turn.actor, oa, "" if text == "-" else text)
        await _done(turn, oa)

    async def _token(self, turn: Turn, form: Form, oa: OfficialAccount, text: str) -> None:
        await turn.forget_my_message(form.message_id)
        form.data[form.step] = accounts.check_token(text)
        if form.step == "access":
            await accounts.check_access_token(turn.desk, text, oa.oa_id)
            form.step = "refresh"
            await ask(self, turn, form)
            return
        access, refresh = form.data["access"], form.data["refresh"]
        await turn.db(token_paste.replace, turn.desk, turn.actor, oa, access, refresh)
        await _done(turn, oa)


async def _form_image(turn: Turn, oa: OfficialAccount, text: str) -> None:
    """Zalo takes the form's picture by its address only (oa-api.md 5.1): there has to be a picture there."""
    address = "" if text == "-" else text
    if turn.photo or (address and not address.startswith(("https://", "http://"))):
        raise Invalid("form.image")
    if address:
        await fetching.image(turn.desk, address)
    await turn.db(oa_settings.set_form_image, turn.desk, turn.actor, oa, address)


async def _done(turn: Turn, oa: OfficialAccount) -> None:
    await turn.close_form()
    await turn.show(await oa_card(turn, await turn.db(OfficialAccount.get_by_id, oa.id)))


def _skip(turn: Turn, step: str) -> Rows:
    return [[Button(turn.t.plain("button.clear"), to("f", step, "-"))]] if step in ("description", "form_image") else []


OA_FIELD = OaField()
FIELDS = dict.fromkeys(STEPS, OA_FIELD)
