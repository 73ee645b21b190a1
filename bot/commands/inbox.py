"""/cho: who waits, and everything staff do with a conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot import answers
from bot.forms.answer import ANSWER, answer_form
from bot.forms.engine import open_form
from bot.markup import OldKeyboard, part, whole
from bot.reach import customer_at, oa_at
from bot.screens.chat import IN_NOTICE
from bot.screens.inbox import colleagues_screen, conversation_screen, inbox_screen, other_number_screen
from bot.screens.need_oa import need_oa
from bot.turn import Turn
from db import write
from models import Conversation, Follower, OfficialAccount, Role, Staff
from services import confirmations, conversation_phones, conversations, current, phones, reach, staff, telling, watches
from services.conversation_list import Which
from services.errors import Conflict, NotFound

Args = tuple[str, ...]
NUMBER = "replace_number"  # confirmation
MANY = 30  # colleagues to choose from


async def inbox_command(turn: Turn, rest: str) -> None:
    """Who waits at the OA this person works with, or at all of theirs while none is chosen."""
    oa = await turn.db(current.oa_of, turn.staff)
    if oa is None and not await turn.db(reach.oas, turn.staff):
        await need_oa(turn)
        return
    await turn.show(await inbox_screen(turn, oa, Which.WAITING, 0))


async def show_list(turn: Turn, args: Args) -> None:
    """A page: which list, of which OA (0: every one), the offset."""
    if not args:
        await inbox_command(turn, "")
        return
    if part(args, 0) not in [which.value for which in Which]:
        raise OldKeyboard("inbox")
    oa = await oa_at(turn, whole(args, 1)) if whole(args, 1) else None
    await turn.show(await inbox_screen(turn, oa, Which(args[0]), whole(args, 2)))


async def show_one(turn: Turn, args: Args) -> None:
    """One conversation."""
    await _show(turn, *await customer_at(turn, whole(args, 0)))


async def take_next(turn: Turn, args: Args) -> None:
    """Take whoever waits longest, at one OA or at every one of theirs."""
    oa = await oa_at(turn, whole(args, 0)) if whole(args, 0) else None
    oas = [oa] if oa is not None else await turn.db(reach.oas, turn.staff)
    row = await turn.db(
        _moved, turn, lambda: conversations.take_longest(turn.now(), turn.actor, [o.oa_id for o in oas])
    )
    person = await turn.db(Follower.get, Follower.oa_id == row.oa_id, Follower.user_id == row.user_id)
    await _show(turn, *await customer_at(turn, person.id))


async def take(turn: Turn, args: Args) -> None:
    """Look after this customer."""
    await _move(turn, args, lambda oa, person: conversations.take(turn.now(), turn.actor, oa.oa_id, person.user_id))


async def give_back(turn: Turn, args: Args) -> None:
    """Let everybody look after them again."""
    await _move(
        turn, args, lambda oa, person: conversations.give_back(turn.now(), turn.actor, oa.oa_id, person.user_id)
    )


async def done(turn: Turn, args: Args) -> None:
    """Nobody waits any more."""
    seen, rest = whole(args, 1), (args[0], *args[2:])
    await _move(
        turn, rest, lambda oa, person: conversations.done(turn.now(), turn.actor, oa.oa_id, person.user_id, seen)
    )


async def _move(turn: Turn, args: Args, act: Callable[[OfficialAccount, Follower], object]) -> None:
    oa, person = await customer_at(turn, whole(args, 0))
    await turn.db(_retold, turn, person, lambda: act(oa, person))
    if args[1:] == (IN_NOTICE,):  # the notice is edited by itself, in every chat that has it
        await turn.toast(turn.t.plain("inbox.noted"))
        return
    await _show(turn, oa, person)


def _retold(turn: Turn, person: Follower, act: Callable[[], object]) -> None:
    with write():
        act()
        telling.retell(turn.now(), person)


def _moved(turn: Turn, act: Callable[[], Conversation]) -> Conversation:
    with write():
        row = act()
        person = Follower.get(Follower.oa_id == row.oa_id, Follower.user_id == row.user_id)
        telling.retell(turn.now(), person)
    return row


async def _show(turn: Turn, oa: OfficialAccount, person: Follower) -> None:
    await turn.show(await conversation_screen(turn, oa, person))


async def ask_colleague(turn: Turn, args: Args) -> None:
    """To whom?"""
    oa, person = await customer_at(turn, whole(args, 0))
    people = await turn.db(staff.at_least, Role.OPERATOR, oa.oa_id)
    others = [each for each in people if each.id != turn.staff.id][:MANY]
    await turn.show(colleagues_screen(turn, oa, person, others))


async def hand_over(turn: Turn, args: Args) -> None:
    """Give the customer to a colleague, who is told."""
    to = await turn.db(Staff.get_or_none, Staff.id == whole(args, 1), Staff.active)
    if to is None:
        raise OldKeyboard("colleague")
    await _move(
        turn, args[:1], lambda oa, who: conversations.hand_over(turn.now(), turn.actor, oa.oa_id, who.user_id, to)
    )


async def ask_answer(turn: Turn, args: Args) -> None:
    """What to answer?"""
    oa, person = await customer_at(turn, whole(args, 0))
    await open_form(ANSWER, turn, answer_form(turn.now(), oa, person))


async def save_number(turn: Turn, args: Args) -> None:
    """Keep the number they wrote; another one that is there already is asked about first."""
    oa, person = await customer_at(turn, whole(args, 0))
    found = await turn.db(conversation_phones.written, person)
    if found is None:
        raise NotFound("inbox.no_number")
    try:
        await turn.db(_saved, turn, person, *found)
    except Conflict as error:
        if error.key != "inbox.other_phone":
            raise
        payload = {"row": person.id, "phone": found[0], "at": int(found[1].timestamp()), "replace": person.phone}
        token = await turn.db(confirmations.ask, turn.now(), turn.staff, NUMBER, payload, oa)
        old, new = str(error.values["old"]), str(error.values["new"])
        await turn.show(other_number_screen(turn, person, old, new, token))
        return
    await turn.toast(turn.t.plain("inbox.number_saved"))
    await _show(turn, *await customer_at(turn, person.id))


def _saved(turn: Turn, person: Follower, phone: str, at: Any, replace: str = "") -> None:
    with write():
        conversation_phones.save(turn.now(), turn.actor, person, phone, at, replace=replace)
        telling.retell(turn.now(), person)


async def replace_number(turn: Turn, args: Args) -> None:
    """The yes to the new number."""
    person = await turn.db(_replaced, turn, part(args, 0))
    await turn.toast(turn.t.plain("inbox.number_saved"))
    await _show(turn, *await customer_at(turn, person))


def _replaced(turn: Turn, token: str) -> int:
    with write():
        asked = confirmations.use(turn.now(), turn.staff, token, NUMBER).payload
        found = reach.follower(turn.staff, int(asked["row"]))
        if found is None:
            raise NotFound("confirm.unknown")
        number = phones.normalise(str(asked["phone"]))
        written = conversation_phones.written(found[1])
        at = written[1] if written is not None and written[0] == number else turn.now()
        _saved(turn, found[1], number, at, str(asked["replace"]))
        return int(found[1].id)


async def send_kept(turn: Turn, args: Args) -> None:
    """They wrote at last: what was kept for then, as a preview."""
    row = await turn.db(watches.kept, turn.now(), turn.staff, whole(args, 0))
    person = await turn.db(Follower.get_or_none, Follower.oa_id == row.oa_id, Follower.user_id == row.user_id)
    if person is None:
        raise OldKeyboard("watch")
    oa, person = await customer_at(turn, person.id)
    await answers.open_kept(turn, oa, person, row.content or {})
