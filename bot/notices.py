"""What each kind of notice looks like. Notices come from other processes; the outbox sends them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.markup import Button, Screen, to
from bot.render_delivery import Eyes
from bot.screens.alerts import ALERTS, oa_alert
from bot.screens.connect import ticket_screen
from bot.screens.conversation_notices import CONVERSATIONS, answer_screen
from bot.screens.customers import customer_card, form_answer
from bot.screens.delivery import delivery_screen
from bot.screens.opt_out import word_notice
from bot.screens.quota import NOTICES as QUOTA_NOTICES
from bot.screens.quota import quota_notice
from bot.screens.ratings import rating_notice
from bot.screens.staff_notices import STAFF_NOTICES
from bot.screens.stop import start_notice, stop_notice
from bot.screens.templates import NOTICES as TEMPLATE_NOTICES
from bot.screens.templates import template_notice
from bot.screens.titles import oa_name
from bot.turn import Office, Turn
from models import Notice, OauthTicket, OfficialAccount, Origin, Staff
from services import opt_outs, reach
from services.form_answers import NOTICE as FORM_ANSWER
from services.ratings import NOTICE as LOW_RATING
from texts.html import Html, lines

Render = Callable[[Turn, Notice], Awaitable[Screen | None]]


async def screen_of(office: Office, person: Staff, notice: Notice) -> Screen | None:
    """The message a notice is now; None when there is nothing left to say."""
    turn = Turn(office, person, notice.chat_id)
    if not await turn.db(reach.may_hear, person, notice.payload):
        return None  # the OA was closed to this person after the notice was posted
    return await KINDS.get(notice.kind, _alert)(turn, notice)


async def _delivery(turn: Turn, notice: Notice) -> Screen | None:
    row = await turn.db(reach.delivery, turn.staff, notice.payload["delivery"])
    if row is None:
        return None
    return await (answer_screen if row.origin == Origin.REPLY else delivery_screen)(turn, row)


def eyes_of(turn: Turn) -> Eyes:
    """The reader of this turn."""
    return Eyes(turn.t, turn.now(), turn.staff.sees_money, turn.staff.sees_numbers)


async def _hide_number(turn: Turn, notice: Notice) -> Screen | None:
    if "rating" in notice.payload:
        return await rating_notice(turn, notice) or _gone(turn)
    found = await turn.db(reach.follower, turn.staff, notice.payload["row"])
    if found is None:  # gone, or closed to this person: the number goes all the same
        return _gone(turn)
    return await customer_card(turn, *found)


def _gone(turn: Turn) -> Screen:
    return Screen(turn.t("old.told"), [[Button(turn.t.plain("button.home"), to("home"))]])


async def _uncertain(turn: Turn, notice: Notice) -> Screen | None:
    row = await turn.db(reach.delivery, turn.staff, notice.payload["delivery"])
    if row is None or row.state != "uncertain":
        return None
    screen = await delivery_screen(turn, row)
    return Screen(lines(turn.t("notice.uncertain"), "", screen.text), screen.rows, protect=True)


async def _alert(turn: Turn, notice: Notice) -> Screen | None:
    """Every other kind is a text about an OA or about the machine, with the button that leads to its cure."""
    t, payload = turn.t, dict(notice.payload)
    oa = await turn.db(OfficialAccount.get_or_none, OfficialAccount.oa_id == payload.get("oa_id", ""))
    name = oa_name(oa) if oa else str(payload.get("oa_id", ""))
    key = f"notice.{notice.kind}" if f"notice.{notice.kind}" in t else "notice.other"
    text: Html = t.lenient(key, {**payload, "name": name, "kind": notice.kind})
    rows = [[Button(t.plain("button.open_card"), to("oa", oa.id, fresh=True))]] if oa else []
    return Screen(text, rows)


async def _connect(turn: Turn, notice: Notice) -> Screen | None:
    """A ticket of [Connect with Zalo] as it is now; it stands on the message that showed the link."""
    ticket = await turn.db(OauthTicket.get_or_none, OauthTicket.id == notice.payload["ticket"])
    return None if ticket is None else await ticket_screen(turn, ticket)


async def _oa_alert(turn: Turn, notice: Notice) -> Screen | None:
    return await oa_alert(turn, notice.kind, notice.payload)


async def _stop_all(turn: Turn, notice: Notice) -> Screen | None:
    return stop_notice(turn, notice.payload)


async def _start_all(turn: Turn, notice: Notice) -> Screen | None:
    return start_notice(turn, notice.payload)


KINDS: dict[str, Render] = {
    **STAFF_NOTICES,
    "delivery": _delivery,
    **CONVERSATIONS,
    "hide_number": _hide_number,
    "uncertain": _uncertain,
    "connect": _connect,
    "stop_all": _stop_all,
    "start_all": _start_all,
    FORM_ANSWER: form_answer,
    **dict.fromkeys(opt_outs.NOTICES, word_notice),
    LOW_RATING: rating_notice,
    **dict.fromkeys(TEMPLATE_NOTICES, template_notice),
    **dict.fromkeys(QUOTA_NOTICES, quota_notice),
    **dict.fromkeys(ALERTS, _oa_alert),
}
