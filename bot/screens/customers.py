"""Customers: the list, one card, and its phone number for as long as somebody needs it."""

from __future__ import annotations

from functools import partial

from bot.errors import spoken
from bot.keyboards import back_row, home_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Follower, OfficialAccount, Role, Scope
from services import consents, followers, phones, staff
from services.interaction import last_interaction
from services.names import fold_name
from texts import figures
from texts.html import Html, escape, lines

PAGE = 8
QUERY_BYTES = 24  # what of a search fits into a button
ALL, FOLLOWING = "a", "f"


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


def name_of(turn: Turn, person: Follower) -> str:
    """The name staff gave, else the person's own, else that there is none yet."""
    return person.nickname or person.display_name or turn.t.plain("customers.nameless", tail=person.user_id[-4:])


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
    tags = await turn.db(followers.tags_of, oa.oa_id, [person.user_id])
    said = await turn.db(consents.of_person, oa.oa_id, person)
    no, t = consents.objection(said, {Scope.CARE}), turn.t
    text = lines(
        oa_title(t, oa),
        Html(f"<b>👤 {escape(name_of(turn, person))}</b>"),
        _follow_line(turn, person),
        _last_line(turn, person),
        t("card.phone", phone=_phone(person, full_number)) if person.phone else t("card.no_phone"),
        t("card.tags", tags=", ".join(tags[person.user_id])) if tags[person.user_id] else None,
        t("card.tester") if person.tester else None,
        t("card.blocked", code=no.code) if no else None,
        t("card.erased", day=t.day(person.erased_at, turn.now())) if person.erased_at else None,
        t("card.id", user_id=person.user_id),
    )
    return Screen(text, _card_rows(turn, oa, person, full_number), protect=True)


def _phone(person: Follower, full: bool) -> str:
    return phones.local(person.phone) if full else phones.mask(person.phone)


def _follow_line(turn: Turn, person: Follower) -> Html:
    since = f" · {figures.day(turn.t.language, person.follow_at, turn.now())}" if person.follow_at else ""
    return Html(f"{_follows(turn, person)}{since}")


def _last_line(turn: Turn, person: Follower) -> Html:
    last = last_interaction(person)
    return turn.t("card.last", when=spoken(turn, last.shown)) if last else turn.t("card.never_wrote")


def _card_rows(turn: Turn, oa: OfficialAccount, person: Follower, full_number: bool) -> Rows:
    t = turn.t
    buttons = [Button(t.plain("button.send"), to("send.to", person.id), style="primary")]
    if person.phone and not full_number and turn.staff.sees_numbers:
        buttons.append(Button(t.plain("button.show_number"), to("k.number", person.id)))
    if staff.may(turn.staff, Role.MANAGER):
        word = "off" if person.tester else "on"
        buttons.append(Button(t.plain(f"button.tester_{word}"), to("k.tester", person.id, int(not person.tester))))
    # Alone in its row, so that nobody taps it for another.
    erase = [Button(t.plain("button.erase"), to("k.erase", person.id))] if staff.may(turn.staff, Role.OWNER) else []
    return [*pairs(buttons), erase, back_row(t, to("kh", of_oa(ALL, oa), 0))]
