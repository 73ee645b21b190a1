"""Who works here: the list, one person's card, and the choices on it."""

from __future__ import annotations

from bot.keyboards import back_row, pager, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import OfficialAccount, Role, Staff
from services import accounts, groups, invitations, reach, staff, staffing, strangers
from texts import LANGUAGES, Texts, figures
from texts.html import Html, lines

PAGE = 8
ROLES = (Role.VIEWER, Role.OPERATOR, Role.MANAGER, Role.OWNER)
MOST_NAMED = 6


async def staff_list(turn: Turn, offset: int = 0) -> Screen:
    """A page of people with role and last visit, and the ways to more of them."""
    (people, total), waiting, doors = await turn.db(_list_facts, turn, offset)
    t = turn.t
    text = lines(t("staff.title", count=total), *(_entry(turn, person) for person in people), "", t("staff.hint"))
    buttons = [Button(short(called(person), 20), to("st.card", person.id)) for person in people]
    invite = [
        Button(t.plain("button.invite"), to("st.invite"), style="primary"),
        Button(t.plain("button.invitations", count=waiting), to("st.links")),
    ]
    more = [
        Button(t.plain("button.strangers", count=doors[0]), to("st.strangers", 0)),
        Button(t.plain("button.groups", count=doors[1]), to("st.groups")),
    ]
    turned = pager(offset, PAGE, total, "st")
    return Screen(text, [*pairs(buttons), turned, invite, more, back_row(t, to("settings"))])


def _list_facts(turn: Turn, offset: int) -> tuple[tuple[list[Staff], int], int, tuple[int, int]]:
    waiting = invitations.open_ones(turn.now(), 0, 1)[1]
    return staff.page(offset, PAGE), waiting, (strangers.page(0, 1)[1], groups.allowed(0, 1)[1])


def called(person: Staff) -> str:
    """The name, or the number of somebody who never wrote."""
    return person.name or str(person.telegram_id)


def _entry(turn: Turn, person: Staff) -> Html:
    t = turn.t
    return t("staff.entry", name=called(person), role=t(f"role.{person.role}"), seen=_seen(turn, person))


def _seen(turn: Turn, person: Staff) -> str:
    if person.last_seen_at is None:
        return turn.t.plain("staff.never_seen")
    return figures.ago(turn.t.language, person.last_seen_at, turn.now())


async def staff_card(turn: Turn, person: Staff) -> Screen:
    """Everything an owner decides about one person."""
    theirs = await turn.db(reach.oas, person)
    t, owner = turn.t, person.role == Role.OWNER
    text = lines(
        t("staff.card", name=called(person), number=str(person.telegram_id)),
        t("staff.role", role=t(f"role.{person.role}")),
        t("staff.language", language=t.plain(f"language.{person.language}")),
        t("staff.sees_all") if owner else t("staff.oas", oas=oas_line(t, person, theirs)),
        None if owner else t("staff.numbers", answer=yes_no(t, person.sees_numbers)),
        None if owner else t("staff.money", answer=yes_no(t, person.sees_money)),
        t("staff.since", day=t.day(person.created_at, turn.now()), seen=_seen(turn, person)),
        t("staff.environment") if staffing.is_environments(turn.desk, person) else None,
    )
    return Screen(text, _card_rows(turn, person))


def oas_line(t: Texts, person: Staff, theirs: list[OfficialAccount]) -> str:
    """All of them, the names of a few, or that there is none yet."""
    if staff.has_every_oa(person):
        return t.plain("staff.every_oa")
    return names_of(t, theirs) or t.plain("staff.no_oa")


def names_of(t: Texts, oas: list[OfficialAccount]) -> str:
    """A few names, and how many more there are."""
    named = ", ".join(oa_name(oa) for oa in oas[:MOST_NAMED])
    rest = len(oas) - MOST_NAMED
    return named if rest <= 0 else named + t.plain("staff.and_more", count=rest)


def yes_no(t: Texts, answer: bool) -> str:
    """có ‖ yes."""
    return t.plain("word.yes" if answer else "word.no")


def _card_rows(turn: Turn, person: Staff) -> Rows:
    t, fixed = turn.t, staffing.is_environments(turn.desk, person)
    change = [] if fixed else [Button(t.plain("button.change_role"), to("st.role", person.id))]
    change.append(Button(t.plain("button.change_language"), to("st.lang", person.id, _other(person.language))))
    if person.role != Role.OWNER:
        change += [_switch(t, "numbers", person, person.sees_numbers), _switch(t, "money", person, person.sees_money)]
        change.append(Button(t.plain("button.their_oas"), to("st.oas", person.id, 0)))
    if not fixed:
        change.append(Button(t.plain("button.dismiss"), to("st.remove", person.id), style="danger"))
    return [*pairs(change), back_row(t, to("st", 0))]


def _switch(t: Texts, what: str, person: Staff, now: bool) -> Button:
    return Button(t.plain(f"button.{what}_{'hide' if now else 'show'}"), to(f"st.{what}", person.id, int(not now)))


def _other(language: str) -> str:
    return next(name for name in LANGUAGES if name != language)


def role_choice(
    turn: Turn, title: Html, action: str, number: int, back: str, roles: tuple[Role, ...] = ROLES
) -> Screen:
    """Which role? Each with what it may do."""
    t = turn.t
    buttons = [Button(t.plain(f"button.role_{role.value}"), to(action, number, role.value)) for role in roles]
    told = [t(f"staff.role_{role.value}") for role in roles]
    return Screen(lines(title, "", *told), [*pairs(buttons), back_row(t, back)])


def owner_question(turn: Turn, person: Staff, token: str) -> Screen:
    """The confirmation before somebody gets every right there is."""
    t = turn.t
    yes = Button(t.plain("button.make_owner"), to("st.owner", token), style="danger")
    return Screen(t("staff.ask_owner", name=called(person)), [[yes], back_row(t, to("st.card", person.id))])


def remove_question(turn: Turn, person: Staff, token: str) -> Screen:
    """The confirmation before somebody's access ends."""
    t = turn.t
    yes = Button(t.plain("button.dismiss_yes", name=short(called(person), 24)), to("st.gone", token), style="danger")
    return Screen(t("staff.ask_remove", name=called(person)), [[yes], back_row(t, to("st.card", person.id))])


async def oas_screen(turn: Turn, person: Staff, offset: int) -> Screen:
    """Which OAs this person may use: tap to open or close one."""
    every, chosen = await turn.db(lambda: (accounts.active(), staff.oas_of(person)))
    t = turn.t
    state = t("staff.oas_all") if person.every_oa else t("staff.oas_some", count=len(chosen))
    page = every[offset : offset + PAGE]
    buttons = [_oa_button(oa, oa.id in chosen and not person.every_oa, person, offset) for oa in page]
    label = "button.only_some_oas" if person.every_oa else "button.all_oas"
    switch = [Button(t.plain(label), to("st.every", person.id, int(not person.every_oa)))]
    turned = pager(offset, PAGE, len(every), "st.oas", person.id)
    rows = [] if person.every_oa else [*pairs(buttons), turned]
    text = lines(t("staff.oas_title", name=called(person)), state)
    return Screen(text, [*rows, switch, back_row(t, to("st.card", person.id))])


def _oa_button(oa: OfficialAccount, open_: bool, person: Staff, offset: int) -> Button:
    return Button(
        f"{'✅' if open_ else '▫️'} {short(oa.name, 18)}", to("st.oa", person.id, oa.id, int(not open_), offset)
    )


def told(turn: Turn, screen: Screen, key: str, **values: object) -> Screen:
    """A screen under one line that says what was just done."""
    return Screen(lines(turn.t(key, **values), "", screen.text), screen.rows)
