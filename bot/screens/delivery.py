"""The screen of one message that left, or waits to: its row, and what its reader said about it."""

from __future__ import annotations

from bot.markup import Screen
from bot.render_delivery import Eyes, render_delivery
from bot.turn import Turn
from models import Delivery
from services import ratings


async def delivery_screen(turn: Turn, row: Delivery) -> Screen:
    """The result message of `row` for the reader of this turn."""
    rating = await turn.db(ratings.of_delivery, row)
    return render_delivery(Eyes(turn.t, turn.now(), turn.staff.sees_money, turn.staff.sees_numbers), row, rating)
