"""The pages of the guide."""

from __future__ import annotations

from bot.markup import part
from bot.screens.guide import guide_page
from bot.turn import Turn


async def show_page(turn: Turn, args: tuple[str, ...]) -> None:
    """One page of the guide."""
    await turn.show(guide_page(turn, part(args, 0)))
