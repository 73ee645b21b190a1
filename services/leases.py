"""Named rights that one process holds at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from db import write
from models import Lease


def take(now: datetime, name: str, owner: str, lasts: timedelta) -> bool:
    """Take the lease, or prolong one's own; False while somebody else holds it. Commits before it returns."""
    with write():
        Lease.insert(name=name).on_conflict_ignore().execute()
        free = Lease.until.is_null() | (Lease.until < now) | (Lease.owner == owner)
        taken = Lease.update(owner=owner, until=now + lasts).where(Lease.name == name, free).execute()
    return bool(taken)


def release(name: str, owner: str) -> None:
    """Give the lease back at once, so that a waiting process need not sit it out."""
    Lease.update(until=None, owner="").where(Lease.name == name, Lease.owner == owner).execute()
