"""Connecting and reconnecting OAs by Zalo's page, and the question about what waited for too long."""

from __future__ import annotations

from bot.forms.add_oa import begin as begin_add
from bot.forms.engine import open_form
from bot.forms.oa_fields import FIELDS, field_form
from bot.markup import OldKeyboard, Screen, part, whole
from bot.reach import oa_at
from bot.screens.connect import cannot_begin, choose_app, link_screen, next_steps, ticket_screen
from bot.screens.home import show_home
from bot.screens.late import drop_question, dropped
from bot.screens.oa_card import oa_card
from bot.screens.oa_list import oa_list
from bot.turn import Turn
from db import write
from models import OauthTicket, OfficialAccount
from services import apps, confirmations, connect_messages, connecting, current, halts, reach, reconcile
from services.apps import KnownApp
from services.errors import Refusal
from texts.html import lines

Args = tuple[str, ...]
DROP = "drop_waiting"  # what a yes was asked for


async def begin(turn: Turn, args: Args) -> None:
    """[Kết nối bằng Zalo] and [Nối lại]: with several apps a new OA asks which one first, a known one has its own."""
    oa = await _oa_or_none(turn, args)
    found = await turn.db(apps.known, turn.desk)
    app = _only_choice(turn, oa, found)
    if app is None and len(found) > 1:
        await turn.show(choose_app(turn, oa, found))
        return
    await _link(turn, oa, app or (found[0] if found else KnownApp("", "", True)), several=len(found) > 1)


async def by_app(turn: Turn, args: Args) -> None:
    """The same with an app that was chosen, and [Link mới]."""
    oa = await _oa_or_none(turn, args)
    found = await turn.db(apps.known, turn.desk)
    app = next((app for app in found if app.app_id == part(args, 1)), None)
    if app is None:
        raise OldKeyboard("app", choose_app(turn, oa, found))
    await _link(turn, oa, app, several=len(found) > 1)


def _only_choice(turn: Turn, oa: OfficialAccount | None, found: list[KnownApp]) -> KnownApp | None:
    own = apps.app_id_of(turn.desk, oa) if oa is not None else ""
    return next((app for app in found if app.app_id == own), None)


async def _link(turn: Turn, oa: OfficialAccount | None, app: KnownApp, *, several: bool) -> None:
    def made() -> connecting.Link:
        return connecting.begin(turn.desk, turn.actor, oa=oa, app_id=app.app_id, chat_id=turn.chat_id)

    try:
        link = await turn.db(made)
    except Refusal as refusal:  # no address or no app: what is missing stands in the guide, and tokens can be pasted
        await turn.show(cannot_begin(turn, oa, refusal))
        return
    shown = await turn.show(link_screen(turn, oa, app, link, several))
    await turn.db(connecting.shown, link.ticket_id, shown)
    await turn.db(connect_messages.tell_when_over, link.ticket_id)


async def away(turn: Turn, args: Args) -> None:
    """Every other button under a link: where it leads, while the link stays good."""
    ticket = await turn.db(connecting.get, whole(args, 0), turn.staff)
    await turn.db(connect_messages.left, ticket.id, turn.staff)
    oa = await turn.db(reach.oa, turn.staff, ticket.oa_id) if ticket.oa_id is not None else None
    where = part(args, 1)
    if where == "home":
        await show_home(turn)
    elif where == "app":
        await turn.show(choose_app(turn, oa, await turn.db(apps.known, turn.desk)))
    elif where == "paste":
        await _paste(turn, oa)
    else:
        await turn.show(await oa_card(turn, oa) if oa else await oa_list(turn))


async def _paste(turn: Turn, oa: OfficialAccount | None) -> None:
    if oa is None:
        await begin_add(turn)
    else:
        await open_form(FIELDS["tokens"], turn, field_form("tokens", oa))


async def confirm(turn: Turn, args: Args) -> None:
    """[Đúng, thêm OA]: it is registered, and its card shows what it still needs."""
    oa = await turn.db(connecting.confirm, turn.desk, turn.actor, whole(args, 0))
    await turn.db(current.choose, turn.staff, oa)
    await turn.db(reconcile.start, turn.desk, oa)
    card = await oa_card(turn, oa)
    told = lines(turn.t("connect.added"), *next_steps(turn, oa, 0))
    await turn.show(Screen(lines(told, "", card.text), card.rows))


async def refuse(turn: Turn, args: Args) -> None:
    """[Không phải]: nothing is added."""
    ticket = await turn.db(connecting.get, whole(args, 0), turn.staff)
    await turn.db(connecting.drop, turn.desk, turn.actor, ticket.id)
    ticket = await turn.db(OauthTicket.get_by_id, ticket.id)
    screen = await ticket_screen(turn, ticket)
    if screen is not None:
        await turn.show(screen)


async def go_on(turn: Turn, args: Args) -> None:
    """What waited while the OA was away for long goes after all."""
    oa = await _stopped_for_it(turn, args)
    await turn.db(halts.resume_sending, turn.desk, turn.actor, oa)
    await turn.toast(turn.t.plain("oa.resumed"))
    await turn.show(await oa_card(turn, oa))


async def ask_drop(turn: Turn, args: Args) -> None:
    """The question before it is cancelled."""
    oa = await _stopped_for_it(turn, args)
    token = await turn.db(confirmations.ask, turn.now(), turn.staff, DROP, {"oa": oa.id}, oa)
    await turn.show(await drop_question(turn, oa, token))


async def drop(turn: Turn, args: Args) -> None:
    """The yes to it."""

    def act() -> tuple[OfficialAccount, int]:
        with write():
            spent = confirmations.use(turn.now(), turn.staff, part(args, 0), DROP)
            oa = OfficialAccount.get_by_id(spent.payload["oa"])
            return oa, halts.drop_waiting(turn.desk, turn.actor, oa)

    oa, count = await turn.db(act)
    await turn.show(dropped(turn, oa, count))


async def _stopped_for_it(turn: Turn, args: Args) -> OfficialAccount:
    """The OA, still stopped for this very question. Raises OldKeyboard with its card when it is not."""
    oa = await oa_at(turn, whole(args, 0))
    if oa.stopped_code != halts.RECONNECTED:
        raise OldKeyboard("late", await oa_card(turn, oa))
    return oa


async def _oa_or_none(turn: Turn, args: Args) -> OfficialAccount | None:
    return await oa_at(turn, whole(args, 0)) if whole(args, 0) else None
