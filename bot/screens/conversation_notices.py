"""What conversations tell besides a customer's words: an answer's way, a handing-over, a window that ends, a watch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.markup import Button, Screen, to
from bot.render_delivery import ICONS
from bot.screens.chat import customer_wrote
from bot.screens.customer_file import customer_file
from bot.screens.delivery import delivery_screen
from bot.screens.titles import name_of, oa_name
from bot.turn import Turn
from models import Delivery, DeliveryState, Follower, Notice, OfficialAccount
from services import conversation_warnings, conversations, reach, telling, watches
from texts import figures
from texts.html import Html, escape

S = DeliveryState
SHORT = frozenset({S.QUEUED, S.SENDING, S.SENT, S.DELIVERED, S.SEEN})


async def answer_screen(turn: Turn, row: Delivery) -> Screen:
    """✅ 09:12 → 📬 09:12 → 👁 09:20, as long as all is well; else the whole result with what to do."""
    if row.state not in SHORT or (row.state == S.QUEUED and row.held_reason):
        return await delivery_screen(turn, row)
    steps = [
        f"{ICONS[state]} {figures.brief(turn.t.language, at, turn.now())}"
        for state, at in ((S.SENT, row.sent_at), (S.DELIVERED, row.delivered_at), (S.SEEN, row.seen_at))
        if at is not None
    ]
    way = Html(" → ".join(steps)) or turn.t("answer.on_its_way")
    test = Html(" · ") + turn.t("mode.test") if row.development else Html("")
    name = row.recipient_name or f"…{row.recipient[-4:]}"
    return Screen(Html(turn.t("answer.state", way=way, name=name) + test), protect=True)


async def _person(turn: Turn, notice: Notice) -> tuple[OfficialAccount, Follower] | None:
    return await turn.db(reach.follower, turn.staff, int(notice.payload.get("row") or 0))


async def handed_over(turn: Turn, notice: Notice) -> Screen | None:
    """A colleague gave you a customer."""
    found = await _person(turn, notice)
    if found is None:
        return None
    oa, person = found
    t = turn.t
    text = t("notice.handed_over", by=notice.payload.get("by") or "?", name=name_of(turn, person), oa=oa_name(oa))
    return Screen(text, [[Button(t.plain("button.in_open"), to("in.c", person.id, fresh=True))]], protect=True)


async def watched(turn: Turn, notice: Notice) -> Screen | None:
    """Somebody wrote whom this person waited for."""
    found = await _person(turn, notice)
    if found is None:
        return None
    oa, person = found
    t = turn.t
    send = Button(t.plain("button.in_kept"), to("in.kept", notice.payload["watch"], fresh=True), style="primary")
    look = Button(t.plain("button.in_open"), to("in.c", person.id, fresh=True))
    return Screen(t("notice.watched_wrote", name=name_of(turn, person), oa=oa_name(oa)), [[send, look]], protect=True)


async def window_ends(turn: Turn, notice: Notice) -> Screen | None:
    """Somebody still waits, and soon an answer costs money, or is not possible at all."""
    found = await _person(turn, notice)
    talk = None if found is None else await turn.db(conversations.of, found[0].oa_id, found[1].user_id)
    if found is None or talk is None or talk.waiting_since is None:
        return None  # answered meanwhile
    oa, person = found
    t, end = turn.t, notice.payload["end"]
    until = conversation_warnings.until(talk, end)
    text = t(f"notice.window_{end}", name=name_of(turn, person), oa=oa_name(oa), when=t.moment(until, turn.now()))
    words = f"\n<blockquote>{escape(talk.last_text)}</blockquote>" if talk.last_text and turn.staff.sees_numbers else ""
    rows = [
        [Button(t.plain("button.in_reply"), to("in.say", person.id, fresh=True), style="primary")],
        [Button(t.plain("button.in_open"), to("in.c", person.id, fresh=True))],
    ]
    return Screen(Html(text + words), rows, protect=True)


CONVERSATIONS: dict[str, Callable[[Turn, Notice], Awaitable[Screen | None]]] = {
    telling.WROTE: customer_wrote,
    telling.ATTACHMENT: customer_file,
    conversations.HANDED_OVER: handed_over,
    watches.WROTE: watched,
    conversation_warnings.NOTICE: window_ends,
}
