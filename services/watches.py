""" "Tell me as soon as they write": a one-time notice to one person of staff, with what they meant to send.

A watch ends when it was told, and after 30 days by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models import Staff, Watch
from services import followers, notices
from services.errors import NotFound

LIFETIME = timedelta(days=30)
WROTE = "watched_wrote"  # notice


def add(now: datetime, person: Staff, oa_id: str, user_id: str, content: dict[str, Any] | None = None) -> Watch:
    """Tell `person` once when this customer writes; `content` is what the form for sending holds, kept for then.

    A second watch on the same customer replaces the first.
    """
    fresh = {"content": content, "created_at": now, "told_at": None}
    who = {"oa_id": oa_id, "user_id": user_id, "staff_id": person.telegram_id}
    Watch.insert(**who, **fresh).on_conflict(
        conflict_target=[Watch.oa_id, Watch.user_id, Watch.staff_id], update=fresh
    ).execute()
    row: Watch = Watch.get(*(getattr(Watch, name) == value for name, value in who.items()))
    return row


def wrote(now: datetime, oa_id: str, user_id: str) -> int:
    """The customer wrote: tell those who wait for it, once. Joins the transaction; returns how many there are."""
    rows = list(Watch.select().where(*_open(now, oa_id, user_id)).order_by(Watch.staff_id))
    told = 0
    for row in rows:
        if not Watch.update(told_at=now).where(Watch.id == row.id, Watch.told_at.is_null()).execute():
            continue  # another worker was faster
        payload = {"oa_id": oa_id, "watch": row.id, "row": followers.row_number(oa_id, user_id)}
        notices.post(now, row.staff_id, WROTE, f"{row.id}:{row.created_at:%Y%m%d%H%M%S}", payload)
        told += 1
    return told


def kept(now: datetime, person: Staff, watch_id: int) -> Watch:
    """The watch of a button, for as long as it lives. Raises NotFound `watch.gone`.

    Whether the customer's OA is still open to the person is for the caller to ask (`services.reach`).
    """
    mine = (Watch.id == watch_id, Watch.staff_id == person.telegram_id, Watch.created_at > now - LIFETIME)
    row: Watch | None = Watch.get_or_none(*mine)
    if row is None:
        raise NotFound("watch.gone")
    return row


def _open(now: datetime, oa_id: str, user_id: str) -> tuple[Any, ...]:
    return Watch.oa_id == oa_id, Watch.user_id == user_id, Watch.told_at.is_null(), Watch.created_at > now - LIFETIME
