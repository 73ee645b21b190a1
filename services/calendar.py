"""Days and months as clocks in Vietnam show them; every moment that comes back is in the zone of the one given."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from services.desk import VIETNAM


def same_day(one: datetime | None, other: datetime) -> bool:
    """The same date in Vietnam; False when there is no first moment."""
    return one is not None and one.astimezone(VIETNAM).date() == other.astimezone(VIETNAM).date()


def same_month(one: datetime | None, other: datetime) -> bool:
    """The same month in Vietnam; False when there is no first moment."""
    return one is not None and month_start(one) == month_start(other)


def next_time(now: datetime, at: time) -> datetime:
    """The next moment when clocks in Vietnam show `at`."""
    local = now.astimezone(VIETNAM)
    today = datetime.combine(local.date(), at, VIETNAM)
    found = today if today > local else datetime.combine(local.date() + timedelta(days=1), at, VIETNAM)
    return found.astimezone(now.tzinfo)


def day_start(now: datetime) -> datetime:
    """The latest midnight in Vietnam."""
    return datetime.combine(now.astimezone(VIETNAM).date(), time(0), VIETNAM).astimezone(now.tzinfo)


def month_start(now: datetime) -> datetime:
    """The first moment of this month in Vietnam."""
    local = now.astimezone(VIETNAM)
    return datetime.combine(local.date().replace(day=1), time(0), VIETNAM).astimezone(now.tzinfo)


def next_month(now: datetime) -> datetime:
    """The first moment of the next month in Vietnam."""
    return month_start(month_start(now) + timedelta(days=32))


def month_before(now: datetime) -> datetime:
    """The first moment of the month before this one in Vietnam."""
    return month_start(month_start(now) - timedelta(days=1))
