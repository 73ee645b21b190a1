"""One-use confirmations: a yes belongs to one person, one exact content and one version of the OA."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from db import write
from models import Confirmation, OfficialAccount, Staff
from services.errors import Conflict, NotFound
from services.staff import may_use

LIFETIME = timedelta(minutes=30)


def ask(now: datetime, staff: Staff, kind: str, payload: dict[str, Any], oa: OfficialAccount | None = None) -> str:
    """Store what a later yes will mean; returns the token for the button (16 characters)."""
    row = Confirmation.create(
        token=secrets.token_urlsafe(12),
        staff=staff,
        kind=kind,
        oa=oa,
        oa_revision=oa.revision if oa else None,
        payload=payload,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return str(row.token)


def use(now: datetime, staff: Staff, token: str, *kinds: str) -> Confirmation:
    """Spend the token, asked for one of `kinds`. Call inside the transaction of the act: both happen, or neither.

    Raises NotFound (not this person's, asked for something else, about an OA closed to them meanwhile, or never) and
    Conflict (used, too old, or the OA changed meanwhile).
    """
    with write():
        row = Confirmation.get_or_none(Confirmation.token == token, Confirmation.staff == staff)
        if row is None or row.kind not in kinds or not _may(staff, row.oa):
            raise NotFound("confirm.unknown")
        if row.used_at is not None:  # asked first: spending it usually changed the OA too
            raise Conflict("confirm.used")
        if row.expires_at < now:
            raise Conflict("confirm.expired")
        if row.oa is not None and row.oa.revision != row.oa_revision:
            raise Conflict("confirm.oa_changed", name=row.oa.name)
        spent = (
            Confirmation.update(used_at=now).where(Confirmation.id == row.id, Confirmation.used_at.is_null()).execute()
        )
        if not spent:
            raise Conflict("confirm.used")
        row.used_at = now
        return row


def _may(staff: Staff, oa: OfficialAccount | None) -> bool:
    """Asked anew, of the person as they are now: `staff` was read when the turn began."""
    person = Staff.get_or_none(Staff.id == staff.id, Staff.active)
    return person is not None and (oa is None or may_use(person, oa))
