"""The questions and the preview of a ZNS to one phone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.keyboards import cancel_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import OfficialAccount, ZnsTemplate
from services import phones
from services.accounts import Mode
from services.drafts import Form
from services.messages import ZnsPreview
from texts.html import Html, escape, lines

PAGE = 8


def ask_phone(turn: Turn, oa: OfficialAccount) -> Screen:
    """To which number?"""
    t = turn.t
    return Screen(lines(_head(turn, oa), "", t("zns.ask_phone")), [cancel_row(t)])


def ask_template(turn: Turn, oa: OfficialAccount, known: list[ZnsTemplate], form: Form) -> Screen:
    """Which template? Only those Zalo takes now."""
    t = turn.t
    at = int(form.data.get("page", 0))
    page = known[at : at + PAGE]
    body = [_template_line(turn, row) for row in page] or [t("zns.no_templates")]
    buttons = [[Button(short(row.name or row.template_id, 40), to("f", "template", row.template_id))] for row in page]
    turned = [Button(b.label, _paged(b.data)) for b in pager(at, PAGE, len(known), "f", "template")]
    text = lines(_head(turn, oa), _to(turn, form), "", t("zns.ask_template"), *body)
    again = Button(t.plain("button.read_templates"), to("f", "template", "sync"))
    return Screen(text, [*buttons, turned, [again, *cancel_row(t)]], protect=True)


def _paged(data: str) -> str:
    head, _, offset = data.rpartition(":")
    return f"{head}:page{offset}"


def _template_line(turn: Turn, template: ZnsTemplate) -> Html:
    known = template.price_phone is not None and turn.staff.sees_money
    price = f" · {turn.t.money(template.price_phone or 0)}" if known else ""
    return Html(f"• <b>{escape(template.name)}</b> · <code>{escape(template.template_id)}</code>{escape(price)}")


def ask_param(turn: Turn, oa: OfficialAccount, template: ZnsTemplate, form: Form) -> Screen:
    """One field, with its limit as a hint."""
    t = turn.t
    rules = template.params or []
    rule = next(rule for rule in rules if rule["name"] == form.data["param"])
    number = [each["name"] for each in rules].index(rule["name"]) + 1
    filled = [_field(name, value) for name, value in form.data["params"].items() if name != rule["name"]]
    text = lines(
        _head(turn, oa),
        _to(turn, form),
        t("zns.template", name=template.name),
        *filled,
        "",
        t("zns.ask_param", number=number, total=len(rules), param=rule["name"]),
        _hint(turn, rule),
    )
    return Screen(text, [*_skip(turn, rule), cancel_row(t)], protect=True)


def _hint(turn: Turn, rule: dict[str, Any]) -> Html:
    t = turn.t
    parts = [t("zns.hint_length", limit=rule["max_length"])] if rule["max_length"] else []
    kind = f"zns.hint_{str(rule['type']).lower()}"
    if kind in t:
        parts.append(t(kind))
    if not rule["required"]:
        parts.append(t("zns.hint_optional"))
    return Html(f"<i>{' · '.join(parts)}</i>") if parts else Html("")


def _skip(turn: Turn, rule: dict[str, Any]) -> Rows:
    return [] if rule["required"] else [[Button(turn.t.plain("button.skip"), to("f", "param", "-"))]]


def ask_edit(turn: Turn, oa: OfficialAccount, template: ZnsTemplate, form: Form) -> Screen:
    """Which field is to be changed?"""
    t = turn.t
    names = [rule["name"] for rule in template.params or []]
    fields = [_field(name, form.data["params"].get(name, "")) for name in names]
    buttons = [Button(short(name, 20), to("f", "edit", at)) for at, name in enumerate(names)]
    text = lines(_head(turn, oa), t("zns.template", name=template.name), *fields, "", t("zns.ask_edit"))
    return Screen(text, [*pairs(buttons), cancel_row(t)], protect=True)


def preview(turn: Turn, found: ZnsPreview, token: str, *, typed: bool) -> Screen:
    """Exactly what will leave, to whom, for how much, in which mode."""
    t = turn.t
    test = found.mode == Mode.TEST
    phone = phones.local(found.phone) if typed else phones.mask(found.phone)
    text = lines(
        t("zns.preview_title", title=oa_title(t, found.oa)),
        t("zns.preview_to_typed", phone=phone, zalo=found.phone) if typed else t("zns.preview_to", phone=phone),
        _about(turn, found.template),
        _content(found),
        t("preview.test_zns") if test else _price(turn, found),
        _when(turn, found),
    )
    return Screen(text, _preview_rows(turn, found, token), protect=True)


def _about(turn: Turn, template: ZnsTemplate) -> Html:
    t = turn.t
    parts = [t("zns.template", name=template.name)]
    for kind, value in (("tag", template.tag), ("quality", template.quality)):
        key = f"{kind}.{str(value).lower()}"
        if value and key in t:
            parts.append(t(key))
    return Html(" · ".join(parts))


def _content(found: ZnsPreview) -> Html:
    fields = [_field(name, value) for name, value in found.params.items()]
    body = escape(found.body) if found.body else lines(*fields)
    return Html(f"<blockquote>{body}</blockquote>")


def _field(name: str, value: str) -> Html:
    return Html(f"{escape(name)}: <b>{escape(value) or '–'}</b>")


def _price(turn: Turn, found: ZnsPreview) -> Html:
    t = turn.t
    if not turn.staff.sees_money:
        return t("zns.price_hidden", within=_span(turn, found.timeout))
    if found.price is None or found.total is None:
        return t("zns.price_unknown")
    money = {"price": t.money(found.price), "vat": found.vat_percent, "total": t.money(found.total)}
    return t("zns.price", **money, within=_span(turn, found.timeout))


def _span(turn: Turn, timeout: timedelta) -> str:
    hours, minutes = divmod(int(timeout.total_seconds()) // 60, 60)
    if hours:
        return turn.t.plain("span.hours", count=hours)
    return (
        turn.t.plain("span.minutes", count=minutes)
        if minutes
        else turn.t.plain("span.seconds", count=int(timeout.total_seconds()))
    )


def _when(turn: Turn, found: ZnsPreview) -> Html:
    t, now = turn.t, turn.now()
    parts = [t("preview.now") if found.goes_at is None else t("preview.later", when=t.moment(found.goes_at, now))]
    if found.last_same:
        parts.append(t("zns.last_same", when=t.moment(found.last_same, now)))
    return Html(" · ".join(parts))


def _preview_rows(turn: Turn, found: ZnsPreview, token: str) -> Rows:
    t = turn.t
    label = _yes_label(turn, found)
    second = [Button(t.plain("button.edit_fields"), to("zns.edit"))] if found.params else []
    if found.template.preview_url:
        second.append(Button(t.plain("button.template_on_zalo"), url=found.template.preview_url))
    return [[Button(label, to("yes", token), style="success")], second, cancel_row(t)]


def _yes_label(turn: Turn, found: ZnsPreview) -> str:
    t, name = turn.t, short(found.oa.name, 24)
    if found.mode == Mode.TEST:
        return t.plain("button.yes_test", name=name)
    if found.total is None or not turn.staff.sees_money:
        return t.plain("button.yes", name=name)
    return t.plain("button.yes_money", name=name, money=t.money(found.total))


def _head(turn: Turn, oa: OfficialAccount) -> Html:
    return turn.t("zns.title", title=oa_title(turn.t, oa))


def _to(turn: Turn, form: Form) -> Html:
    show = phones.local if form.data["typed"] else phones.mask
    return turn.t("zns.preview_to", phone=show(form.data["phone"]))
