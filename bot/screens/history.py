"""What passed between the business and one person: a line for each message and delivery, newest first."""

from __future__ import annotations

from collections.abc import Iterable

from bot.keyboards import back_row, home_row, short
from bot.markup import Button, Rows, Screen, to
from bot.render_delivery import ICONS
from bot.screens.opt_out import said_lines
from bot.screens.titles import oa_name, oa_title
from bot.screens.words import words_for
from bot.turn import Turn
from db import to_ms
from models import ChatMessage, Delivery, DeliveryState, Follower, OfficialAccount
from services import deliveries, forgetting, past, phones, reach
from services.do_not_send import Person
from services.past import Happening, Past
from texts import figures
from texts.html import Html, escape, lines

_LONGEST_LINE = 90  # characters of what was written


def past_lines(turn: Turn, rows: Iterable[Happening], *, with_oa: bool = False) -> list[Html]:
    """One line for each."""
    return [
        _message_line(turn, each.message) if each.message is not None else _sent_line(turn, each.delivery, with_oa)
        for each in rows
        if each.message is not None or each.delivery is not None
    ]


def _message_line(turn: Turn, row: ChatMessage) -> Html:
    side = "💬" if row.inbound else "↩️"
    typed = turn.t("past.typed_at_zalo") if row.admin_id else None
    parts = [
        Html(f"{side} {figures.brief(turn.t.language, row.at, turn.now())}"),
        typed,
        _words(turn, row.kind, row.text),
    ]
    return Html(" · ".join(part for part in parts if part))


def _sent_line(turn: Turn, row: Delivery | None, with_oa: bool) -> Html:
    assert row is not None
    t, state = turn.t, DeliveryState(row.state)
    parts = [
        Html(f"{ICONS[state]} {figures.brief(t.language, row.created_at, turn.now())}"),
        escape(oa_name(row.oa)) if with_oa else None,
        _content(turn, row),
        t(f"state.{state.value}"),
        _cost(turn, row),
        t("mode.test") if row.development else None,
    ]
    return Html(" · ".join(part for part in parts if part))


def _content(turn: Turn, row: Delivery) -> Html:
    t, content = turn.t, row.content
    template = str(content.get("template_name") or content.get("template_id") or "")
    if template:
        return t("past.template", channel=t(f"past.channel_{row.channel}"), name=short(template, _LONGEST_LINE))
    if forgetting.is_forgotten(row):
        return t("past.forgotten")
    file = content.get("file") or {}
    form = content.get("form") or {}
    return _words(turn, row.kind, str(content.get("text") or file.get("name") or form.get("title") or ""))


def _words(turn: Turn, kind: str, text: str) -> Html:
    """[ảnh] and what was written, cut."""
    t = turn.t
    written = escape(short(words_for(turn, " ".join(text.split())), _LONGEST_LINE)) if text else Html("")
    if kind == "text" and written:
        return Html(f"«{written}»")
    label = t(f"past.kind_{kind}") if f"past.kind_{kind}" in t else escape(kind.replace("_", " "))
    return Html(f"[{label}]" + (f" «{written}»" if written else ""))


def _cost(turn: Turn, row: Delivery) -> Html | None:
    if not turn.staff.sees_money or row.development:
        return None
    cost = deliveries.cost(row)
    return escape(turn.t.money(cost)) if cost else None


async def history_screen(turn: Turn, oa: OfficialAccount, person: Follower, name: str, found: Past) -> Screen:
    """A page of a customer's past."""
    t = turn.t
    told = past_lines(turn, found.rows) or [t("past.nothing")]
    text = lines(oa_title(t, oa), t("past.title", name=name), "", *told)
    return Screen(text, [*_older(turn, found, "k.past", person.id), back_row(t, to("k", person.id))], protect=True)


def _older(turn: Turn, found: Past, action: str, who: object) -> Rows:
    if found.older is None:
        return []
    return [[Button(turn.t.plain("button.older"), to(action, who, to_ms(found.older)))]]


async def contact_screen(turn: Turn, person: Person, found: Past, *, typed: bool = False) -> Screen:
    """A phone that is no customer's card: what it got from the OAs this person may use, and what it refused."""
    t = turn.t
    theirs = {oa.oa_id: oa_name(oa) for oa in await turn.db(reach.oas, turn.staff)}
    names = await turn.db(past.names, {word.staff_id for word in person.said})
    number = phones.local(person.phone) if typed else phones.mask(person.phone)
    told = past_lines(turn, found.rows, with_oa=True) or [t("past.nothing_sent")]
    text = lines(
        t("contact.title" if person.people else "paste.phone", phone=number),
        *said_lines(turn, person.said, names, theirs),
        "",
        t("contact.got"),
        *told,
    )
    return Screen(text, [*_contact_rows(turn, person, found), home_row(t)], protect=True)


def _contact_rows(turn: Turn, person: Person, found: Past) -> Rows:
    t = turn.t
    cards = [[Button(short(f"👤 {_called(row)}"), to("k", row.id))] for row in person.people[:4]]
    ways = [
        Button(t.plain("button.zns_to"), to("zns.to", person.phone), style="primary"),
        Button(t.plain("button.opt_out"), to("oo", f"p{person.phone}")),
    ]
    return [*cards, ways, *_older(turn, found, "ph.past", person.phone)]


def _called(row: Follower) -> str:
    return row.nickname or row.display_name or f"…{row.user_id[-4:]}"
