"""Most of the work is done in the name of an OA; without one, the way to it is shown."""

from __future__ import annotations

from bot.screens.home import home
from bot.turn import Turn
from models import OfficialAccount
from services import current


async def need_oa(turn: Turn) -> OfficialAccount | None:
    """The OA this person works with; None after showing how to get one."""
    oa = await turn.db(current.oa_of, turn.staff)
    if oa is None:
        await turn.show(await home(turn))
    return oa
