"""The record of who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import AuditEntry, Staff


@dataclass(frozen=True)
class Actor:
    """Who acts, and from which message; `staff` is None for the command line and for OA Desk itself."""

    name: str
    staff: Staff | None = None
    chat_id: int | None = None
    message_id: int | None = None


CLI = Actor("cli")
MACHINE = Actor("machine")


def record(
    at: datetime, actor: Actor, action: str, *, oa_id: str = "", target: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Write one entry in the transaction of the act itself, so that neither exists without the other.

    `detail` must hold no secret and no full phone number.
    """
    AuditEntry.create(
        at=at,
        staff_id=actor.staff.telegram_id if actor.staff else None,
        actor=actor.name,
        action=action,
        oa_id=oa_id,
        target=target,
        detail=detail,
        chat_id=actor.chat_id,
        message_id=actor.message_id,
    )
