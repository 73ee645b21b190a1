"""The outbox to Telegram: every process writes rows here, the bot sends them, the latest state for each message."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog

from db import is_sqlite, write
from models import Notice, NoticeState, Role, Staff
from services import counters, leases
from services.staff import at_least

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
GIVE_UP_AFTER = 12
NOBODY, NOBODY_COUNTER = 0, "notices.nobody"  # no chat has this number
# Said by e-mail too when Telegram cannot be reached: an OA that cannot send, or soon cannot, and events that are lost.
URGENT = frozenset(
    {
        "needs_reauth", "renewal_failing", "oauth_refused", "refresh_expiring", "package_ending", "oa_idle",
        "oa_stopped", "stop_all", "wrong_signatures", "webhook_silent", "inbox_dead", "token_stranger",
    }
)  # fmt: skip


def post(
    now: datetime,
    chat_id: int,
    kind: str,
    ref: str,
    payload: dict[str, Any],
    message_id: int | None = None,
    at: datetime | None = None,
) -> None:
    """Queue a message, or a new state of one: same chat, kind and ref is the same Telegram message, edited.

    Call it in the transaction of the change it tells of. `message_id` names a message that already stands there, `at`
    is when to send it (now, unless given).
    """
    fresh = {
        "payload": payload,
        "state": NoticeState.QUEUED,
        "attempts": 0,
        "next_attempt_at": at or now,
        "version": Notice.version + 1,
        "queued_at": now,
    }
    row = {"chat_id": chat_id, "kind": kind, "ref": ref, "created_at": now, "message_id": message_id}
    first = {"queued_at": now, "urgent": kind in URGENT}
    Notice.insert(**row, **first, payload=payload, next_attempt_at=at or now).on_conflict(
        conflict_target=[Notice.chat_id, Notice.kind, Notice.ref], update=fresh
    ).execute()


def alert(now: datetime, kind: str, ref: str, payload: dict[str, Any], role: Role = Role.MANAGER) -> int:
    """Post to everybody whose role reaches `role`; returns to how many.

    About one OA (`payload["oa_id"]`): only to those who may use it. What nobody is there to be told is logged and
    counted, and goes by e-mail if it is urgent.
    """
    people = at_least(role, str(payload.get("oa_id") or ""))
    for person in people:
        post(now, person.telegram_id, kind, ref, payload)
    if not people:
        _to_nobody(now, kind, ref, payload)
    return len(people)


def _to_nobody(now: datetime, kind: str, ref: str, payload: dict[str, Any]) -> None:
    log.warning("nobody_to_tell", kind=kind, hint="set TELEGRAM_OWNER_ID, or enter a manager")
    counters.add(now, NOBODY_COUNTER)
    # As if Telegram had refused it for good: services.mail then writes a letter, once however often it is told.
    given_up = {"state": NoticeState.FAILED, "error": "nobody to tell", "urgent": kind in URGENT}
    row = {"chat_id": NOBODY, "kind": kind, "ref": ref, "payload": payload, "created_at": now, "queued_at": now}
    Notice.insert(**row, **given_up).on_conflict_ignore().execute()


def withdraw(chat_id: int, kind: str, ref: str) -> Notice | None:
    """Take back a notice that was not sent yet, and return it; None when there is none."""
    waiting = (Notice.chat_id == chat_id, Notice.kind == kind, Notice.ref == ref, Notice.state == NoticeState.QUEUED)
    with write():
        row: Notice | None = Notice.get_or_none(*waiting)
        return row if row is not None and Notice.delete().where(*waiting).execute() else None


def alert_once(now: datetime, kind: str, ref: str, payload: dict[str, Any], role: Role = Role.MANAGER) -> bool:
    """As `alert`, unless this very thing was told before; True when it is told now."""
    with write():
        if Notice.select().where(Notice.kind == kind, Notice.ref == ref, Notice.chat_id != NOBODY).exists():
            return False
        return bool(alert(now, kind, ref, payload, role))


def told(kinds: Iterable[str], ref: str) -> Any:
    """The notices about one matter in the chats of staff; by the index, however many notices there are."""
    chats = Staff.select(Staff.telegram_id)
    return Notice.select().where(Notice.chat_id.in_(chats), Notice.kind.in_(list(kinds)), Notice.ref == ref)


def claim(now: datetime, owner: str, busy: Collection[int] = (), limit: int = 20) -> list[Notice]:
    """Take due notices for sending, for LEASE; another process gets others. None to the chats in `busy`."""
    with write():
        due = (
            Notice.select()
            .where(
                Notice.state == NoticeState.QUEUED,
                Notice.next_attempt_at <= now,
                leases.over(now, Notice.lease_until, LEASE),
                Notice.chat_id.not_in(list(busy)),
            )
            .order_by(Notice.next_attempt_at, Notice.id)
            .limit(limit)
        )
        rows = list(due if is_sqlite() else due.for_update(skip_locked=True))
        ids = [row.id for row in rows]
        Notice.update(lease_owner=owner, lease_until=now + LEASE).where(Notice.id.in_(ids)).execute()
    return rows


def sent(now: datetime, notice: Notice, message_id: int | None) -> None:
    """Record the Telegram message; a newer version posted meanwhile stays queued and will edit it."""
    Notice.update(message_id=message_id, lease_until=None).where(Notice.id == notice.id).execute()
    Notice.update(state=NoticeState.SENT, sent_at=now).where(
        Notice.id == notice.id, Notice.version == notice.version
    ).execute()


def retry(notice: Notice, at: datetime, error: str, *, for_ever: bool = False) -> None:
    """Try again at `at`; after 12 times the notice is given up and stays as a row (/metrics counts it).

    `for_ever`: however often, since nothing is wrong with the notice itself.
    """
    given_up = notice.attempts + 1 >= GIVE_UP_AFTER and not for_ever
    state = NoticeState.FAILED if given_up else NoticeState.QUEUED
    Notice.update(
        attempts=Notice.attempts + 1, next_attempt_at=at, error=error[:300], lease_until=None, state=state
    ).where(Notice.id == notice.id, Notice.version == notice.version).execute()
    Notice.update(lease_until=None).where(Notice.id == notice.id).execute()


def give_up(notice: Notice, error: str) -> None:
    """Telegram will never take it (blocked by the person, chat gone)."""
    Notice.update(state=NoticeState.FAILED, error=error[:300], lease_until=None).where(
        Notice.id == notice.id, Notice.version == notice.version
    ).execute()
