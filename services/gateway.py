"""The one way to Zalo for the rules: a valid token, a permit, the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from models import OfficialAccount
from services.desk import Desk
from services.pacing import Lane
from zalo.client import Host, Zalo

T = TypeVar("T")


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

    A token error is repeated once with a renewed token. Raises ZaloError of the work, NotSent when no valid token could
    be had this time, Refusal `oa.needs_reauth`, and pacing.TooLong when the permit would take longer than `patience`
    seconds. `sending=True`: a refusal that concerns the whole OA stops its sending and tells managers.
    """
    raise NotImplementedError
