"""An approved template, to a number (ZNS) or to a Zalo user: which one, one question for each field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.forms.composing import PREVIEW
from bot.markup import Screen, whole
from bot.screens.zns import ask_edit, ask_param, ask_template
from bot.turn import Turn
from bot.whom import Whom
from models import Channel, OfficialAccount, ZnsTemplate
from services import audit, contents, preflight, template_params, templates, troubles
from services.contents import Content
from services.drafts import Form
from services.errors import DeskError, Invalid
from services.pacing import Lane
from services.preflight import Letter

# The values of the buttons with what was filled in before, and with a refused value as it is spelt rightly.
KEPT_BEFORE, RIGHT_SPELLING = "old", "right"
SPELLINGS = {"param.date", "param.number"}  # refusals that name the right spelling


class Template:
    """`template` names Zalo's id, `params` what was filled in so far, `param` the field being asked."""

    steps = frozenset({"template", "param", "edit"})

    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    async def next_step(self, turn: Turn, oa: OfficialAccount, form: Form) -> str:
        """The template, then each field nobody was asked about. Raises Invalid and NotFound for what does not fit."""
        data = form.data
        if not data.get("template"):
            await _know_templates(turn, oa)
            return "template"
        template = await templates.fresh(turn.desk, oa, data["template"])
        missing = _missing(template, data["params"])
        if missing and not data.pop("strict", False):
            data["param"] = missing[0]
            return "param"
        data["params"] = template_params.check_params(template, data["params"])
        return PREVIEW

    async def question(self, turn: Turn, oa: OfficialAccount, form: Form, whom: Whom) -> Screen:
        """Which template, one field, or which field is to be changed."""
        if form.step == "template":
            return ask_template(turn, oa, await turn.db(self._usable, oa), form, whom, self.channel)
        template = await turn.db(templates.get, oa, form.data["template"])
        if form.step == "edit":
            return ask_edit(turn, oa, template, form, self.channel)
        return ask_param(turn, oa, template, form, whom, self.channel, await samples(turn, oa, template))

    async def letter(self, turn: Turn, oa: OfficialAccount, form: Form) -> Letter | None:
        """The chosen template: whether it may go does not hang on its fields."""
        if not form.data.get("template"):
            return None
        template = await templates.fresh(turn.desk, oa, form.data["template"])
        return Letter(self.channel, "template", preflight.class_of_tag(template.tag), template)

    def _usable(self, oa: OfficialAccount) -> list[ZnsTemplate]:
        found = templates.listing(oa, only_sendable=True)
        # Zalo does not list which templates cannot go by user id; those it refused so (-249) are known.
        by_user = self.channel is Channel.UID
        return [row for row in found if row.uid_refused_at is None] if by_user else found

    def edit(self, form: Form) -> str:
        """Which field?"""
        return "edit"

    async def answer(self, turn: Turn, oa: OfficialAccount, form: Form) -> str | None:
        """The template, a value, or the field to change."""
        text = turn.text.strip()
        if form.step == "template":
            await self._choose(turn, oa, form, text)
            return None
        template = await turn.db(templates.get, oa, form.data["template"])
        if form.step == "edit":
            return _field_to_change(turn, form, template, text)
        await self._fill(turn, form, template, text)
        return None

    async def _choose(self, turn: Turn, oa: OfficialAccount, form: Form, text: str) -> None:
        if turn.query_id and text.startswith("page"):
            form.data["page"] = whole((text.removeprefix("page"),), 0)
            return
        if turn.query_id and text == "sync":
            await templates.sync(turn.desk, oa, Lane.URGENT)
            await turn.db(audit.record, turn.now(), turn.actor, "template.read", oa_id=oa.oa_id, target=oa.name)
            return
        template = await templates.fresh(turn.desk, oa, text)
        # What was filled in for another template is offered again where the field has the same name.
        before = {**form.data.get("filled", {}), **form.data["params"]}
        form.data |= {"template": template.template_id, "params": {}, "filled": before}

    async def _fill(self, turn: Turn, form: Form, template: ZnsTemplate, text: str) -> None:
        rule = next(rule for rule in template.params or [] if rule["name"] == form.data["param"])
        suggested = form.data.pop("suggest", None)
        if turn.query_id and text == KEPT_BEFORE:
            text = form.data.get("filled", {}).get(rule["name"], "")
        elif turn.query_id and text == RIGHT_SPELLING:
            text = (suggested or {}).get("value", "")
        try:
            value = template_params.check_param(rule, "" if text == "-" and not rule["required"] else text)
        except Invalid as error:
            _suggest(form, rule, error)
            raise
        form.data["params"][rule["name"]] = value or ""

    async def back_to(self, turn: Turn, oa: OfficialAccount, form: Form, error: DeskError) -> str:
        """The step whose answer was wrong, that answer forgotten."""
        data, param = form.data, error.values.get("param")
        if param is None:
            data |= {"template": "", "filled": {**data.get("filled", {}), **data["params"]}, "params": {}}
            await _know_templates(turn, oa)
            return "template"
        data["params"].pop(param, None)
        template = await turn.db(templates.get, oa, data["template"])
        for rule in template.params or []:
            if rule["name"] == param:
                _suggest(form, rule, error)
        if error.key == "param.unknown":
            return await self.next_step(turn, oa, form)
        data["param"] = param
        return "param"

    async def content(self, turn: Turn, oa: OfficialAccount, form: Form) -> Content:
        """The template with its values."""
        template = await turn.db(templates.get, oa, form.data["template"])
        return contents.template(template, form.data["params"], self.channel)


async def samples(turn: Turn, oa: OfficialAccount, template: ZnsTemplate) -> dict[str, str]:
    """Values as Zalo shows them for this template; none where it cannot be asked now, for they are only hints."""
    try:
        return await templates.sample(turn.desk, oa, template.template_id)
    except (DeskError, *troubles.FROM_ZALO):
        return {}


def _suggest(form: Form, rule: Mapping[str, Any], error: DeskError) -> None:
    """Keep the right spelling that a refusal names; the sample is no value of this message."""
    right = error.values.get("example")
    if right and right != rule.get("sample") and error.key in SPELLINGS:
        form.data["suggest"] = {"param": rule["name"], "value": right}


def _field_to_change(turn: Turn, form: Form, template: ZnsTemplate, text: str) -> str:
    names = [rule["name"] for rule in template.params or []]
    if turn.query_id and text == "other":
        form.data |= {"template": "", "filled": dict(form.data["params"]), "params": {}}
        return "template"
    if not text.isdecimal() or int(text) >= len(names):
        raise Invalid("form.tap_button")
    name = names[int(text)]
    form.data["param"] = name
    form.data["filled"] = {**form.data.get("filled", {}), name: form.data["params"].get(name, "")}
    return "param"


def _missing(template: ZnsTemplate, params: dict[str, Any]) -> list[str]:
    """Fields nobody was asked about yet, in the template's order."""
    return [rule["name"] for rule in template.params or [] if rule["name"] not in params]


async def _know_templates(turn: Turn, oa: OfficialAccount) -> None:
    """Read the list from Zalo unless it was read before; a single known one may have been asked for by its number."""
    if not await turn.db(templates.known, oa):
        await templates.sync(turn.desk, oa, Lane.URGENT)


ZNS = Template(Channel.ZNS)
UID = Template(Channel.UID)
