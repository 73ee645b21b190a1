"""A ZNS to one phone: number, template, one question for each field, preview."""

from __future__ import annotations

from typing import Any

from bot import errors
from bot.forms.engine import ask
from bot.markup import Screen, whole
from bot.reach import oa_of_form
from bot.screens.refusal import refusal
from bot.screens.zns import ask_edit, ask_param, ask_phone, ask_template, preview
from bot.turn import Turn
from models import OfficialAccount, ZnsTemplate
from services import audit, messages, phones, templates
from services.drafts import Form
from services.errors import DeskError, Invalid, NotFound, Refusal
from services.pacing import Lane
from texts.html import Html


def zns_form(oa: OfficialAccount, phone: str = "", *, typed: bool = True) -> Form:
    """A form with what is known already; `typed` says that the person has the number before their eyes."""
    return Form("zns", "phone", {"oa": oa.id, "phone": phone, "typed": typed, "template": "", "params": {}})


class Zns:
    """The form. `template` names Zalo's id, `params` what was filled in so far, `param` the field being asked."""

    async def question(self, turn: Turn, form: Form) -> Screen:
        """The screen of the open step; a refusal takes the place of the preview."""
        oa = await oa_of_form(turn, form)
        if form.step == "phone":
            return ask_phone(turn, oa)
        if form.step == "template":
            return ask_template(turn, oa, await turn.db(templates.listing, oa, only_sendable=True), form)
        template = await turn.db(templates.get, oa, form.data["template"])
        if form.step == "param":
            return ask_param(turn, oa, template, form)
        if form.step == "edit":
            return ask_edit(turn, oa, template, form)
        return await self._preview(turn, oa, form)

    async def _preview(self, turn: Turn, oa: OfficialAccount, form: Form) -> Screen:
        data = form.data
        try:
            found = await turn.db(messages.preview_zns, turn.desk, oa, data["phone"], data["template"], data["params"])
        except Refusal as error:
            return refusal(turn, oa, error, kind="zns")
        token = await turn.db(messages.ask, turn.desk, turn.staff, found)
        return preview(turn, found, token, typed=data["typed"])

    async def answer(self, turn: Turn, form: Form) -> None:
        """Take one answer and go on to what is still missing."""
        oa = await oa_of_form(turn, form)
        text = turn.text.strip()
        if form.step == "phone":
            form.data |= {"phone": phones.normalise(text), "typed": True}
        elif form.step == "template":
            await self._choose(turn, oa, form, text)
        elif form.step == "param":
            await self._fill(turn, oa, form, text)
        elif form.step == "edit":
            await self._edit(turn, oa, form, text)
            return
        else:
            raise Invalid("form.tap_button")
        await self.go_on(turn, form)

    async def go_on(self, turn: Turn, form: Form) -> None:
        """Ask for the next thing that is missing; whatever a rule refuses is asked again, nothing else."""
        problem: DeskError | None = None
        try:
            form.step = await self._next_step(turn, form)
        except (Invalid, NotFound) as error:
            problem = error
            form.step = await self._back_to(turn, form, error)
        await ask(self, turn, form, _told(turn, problem) if problem else None)

    async def _next_step(self, turn: Turn, form: Form) -> str:
        """The next open step. Raises Invalid or NotFound for what was given and does not fit."""
        data = form.data
        oa = await oa_of_form(turn, form)
        if not data["phone"]:
            return "phone"
        data["phone"] = phones.normalise(data["phone"])
        if not data["template"]:
            await _know_templates(turn, oa)
            return "template"
        template = await templates.fresh(turn.desk, oa, data["template"])
        missing = _missing(template, data["params"])
        if missing and not data.pop("strict", False):
            data["param"] = missing[0]
            return "param"
        data["params"] = templates.check_params(template, data["params"])
        return "preview"

    async def _back_to(self, turn: Turn, form: Form, error: DeskError) -> str:
        """The step whose answer was wrong, that answer forgotten."""
        data, param = form.data, error.values.get("param")
        if error.key.startswith("phone."):
            data["phone"] = ""
            return "phone"
        if param is None:
            data["template"] = ""
            oa = await oa_of_form(turn, form)
            await _know_templates(turn, oa)
            return "template"
        data["params"].pop(param, None)
        if error.key == "param.unknown":
            return await self._next_step(turn, form)
        data["param"] = param
        return "param"

    async def _choose(self, turn: Turn, oa: OfficialAccount, form: Form, text: str) -> None:
        if turn.query_id and text.startswith("page"):
            form.data["page"] = whole((text.removeprefix("page"),), 0)
            return
        if turn.query_id and text == "sync":
            await templates.sync(turn.desk, oa, Lane.URGENT)
            await turn.db(audit.record, turn.now(), turn.actor, "template.read", oa_id=oa.oa_id, target=oa.name)
            return
        template = await templates.fresh(turn.desk, oa, text)
        form.data |= {"template": template.template_id, "params": {}}

    async def _fill(self, turn: Turn, oa: OfficialAccount, form: Form, text: str) -> None:
        template = await turn.db(templates.get, oa, form.data["template"])
        rule = next(rule for rule in template.params or [] if rule["name"] == form.data["param"])
        value = templates.check_param(rule, "" if text == "-" and not rule["required"] else text)
        form.data["params"][rule["name"]] = value or ""

    async def _edit(self, turn: Turn, oa: OfficialAccount, form: Form, text: str) -> None:
        template = await turn.db(templates.get, oa, form.data["template"])
        names = [rule["name"] for rule in template.params or []]
        if not text.isdecimal() or int(text) >= len(names):
            raise Invalid("form.tap_button")
        form.data["param"], form.step = names[int(text)], "param"
        await ask(self, turn, form)


def _missing(template: ZnsTemplate, params: dict[str, Any]) -> list[str]:
    """Fields nobody was asked about yet, in the template's order."""
    return [rule["name"] for rule in template.params or [] if rule["name"] not in params]


async def _know_templates(turn: Turn, oa: OfficialAccount) -> None:
    """Read the list from Zalo unless it was read before; a single known one may have been asked for by its number."""
    if not await turn.db(templates.known, oa):
        await templates.sync(turn.desk, oa, Lane.URGENT)


def _told(turn: Turn, error: DeskError) -> Html:
    return errors.explain(turn, error)


ZNS = Zns()
