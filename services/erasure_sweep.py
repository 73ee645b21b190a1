"""The long part of an erasure, in short transactions: messages, deliveries, raw events, and what is half done.

Called by the clock every minute and by the command line until it is done. Everything here can be repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog
from peewee import fn

from db import in_thread, is_sqlite, to_ms, write
from models import ChatMessage, Delivery, DeliveryState, InboxEvent, InboxState, Rating, Receipt
from services import audit, deliveries, erasure, erasure_jobs, erasure_open, forgetting, notices, ratings
from services.audit import MACHINE
from services.desk import Desk
from services.erasure_jobs import Job
from services.rows import one
from zalo.events import NotAnEvent, parse

log = structlog.get_logger(__name__)

BATCH = 2000
PAUSE = 0.02  # seconds between two transactions
# An echo may still tell what became of an uncertain message, and it is recognised by the wording.
UNCERTAIN_FOR = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=2)  # for what stays under way or unapplied so long that something else is wrong

Pause = Callable[[float], Awaitable[None]]


async def run(desk: Desk, only: Job | None = None, pause: Pause = asyncio.sleep) -> int:
    """Go on with every erasure (or `only` this one); returns how many were finished.

    One that has to wait for a message under way or an event not applied yet is gone on with at the next call. Safe to
    run twice at once.
    """
    jobs = [only] if only else await in_thread(erasure_jobs.pending)
    finished = 0
    for job in jobs:
        finished += await _work(desk, job, pause)
    return finished


async def _work(desk: Desk, job: Job, pause: Pause) -> bool:
    if not job.begun:
        await in_thread(erasure.begin, desk, job)
    for piece in (_chat, _deliveries, _papers, _events):
        while await in_thread(_step, desk, job, piece):
            await pause(PAUSE)
    return await in_thread(_finish, desk, job)


def _step(desk: Desk, job: Job, piece: Callable[[Desk, Job], bool]) -> bool:
    """One piece of the job as it stands now; True while there is more of the kind."""
    now = erasure_jobs.again(job)
    return now is not None and piece(desk, now)


def _counted(desk: Desk, job: Job, name: str, more: int, **changes: Any) -> None:
    counts = {**job.counts, name: job.counts.get(name, 0) + more}
    erasure_jobs.save(desk.now(), job, counts=counts, **changes)


def _chat(desk: Desk, job: Job) -> bool:
    """Texts and attachments of the chat, and by what their echoes would be recognised."""
    for oa_id, user_id in job.people:
        with write():
            filled = forgetting.FILLED | ChatMessage.told_at.is_null()
            mine = (ChatMessage.oa_id == oa_id) & (ChatMessage.user_id == user_id) & (ChatMessage.at <= job.at)
            rows = list(ChatMessage.select(ChatMessage.id, ChatMessage.msg_id).where(mine, filled).limit(BATCH))
            emptied = ChatMessage.id.in_([row.id for row in rows])
            forgetting.chat_messages(emptied)
            ChatMessage.update(told_at=ChatMessage.at).where(emptied, ChatMessage.told_at.is_null()).execute()
            _forget_receipts(oa_id, [row.msg_id for row in rows])
            _counted(desk, job, "messages", len(rows))
        if len(rows) == BATCH:
            return True
        job = erasure_jobs.again(job) or job
    return False


def _forget_receipts(oa_id: str, msg_ids: list[str]) -> None:
    theirs = (Receipt.oa_id == oa_id) & Receipt.msg_id.in_(msg_ids)
    Receipt.update(user_id="", text_hash="").where(theirs).execute()


def _deliveries(desk: Desk, job: Job) -> bool:
    """What waits is not sent any more; what has ended keeps its state and its price."""
    now = desk.now()
    theirs = erasure_open.reached(job)
    unclear = (Delivery.state == DeliveryState.UNCERTAIN) & (Delivery.attempted_at > now - UNCERTAIN_FOR)
    with write():
        for row in Delivery.select(Delivery.id).where(theirs, Delivery.state == DeliveryState.QUEUED):
            deliveries.move(now, row.id, DeliveryState.CANCELLED)
        moving = Delivery.state.in_([DeliveryState.QUEUED, DeliveryState.SENDING])
        query = Delivery.select(Delivery.id, Delivery.msg_id, Delivery.oa).where(theirs, ~moving, ~unclear)
        rows = list(query.limit(BATCH))
        forgetting.deliveries(Delivery.id.in_([row.id for row in rows]), forgetting.nobody)
        ratings.forget(Rating.delivery_id.in_([row.id for row in rows]))
        for row in rows:
            deliveries.show(now, row.id)  # the message in Telegram that shows it names the person too
        _counted(desk, job, "deliveries", len(rows))
    return len(rows) == BATCH


def _papers(desk: Desk, job: Job) -> bool:
    """Half-finished forms and open questions once more, for those made at the same moment, and notices."""
    with write():
        erasure_open.drop_papers(desk, job.people, job.phones)
        for needle in erasure_open.names(job.people, job.phones):
            one("DELETE FROM notice WHERE payload LIKE ?", [f"%{needle}%"])
    return False


def _events(desk: Desk, job: Job) -> bool:
    """Raw events that name the person and are older than the erasure, in pieces by row number.

    Reading takes no lock. It stops before an event nobody applied yet: that one may tell of others too, and is emptied
    once it was applied, which keeps what it says of the person away.
    """
    last = int(InboxEvent.select(fn.MAX(InboxEvent.id)).scalar() or 0)
    upto = min(job.cursor + BATCH, last)
    found = list(_naming(job, upto)) if upto > job.cursor else []
    unapplied = next((row.id for row in found if row.state == InboxState.NEW), None)
    if unapplied is not None:
        upto = unapplied - 1
    old = [row.id for row in found if row.id <= upto and _happened(row) <= to_ms(job.at)]
    with write():
        settled = InboxEvent.id.in_(old) & (InboxEvent.state != InboxState.NEW)
        emptied = InboxEvent.update(body=b"", headers={}).where(settled).execute() if old else 0
        _counted(desk, job, "events", emptied, cursor=max(upto, job.cursor), blocked=unapplied is not None)
    return unapplied is None and upto < last


def _naming(job: Job, upto: int) -> Any:
    """Events with the id or the phone of the person in their bodies."""
    needles = [user_id for _, user_id in job.people]
    needles += [spelling for phone in job.phones for spelling in (phone, "0" + phone.removeprefix("84"))]
    holds = "instr(body, ?) > 0" if is_sqlite() else "position(? in body) > 0"
    wanted = " OR ".join([holds] * len(needles)) or "1 = 0"
    sql = f"SELECT id FROM inbox_event WHERE id > ? AND id <= ? AND ({wanted})"  # noqa: S608
    ids = [id_ for (id_,) in one(sql, [job.cursor, upto, *(needle.encode() for needle in needles)]).fetchall()]
    return InboxEvent.select().where(InboxEvent.id.in_(ids)).order_by(InboxEvent.id).iterator()


def _happened(row: InboxEvent) -> int:
    received = to_ms(row.received_at)
    try:
        return parse(bytes(row.body), received).at
    except NotAnEvent:
        return received


def _finish(desk: Desk, job: Job) -> bool:
    """End the job when nothing is left that has to be waited for; audit it, and tell who asked."""
    now = desk.now()
    with write():
        current = erasure_jobs.again(job)
        if current is None or (_waits(current) and now < current.at + GIVE_UP_AFTER):
            return False
        if not erasure_jobs.end(current):
            return False
        oa_id = current.people[0][0] if current.people else ""
        audit.record(now, MACHINE, "customer.erased_whole", oa_id=oa_id, detail=current.counts)
        if current.chat_id is not None:
            payload = {"oa_id": oa_id, "messages": 0, "deliveries": 0, "events": 0, **current.counts}
            ref = current.name.rpartition(":")[2]
            notices.post(now, current.chat_id, "erased", ref, payload, current.message_id)
    log.info("erased", **current.counts)
    return True


def _waits(job: Job) -> bool:
    theirs = erasure_open.reached(job)
    return job.blocked or bool(Delivery.select().where(theirs).exists())
