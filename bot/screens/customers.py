"""Customers: the list, one card, and its phone number for as long as somebody needs it."""

from __future__ import annotations

from functools import partial

from bot.errors import spoken
from bot.keyboards import back_row, home_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.history import past_lines
from bot.screens.opt_out import said_lines
from bot.screens.titles import name_of, oa_name, oa_title
from bot.screens.words import words_for
from bot.turn import Turn
from models import Follower, Notice, OfficialAccount, Rating, Role
from services import followers, past, phones, reach, staff
from services.interaction import FREE_WINDOW, last_interaction
from services.names import fold_name
from services.past import Card
from texts import figures
from texts.html import Html, escape, lines

PAGE = 8
QUERY_BYTES = 24  # what of a search fits into a button
ALL, FOLLOWING = "a", "f"
LONGEST_ANSWER = 200  # characters of a field people filled in


async def customer_list(turn: Turn, oa: OfficialAccount, which: str, offset: int, query: str = "") -> Screen:
    """A page of people, all or those who follow, or those a search fits."""
    only = which == FOLLOWING
    found = partial(followers.page, oa.oa_id, query, whole_numbers=not turn.staff.sees_numbers)
    page = await turn.db(found, offset=offset, limit=PAGE, followers_only=only)
    t = turn.t
    key = "customers.found" if query else f"customers.title_{which}"
    head = lines(oa_title(t, oa), t(key, count=page.total, query=query))
    body = [choose_line(turn, row) for row in page.rows] or [t("customers.nobody")]
    buttons = [Button(short(name_of(turn, row), 18), to("k", row.id)) for row in page.rows]
    rest = search_word(query)
    turned = pager(offset, PAGE, page.total, "kh", of_oa(which, oa), *([rest] if rest else []))
    tools = _tools(turn, oa, which, query)
    return Screen(lines(head, "", *body), [*pairs(buttons), turned, *tools, home_row(t)], protect=True)


def of_oa(which: str, oa: OfficialAccount) -> str:
    """Which people of which OA, for a button: the list stays that of the OA it shows, whatever is chosen meanwhile."""
    return f"{which}.{oa.id}"


def search_word(query: str) -> str:
    """The search as it travels in a button: without accents and cut, which still finds the same people and few more."""
    folded = fold_name(query).replace(":", " ")
    return folded.encode()[:QUERY_BYTES].decode(errors="ignore").strip()


def _tools(turn: Turn, oa: OfficialAccount, which: str, query: str) -> Rows:
    t = turn.t
    other = FOLLOWING if which == ALL else ALL
    rest = [search_word(query)] if query else []
    switch = Button(t.plain(f"button.only_{other}"), to("kh", of_oa(other, oa), *rest, 0))
    files = [Button("📥 CSV", to("k.file", "csv", oa.id)), Button("📥 Excel", to("k.file", "xlsx", oa.id))]
    return [[switch, Button(t.plain("button.search"), to("kh.find"))], files]


def choose_line(turn: Turn, person: Follower) -> Html:
    parts = [f"<b>{escape(name_of(turn, person))}</b>", _follows(turn, person)]
    if person.phone:
        parts.append(escape(phones.mask(person.phone)))
    if person.last_interaction_at:
        parts.append(escape(figures.ago(turn.t.language, person.last_interaction_at, turn.now())))
    return Html("• " + " · ".join(parts))


def _follows(turn: Turn, person: Follower) -> Html:
    word = {True: "yes", False: "left", None: "unknown"}[person.is_follower]
    return turn.t(f"customers.follow_{word}")


async def customer_card(turn: Turn, oa: OfficialAccount, person: Follower, *, full_number: bool = False) -> Screen:
    """Everything we know about one person; the number masked unless asked for."""
    card: Card = await turn.db(past.card, oa, person)
    t = turn.t
    told = past_lines(turn, card.past.rows)
    text = lines(
        oa_title(t, oa),
        Html(f"<b>👤 {escape(name_of(turn, person))}</b>"),
        _follow_line(turn, person),
        _last_line(turn, person),
        t("card.under_age") if person.is_sensitive else None,
        t("card.phone", phone=_phone(person, full_number)) if person.phone else t("card.no_phone"),
        t("card.tags", tags=", ".join(card.tags)) if card.tags else None,
        t("card.tester") if person.tester else None,
        t("card.keeper", who=card.names.get(card.keeper, "–")) if card.keeper else None,
        *form_lines(turn, person),
        *said_lines(turn, card.said, card.names, {}),
        *(_rating_line(turn, rating) for rating in card.ratings),
        t("card.erased", day=t.day(person.erased_at, turn.now())) if person.erased_at else None,
        t("card.id", user_id=person.user_id),
        *([Html(""), *told] if told else []),
    )
    return Screen(text, _card_rows(turn, oa, person, full_number), protect=True)


def form_lines(turn: Turn, person: Follower, *, full_number: bool = False) -> list[Html]:
    """What the person told in the OA's information form, a line for each field that was filled in."""
    info, t = person.shared_info or {}, turn.t
    phone = str(info.get("phone") or "")
    places = [str(info[name]) for name in ("address", "ward", "district", "city") if info.get(name)]
    values = {
        "name": info.get("name"),
        "phone": (phones.local(phone) if full_number else phones.mask(phone)) if phone else "",
        "address": ", ".join(places),
        "birthday": _birthday(info.get("birthday")),
        "gender": info.get("gender"),
    }
    filled = [t(f"told.{name}", value=str(value)[:LONGEST_ANSWER]) for name, value in values.items() if value]
    if not filled:
        return []
    when = t("told.title", when=t.moment(person.shared_at, turn.now())) if person.shared_at else t("told.title_plain")
    return [when, *filled]


def _birthday(value: object) -> str:
    """30/10/1999, as people write it; with the year, which `figures.day` leaves out."""
    year, _, rest = str(value or "").partition("-")
    month, _, day = rest.partition("-")
    return f"{day}/{month}/{year}" if day else ""


def _rating_line(turn: Turn, rating: Rating) -> Html:
    t = turn.t
    told = t("card.rating", stars="⭐" * max(0, min(5, rating.rate)), when=t.day(rating.at, turn.now()))
    return Html(f"{told} · «{escape(short(words_for(turn, rating.note), LONGEST_ANSWER))}»") if rating.note else told


def _phone(person: Follower, full: bool) -> str:
    return phones.local(person.phone) if full else phones.mask(person.phone)


def _follow_line(turn: Turn, person: Follower) -> Html:
    since = f" · {figures.day(turn.t.language, person.follow_at, turn.now())}" if person.follow_at else ""
    return Html(f"{_follows(turn, person)}{since}")


def _last_line(turn: Turn, person: Follower) -> Html:
    """When they last wrote, and how long messages to them stay free of charge."""
    t, last = turn.t, last_interaction(person)
    if last is None:
        return t("card.never_wrote")
    told = t("card.last", when=spoken(turn, last.shown))
    until = last.earliest + FREE_WINDOW
    # Known to the day only: it may have ended already, so nothing is promised.
    if until <= turn.now() or last.earliest != last.latest:
        return told
    return Html(f"{told} · {t('card.free', until=t.moment(until, turn.now()))}")


def _card_rows(turn: Turn, oa: OfficialAccount, person: Follower, full_number: bool) -> Rows:
    t = turn.t
    buttons = [
        Button(t.plain("button.send"), to("send.to", person.id), style="primary"),
        Button(t.plain("button.history"), to("k.past", person.id, 0)),
        Button(t.plain("button.opt_out"), to("oo", f"k{person.id}")),
    ]
    if person.phone and not full_number and turn.staff.sees_numbers:
        buttons.append(Button(t.plain("button.show_number"), to("k.number", person.id)))
    if staff.may(turn.staff, Role.MANAGER):
        word = "off" if person.tester else "on"
        buttons.append(Button(t.plain(f"button.tester_{word}"), to("k.tester", person.id, int(not person.tester))))
    # Alone in its row, so that nobody taps it for another.
    erase = [Button(t.plain("button.erase"), to("k.erase", person.id))] if staff.may(turn.staff, Role.OWNER) else []
    return [*pairs(buttons), erase, back_row(t, to("kh", of_oa(ALL, oa), 0))]


async def form_answer(turn: Turn, notice: Notice) -> Screen | None:
    """Somebody filled in the information form: what they told, for who asked for it."""
    found = await turn.db(reach.follower, turn.staff, int(notice.payload["row"]))
    if found is None:
        return None
    (oa, person), t = found, turn.t
    asked = "asked" if notice.payload.get("asked") else "unasked"
    text = lines(t(f"notice.form_{asked}", name=name_of(turn, person), oa=oa_name(oa)), *form_lines(turn, person))
    card = Button(t.plain("button.open_customer"), to("k", person.id, fresh=True))
    return Screen(text, [[card, Button(t.plain("button.send"), to("send.to", person.id, fresh=True))]], protect=True)
