"""The one way to Zalo for the rules: a valid token, a permit, the call, and what follows from a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from db import in_thread
from models import OfficialAccount
from services import apps, halts, pacing, tokens
from services.desk import Desk
from services.pacing import Lane
from zalo.client import Host, Zalo
from zalo.errors import ErrorClass, Refused, ResumeAt

log = structlog.get_logger(__name__)
T = TypeVar("T")
OVER_PACE = -32


async def call(
    desk: Desk,
    oa: OfficialAccount,
    work: Callable[[Zalo, str], Awaitable[T]],
    *,
    lane: Lane = Lane.URGENT,
    host: Host = Host.OPENAPI,
    sending: bool = False,
    patience: float | None = None,
) -> T:
    """Run `work(zalo, token)` with a valid token, within the OA's pace.

    A token error is repeated once with a renewed token. Raises the ZaloError of the work, tokens.TokenUnavailable (a
    NotSent) when no valid token could be had this time, Refusal `oa.needs_reauth` and `app.unknown` (the OA's app is
    not known here, so nothing is asked in another one's name), and pacing.TooLong when the permit
    would take longer than `patience` seconds. `sending=True`: a refusal that concerns the whole OA stops its sending
    and tells managers.
    """
    zalo = await in_thread(_zalo, desk, oa)
    access = await tokens.access_token(desk, oa)
    try:
        return await _paced(desk, oa, work, zalo, access.token, lane, host, patience)
    except Refused as refused:
        if refused.error_class is not ErrorClass.TOKEN:
            await in_thread(_follow_up, desk, oa, host, refused, sending)
            raise
    # Zalo did not act on the first request, so the second is no repetition; and a sibling may have renewed meanwhile.
    access = await tokens.refresh(desk, oa, access.generation)
    try:
        return await _paced(desk, oa, work, zalo, access.token, lane, host, patience)
    except Refused as refused:
        await in_thread(_follow_up, desk, oa, host, refused, sending)
        raise


def _zalo(desk: Desk, oa: OfficialAccount) -> Zalo:
    app = apps.keys_of(desk, oa)
    return desk.zalo.for_app(app) if app.use_proof else desk.zalo


async def _paced(
    desk: Desk,
    oa: OfficialAccount,
    work: Callable[[Zalo, str], Awaitable[T]],
    zalo: Zalo,
    token: str,
    lane: Lane,
    host: Host,
    patience: float | None,
) -> T:
    await pacing.take(desk, oa, lane, host, patience=patience)
    return await work(zalo, token)


def _follow_up(desk: Desk, oa: OfficialAccount, host: Host, refused: Refused, sending: bool) -> None:
    """What a refusal means for the requests after this one."""
    now = desk.now()
    if refused.code == OVER_PACE or refused.info.resume is ResumeAt.NEXT_MINUTE:
        buckets = pacing.buckets_of(desk, oa, host)
        # The text tells whose limit it is; without a word about the app only the OA waits.
        blamed = buckets[-1] if "application" in refused.message.casefold() else buckets[0]
        pacing.block(blamed.key, pacing.next_minute(now))
        log.warning("over_pace", bucket=blamed.key.partition(":")[0], oa_id=oa.oa_id)
    elif sending and refused.error_class is ErrorClass.GLOBAL:
        halts.stop(now, oa, str(refused.code), refused.message)
