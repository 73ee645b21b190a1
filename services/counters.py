"""Counted happenings that leave no row of their own: by day for people, by minute to notice a burst."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from peewee import EXCLUDED, fn

from db import write
from models import Counter
from services.desk import VIETNAM

_MINUTE = "%Y-%m-%d %H:%M"
_MINUTES_KEPT = timedelta(hours=1)


def add(now: datetime, name: str, n: int = 1) -> None:
    """Count `n` more of `name` today. Joins the caller's transaction."""
    _add(now, name, now.astimezone(VIETNAM).date().isoformat(), n)


def add_all(now: datetime, counts: Mapping[str, int]) -> None:
    """Count several names in one transaction, in an order that cannot deadlock with another process."""
    with write():
        for name in sorted(counts):
            add(now, name, counts[name])


def last_at(name: str) -> datetime | None:
    """When `name` was counted last; None if never."""
    row = Counter.select().where(Counter.name == name).order_by(Counter.last_at.desc()).first()
    return row.last_at if row else None


def add_to_burst(now: datetime, name: str, n: int, within: timedelta) -> int:
    """Count `n` more of `name` and return how many there were in the last `within` (whole minutes, at most an hour)."""
    local = now.astimezone(VIETNAM)
    with write():
        stale = (local - _MINUTES_KEPT).strftime(_MINUTE)
        Counter.delete().where(Counter.name == name, Counter.day < stale).execute()
        _add(now, name, local.strftime(_MINUTE), n)
        since = (local - within).strftime(_MINUTE)
        return int(Counter.select(fn.SUM(Counter.value)).where(Counter.name == name, Counter.day > since).scalar() or 0)


def _add(now: datetime, name: str, day: str, n: int) -> None:
    Counter.insert(name=name, day=day, value=n, last_at=now).on_conflict(
        conflict_target=[Counter.name, Counter.day],
        update={Counter.value: Counter.value + EXCLUDED.value, Counter.last_at: EXCLUDED.last_at},
    ).execute()
