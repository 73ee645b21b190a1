"""Messages that leave after a yes: the question, its yes, sending once more, taking back."""

from __future__ import annotations

from typing import Any

from db import write
from models import Channel, Confirmation, Delivery, DeliveryState, Origin, Staff
from services import confirmations, conversations, deliveries, forgetting, reach
from services.audit import Actor
from services.desk import Desk, Work
from services.errors import Conflict, NotFound
from services.messages import rows
from services.messages.previews import Preview, again, frozen, preview
from services.prices import with_vat

SEND, RESEND = "send", "resend"  # kinds of confirmation
RESENDABLE = (DeliveryState.UNCERTAIN, DeliveryState.FAILED, DeliveryState.EXPIRED)


def ask(desk: Desk, staff: Staff, found: Preview) -> str:
    """Store the question; returns the confirmation token for the button."""
    return confirmations.ask(desk.now(), staff, SEND, found.payload, found.oa)


def accept(desk: Desk, staff: Staff, token: str, chat_id: int, message_id: int) -> Delivery:
    """Spend the yes and queue the message, both in one transaction; a second tap gives the same delivery.

    Whoever answers a customer who waits looks after them from then on, unless a colleague does. `chat_id` and
    `message_id` name the Telegram message that shows what becomes of it. Raises NotFound and Conflict of the
    confirmation (`confirm.*`), Conflict `confirm.dearer` when it costs more than the preview said, and what `preview`
    raises when something changed meanwhile; the confirmation is then not spent.
    """
    key = f"confirm:{token}"
    with write():
        try:
            question = confirmations.use(desk.now(), staff, token, SEND)
        except Conflict:
            existing = Delivery.get_or_none(Delivery.dedupe_key == key, Delivery.staff_id == staff.telegram_id)
            if existing is None:
                raise
            return existing
        found = _as_asked(desk, question)
        delivery = rows.create(desk, found, key, staff=staff, chat_id=chat_id, message_id=message_id)
        rows.record(desk, staff, delivery, "message.accepted", chat_id, message_id)
        _hold(desk, staff, delivery)
    desk.nudge(Work.SEND)
    return delivery


def ask_resend(desk: Desk, staff: Staff, row: Delivery) -> str:
    """Store the question whether to send once more; its yes is void when the OA, its mode say, changes before it."""
    return confirmations.ask(desk.now(), staff, RESEND, {"delivery": row.id}, row.oa)


def accept_resend(desk: Desk, staff: Staff, token: str, chat_id: int, message_id: int) -> Delivery:
    """Spend the yes of `ask_resend` and queue the message again; a second tap gives the same row.

    Raises as `accept` and `resend` do; the confirmation is then not spent.
    """
    with write():
        mine = (Confirmation.token == token) & (Confirmation.staff == staff) & (Confirmation.kind == RESEND)
        question = Confirmation.get_or_none(mine)
        if question is None:
            raise NotFound("confirm.unknown")
        delivery_id = question.payload["delivery"]
        try:
            confirmations.use(desk.now(), staff, token, RESEND)
        except Conflict:
            existing = Delivery.get_or_none(Delivery.dedupe_key == f"resend:{delivery_id}")
            if existing is None:
                raise
            return existing
        made = resend(desk, staff, delivery_id, chat_id, message_id)
    desk.nudge(Work.SEND)  # again: the nudge within the transaction came before anybody could see the row
    return made


def resend(desk: Desk, staff: Staff, delivery_id: int, chat_id: int, message_id: int) -> Delivery:
    """A person's decision to send once more what failed, expired or is uncertain; a second tap gives the same row.

    It is a new attempt with a tracking id of its own; the old one may still join its late receipts. Raises NotFound,
    Conflict `delivery.not_resendable` (state) and `delivery.forgotten`, and what `preview` raises.
    """
    key = f"resend:{delivery_id}"
    with write():
        # Touching the row makes a second tap on PostgreSQL wait for the first one.
        Delivery.update(resend_of=Delivery.resend_of).where(Delivery.id == delivery_id).execute()
        old = reach.delivery(staff, delivery_id)
        if old is None:
            raise NotFound("delivery.unknown")
        existing = Delivery.get_or_none(Delivery.dedupe_key == key)
        if existing is not None:
            return existing
        if old.state not in RESENDABLE:
            raise Conflict("delivery.not_resendable", state=old.state)
        forgetting.check(old)
        made = rows.create(
            desk,
            again(desk, old),
            key,
            origin=Origin(old.origin),
            staff=staff,
            chat_id=chat_id,
            message_id=message_id,
            **_kept(old),
        )
        rows.record(desk, staff, made, "message.resent", chat_id, message_id)
        deliveries.show(desk.now(), made.id)
    desk.nudge(Work.SEND)
    return made


def cancel(
    desk: Desk, staff: Staff, delivery_id: int, chat_id: int | None = None, message_id: int | None = None
) -> bool:
    """Take back a message that still waits; False when it left, or ended, before. Audited.

    Raises NotFound `delivery.unknown`.
    """
    with write():
        if reach.delivery(staff, delivery_id) is None:
            raise NotFound("delivery.unknown")
        cancelled = deliveries.move(desk.now(), delivery_id, DeliveryState.CANCELLED)
        if cancelled:
            rows.record(desk, staff, deliveries.get(delivery_id), "message.cancelled", chat_id, message_id)
    return cancelled


def _hold(desk: Desk, staff: Staff, row: Delivery) -> None:
    """As a reply does (`conversations.hold_for_answer`); the yes counts whoever looks after them."""
    if row.channel != Channel.CS:
        return
    talk = conversations.of(row.oa.oa_id, row.recipient)
    if talk is not None and talk.waiting_since is not None:
        actor = Actor(staff.name or str(staff.telegram_id), staff)
        conversations.hold_for_answer(desk.now(), actor, talk.oa_id, talk.user_id)


def _kept(old: Delivery) -> dict[str, Any]:
    """A test stays one, whatever the OA's mode is now: it must not become a message that is charged."""
    kept: dict[str, Any] = {"resend_of": old.id, "recipient_name": old.recipient_name}
    return kept | ({"development": old.development} if old.origin == Origin.TEST else {})


def _as_asked(desk: Desk, question: Confirmation) -> Preview:
    """What was asked, checked again at the moment of the yes."""
    oa = question.oa
    if oa is None:
        raise NotFound("confirm.unknown")
    content, phone, follower = frozen(oa, question.payload)
    found = preview(desk, oa, content, phone=phone, follower=follower)
    said, percent = question.payload["price"], question.payload.get("vat_percent", found.vat_percent)
    if said is None or found.price is None:
        return found
    if with_vat(found.price, found.vat_percent) > with_vat(said, percent):
        raise Conflict("confirm.dearer", before=said, price=found.price)
    return found
