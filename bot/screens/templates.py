"""Templates: the list, and the card with everything that is known of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.html_cut import cut
from bot.keyboards import back_row, home_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_name, oa_title
from bot.turn import Turn
from models import Notice, OfficialAccount, Role, ZnsTemplate
from services import reach, staff, template_bodies, template_params, templates
from services.ratings import Summary, summary
from texts import Texts
from texts.html import Html, escape, lines

PAGE = 8
LAMPS = {"ENABLE": "✅", "PENDING_REVIEW": "🕓", "REJECT": "❌", "DISABLE": "⛔", "DRAFT": "✏️"}
NOTICES = ("template_rejected", "template_disabled", "template_low")
LONGEST_BODY = 1200  # of what is shown; the card has to fit into one message


@dataclass(frozen=True)
class About:
    """What stands on the card beside the template's own row."""

    rated: Summary


def template_list(turn: Turn, oa: OfficialAccount, rows: list[ZnsTemplate], offset: int = 0) -> Screen:
    """A page of templates, those that can be sent first."""
    t = turn.t
    usable = sum(templates.sendable(row) for row in rows)
    page = rows[offset : offset + PAGE]
    read = t("tpl.read_at", when=t.moment(oa.templates_at, turn.now())) if oa.templates_at else t("tpl.never_read")
    head = lines(oa_title(t, oa), t("tpl.title", count=len(rows), usable=usable), read)
    body = [_line(turn, row) for row in page] or [t("tpl.none")]
    buttons = [Button(short(row.name or row.template_id, 18), to("tpl.card", row.id)) for row in page]
    turned = pager(offset, PAGE, len(rows), "tpl", oa.id)
    tools = [Button(t.plain("button.quota"), to("quota", oa.id))]
    if staff.may(turn.staff, Role.OPERATOR):
        tools.insert(0, Button(t.plain("button.read_templates"), to("tpl.all", oa.id)))
    return Screen(lines(head, "", *body), [*pairs(buttons), turned, tools, back_row(t, to("oa", oa.id))])


async def template_card(turn: Turn, row: ZnsTemplate) -> Screen:
    """Everything about one template; money only for those who may see it."""
    found = await turn.db(_about, row)
    t, oa = turn.t, row.oa
    text = lines(
        oa_title(t, oa),
        Html(f"<b>🧾 {escape(row.name or row.template_id)}</b> · <code>{escape(row.template_id)}</code>"),
        _status(turn, row),
        _kinds(t, row),
        _price(turn, row),
        _quota(t, row),
        _rated(t, found.rated),
        *_params(t, row),
        *_buttons_of(t, row),
        *_wording(t, row),
        t("tpl.synced", when=t.moment(row.synced_at, turn.now())),
    )
    return Screen(text, _rows(turn, row, found))


async def template_notice(turn: Turn, notice: Notice) -> Screen | None:
    """A template that was rejected or disabled, or whose quality fell: why, what to do, and the way to it."""
    row = await turn.db(reach.template, turn.staff, int(notice.payload["template"]))
    if row is None:
        return None
    t = turn.t
    name, why = row.name or row.template_id, row.reason or t.plain("tpl.no_reason")
    text = t(f"notice.{notice.kind}", name=oa_name(row.oa), template=name, template_id=row.template_id, reason=why)
    return Screen(text, [[Button(t.plain("button.template"), to("tpl.card", row.id, fresh=True))]])


def sample_body(row: ZnsTemplate) -> Html:
    """The pasted wording with Zalo's sample values in bold."""
    values = {rule["name"]: str(rule.get("sample") or f"<{rule['name']}>") for rule in row.params or []}
    parts = template_bodies.pieces(row, values)
    return cut(Html("".join(f"<b>{escape(text)}</b>" if bold else escape(text) for text, bold in parts)), LONGEST_BODY)


def rate_word(t: Texts, value: float) -> str:
    """4,7 ‖ 4.7."""
    text = f"{value:.1f}"
    return text if t.language == "en" else text.replace(".", ",")


def _about(row: ZnsTemplate) -> About:
    return About(summary(row.oa, row.template_id, 1))


def _line(turn: Turn, row: ZnsTemplate) -> Html:
    t = turn.t
    parts = [f"{LAMPS.get(row.status, '❔')} <b>{escape(row.name or row.template_id)}</b>"]
    if not templates.sendable(row):
        parts.append(_status_word(t, row.status))
    parts += [word for kind, value in (("tag", row.tag), ("quality", row.quality)) if (word := _word(t, kind, value))]
    if turn.staff.sees_money and row.price_phone is not None:
        parts.append(escape(t.money(row.price_phone)))
    return Html(" · ".join(parts))


def _status(turn: Turn, row: ZnsTemplate) -> Html:
    t = turn.t
    head = Html(f"{LAMPS.get(row.status, '❔')} {_status_word(t, row.status)}")
    if templates.sendable(row):
        return head
    why = t("tpl.reason", reason=row.reason) if row.reason else None
    key = f"tpl_do.{row.status}"
    return lines(head, why, t(key) if key in t else None)


def _status_word(t: Texts, status: str) -> Html:
    key = f"tpl_status.{status}"
    return t(key) if key in t else escape(status)


def _word(t: Texts, kind: str, value: str) -> str:
    key = f"{kind}.{value.lower()}"
    return t(key) if value and key in t else ""


def _kinds(t: Texts, row: ZnsTemplate) -> Html | None:
    parts = [_word(t, "tag", row.tag) or escape(row.tag), _word(t, "quality", row.quality)]
    return Html(" · ".join(part for part in parts if part)) or None


def _price(turn: Turn, row: ZnsTemplate) -> Html | None:
    t = turn.t
    if not turn.staff.sees_money or row.price_phone is None:
        return None
    by_user = t("tpl.price_uid", price=t.money(row.price_uid)) if row.price_uid is not None else Html("")
    return Html(t("tpl.price_phone", price=t.money(row.price_phone)) + by_user)


def _quota(t: Texts, row: ZnsTemplate) -> Html | None:
    if row.remaining_quota is None or row.daily_quota is None:
        return None
    return t("tpl.quota", left=row.remaining_quota, total=row.daily_quota)


def _rated(t: Texts, rated: Summary) -> Html | None:
    if rated.average is None:
        return None
    return t("tpl.rated", average=rate_word(t, rated.average), count=rated.count)


def _params(t: Texts, row: ZnsTemplate) -> list[Html]:
    rules: list[dict[str, Any]] = row.params or []
    return [Html(""), t("tpl.params"), *(_param(t, rule) for rule in rules)] if rules else []


def _param(t: Texts, rule: dict[str, Any]) -> Html:
    """• customer_name · tối đa 30 ký tự · <i>Nguyễn Thị Lan</i>."""
    parts = [f"• <code>{escape(rule['name'])}</code>"]
    if rule["max_length"]:
        parts.append(t("zns.hint_length", limit=rule["max_length"]))
    kind = template_params.kind_of(rule)
    if kind:
        parts.append(t(f"zns.hint_{kind}"))
    if not rule["required"]:
        parts.append(t("zns.hint_optional"))
    if rule.get("sample"):
        parts.append(f"<i>{escape(str(rule['sample']))}</i>")
    return Html(" · ".join(parts))


def _buttons_of(t: Texts, row: ZnsTemplate) -> list[Html]:
    found = [button for button in row.buttons or [] if isinstance(button, dict)]
    return [t("tpl.button", title=str(each.get("title") or ""), kind=_button_kind(t, each)) for each in found]


def _button_kind(t: Texts, button: dict[str, Any]) -> Html:
    key = f"tpl_button.{button.get('type')}"
    return t(key) if key in t else t("tpl_button.other", type=str(button.get("type")))


def _wording(t: Texts, row: ZnsTemplate) -> list[Html]:
    if template_bodies.fits(row):
        return [Html(""), Html(f"<blockquote>{sample_body(row)}</blockquote>")]
    return [Html(""), t("tpl.body_outdated" if row.body else "tpl.body_missing")]


def _rows(turn: Turn, row: ZnsTemplate, found: About) -> Rows:
    t = turn.t
    back = back_row(t, to("tpl", row.oa.id, 0))
    if not staff.may(turn.staff, Role.OPERATOR):
        return [_on_zalo(t, row), back]
    send = [Button(t.plain("button.tpl_zns"), to("tpl.zns", row.id), style="primary")]
    if row.uid_refused_at is None:  # -249: Zalo said once that this one cannot go by user id
        send.append(Button(t.plain("button.tpl_uid"), to("tpl.uid", row.id)))
    more = [Button(t.plain("button.tpl_test"), to("tpl.test", row.id))] if templates.sendable(row) else []
    if staff.may(turn.staff, Role.MANAGER):
        more.append(Button(t.plain("button.tpl_body"), to("tpl.body", row.id)))
    if found.rated.count:
        more.append(Button(t.plain("button.tpl_ratings"), to("tpl.ratings", row.id, 0)))
    read = Button(t.plain("button.tpl_read"), to("tpl.read", row.id))
    return [send if templates.sendable(row) else [], *pairs([*more, read, *_on_zalo(t, row)]), back]


def _on_zalo(t: Texts, row: ZnsTemplate) -> list[Button]:
    return [Button(t.plain("button.template_on_zalo"), url=row.preview_url)] if row.preview_url else []


def test_question(turn: Turn, row: ZnsTemplate, values: dict[str, str], numbers: list[str], token: str) -> Screen:
    """What a test with Zalo's own sample values would send, and to which numbers."""
    t = turn.t
    fields = [Html(f"{escape(name)}: <b>{escape(value)}</b>") for name, value in values.items()]
    body = [sample_body(row)] if template_bodies.fits(row) else fields
    text = lines(
        oa_title(t, row.oa),
        t("tpl.test_title", template=row.name),
        t("tpl.test_to", phones=", ".join(numbers)),
        Html(f"<blockquote>{lines(*body)}</blockquote>"),
        t("tpl.test_rules"),
    )
    yes = Button(t.plain("button.tpl_test_yes", name=short(row.oa.name, 24)), to("tpl.tested", token), style="success")
    return Screen(text, [[yes], back_row(t, to("tpl.card", row.id))], protect=True)


def no_test_phones(turn: Turn, row: ZnsTemplate) -> Screen:
    """Nobody to test with yet: who may be entered, and where."""
    t = turn.t
    manager = staff.may(turn.staff, Role.MANAGER)
    way = [Button(t.plain("button.test_phones"), to("oa.phones", row.oa.id))] if manager else []
    text = lines(oa_title(t, row.oa), "", t("test_phones.none"), t("test_phones.rules"))
    return Screen(text, [way, back_row(t, to("tpl.card", row.id)) if manager else home_row(t)])
