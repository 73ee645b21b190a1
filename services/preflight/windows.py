"""The hours of the day in Vietnam in which something may leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

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
