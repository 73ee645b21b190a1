"""The way out: claim a delivery, take a permit, commit the attempt, send, record what came of it.

Whoever claimed a row holds its lease. Until it departs it can be claimed by the next one when the lease ends; from the
moment its attempt is committed it is never sent again by itself: if nobody records an outcome before the lease ends,
the outcome is unknown, and says so.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta

import structlog
from peewee import SQL, NodeList

from db import in_thread, is_sqlite, write
from models import Channel, Delivery, DeliveryState, OaState, OfficialAccount
from services import (
    deliveries,
    departures,
    dispatch,
    gateway,
    handles,
    leases,
    outcomes,
    quotas,
    receipts,
    stop_all,
)
from services.departures import LEASE, LeaseLost, NotYet
from services.desk import Desk
from services.dispatch import Request, Taken
from services.errors import DeskError, Refusal
from services.handles import PATIENCE
from services.pacing import TooLong
from services.tokens import TokenUnavailable
from zalo.errors import NotSent, PerhapsSent, Refused
from zalo.messages import InvalidMessage

__all__ = ["LEASE", "claim", "end_leases", "release_held", "send_due"]

log = structlog.get_logger(__name__)

BATCH, AT_ONCE = 20, 100
STRAGGLE = 2.0  # seconds a batch is waited for before the next one is claimed
# Word for word as the index of open rows has it: SQLite does not see that "= 'queued'" is a part of it.
_IS_OPEN = NodeList((Delivery.state, SQL("IN ('queued', 'sending')")))
_flying: set[asyncio.Task[None]] = set()  # a loop holds its tasks only weakly


async def send_due(desk: Desk, worker_id: str, limit: int = BATCH) -> int:
    """Claim up to `limit` due deliveries and see them through; returns how many were claimed (0: nothing is due).

    Safe in any number of processes. An attempt is committed before its request leaves. Requests that take longer than
    STRAGGLE go on by themselves: one slow OA must not keep the others waiting.
    """
    loop = asyncio.get_running_loop()
    room = AT_ONCE - sum(task.get_loop() is loop for task in _flying)
    if room <= 0:
        await asyncio.wait([task for task in _flying if task.get_loop() is loop], return_when=asyncio.FIRST_COMPLETED)
        return 1
    rows = await in_thread(claim, desk.now(), worker_id, min(limit, room))
    tasks = [loop.create_task(_guarded(desk, row)) for row in rows]
    for task in tasks:
        _flying.add(task)
        task.add_done_callback(_flying.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=STRAGGLE)
    return len(rows)


def claim(now: datetime, worker_id: str, limit: int) -> list[Delivery]:
    """Lease due rows, longest waiting first; two workers never get the same one.

    The owner is written anew for every claim, so that a worker that lost its lease meanwhile, even to itself, can
    neither send the row nor put it back.
    """
    owner = f"{worker_id}/{secrets.token_hex(4)}"
    with write():
        due = (
            Delivery.select(Delivery.id)
            .where(
                _IS_OPEN,
                Delivery.state == DeliveryState.QUEUED,
                Delivery.next_attempt_at <= now,
                leases.over(now, Delivery.lease_until, LEASE),
            )
            .order_by(Delivery.next_attempt_at, Delivery.id)
            .limit(limit)
        )
        ids = [row.id for row in (due if is_sqlite() else due.for_update(True, skip_locked=True))]
        if not ids:
            return []
        Delivery.update(lease_owner=owner, lease_until=now + LEASE).where(Delivery.id.in_(ids)).execute()
        rows = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(Delivery.id.in_(ids))
        return list(rows.order_by(Delivery.next_attempt_at, Delivery.id))


def end_leases(now: datetime) -> int:
    """Departed rows whose sender never came back: the outcome is unknown. Returns how many.

    What Zalo reported meanwhile may settle them at once, however long ago the sender ended.
    """
    over = leases.over(now, Delivery.lease_until, LEASE)
    gone = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount)
    rows = list(gone.where(_IS_OPEN, Delivery.state == DeliveryState.SENDING, over))
    ended = [row for row in rows if deliveries.unknown(now, row.id, over)]
    for row in ended:
        receipts.look_for(now, row)
    return len(ended)


def release_held(now: datetime) -> int:
    """Rows that waited for a person: due at once when their OA may send again. Returns how many."""
    if stop_all.in_force():
        return 0
    open_oas = OfficialAccount.select(OfficialAccount.id).where(
        OfficialAccount.state == OaState.ACTIVE, OfficialAccount.stopped_at.is_null()
    )
    return int(
        Delivery.update(next_attempt_at=now, held_reason="")
        .where(
            _IS_OPEN,
            Delivery.state == DeliveryState.QUEUED,
            Delivery.next_attempt_at.is_null(),
            Delivery.held_reason.in_(["stopped", "token"]),
            Delivery.oa.in_(open_oas),
        )
        .execute()
    )


async def _guarded(desk: Desk, row: Delivery) -> None:
    try:
        await _send_one(desk, row)
    except Exception as defect:
        # The lease decides: not departed, it is tried again; departed, it becomes uncertain.
        log.exception("sending_broke", delivery=row.id, problem=type(defect).__name__)


async def _send_one(desk: Desk, row: Delivery) -> None:
    """Try one claimed delivery, and record what came of it."""
    try:
        await in_thread(departures.check, desk, row)
        taken = await _ask_zalo(desk, row)
    except LeaseLost:
        return
    except NotYet as later:
        await in_thread(outcomes.waits, desk.now(), row, later.verdict)
    except TooLong as later:
        await in_thread(outcomes.back, desk.now(), row, later.due, "pacing")
    except Refusal as refusal:
        await in_thread(outcomes.objected, desk.now(), row, refusal)
    except InvalidMessage as broken:
        await in_thread(outcomes.unusable, desk.now(), row, broken.rule)
    except DeskError as gone:
        await in_thread(outcomes.unusable, desk.now(), row, gone.key)
    except TokenUnavailable:
        await in_thread(outcomes.back, desk.now(), row, desk.now() + timedelta(seconds=15), "token")
    except NotSent:
        await in_thread(outcomes.surely_not_sent, desk.now(), row)
    except PerhapsSent as lost:
        log.warning("outcome_unknown", delivery=row.id, problem=str(lost))
        await in_thread(outcomes.lost, desk.now(), row)
    except Refused as answer:
        await in_thread(outcomes.refused, desk.now(), row, answer)
    else:
        await in_thread(_accepted, desk, row, taken)


async def _ask_zalo(desk: Desk, row: Delivery) -> Taken:
    """Send it, and once more, within the same attempt, when Zalo has a picture or file of it no longer."""
    request = await dispatch.prepare(desk, row)
    try:
        return await _call(desk, row, request)
    except Refused as answer:
        if not dispatch.lost_upload(request, answer):
            raise
    await in_thread(handles.forget, row.oa, list(request.handles))
    return await _call(desk, row, await dispatch.prepare(desk, row))


async def _call(desk: Desk, row: Delivery, request: Request) -> Taken:
    work = departures.departing(desk, row, request.work)
    return await gateway.call(desk, row.oa, work, host=dispatch.host_of(row), sending=True, patience=PATIENCE)


def _accepted(desk: Desk, row: Delivery, taken: Taken) -> None:
    now = desk.now()
    outcomes.accepted(now, row, taken.msg_id, taken.sent_at, taken.quota_type)
    if not row.development:
        quotas.note(desk, row.oa, taken.daily_quota, taken.remaining_quota)
        quotas.note_cs(desk, row.oa, taken.quota, "cs" if row.channel == Channel.CS else "transaction")
