"""Customers' own words, as far as a reader may see them."""

from __future__ import annotations

from bot.turn import Turn
from services.phone_finding import mask_phones


def words_for(turn: Turn, text: str) -> str:
    """A customer's words; numbers in them masked for staff who may see none."""
    return text if turn.staff.sees_numbers else mask_phones(text)
