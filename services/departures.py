"""The last look before a message leaves, and the commit of its attempt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from db import in_thread, write
from models import Channel, Delivery, DeliveryState, OfficialAccount, Origin
from services import deliveries, preflight, prices, stop_all
from services.desk import Desk
from services.dispatch import Taken, Work
from services.errors import Refusal
from services.modes import Mode, mode
from services.preflight import Answer, Verdict
from zalo.client import Zalo

_UNASKED = frozenset({Origin.REPLY, Origin.AUTOMATIC})  # they left without a yes, because they were free
LEASE = timedelta(seconds=60)  # four times the total limit of a request


class LeaseLost(Exception):
    """The row is not ours any more, so the request must not leave."""


class NotYet(Exception):
    """The rules let it go later: `verdict.until`, and `verdict.held` for what it waits for."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.rule)
        self.verdict = verdict


def check(desk: Desk, row: Delivery) -> None:
    """The rules once more, at the moment of sending: a mode, a token, a template or a person's word may have changed.

    Raises NotYet and Refusal, also `send.not_free`. Brings the row's OA up to date, and what it costs if it leaves now.
    """
    row.oa = OfficialAccount.get_by_id(row.oa_id)
    verdict = preflight.of_delivery(desk, row)
    if verdict.answer is Answer.LATER:
        raise NotYet(verdict)
    row.development = row.development or mode(row.oa) is Mode.TEST
    if row.origin in _UNASKED and row.price == 0 and verdict.price != 0:
        raise Refusal("send.not_free")
    # Free when it was composed, perhaps not any more. Not the verdict's price: that hopes for the package's allowance,
    # and whether it paid is said by Zalo's answer alone (prices.charge).
    if row.channel == Channel.CS:
        row.price = prices.consultation(desk.now(), verdict.free_until)
    row.vat_percent = prices.vat(desk.settings, desk.now())  # what was held over New Year pays the new one


def departing(desk: Desk, row: Delivery, work: Work) -> Work:
    """`work`, with the attempt committed before its request leaves."""

    async def departed(zalo: Zalo, token: str) -> Taken:
        await in_thread(_depart, desk, row)
        return await work(zalo, token)

    return departed


def _depart(desk: Desk, row: Delivery) -> None:
    """Commit the attempt under a lease that outlasts the request.

    Raises LeaseLost when the row is not ours, and Refusal `send.stop_all`: the red button wins up to this very moment.
    """
    now = desk.now()
    ours = (Delivery.lease_owner == row.lease_owner, Delivery.lease_until >= now)
    # Repeated within the attempt: after a token error, or with a new upload. Zalo did not act on the first request.
    again = row.attempted_at is not None and row.state == DeliveryState.SENDING
    with write():
        stop_all.may_depart()
        if again:
            mine = Delivery.state == DeliveryState.SENDING
            longer = Delivery.update(lease_until=now + LEASE).where(Delivery.id == row.id, mine, *ours)
            done = bool(longer.execute())
        else:
            done = deliveries.move(now, row.id, DeliveryState.SENDING, *ours, **_attempt(row, now))
    if not done:
        raise LeaseLost
    if not again:
        row.attempt, row.attempted_at, row.state = row.attempt + 1, now, DeliveryState.SENDING


def _attempt(row: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "attempt": row.attempt + 1,
        "attempted_at": now,
        "lease_until": now + LEASE,
        "development": row.development,
        "price": row.price,
        "vat_percent": row.vat_percent,
        "held_reason": "",
    }
