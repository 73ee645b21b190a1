"""The audit on screens: a page of entries, one entry whole, and the choices of its filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter
from typing import Any

from bot.keyboards import back_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.audit_view import ANY, CLI, KINDS, MACHINE, MONTH, TODAY, WEEK, Looked, View
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import AuditEntry, OfficialAccount, Staff
from services import audit
from services.desk import VIETNAM
from texts import Texts, figures
from texts.html import Html, escape, lines, quote

PAGE = 10
CHOICES = 8
LONGEST_NAME = 18


@dataclass(frozen=True)
class Page:
    """Entries of one page, the OAs they name, and whether there are newer and older ones."""

    rows: list[AuditEntry]
    oas: Mapping[str, OfficialAccount]
    newer: bool
    older: bool


def audit_list(turn: Turn, seen: Looked, page: Page) -> Screen:
    """Newest first; each line says when, who, what, where, to whom, and what stood against it."""
    t = turn.t
    body = [_line(turn, page, number, row) for number, row in enumerate(page.rows, 1)] or [t("audits.nothing")]
    rows = [*_openers(seen.view, page), _turning(seen.view, page), *_filters(turn, seen), back_row(t, to("settings"))]
    return Screen(lines(_title(t, seen), _narrowed(t, seen), "", *body), rows, protect=True)


def _title(t: Texts, seen: Looked) -> Html:
    where = escape(oa_name(seen.oa)) if seen.oa else t("audits.every_oa")
    return t("audits.title", where=where, period=_period(t, seen.view.days))


def _period(t: Texts, days: int) -> Html:
    return t("audits.today") if days == TODAY else t("audits.days", days=days)


def _narrowed(t: Texts, seen: Looked) -> Html | None:
    parts = [
        t("audits.only_who", name=_who_name(t, seen)) if seen.view.who != ANY else None,
        t("audits.only_kind", kind=t(f"audits.kind_{KINDS[seen.view.kind]}")) if seen.view.kind in KINDS else None,
        t("audits.only_refused") if seen.view.refused else None,
    ]
    found = [part for part in parts if part is not None]
    return Html(" · ".join(found)) if found else None


def _who_name(t: Texts, seen: Looked) -> str:
    if seen.view.who in (CLI, MACHINE):
        return t.plain({CLI: "audits.who_cli", MACHINE: "audits.who_machine"}[seen.view.who])
    return seen.person.name or str(seen.person.telegram_id) if seen.person else "?"


def _line(turn: Turn, page: Page, number: int, row: AuditEntry) -> Html:
    t = turn.t
    oa = page.oas.get(row.oa_id)
    parts = [
        escape(figures.brief(t.language, row.at, turn.now())),
        Html(f"<b>{escape(who(t, row))}</b>"),
        action(t, row.action),
        escape(oa_name(oa)) if oa else escape(row.oa_id),
        escape(target(t, row, oa)),
    ]
    line = f"{number}. {' · '.join(part for part in parts if part)}"
    return Html(line if row.result == audit.DONE else f"{line} · {t('audits.refused', why=result(t, row))}")


def who(t: Texts, row: AuditEntry) -> str:
    """The person's name at the time; the command line and OA Desk itself by words."""
    if row.staff_id is None and f"audits.who_{row.actor}" in t:
        return t.plain(f"audits.who_{row.actor}")
    return row.actor or str(row.staff_id)


def action(t: Texts, code: str) -> Html:
    """What was done, in words; an action without words shows its code."""
    return t(f"audit.{code}") if f"audit.{code}" in t else escape(code)


def target(t: Texts, row: AuditEntry, oa: OfficialAccount | None) -> str:
    """To whom or what, without a full number; nothing that the line says already."""
    text, name = str(row.target), (row.detail or {}).get("name")
    if text.startswith("follower "):
        return t.plain("audits.customer", number=text.removeprefix("follower "))
    if row.action.startswith(("staff.", "stranger.")) and name:
        return str(name)
    if row.action.startswith("message.") and text.isdigit():  # a Zalo user id
        return f"…{text[-4:]}"
    return "" if oa is not None and text == oa.name else str(audit.masked(text))


def result(t: Texts, row: AuditEntry) -> Html:
    """What stood against it; values of the text were not kept, since they may name a customer."""
    if row.result == audit.DONE:
        return t("audits.done")
    key = f"error.{row.result}.what"
    if key not in t:
        return escape(row.result)
    names = {name for _, name, _, _ in Formatter().parse(t.raw(key)) if name}
    return Html(t(key, **dict.fromkeys(names, "…")).removesuffix("."))


def _openers(view: View, page: Page) -> Rows:
    buttons = [Button(str(number), to("audit.one", view, row.id)) for number, row in enumerate(page.rows, 1)]
    return [buttons[at : at + 5] for at in range(0, len(buttons), 5)]


def _turning(view: View, page: Page) -> list[Button]:
    row = []
    if page.newer:
        row += [Button("⏮", to("audit", view)), Button("◀️", to("audit", view, f"a{page.rows[0].id}"))]
    if page.older:
        row.append(Button("▶️", to("audit", view, f"b{page.rows[-1].id}")))
    return row


def _filters(turn: Turn, seen: Looked) -> Rows:
    t, view = turn.t, seen.view
    choose = [
        Button(t.plain(f"button.audit_{name}"), to(f"audit.{name}", view, *more))
        for name, more in (("oa", [0]), ("who", [0]), ("kind", []))
    ]
    periods = [
        Button(("✅ " if days == view.days else "") + _plain_period(t, days), to("audit", replace(view, days=days)))
        for days in (TODAY, WEEK, MONTH)
    ]
    mark = "✅ " if view.refused else ""
    refused = Button(mark + t.plain("button.audit_refused"), to("audit", replace(view, refused=not view.refused)))
    files = [Button("📥 CSV", to("audit.file", view, "csv")), Button("📥 Excel", to("audit.file", view, "xlsx"))]
    clear = [Button(t.plain("button.audit_clear"), to("audit"))] if view != View() else []
    return [choose, periods, [refused, *clear], files]


def _plain_period(t: Texts, days: int) -> str:
    return t.plain("button.audit_today") if days == TODAY else t.plain("button.audit_days", days=days)


def choose_oa(turn: Turn, view: View, oas: Sequence[OfficialAccount], at: int) -> Screen:
    """Of one OA, or of all."""
    t = turn.t
    buttons = [
        Button(short(oa_name(oa), LONGEST_NAME), to("audit", replace(view, oa=oa.id))) for oa in oas[at : at + CHOICES]
    ]
    every = Button(t.plain("button.audit_every_oa"), to("audit", replace(view, oa=0)))
    rows = [*pairs(buttons), pager(at, CHOICES, len(oas), "audit.oa", view), [every], back_row(t, to("audit", view))]
    return Screen(t("audits.choose_oa"), rows)


def choose_who(turn: Turn, view: View, people: Sequence[Staff], at: int) -> Screen:
    """Of one person, whoever has left included, or of what no person did."""
    t = turn.t
    buttons = [
        Button(short(_staff_name(t, person), LONGEST_NAME), to("audit", replace(view, who=str(person.id))))
        for person in people[at : at + CHOICES]
    ]
    others = [
        Button(t.plain(key), to("audit", replace(view, who=who)))
        for who, key in ((CLI, "audits.who_cli"), (MACHINE, "audits.who_machine"))
    ]
    every = Button(t.plain("button.audit_everybody"), to("audit", replace(view, who=ANY)))
    turned = pager(at, CHOICES, len(people), "audit.who", view)
    return Screen(t("audits.choose_who"), [*pairs(buttons), turned, others, [every], back_row(t, to("audit", view))])


def _staff_name(t: Texts, person: Staff) -> str:
    name = person.name or str(person.telegram_id)
    return name if person.active else f"{name} ({t.plain('audits.left')})"


def choose_kind(turn: Turn, view: View) -> Screen:
    """Of one kind of act."""
    t = turn.t
    buttons = [
        Button(t.plain(f"audits.kind_{name}"), to("audit", replace(view, kind=letter)))
        for letter, name in KINDS.items()
    ]
    every = Button(t.plain("button.audit_every_kind"), to("audit", replace(view, kind="-")))
    return Screen(t("audits.choose_kind"), [*pairs(buttons), [every], back_row(t, to("audit", view))])


def audit_entry(turn: Turn, view: View, row: AuditEntry, oa: OfficialAccount | None, things: list[Button]) -> Screen:
    """One entry with everything that was kept, and the buttons to what is still there."""
    t = turn.t
    person = f" · id {row.staff_id}" if row.staff_id is not None else ""
    aim = target(t, row, None)
    text = lines(
        Html(f"<b>📜 {action(t, row.action)}</b>"),
        Html(f"🕘 {row.at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"),
        Html(f"👤 {escape(who(t, row))}{person}"),
        Html(f"🏢 {escape(oa_name(oa) if oa else row.oa_id)}") if row.oa_id else None,
        Html(f"🎯 {escape(aim)}") if aim else None,
        Html(f"✅ {t('audits.done')}") if row.result == audit.DONE else t("audits.refused", why=result(t, row)),
        t("audits.message", message=str(row.message_id)) if row.message_id is not None else None,
        *_details(t, row),
        quote(Html(" · ".join(escape(part) for part in (row.action, f"#{row.id}", row.oa_id, row.result) if part))),
    )
    return Screen(text, [*pairs(things), back_row(t, to("audit", view))], protect=True)


def _details(t: Texts, row: AuditEntry) -> list[Html]:
    return [
        t("audits.detail", name=_label(t, name), value=_value(t, value))
        for name, value in (row.detail or {}).items()
        if value not in (None, "")
    ]


def _label(t: Texts, name: str) -> str:
    """What stands before a value: customer #12, but days: 7."""
    field = _field(t, name)
    return field if field.endswith("#") else f"{field}: "


def _field(t: Texts, name: str) -> str:
    return t.plain(f"audits.field_{name}") if f"audits.field_{name}" in t else name


def _value(t: Texts, value: Any) -> str:
    if isinstance(value, bool):
        return t.plain("word.yes" if value else "word.no")
    if isinstance(value, dict):
        return ", ".join(f"{_label(t, name)}{_value(t, inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_value(t, inner) for inner in value)
    return str(audit.masked(str(value)))
