"""Turns of the clock: several clocks may run, and each turn of each job is taken by one of them.

A job belongs to a slot, the latest time it was due. Whoever enters the slot first runs it; a clock that was down then
enters it when it is back.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from db import EPOCH, write
from models import ClockTick
from services.desk import VIETNAM


def every(period: timedelta, now: datetime) -> datetime:
    """The latest whole multiple of `period` since 1970."""
    return now - (now - EPOCH) % period


def daily(at: time, now: datetime) -> datetime:
    """The latest moment when clocks in Vietnam showed `at`."""
    local = now.astimezone(VIETNAM)
    today = datetime.combine(local.date(), at, VIETNAM)
    found = today if today <= local else datetime.combine(local.date() - timedelta(days=1), at, VIETNAM)
    return found.astimezone(now.tzinfo)


def take(job: str, slot: datetime) -> bool:
    """Enter the slot; False when it was taken before, here or by another clock."""
    with write():
        if ClockTick.select().where(ClockTick.job == job, ClockTick.slot == slot).exists():
            return False
        # rowcount and not a returned id: on a conflict SQLite would hand back the id of an older insert.
        done = ClockTick.insert(job=job, slot=slot).on_conflict_ignore().as_rowcount().execute()
    return bool(done)


def end(now: datetime, job: str, slot: datetime, error: str = "") -> None:
    """Note how the turn went."""
    ClockTick.update(done_at=now, error=error[:200]).where(ClockTick.job == job, ClockTick.slot == slot).execute()
