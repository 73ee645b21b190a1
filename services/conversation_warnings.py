"""Before the windows of Zalo close over somebody who still waits: 48 hours (free) and 7 days (at all), once for each.

By day only: what would end at night, or soon after it, is warned of in the evening before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from db import to_ms, write
from models import Conversation, Follower
from services import conversations, notices
from services.desk import VIETNAM
from services.interaction import CARE_WINDOW, FREE_WINDOW

NOTICE = "window_ends"
DAY_FROM, EVENING, DAY_TO = time(8), time(20), time(22)
MORNING_AFTER = timedelta(hours=14)  # at 20:00 all that ends before 10:00
AT_ONCE = 200


@dataclass(frozen=True)
class Window:
    """How long after the last line something is possible, and how long before its end staff are warned."""

    name: str
    length: timedelta
    lead: timedelta
    mark: Any  # the column that says for which line the warning was given


WINDOWS = (
    Window("free", FREE_WINDOW, timedelta(hours=2), Conversation.warned_free_for),
    Window("closed", CARE_WINDOW, timedelta(hours=12), Conversation.warned_window_for),
)


def until(row: Conversation, name: str) -> datetime:
    """When the window of that name ends for this conversation."""
    window = next(each for each in WINDOWS if each.name == name)
    last: datetime = row.last_inbound_at or row.waiting_since
    return last + window.length


def warn(now: datetime) -> int:
    """Tell whoever looks after them, or all operators of the OA; returns how many conversations. Safe to repeat."""
    hour = now.astimezone(VIETNAM).time()
    if not DAY_FROM <= hour < DAY_TO:
        return 0
    return sum(_warn(now, window, MORNING_AFTER if hour >= EVENING else window.lead) for window in WINDOWS)


def _warn(now: datetime, window: Window, lead: timedelta) -> int:
    lead = max(lead, window.lead)
    ends = (Conversation.last_inbound_at > now - window.length) & (
        Conversation.last_inbound_at <= now - window.length + lead
    )
    fresh = window.mark.is_null() | (window.mark != Conversation.last_inbound_at)
    waits = Conversation.waiting_since.is_null(False)
    rows = list(Conversation.select().where(waits, ends, fresh).order_by(Conversation.waiting_since).limit(AT_ONCE))
    return sum(_tell(now, window, row, waits & fresh) for row in rows)


def _tell(now: datetime, window: Window, row: Conversation, still: Any) -> bool:
    with write():
        same = (Conversation.id == row.id, Conversation.last_inbound_at == row.last_inbound_at)
        values = {window.mark.name: row.last_inbound_at}
        if not Conversation.update(values).where(*same, still).execute():
            return False  # another clock was faster, or they were answered
        person = Follower.get_or_none(Follower.oa_id == row.oa_id, Follower.user_id == row.user_id)
        if person is None:
            return False
        payload = {"oa_id": row.oa_id, "row": person.id, "end": window.name}
        ref = f"{person.id}:{window.name}:{to_ms(row.last_inbound_at)}"
        for reader in conversations.audience(now, row, row.oa_id):
            notices.post(now, reader.telegram_id, NOTICE, ref, payload)
    return True
