"""The right to change an OA's token pair: one holder at a time, over all processes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from models import OaToken
from services import leases, token_owner

# Longer than all that is done under it: two requests of 15 seconds each, and what lies around them. Shorter than the
# minute within which people hear of a lost connection: whoever died with it in another container or on another machine
# keeps it to its end (on this one, its end is seen at once).
LEASE = timedelta(seconds=45)
POLL = 0.2  # seconds between two looks at a row that somebody else is changing


def take(now: datetime, row: OaToken, owner: str) -> bool:
    """Take the lease of the row as it was read (its generation); False when somebody else has it, or wrote first."""
    return bool(
        OaToken.update(lease_owner=owner, lease_until=now + LEASE)
        .where(OaToken.id == row.id, OaToken.generation == row.generation, free(now, row))
        .execute()
    )


def free(now: datetime, row: OaToken) -> Any:
    """SQL: nobody holds the lease of `row`, or only a process that is gone."""
    open_to_all = leases.over(now, OaToken.lease_until, LEASE)
    if row.lease_owner and token_owner.gone(row.lease_owner):
        return open_to_all | (OaToken.lease_owner == row.lease_owner)
    return open_to_all


def held(now: datetime, row: OaToken) -> bool:
    """Whether somebody who may still be alive holds the lease of the row as it was read."""
    return not leases.is_over(now, row.lease_until, LEASE) and not token_owner.gone(row.lease_owner)


def abandoned(now: datetime, row: OaToken) -> bool:
    """Whether its holder ended without giving it back: nobody knows how far the work came."""
    return bool(row.lease_owner) and not held(now, row)


def release(row: OaToken, owner: str) -> None:
    """Give the lease back, if it is still `owner`'s."""
    OaToken.update(lease_owner="", lease_until=None).where(OaToken.id == row.id, OaToken.lease_owner == owner).execute()
