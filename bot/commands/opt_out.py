"""/tuchoi, and the buttons by which staff enter or take back a person's wish not to be written to."""

from __future__ import annotations

from bot.forms.engine import open_form
from bot.forms.opt_out import OPT_OUT, opt_out_form, show_number
from bot.markup import OldKeyboard, part, whole
from bot.reach import customer_at
from bot.screens.opt_out import opt_out_screen, reopen_question, word_screen
from bot.turn import Turn
from db import from_ms, to_ms, write
from models import Follower, Notice, Scope
from services import confirmations, do_not_send, opt_outs, phones, reach
from services.do_not_send import Person

Args = tuple[str, ...]
REOPEN = "reopen"  # what a yes was asked for
_SCOPES = {Scope.PROMOTION.value, Scope.ALL.value}


async def opt_out_command(turn: Turn, rest: str) -> None:
    """`/tuchoi 0901234567`: what is known about a number, and what can be entered; without one it is asked for."""
    if rest:
        await show_number(turn, phones.normalise(rest))
    else:
        await open_form(OPT_OUT, turn, opt_out_form())


async def show_person(turn: Turn, args: Args) -> None:
    """The same by button, of a number or of a customer."""
    target = part(args, 0)
    person, _ = await _target(turn, target)
    await turn.show(await opt_out_screen(turn, target, person))


async def refuse(turn: Turn, args: Args) -> None:
    """[No advertising], [No message at all]."""
    target, scope = part(args, 0), part(args, 1)
    if scope not in _SCOPES:
        raise OldKeyboard("scope")
    person, follower = await _target(turn, target)
    await turn.db(do_not_send.refuse, turn.desk, turn.actor, person.phone, Scope(scope), follower)
    person, _ = await _target(turn, target)
    await turn.show(await opt_out_screen(turn, target, person))


async def ask_reopen(turn: Turn, args: Args) -> None:
    """Which refusals would end."""
    target = part(args, 0)
    person, _ = await _target(turn, target)
    token = await turn.db(_ask, turn, person, target)
    await turn.show(await reopen_question(turn, target, person, token))


def _ask(turn: Turn, person: Person, target: str) -> str:
    do_not_send.check_reopen(turn.actor, person)
    payload = {"target": target, "at": to_ms(turn.now())}
    return confirmations.ask(turn.now(), turn.staff, REOPEN, payload)


async def reopen(turn: Turn, args: Args) -> None:
    """The yes."""
    target = await turn.db(_reopen, turn, part(args, 0))
    person, _ = await _target(turn, target)
    await turn.show(await opt_out_screen(turn, target, person))


def _reopen(turn: Turn, token: str) -> str:
    with write():
        spent = confirmations.use(turn.now(), turn.staff, token, REOPEN)
        target = str(spent.payload["target"])
        person, follower = _read(turn, target)
        do_not_send.reopen(turn.desk, turn.actor, person, follower, from_ms(spent.payload["at"]))
    return target


async def stop_all(turn: Turn, args: Args) -> None:
    """[Stop all] under a customer's word."""
    notice, follower = await _notice(turn, args)
    msg_id = _msg_id(notice)
    await turn.db(do_not_send.stop_all, turn.desk, turn.actor, follower, msg_id)
    await _show_notice(turn, notice, follower)


async def stop_promotion(turn: Turn, args: Args) -> None:
    """[No more messages] under a word that was not clear."""
    notice, follower = await _notice(turn, args)
    await turn.db(do_not_send.stop_promotion, turn.desk, turn.actor, follower, _msg_id(notice))
    await _show_notice(turn, notice, follower)


async def undo(turn: Turn, args: Args) -> None:
    """[Not meant so]."""
    notice, follower = await _notice(turn, args)
    await turn.db(do_not_send.undo, turn.desk, turn.actor, follower, _msg_id(notice), int(notice.payload["at"]))
    await _show_notice(turn, notice, follower)


async def cancel_visit(turn: Turn, args: Args) -> None:
    """[Appointment]: nothing changes here; the way to the customer stays."""
    notice, follower = await _notice(turn, args)
    await turn.toast(turn.t.plain("opt_out.visit_toast"))
    oa, _ = await customer_at(turn, follower.id)
    notice.payload = {**notice.payload, "done": "visit", "by": turn.staff.name}
    await turn.show(word_screen(turn, notice, oa, follower))


async def _notice(turn: Turn, args: Args) -> tuple[Notice, Follower]:
    """The notice of a button in this chat, and its customer. Raises OldKeyboard."""
    row = await turn.db(Notice.get_or_none, Notice.id == whole(args, 0), Notice.chat_id == turn.chat_id)
    if row is None or row.kind not in opt_outs.NOTICES:
        raise OldKeyboard("notice")
    _, follower = await customer_at(turn, int(row.payload["row"]))
    return row, follower


def _msg_id(notice: Notice) -> str:
    return str(notice.ref).partition(":")[2]


async def _show_notice(turn: Turn, notice: Notice, follower: Follower) -> None:
    oa, person = await customer_at(turn, follower.id)
    fresh = await turn.db(Notice.get_by_id, notice.id)
    await turn.show(word_screen(turn, fresh, oa, person))


async def _target(turn: Turn, target: str) -> tuple[Person, Follower | None]:
    """Whom a button names: `p84901234567`, or `k12` for a customer. Raises OldKeyboard."""
    return await turn.db(_read, turn, target)


def _read(turn: Turn, target: str) -> tuple[Person, Follower | None]:
    kind, rest = target[:1], target[1:]
    if kind == "k":
        found = reach.follower(turn.staff, whole((rest,), 0))
        if found is None:
            raise OldKeyboard("customer")
        return _known(turn, "", found[1]), found[1]
    if kind != "p":
        raise OldKeyboard("target")
    return _known(turn, phones.normalise(rest), None), None


def _known(turn: Turn, phone: str, follower: Follower | None) -> Person:
    return do_not_send.known(reach.oas(turn.staff), phone, follower)
