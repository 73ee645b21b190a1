"""/hanmuc, /quota."""

from __future__ import annotations

from bot.markup import whole
from bot.reach import oa_at
from bot.screens.need_oa import need_oa
from bot.screens.quota import quota_screen
from bot.turn import Turn
from services import audit, quotas
from services.pacing import Lane

Args = tuple[str, ...]


async def quota_command(turn: Turn, rest: str) -> None:
    """The quotas of the OA worked with."""
    oa = await need_oa(turn)
    if oa is not None:
        await turn.show(await quota_screen(turn, oa))


async def show(turn: Turn, args: Args) -> None:
    """The quotas of one OA."""
    await turn.show(await quota_screen(turn, await oa_at(turn, whole(args, 0))))


async def read_now(turn: Turn, args: Args) -> None:
    """Ask Zalo."""
    oa = await oa_at(turn, whole(args, 0))
    await turn.toast(turn.t.plain("oa.checking"))
    await quotas.refresh(turn.desk, oa, Lane.URGENT)
    await turn.db(audit.record, turn.now(), turn.actor, "oa.quota_read", oa_id=oa.oa_id, target=oa.name)
    await turn.show(await quota_screen(turn, await oa_at(turn, oa.id)))
