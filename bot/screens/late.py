"""An OA that was away for over an hour: shall what waited still go?"""

from __future__ import annotations

from bot.keyboards import back_row
from bot.markup import Button, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Delivery, DeliveryState, OfficialAccount
from texts.html import lines


def waiting(oa: OfficialAccount) -> int:
    """How many messages of the OA have not left yet."""
    return int(Delivery.select().where(Delivery.oa == oa.id, Delivery.state == DeliveryState.QUEUED).count())


def late_buttons(turn: Turn, oa: OfficialAccount, count: int, *, fresh: bool = False) -> list[Button]:
    """Let it go, or cancel it."""
    t = turn.t
    return [
        Button(t.plain("button.late_go"), to("late.go", oa.id, fresh=fresh), style="success"),
        Button(t.plain("button.late_drop", count=count), to("late.drop", oa.id, fresh=fresh), style="danger"),
    ]


async def drop_question(turn: Turn, oa: OfficialAccount, token: str) -> Screen:
    """The confirmation before what waits is cancelled."""
    t = turn.t
    count = await turn.db(waiting, oa)
    yes = Button(t.plain("button.late_drop_yes", count=count), to("late.dropped", token), style="danger")
    text = lines(oa_title(t, oa), "", t("late.ask_drop", count=count))
    return Screen(text, [[yes], back_row(t, to("oa", oa.id))])


def dropped(turn: Turn, oa: OfficialAccount, count: int) -> Screen:
    """What became of it."""
    t = turn.t
    return Screen(lines(oa_title(t, oa), "", t("late.dropped", count=count)), [back_row(t, to("oa", oa.id))])
