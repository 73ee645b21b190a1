"""The way out: claim a delivery, take a permit, commit the attempt, send, record what came of it.

Whoever claimed a row holds its lease. Until it departs it can be claimed by the next one when the lease ends; from the
moment its attempt is committed it is never sent again by itself: if nobody records an outcome before the lease ends,
the outcome is unknown, and says so.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from peewee import SQL, NodeList

from db import in_thread, is_sqlite, write
from models import Channel, Delivery, DeliveryState, Follower, OaState, OfficialAccount, ZnsTemplate
from services import consents, deliveries, gateway, leases, outcomes, preflight, receipts, stop_all, templates, uploads
from services.accounts import Mode, mode
from services.desk import Desk
from services.errors import DeskError, Refusal
from services.pacing import TooLong
from services.preflight import Case
from services.tokens import TokenUnavailable
from zalo import messages as bodies
from zalo import oa as zalo_oa
from zalo import zns
from zalo.client import Host, Zalo
from zalo.errors import NotSent, PerhapsSent, Refused
from zalo.messages import InvalidMessage

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # four times the total limit of a request
PATIENCE = 5.0  # seconds a claimed row may wait for its permit before it goes back into the queue
BATCH, AT_ONCE = 20, 100
STRAGGLE = 2.0  # seconds a batch is waited for before the next one is claimed
Work = Callable[[Zalo, str], Coroutine[Any, Any, "Taken"]]
# Word for word as the index of open rows has it: SQLite does not see that "= 'queued'" is a part of it.
_IS_OPEN = NodeList((Delivery.state, SQL("IN ('queued', 'sending')")))
_flying: set[asyncio.Task[None]] = set()  # a loop holds its tasks only weakly


@dataclass(frozen=True)
class Taken:
    """Zalo's yes, of either channel."""

    msg_id: str
    sent_at: datetime | None
    daily_quota: int | None = None
    remaining_quota: int | None = None


class _LeaseLost(Exception):
    """The row is not ours any more, so the request must not leave."""


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
        await in_thread(_check, desk, row)
        work = await _work(desk, row)
        taken = await gateway.call(
            desk, row.oa, _departing(desk, row, work), host=_host(row), sending=True, patience=PATIENCE
        )
    except _LeaseLost:
        return
    except TooLong as later:
        await in_thread(outcomes.back, desk.now(), row, later.due, "pacing")
    except Refusal as refusal:
        await in_thread(outcomes.objected, desk.now(), row, refusal)
    except (DeskError, InvalidMessage) as gone:
        await in_thread(outcomes.unusable, desk.now(), row, getattr(gone, "key", "message_invalid"))
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


def _check(desk: Desk, row: Delivery) -> None:
    """The rules once more, at the moment of sending: a mode, a token or a template may have changed since the yes."""
    row.oa = OfficialAccount.get_by_id(row.oa_id)
    if row.channel == Channel.ZNS:
        template = ZnsTemplate.get_or_none(
            ZnsTemplate.oa == row.oa_id, ZnsTemplate.template_id == row.content["template_id"]
        )
        said = tuple(consents.of_person(row.oa.oa_id, None, row.recipient))
        preflight.check(Case(desk.now(), row.oa, Channel.ZNS, said=said, template=template))
    else:
        follower = Follower.get_or_none(Follower.oa_id == row.oa.oa_id, Follower.user_id == row.recipient)
        said = tuple(consents.of_person(row.oa.oa_id, follower))
        preflight.check(Case(desk.now(), row.oa, Channel.CS, follower=follower, said=said))
    row.development = row.development or mode(row.oa) is Mode.TEST


async def _work(desk: Desk, row: Delivery) -> Work:
    """The request of this delivery, with its picture uploaded if it has one of ours."""
    if row.channel == Channel.ZNS:
        return _zns(row)
    image, text = row.content.get("image"), row.content.get("text") or ""
    if image is None:
        body = bodies.text(row.recipient, text)
    elif "upload" in image:
        body = bodies.image_by_id(row.recipient, await _upload(desk, row, image["upload"]), text)
    else:
        body = bodies.image_by_url(row.recipient, image["url"], text)
    return _cs(body)


async def _upload(desk: Desk, row: Delivery, name: str) -> str:
    data = await in_thread(uploads.read, desk, name)

    def work(zalo: Zalo, token: str) -> Coroutine[Any, Any, str]:
        return zalo_oa.upload_image(zalo, token, name, data, uploads.content_type(name))

    try:
        return await gateway.call(desk, row.oa, work, sending=True, patience=PATIENCE)
    except PerhapsSent:
        # An upload nobody refers to reaches nobody: as far as the message goes, nothing was sent.
        raise NotSent("the picture could not be uploaded") from None


def _zns(row: Delivery) -> Work:
    async def work(zalo: Zalo, token: str) -> Taken:
        sent = await zns.send(
            zalo,
            token,
            phone=row.recipient,
            template_id=row.content["template_id"],
            params=row.content["params"],
            tracking_id=row.tracking_id,
            development=row.development,
        )
        return Taken(sent.msg_id, sent.sent_at, sent.daily_quota, sent.remaining_quota)

    return work


def _cs(body: dict[str, Any]) -> Work:
    async def work(zalo: Zalo, token: str) -> Taken:
        sent = await zalo_oa.send_message(zalo, token, body)
        return Taken(sent.message_id, sent.sent_at)

    return work


def _departing(desk: Desk, row: Delivery, work: Work) -> Work:
    """`work`, with the attempt committed before its request leaves."""

    async def departed(zalo: Zalo, token: str) -> Taken:
        await in_thread(_depart, desk, row)
        return await work(zalo, token)

    return departed


def _depart(desk: Desk, row: Delivery) -> None:
    """Commit the attempt under a lease that outlasts the request.

    Raises _LeaseLost when the row is not ours, and Refusal `send.stop_all`: the red button wins up to this very moment.
    """
    now = desk.now()
    ours = (Delivery.lease_owner == row.lease_owner, Delivery.lease_until >= now)
    values = {
        "attempt": row.attempt + 1,
        "attempted_at": now,
        "lease_until": now + LEASE,
        "development": row.development,
        "held_reason": "",
    }
    again = row.attempted_at is not None and row.state == DeliveryState.SENDING  # repeated after a token error
    with write():
        stop_all.may_depart()
        if again:
            mine = Delivery.state == DeliveryState.SENDING
            done = Delivery.update(lease_until=now + LEASE).where(Delivery.id == row.id, mine, *ours).execute()
        else:
            done = deliveries.move(now, row.id, DeliveryState.SENDING, *ours, **values)
    if not done:
        raise _LeaseLost
    if not again:
        row.attempt, row.attempted_at, row.state = row.attempt + 1, now, DeliveryState.SENDING


def _accepted(desk: Desk, row: Delivery, taken: Taken) -> None:
    now = desk.now()
    outcomes.accepted(now, row, taken.msg_id, taken.sent_at)
    if not row.development:
        templates.note_quota(desk, row.oa, taken.daily_quota, taken.remaining_quota)


def _host(row: Delivery) -> Host:
    return Host.BUSINESS if row.channel == Channel.ZNS else Host.OPENAPI
