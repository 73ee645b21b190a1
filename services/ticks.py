"""Turns of the clock: several clocks may run, and each turn of each job is taken by one of them.

A job belongs to a slot, the latest time it was due. Whoever enters the slot first runs it; a clock that was down then
enters it when it is back. A slot that came to no good end is entered again, a few times.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from db import EPOCH, write
from models import ClockTick
from services.desk import VIETNAM

REPEATS = 3
PAUSE = timedelta(minutes=5)
STUCK_AFTER = timedelta(minutes=10)


def every(period: timedelta, now: datetime) -> datetime:
    """The latest whole multiple of `period` since 1970."""
    return now - (now - EPOCH) % period


def daily(at: time, now: datetime) -> datetime:
    """The latest moment when clocks in Vietnam showed `at`."""
    local = now.astimezone(VIETNAM)
    today = datetime.combine(local.date(), at, VIETNAM)
    found = today if today <= local else datetime.combine(local.date() - timedelta(days=1), at, VIETNAM)
    return found.astimezone(now.tzinfo)


def take(now: datetime, job: str, slot: datetime) -> int:
    """Enter the slot; returns how many times it was entered now, 0 when it is not ours: taken here or elsewhere.

    A slot that ended badly is entered again after 5 minutes, one that never ended after 10 (its clock was killed), up
    to 3 times more, as long as it is the job's latest. So a daily job is repeated the same day. Of several clocks one
    enters; should a slow job be repeated elsewhere before it ends, no harm is done: every job can be run twice.
    """
    with write():
        tick = ClockTick.get_or_none(ClockTick.job == job, ClockTick.slot == slot)
        if tick is None:
            # rowcount and not a returned id: on a conflict SQLite would hand back the id of an older insert.
            new = ClockTick.insert(job=job, slot=slot, taken_at=now, attempts=1)
            return int(new.on_conflict_ignore().as_rowcount().execute())
        return _again(now, tick)


def end(now: datetime, job: str, slot: datetime, attempt: int, error: str = "") -> None:
    """Note how that entering of the slot went; one that was overtaken by a later one says nothing any more."""
    ClockTick.update(done_at=now, error=error[:200]).where(
        ClockTick.job == job, ClockTick.slot == slot, ClockTick.attempts == attempt
    ).execute()


def _again(now: datetime, tick: ClockTick) -> int:
    if tick.attempts > REPEATS or not _ended_badly(now, tick):
        return 0
    entered = (
        ClockTick.update(attempts=tick.attempts + 1, taken_at=now, done_at=None, error="")
        .where(ClockTick.id == tick.id, ClockTick.attempts == tick.attempts)
        .execute()
    )
    return int(tick.attempts) + 1 if entered else 0


def _ended_badly(now: datetime, tick: ClockTick) -> bool:
    if tick.done_at is None:
        return bool((tick.taken_at or tick.slot) < now - STUCK_AFTER)
    return bool(tick.error and tick.done_at < now - PAUSE)
