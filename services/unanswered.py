"""ZNS that were sent and never reported as delivered: Zalo is asked once, then they are expired and cost nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from db import from_ms, in_thread, to_ms, write
from models import Delivery, DeliveryState, OfficialAccount
from services import deliveries, gateway
from services.desk import Desk
from services.errors import DeskError
from services.pacing import Lane
from zalo import zns
from zalo.client import Host
from zalo.errors import ErrorClass, Refused, ZaloError

log = structlog.get_logger(__name__)

AGAIN_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=1)
_DELIVERED = 1
# These say nothing about the message that was asked about.
_ASK_AGAIN = {ErrorClass.TRANSIENT, ErrorClass.LATER, ErrorClass.TOKEN, ErrorClass.GLOBAL}


async def ask_due(desk: Desk, limit: int = 50) -> int:
    """Ask about the messages whose time is over; returns how many were looked at.

    No event tells that a ZNS was not delivered, so silence after the template's timeout has to be asked about.
    """
    rows = await in_thread(_claim, desk.now(), limit)
    for row in rows:
        try:
            await _ask(desk, row)
        except Exception as defect:
            log.exception("asking_broke", delivery=row.id, problem=type(defect).__name__)
    return len(rows)


def _claim(now: datetime, limit: int) -> list[Delivery]:
    """Due rows; their next question is put off at once, so that two sweeps do not ask the same."""
    waiting = (Delivery.state == DeliveryState.SENT) & (Delivery.next_attempt_at <= now)
    with write():
        ids = [row.id for row in Delivery.select(Delivery.id).where(waiting).limit(limit)]
        claimed = [
            id_
            for id_ in ids
            if Delivery.update(next_attempt_at=now + AGAIN_AFTER).where(Delivery.id == id_, waiting).execute()
        ]
        return list(Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(Delivery.id.in_(claimed)))


async def _ask(desk: Desk, row: Delivery) -> None:
    try:
        found = await gateway.call(
            desk,
            row.oa,
            lambda zalo, token: zns.message_status(zalo, token, row.msg_id),
            lane=Lane.BACKGROUND,
            host=Host.BUSINESS,
        )
    except (ZaloError, DeskError) as trouble:
        log.info("status_not_answered", delivery=row.id, problem=type(trouble).__name__)
        final = isinstance(trouble, Refused) and trouble.error_class not in _ASK_AGAIN
        if final or row.sent_at + GIVE_UP_AFTER < desk.now():
            await in_thread(_expire, desk.now(), row)
        return
    if found.status == _DELIVERED:
        # Without a time it is taken as in time: Zalo would not have shown it as delivered for nothing.
        await in_thread(deliveries.arrived, desk.now(), row.id, found.delivered_at or row.sent_at)
    else:
        await in_thread(_expire, desk.now(), row)


def _expire(now: datetime, row: Delivery) -> None:
    deadline = from_ms(to_ms(row.sent_at) + (row.timeout_ms or 0))
    deliveries.move(now, row.id, DeliveryState.EXPIRED, Delivery.state == DeliveryState.SENT, ended_at=deadline)
