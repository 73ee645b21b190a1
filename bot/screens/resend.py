"""The warning before something is sent again that perhaps arrived."""

from __future__ import annotations

from bot.keyboards import home_row
from bot.markup import Button, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Delivery
from texts.html import lines


def resend_question(turn: Turn, row: Delivery, token: str) -> Screen:
    """Two copies may reach the person, and both may be charged."""
    t = turn.t
    yes = Button(t.plain("button.resend_yes", name=row.oa.name[:24]), to("resend", token), style="danger")
    # Its yes turns this message into the result, which shows a customer.
    return Screen(lines(oa_title(t, row.oa), "", t(f"resend.ask_{row.channel}")), [[yes], home_row(t)], protect=True)
