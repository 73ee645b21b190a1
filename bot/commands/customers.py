"""/followers, the customer card, and the files of customers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.files import FORMATS, send_table
from bot.markup import OldKeyboard, part, whole
from bot.reach import customer_at, oa_at
from bot.screens.customers import ALL, FOLLOWING, customer_card, customer_list
from bot.screens.history import contact_screen, history_screen
from bot.screens.need_oa import need_oa
from bot.screens.titles import name_of
from bot.turn import Turn
from db import from_ms, to_ms, write
from models import Consent, Follower, OfficialAccount
from services import audit, consents, do_not_send, followers, notices, past, phones, reach
from services.do_not_send import Person
from services.errors import NotAllowed
from services.past import Past
from texts import figures
from texts.html import Html

Args = tuple[str, ...]
LAST_MOMENT = datetime(2200, 1, 1, tzinfo=UTC)
NUMBER_SHOWN_FOR = timedelta(minutes=10)
COLUMNS = ("user_id", "name", "zalo_name", "follows", "followed_at", "last_seen", "phone", "tags", "tester", "consent")


async def followers_command(turn: Turn, rest: str) -> None:
    """`/khach` lists, `/khach lan` searches by name, phone or id."""
    oa = await need_oa(turn)
    if oa is None:
        return
    if not rest:
        await turn.show(await customer_list(turn, oa, ALL, 0))
        return
    found = await turn.db(lambda: followers.find(oa.oa_id, rest, 2, whole_numbers=not turn.staff.sees_numbers))
    if len(found) == 1:
        await turn.show(await customer_card(turn, oa, found[0]))
    elif not found and phones.is_number(rest):
        await show_contact(turn, phones.normalise(rest))
    else:
        await turn.show(await customer_list(turn, oa, ALL, 0, rest))


async def show_contact(turn: Turn, phone: str) -> None:
    """What is known about a number (84...) that was just typed: what it got, what it refused, whose it is."""
    person, found = await turn.db(_contact, turn, phone, None)
    await turn.show(await contact_screen(turn, person, found, typed=True))


async def more_of_contact(turn: Turn, args: Args) -> None:
    """An older page of what a number got."""
    person, found = await turn.db(_contact, turn, phones.normalise(part(args, 0)), _moment(args))
    await turn.show(await contact_screen(turn, person, found))


def _contact(turn: Turn, phone: str, before: datetime | None) -> tuple[Person, Past]:
    oas = reach.oas(turn.staff)
    return do_not_send.known(oas, phone), past.of_phone(oas, phone, before)


async def show_past(turn: Turn, args: Args) -> None:
    """A page of a customer's past."""
    oa, person = await customer_at(turn, whole(args, 0))
    found = await turn.db(past.of_follower, oa, person, _moment(args))
    await turn.show(await history_screen(turn, oa, person, name_of(turn, person), found))


def _moment(args: Args) -> datetime | None:
    """Before when, as epoch ms; 0: the newest."""
    at = whole(args, 1)
    if at > to_ms(LAST_MOMENT):
        raise OldKeyboard("moment")
    return from_ms(at) if at else None


async def show_list(turn: Turn, args: Args) -> None:
    """A page: which people of which OA, perhaps a search, the offset."""
    which, _, number = part(args, 0).partition(".")
    if which not in (ALL, FOLLOWING):
        raise OldKeyboard("customers")
    oa = await _oa(turn, (number,))
    if oa is not None:
        query = part(args, 1) if len(args) == 3 else ""
        await turn.show(await customer_list(turn, oa, which, whole(args, len(args) - 1), query))


async def _oa(turn: Turn, number: Args) -> OfficialAccount | None:
    """The OA a button names; buttons of before named none and mean the one worked with. Raises OldKeyboard."""
    return await oa_at(turn, whole(number, 0)) if any(number) else await need_oa(turn)


async def how_to_find(turn: Turn, args: Args) -> None:
    """What to type to find somebody."""
    await turn.toast(turn.t.plain("customers.how_to_find"))


async def show_card(turn: Turn, args: Args) -> None:
    """One person."""
    oa, person = await customer_at(turn, whole(args, 0))
    await turn.show(await customer_card(turn, oa, person))


async def show_number(turn: Turn, args: Args) -> None:
    """The full number for ten minutes; who looked is written down."""
    oa, person = await customer_at(turn, whole(args, 0))
    if not turn.staff.sees_numbers:
        raise NotAllowed("role.numbers")
    assert turn.tapped is not None
    # Before it is shown: whatever breaks from here on, the look is written down and the number goes away again.
    tapped = turn.tapped
    await turn.db(_note_number_shown, turn, oa, person, tapped)
    shown = await turn.show(await customer_card(turn, oa, person, full_number=True))
    if shown != tapped:
        await turn.db(_hide_later, turn, person, shown)


def _note_number_shown(turn: Turn, oa: OfficialAccount, person: Follower, message_id: int) -> None:
    target = phones.mask(person.phone)
    detail = {"row": person.id}
    with write():
        audit.record(turn.now(), turn.actor, "customer.number_shown", oa_id=oa.oa_id, target=target, detail=detail)
        _hide_later(turn, person, message_id)


def _hide_later(turn: Turn, person: Follower, message_id: int) -> None:
    at = turn.now() + NUMBER_SHOWN_FOR
    notices.post(turn.now(), turn.chat_id, "hide_number", str(message_id), {"row": person.id}, message_id, at=at)


async def set_tester(turn: Turn, args: Args) -> None:
    """Mark somebody as one who gets the messages of testing, or take the mark away."""
    oa, person = await customer_at(turn, whole(args, 0))
    wanted = part(args, 1) == "1"
    await turn.db(_set_tester, turn, oa, person, wanted)
    person.tester = wanted
    await turn.show(await customer_card(turn, oa, person))


def _set_tester(turn: Turn, oa: OfficialAccount, person: Follower, wanted: bool) -> None:
    action = "customer.tester_on" if wanted else "customer.tester_off"
    with write():
        followers.set_tester(oa.oa_id, person.user_id, wanted)
        audit.record(turn.now(), turn.actor, action, oa_id=oa.oa_id, target=f"follower {person.id}")


async def send_file(turn: Turn, args: Args) -> None:
    """All customers of the OA as CSV or XLSX, written row by row."""
    suffix = part(args, 0)
    if suffix not in FORMATS:
        raise OldKeyboard("file")
    oa = await _oa(turn, args[1:])
    if oa is None:
        return

    def told(count: int) -> Html:
        audit.record(turn.now(), turn.actor, "customer.export", oa_id=oa.oa_id, detail={"rows": count})
        return turn.t("file.customers", name=oa.name, count=count)

    header = [turn.t.plain(f"column.{name}") for name in COLUMNS]
    await send_table(turn, f"khach_{oa.oa_id}_{turn.now():%Y%m%d}.{suffix}", header, _rows(turn, oa), told)


def _rows(turn: Turn, oa: OfficialAccount) -> Iterator[list[Any]]:
    piece: list[tuple[Follower, list[str]]] = []
    for each in followers.iterate(oa.oa_id):
        piece.append(each)
        if len(piece) == followers.PIECE:
            yield from _piece(turn, oa, piece)
            piece = []
    yield from _piece(turn, oa, piece)


def _piece(turn: Turn, oa: OfficialAccount, piece: list[tuple[Follower, list[str]]]) -> Iterator[list[Any]]:
    said = consents.of_many(oa.oa_id, [person for person, _ in piece])
    for person, tags in piece:
        yield _row(turn, person, tags, said.get(person.id, []))


def _row(turn: Turn, person: Follower, tags: list[str], said: list[Consent]) -> list[Any]:
    follows = {True: "yes", False: "left", None: "unknown"}[person.is_follower]
    phone = person.phone and ("0" + person.phone[2:] if turn.staff.sees_numbers else phones.mask(person.phone))
    moments = (person.follow_at, person.last_interaction_at)
    followed, seen = ((figures.stamp(at) if at else "") for at in moments)
    name = person.nickname or person.display_name
    tester = turn.t.plain("word.yes") if person.tester else ""
    follow_word = turn.t.plain(f"customers.follow_{follows}")
    known = [person.user_id, name, person.display_name, follow_word, followed, seen, phone, ", ".join(tags), tester]
    return [*known, "; ".join(_word(turn, word) for word in said)]


def _word(turn: Turn, word: Consent) -> str:
    answer = "yes" if word.given else "no"
    return f"{turn.t.plain(f'consent.{answer}_{word.scope}')} {figures.stamp(word.at)}"
