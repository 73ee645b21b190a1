"""Named rights that one process holds at a time; and when any lease, of whatever row, is over.

A lease that ends later than anybody could have taken it was taken by a clock that was wrong: it counts for nothing.
Else a clock that was a day ahead for a moment would stop the work for a day, in silence. Clocks of several machines are
never quite the same; one that is further ahead than AHEAD is what `manage.py doctor` calls broken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from db import write
from models import Lease

AHEAD = timedelta(minutes=5)


def over(now: datetime, until: Any, lasts: timedelta) -> Any:
    """SQL: nobody holds the lease whose end is the column `until`, and which is taken for `lasts`."""
    return until.is_null() | (until < now) | (until > now + lasts + AHEAD)


def is_over(now: datetime, until: datetime | None, lasts: timedelta) -> bool:
    """The same of a row that was read."""
    return until is None or not now <= until <= now + lasts + AHEAD


def take(now: datetime, name: str, owner: str, lasts: timedelta) -> bool:
    """Take the lease, or prolong one's own; False while somebody else holds it. Commits before it returns."""
    with write():
        Lease.insert(name=name).on_conflict_ignore().execute()
        free = over(now, Lease.until, lasts) | (Lease.owner == owner)
        taken = Lease.update(owner=owner, until=now + lasts).where(Lease.name == name, free).execute()
    return bool(taken)


def release(name: str, owner: str) -> None:
    """Give the lease back at once, so that a waiting process need not sit it out."""
    Lease.update(until=None, owner="").where(Lease.name == name, Lease.owner == owner).execute()
