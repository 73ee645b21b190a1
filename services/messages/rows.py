"""The one way a message becomes a delivery, whatever asked for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from models import Channel, Delivery, OfficialAccount, Origin, Staff
from services import audit, deliveries, followers, phones
from services.audit import Actor
from services.desk import Desk
from services.messages.previews import Preview
from services.modes import Mode, mode


def create(
    desk: Desk,
    found: Preview,
    dedupe_key: str,
    *,
    origin: Origin = Origin.SINGLE,
    staff: Staff | None = None,
    chat_id: int | None = None,
    message_id: int | None = None,
    **more: Any,
) -> Delivery:
    """Queue what was previewed; later than now when the preflight says so. Joins the caller's transaction.

    `message_id` is the bot's message that will show what becomes of it; None: a new one.
    """
    return Delivery.create(
        **{**_fresh(desk, found.oa), **_values(found), **more},
        origin=origin,
        staff_id=staff.telegram_id if staff is not None else None,
        chat_id=chat_id,
        chat_message_id=message_id,
        dedupe_key=dedupe_key,
    )


def record(
    desk: Desk, staff: Staff, row: Delivery, action: str, chat_id: int | None = None, message_id: int | None = None
) -> None:
    """Write into the audit who sent what to whom, the phone masked."""
    person = phones.mask(row.recipient) if row.channel == Channel.ZNS else row.recipient
    detail = {"delivery": row.id, "channel": row.channel, "kind": row.kind, "development": row.development}
    actor = Actor(staff.name or str(staff.telegram_id), staff, chat_id, message_id)
    audit.record(desk.now(), actor, action, oa_id=row.oa.oa_id, target=person, detail=detail)


def _fresh(desk: Desk, oa: OfficialAccount) -> dict[str, Any]:
    now = desk.now()
    return {
        "oa": oa,
        "development": mode(oa) is Mode.TEST,
        "tracking_id": deliveries.new_tracking_id(now),
        "next_attempt_at": now,
        "created_at": now,
    }


def _values(found: Preview) -> dict[str, Any]:
    held = found.verdict.held
    waits = {"next_attempt_at": found.goes_at, "held_reason": held.value if held else ""} if found.goes_at else {}
    named = found.follower is not None and found.channel != Channel.ZNS
    return {
        "channel": found.channel,
        "kind": found.content.kind,
        "send_class": found.verdict.letter.counts_as,
        "recipient": found.recipient,
        "recipient_name": followers.called(found.follower) if named and found.follower else "",
        "content": found.content.data,
        "price": found.price,
        "vat_percent": found.vat_percent,
        "timeout_ms": found.timeout // timedelta(milliseconds=1) if found.timeout is not None else None,
        **waits,
    }
