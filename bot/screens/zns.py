"""The questions of an approved template: to which number, which template, one field after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.keyboards import cancel_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.letter import field_line
from bot.screens.send import called, phone_of
from bot.screens.titles import oa_title
from bot.screens.ways import before_vat
from bot.turn import Turn
from bot.whom import Whom
from models import Channel, OfficialAccount, ZnsTemplate
from services import template_params
from services.drafts import Form
from texts.html import Html, escape, lines

PAGE = 8


def ask_phone(turn: Turn, oa: OfficialAccount) -> Screen:
    """To which number?"""
    t = turn.t
    return Screen(lines(head(turn, oa, Channel.ZNS), "", t("zns.ask_phone")), [cancel_row(t)])


def ask_template(
    turn: Turn, oa: OfficialAccount, known: list[ZnsTemplate], form: Form, whom: Whom, channel: Channel
) -> Screen:
    """Which template? Only those Zalo takes now."""
    t = turn.t
    at = int(form.data.get("page", 0))
    page = known[at : at + PAGE]
    body = [_template_line(turn, row, channel) for row in page] or [t("zns.no_templates")]
    buttons = [[Button(short(row.name or row.template_id, 40), to("f", "template", row.template_id))] for row in page]
    turned = [Button(b.label, _paged(b.data)) for b in pager(at, PAGE, len(known), "f", "template")]
    text = lines(head(turn, oa, channel), to_line(turn, whom), "", t("zns.ask_template"), *body)
    again = Button(t.plain("button.read_templates"), to("f", "template", "sync"))
    return Screen(text, [*buttons, turned, [again, *cancel_row(t)]], protect=True)


def _paged(data: str) -> str:
    opening, _, offset = data.rpartition(":")
    return f"{opening}:page{offset}"


def _template_line(turn: Turn, template: ZnsTemplate, channel: Channel) -> Html:
    cost = template.price_uid if channel is Channel.UID else template.price_phone
    price = f" · {before_vat(turn, cost)}" if cost is not None and turn.staff.sees_money else ""
    return Html(f"• <b>{escape(template.name)}</b> · <code>{escape(template.template_id)}</code>{escape(price)}")


def ask_param(
    turn: Turn,
    oa: OfficialAccount,
    template: ZnsTemplate,
    form: Form,
    whom: Whom,
    channel: Channel,
    samples: Mapping[str, str],
) -> Screen:
    """One field, with Zalo's sample and its rule as hints; what was filled in before is offered to tap."""
    t = turn.t
    rules = template.params or []
    rule = next(rule for rule in rules if rule["name"] == form.data["param"])
    number = [each["name"] for each in rules].index(rule["name"]) + 1
    filled = [field_line(name, value) for name, value in form.data["params"].items() if name != rule["name"]]
    text = lines(
        head(turn, oa, channel),
        to_line(turn, whom),
        t("zns.template", name=template.name),
        *filled,
        "",
        t("zns.ask_param", number=number, total=len(rules), param=rule["name"]),
        _hint(turn, rule, samples.get(rule["name"], "")),
    )
    return Screen(text, [*_offers(turn, form, rule), *_skip(turn, rule), cancel_row(t)], protect=True)


def _hint(turn: Turn, rule: dict[str, Any], sample: str) -> Html | None:
    t = turn.t
    parts = [t("zns.hint_sample", sample=sample)] if sample else []
    kind = f"zns.hint_{template_params.kind_of(rule)}"
    if kind in t:
        parts.append(t(kind))
    if rule["max_length"]:
        parts.append(t("zns.hint_length", limit=rule["max_length"]))
    if not rule["required"]:
        parts.append(t("zns.hint_optional"))
    return Html(f"<i>{' · '.join(parts)}</i>") if parts else None


def _offers(turn: Turn, form: Form, rule: dict[str, Any]) -> Rows:
    """The right spelling of what was just refused; else what the field of the same name had before."""
    t, name = turn.t, rule["name"]
    suggested = form.data.get("suggest") or {}
    if suggested.get("param") == name:
        return [[Button(t.plain("button.use_value", value=short(suggested["value"], 24)), to("f", "param", "right"))]]
    before = (form.data.get("filled") or {}).get(name)
    return [[Button(t.plain("button.use_value", value=short(before, 24)), to("f", "param", "old"))]] if before else []


def _skip(turn: Turn, rule: dict[str, Any]) -> Rows:
    return [] if rule["required"] else [[Button(turn.t.plain("button.skip"), to("f", "param", "-"))]]


def ask_edit(turn: Turn, oa: OfficialAccount, template: ZnsTemplate, form: Form, channel: Channel) -> Screen:
    """Which field is to be changed? Or another template."""
    t = turn.t
    names = [rule["name"] for rule in template.params or []]
    fields = [field_line(name, form.data["params"].get(name, "")) for name in names]
    buttons = [Button(short(name, 20), to("f", "edit", at)) for at, name in enumerate(names)]
    text = lines(head(turn, oa, channel), t("zns.template", name=template.name), *fields, "", t("zns.ask_edit"))
    other = Button(t.plain("button.other_template"), to("f", "edit", "other"))
    return Screen(text, [*pairs(buttons), [other, *cancel_row(t)]], protect=True)


def head(turn: Turn, oa: OfficialAccount, channel: Channel) -> Html:
    """What is being written, in the name of which OA."""
    return turn.t("uid.title" if channel is Channel.UID else "zns.title", title=oa_title(turn.t, oa))


def to_line(turn: Turn, whom: Whom) -> Html:
    """To whom."""
    return turn.t("zns.preview_to", phone=f"{called(turn, whom)}{phone_of(whom)}")
