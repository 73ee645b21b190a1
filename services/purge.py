"""Forgetting, night by night: what nobody needs any longer leaves the tables, a bounded piece at a time.

What counts, costs and states say stays; what people wrote, were sent and are called goes. Every piece is a transaction
of its own over at most BATCH rows, with a pause of the same length after it, so that whoever stores events meanwhile
never waits longer than for one of them; what is looked for by a condition is found before the transaction. Big tables
are walked by their row numbers from a bookmark: no night reads what an earlier one has dealt with, unless a message
from then is open still. What a night leaves over, the next one goes on with.

Events nobody applied yet and messages that wait or are under way are never touched. Dead events, and those of an OA
that nobody registered, lose their bodies on the same day as all others: they hold the same personal data.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

import structlog
from peewee import fn

from db import in_thread, to_ms, write
from models import (
    AuditEntry,
    Channel,
    ChatMessage,
    ClockTick,
    Confirmation,
    Consent,
    Counter,
    Delivery,
    DeliveryState,
    Draft,
    FollowerSync,
    InboxEvent,
    InboxState,
    Invitation,
    Notice,
    NoticeState,
    OauthTicket,
    Rating,
    Receipt,
    Row,
    StaffUpdate,
    Stranger,
    TelegramGroup,
    UpdateState,
    Watch,
    ZaloUpload,
)
from services import forgetting, house, ratings, uploads
from services.desk import Desk
from services.rows import many

log = structlog.get_logger(__name__)

BATCH = 2000  # rows a transaction
MOST = 500  # transactions a night for each kind of thing: a million rows
LEAST_PAUSE = 0.05  # seconds
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
BURSTS_KEPT = timedelta(days=1)
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_MARK = "purge."  # and the name of the walk: its bookmark in services.house
# By then no echo of an uncertain message comes, and nobody should send it once more: it is forgotten like the others.
UNCERTAIN_FOR = WEEK

Pause = Callable[[float], Awaitable[None]]


@dataclass(frozen=True)
class Piece:
    """One transaction's worth: how many rows changed, and whether there is more to do now."""

    changed: int
    more: bool


@dataclass(frozen=True)
class Task:
    """One kind of thing that is forgotten; `work` does one piece of it."""

    name: str
    work: Callable[[], Piece]


async def run(desk: Desk, most: int = MOST, pause: Pause = asyncio.sleep) -> dict[str, int]:
    """Forget what is due, at most `most` transactions of each kind; returns how many rows or files of each changed.

    Safe to run at any time, twice, and beside everything else; stopped in the middle it has done what it has done.
    Where one kind fails the others are still done; then the first failure is raised.
    """
    done: dict[str, int] = {}
    broken: list[Exception] = []
    for task in tasks(desk):
        try:
            done[task.name] = await _do(task, most, pause)
        except Exception as problem:
            log.exception("purge_broke", task=task.name, problem=type(problem).__name__)
            broken.append(problem)
    done = {name: changed for name, changed in done.items() if changed}
    log.info("purged", **done)
    if broken:
        raise broken[0]
    return done


async def _do(task: Task, most: int, pause: Pause) -> int:
    changed = 0
    for _ in range(most):
        began = monotonic()
        piece = await in_thread(task.work)
        changed += piece.changed
        if not piece.more:
            break
        await pause(max(LEAST_PAUSE, monotonic() - began))
    return changed


def tasks(desk: Desk) -> list[Task]:
    """What is forgotten, and when, as the settings have it."""
    now, keep = desk.now(), desk.settings
    events, keys = timedelta(days=keep.keep_events_days), timedelta(days=keep.keep_event_keys_days)
    messages, audit = timedelta(days=keep.keep_messages_days), timedelta(days=keep.keep_audit_days)
    return [
        Task("event_bodies", partial(_event_bodies, now, now - events)),
        Task("events", partial(_event_rows, now, now - keys)),
        Task("chat_messages", partial(_chat_messages, now, now - messages)),
        Task("deliveries", partial(_deliveries, now, now - messages)),
        Task("receipts", partial(_receipts, now - MONTH)),
        # Its index has the order of time: without it a night read three years to find nothing.
        Task("audit", partial(_delete, AuditEntry, AuditEntry.at < now - audit, AuditEntry.at)),
        Task("updates", partial(_handled_updates, now - WEEK)),
        Task("notices", partial(_shown_notices, now - MONTH)),
        Task("ratings", partial(_ratings, now - messages)),
        Task("consent_words", partial(_consent_words, now - messages)),
        *(Task(name, partial(_delete, model, old)) for name, model, old in _traces(now)),
        Task("uploads", partial(_uploads, desk, now - MONTH)),
    ]


def _traces(now: datetime) -> list[tuple[str, type[Row], Any]]:
    """Small tables: which rows of each have had their time."""
    week, month = now - WEEK, now - MONTH
    # What COALESCE gives is no UtcMs to peewee any more, so it is compared with the number.
    invited = fn.COALESCE(Invitation.used_at, Invitation.revoked_at, Invitation.expires_at)
    ended = fn.COALESCE(OauthTicket.ended_at, OauthTicket.expires_at)
    # The newest pull of an OA tells that its list was read at all.
    newest = FollowerSync.select(fn.MAX(FollowerSync.id)).group_by(FollowerSync.oa)
    return [
        ("ticks", ClockTick, ClockTick.slot < week),
        ("confirmations", Confirmation, Confirmation.expires_at < week),
        ("drafts", Draft, Draft.updated_at < month),
        ("oauth_tickets", OauthTicket, ended < to_ms(month)),
        ("invitations", Invitation, invited < to_ms(month)),
        ("strangers", Stranger, Stranger.ignored_at.is_null() & (Stranger.last_seen_at < month)),
        ("groups", TelegramGroup, ~TelegramGroup.allowed & (TelegramGroup.left_at < month)),
        ("counters", Counter, (fn.LENGTH(Counter.day) > len("2026-11-23")) & (Counter.last_at < now - BURSTS_KEPT)),
        ("watches", Watch, Watch.created_at < month),
        # Zalo keeps what was uploaded for seven days (oa-api.md 7): a handle older than that serves nobody.
        ("handles", ZaloUpload, ZaloUpload.uploaded_at < week),
        ("pulls", FollowerSync, (FollowerSync.ended_at < month) & FollowerSync.id.not_in(newest)),
    ]


# --------------------------------------------------------------------------- by condition


def _delete(model: type[Row], old: Any, order: Any = None) -> Piece:
    """Search first, without a lock: where nothing is due the whole table may be read. Then delete what is still due."""
    by = model.id if order is None else order
    ids = [row.id for row in model.select(model.id).where(old).order_by(by).limit(BATCH)]
    if not ids:
        return Piece(0, False)
    with write():
        changed = model.delete().where(model.id.in_(ids), old).execute()
    return Piece(changed, len(ids) == BATCH)


def _ratings(before: datetime) -> Piece:
    """Words and recipients; the stars stay with their template."""
    filled = (Rating.note != "") | Rating.feedbacks.is_null(False) | (Rating.recipient != "")
    ids = _due(Rating, (Rating.at < before) & filled)
    if not ids:
        return Piece(0, False)
    with write():
        changed = ratings.forget(Rating.id.in_(ids))
    return Piece(changed, len(ids) == BATCH)


def _consent_words(before: datetime) -> Piece:
    """What a no rests on; that it was said, when and by whom stays. The words of a yes stay with it, as its proof."""
    no = (Consent.at < before) & Consent.evidence.is_null(False) & (Consent.given.is_null() | ~Consent.given)
    ids = _due(Consent, no)
    if not ids:
        return Piece(0, False)
    with write():
        changed = Consent.update(evidence=None).where(Consent.id.in_(ids), no).execute()
    return Piece(changed, len(ids) == BATCH)


def _due(model: type[Row], which: Any) -> list[int]:
    """Found without a lock."""
    return [row.id for row in model.select(model.id).where(which).order_by(model.id).limit(BATCH)]


def _handled_updates(before: datetime) -> Piece:
    handled = StaffUpdate.state.in_([UpdateState.DONE, UpdateState.FAILED])
    young = _first_young(StaffUpdate, StaffUpdate.received_at, before)
    return _delete(StaffUpdate, (StaffUpdate.id < young) & (StaffUpdate.received_at < before) & handled)


def _shown_notices(before: datetime) -> Piece:
    shown = (Notice.state != NoticeState.QUEUED) & (Notice.queued_at.is_null() | (Notice.queued_at < before))
    young = _first_young(Notice, Notice.created_at, before)
    return _delete(Notice, (Notice.id < young) & (Notice.created_at < before) & shown)


def _first_young(model: type[Row], at: Any, before: datetime) -> int:
    """The number of the first row that is not old: up to it a table that grows by time has to be read, no further."""
    # Found by walking from the first row, most of which earlier nights have deleted.
    row = model.select(model.id).where(at >= before).order_by(model.id).first()
    return 2**63 - 1 if row is None else int(row.id)


# --------------------------------------------------------------------------- big tables: from a bookmark


def _old(model: type[Row], at: Any, after: int, before: datetime, *more: Any) -> tuple[list[Any], bool]:
    """The rows behind `after` up to the first that is not old enough, and whether BATCH ended them before that one."""
    query = model.select(model.id, at, *more).where(model.id > after).order_by(model.id).limit(BATCH)
    rows: list[Any] = list(query.namedtuples())
    fresh = next((at_ for at_, row in enumerate(rows) if row[1] >= before), len(rows))
    return rows[:fresh], fresh == BATCH


def _event_bodies(now: datetime, before: datetime) -> Piece:
    """Empty raw events. Stops before one nobody applied yet: it is tried again soon, and then has an end."""
    with write():
        after = house.get(_MARK + "event_bodies", 0)
        rows, more = _old(InboxEvent, InboxEvent.received_at, after, before, InboxEvent.state)
        stop = next((at for at, row in enumerate(rows) if row.state == InboxState.NEW), len(rows))
        ids = [row.id for row in rows[:stop]]
        if not ids:
            return Piece(0, False)
        # Between the first and the last there is none that is not to be emptied, and no long list of numbers.
        span = InboxEvent.id.between(ids[0], ids[-1]) & (InboxEvent.body != b"") & (InboxEvent.state != InboxState.NEW)
        changed = InboxEvent.update(body=b"", headers={}).where(span).execute()
        house.put(now, _MARK + "event_bodies", ids[-1])
    return Piece(changed, more and stop == len(rows))


def _event_rows(now: datetime, before: datetime) -> Piece:
    """Delete events altogether; a repetition by Zalo would from then on be taken for a new event."""
    with write():
        rows, more = _old(InboxEvent, InboxEvent.received_at, 0, before, InboxEvent.state)
        ids = [row.id for row in rows if row.state != InboxState.NEW]
        changed = InboxEvent.delete().where(InboxEvent.id.in_(ids)).execute() if ids else 0
        if changed and not InboxEvent.select(InboxEvent.id).exists():
            # SQLite counts an emptied table from 1 again, below the bookmark.
            house.put(now, _MARK + "event_bodies", 0)
    return Piece(changed, more and bool(changed))


def _chat_messages(now: datetime, before: datetime) -> Piece:
    with write():
        rows, more = _old(ChatMessage, ChatMessage.at, house.get(_MARK + "chat_messages", 0), before)
        if not rows:
            return Piece(0, False)
        these = ChatMessage.id.between(rows[0].id, rows[-1].id)
        changed = forgetting.chat_messages(these)
        _conversations(these, before)
        house.put(now, _MARK + "chat_messages", rows[-1].id)
    return Piece(changed, more)


def _conversations(these: Any, before: datetime) -> None:
    """The beginning of a last line goes with the line itself."""
    who: Any = ChatMessage.select(ChatMessage.oa_id, ChatMessage.user_id).where(these).distinct().tuples()
    sql = """UPDATE conversation SET last_text = ''
        WHERE oa_id = ? AND user_id = ? AND last_text <> '' AND COALESCE(last_inbound_at, 0) < ?"""
    many(sql, sorted((oa_id, user_id, to_ms(before)) for oa_id, user_id in who))


def _receipts(before: datetime) -> Piece:
    """Delete what was reported: a receipt that found its message is in it by now, and no other ever will."""
    with write():
        rows, more = _old(Receipt, Receipt.created_at, 0, before)
        ids = [row.id for row in rows]
        changed = Receipt.delete().where(Receipt.id.in_(ids)).execute() if ids else 0
    return Piece(changed, more)


def _deliveries(now: datetime, before: datetime) -> Piece:
    """Empty messages from the bookmark on, past those that are open still.

    Behind the last one the bookmark goes back to the first of the open ones, at which the next night looks again.
    Nothing is kept about each of them, so that no number of them can stop this; the log tells how many there are.
    """
    name = _MARK + "deliveries"
    with write():
        mark = {"after": 0, "back": None, "open": 0, **house.get(name, {})}
        rows, more = _old(Delivery, Delivery.created_at, mark["after"], before)
        ids = [row.id for row in rows]
        waits = Delivery.select(Delivery.id).where(Delivery.id.in_(ids), _still_open(now)).order_by(Delivery.id)
        still = [row.id for row in waits]
        changed = forgetting.deliveries(Delivery.id.in_(ids) & ~_still_open(now), forgetting.mask)
        after = ids[-1] if ids else mark["after"]
        back = still[0] - 1 if mark["back"] is None and still else mark["back"]
        left = mark["open"] + len(still)
        fresh = {"after": after if back is None else back, "back": None, "open": 0}
        house.put(now, name, {"after": after, "back": back, "open": left} if more else fresh)
    if left and not more:
        log.warning("old_messages_open", count=left, after=back)
    return Piece(changed, more)


def _still_open(now: datetime) -> Any:
    unclear = (Delivery.state == DeliveryState.UNCERTAIN) & (Delivery.created_at >= now - UNCERTAIN_FOR)
    return Delivery.state.in_([DeliveryState.QUEUED, DeliveryState.SENDING]) | unclear


# --------------------------------------------------------------------------- files


def _uploads(desk: Desk, before: datetime) -> Piece:
    """Delete files nobody used lately, unless a message that is still open needs them. Of this machine only."""
    opened = Delivery.select(Delivery.content).where(Delivery.state.in_(OPEN), Delivery.channel != Channel.ZNS)
    needed: set[str] = set()
    for row in opened.iterator():
        needed |= set(_files(row.content))
    for watch in Watch.select(Watch.content).where(Watch.content.is_null(False)).iterator():
        needed |= set(_files(watch.content))
    return Piece(uploads.drop_unused(desk, before, needed), False)


def _files(content: Any) -> Iterator[str]:
    """The names of uploads in a content, wherever they stand: {"upload": name}."""
    if isinstance(content, dict):
        if isinstance(content.get("upload"), str):
            yield content["upload"]
        for value in content.values():
            yield from _files(value)
