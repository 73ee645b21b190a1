"""Days, nights and months as clocks in Vietnam show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from services.desk import VIETNAM

NIGHT_BEGIN, NIGHT_END = time(22), time(6)  # Zalo's -133 and -234; the time zone is assumed (zns.md 7)
# Advertising: what the owner may set lies within the outer hours, whatever is in the settings.
EARLIEST, LATEST = time(7), time(22)
PROMOTION_FROM, PROMOTION_TO = time(8), time(21)


@dataclass(frozen=True)
class Hours:
    """When advertising may leave, by clocks in Vietnam: from `begin`, before `end`."""

    begin: time = PROMOTION_FROM
    end: time = PROMOTION_TO


def is_night(now: datetime) -> bool:
    """22:00 to 06:00 in Vietnam."""
    return not NIGHT_END <= now.astimezone(VIETNAM).time() < NIGHT_BEGIN


def is_open(now: datetime, hours: Hours) -> bool:
    """Whether advertising may leave now."""
    return hours.begin <= now.astimezone(VIETNAM).time() < hours.end


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
