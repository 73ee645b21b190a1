"""Single messages, from what staff typed to the row that leaves.

A preview checks everything and freezes the content; the confirmation carries it; the yes turns it into one Delivery,
however often the button is tapped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from db import write
from models import Channel, Confirmation, Delivery, DeliveryState, Follower, OfficialAccount, Staff, ZnsTemplate
from services import (
    audit,
    confirmations,
    deliveries,
    followers,
    forgetting,
    phones,
    preflight,
    reach,
    templates,
    uploads,
)
from services.accounts import Mode, mode
from services.audit import Actor
from services.desk import Desk, Work
from services.errors import Conflict, Invalid, NotFound
from zalo import messages as zalo_messages
from zalo.payload import clean

ZNS, CS, RESEND = "zns", "cs", "resend"  # kinds of confirmation
RESENDABLE = (DeliveryState.UNCERTAIN, DeliveryState.FAILED, DeliveryState.EXPIRED)


@dataclass(frozen=True)
class ZnsPreview:
    """What a ZNS will be, before the yes. Money in VND; None where the template names no price."""

    oa: OfficialAccount
    mode: Mode
    phone: str  # 84901234567
    template: ZnsTemplate
    params: dict[str, str]
    price: int | None
    vat_percent: int
    total: int | None  # with VAT; 0 in test mode
    timeout: timedelta
    body: str  # the pasted wording with the values filled in; empty when nobody pasted it
    goes_at: datetime | None  # None: now
    last_same: datetime | None  # when this number last got this template
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class CsPreview:
    """What a consultation message will be, before the yes."""

    oa: OfficialAccount
    mode: Mode
    follower: Follower
    kind: str  # text, image
    text: str
    image: dict[str, str] | None  # {"upload": name} or {"url": address}
    free: bool | None  # None: unknown, Zalo tells only by refusing or charging
    free_until: datetime | None
    payload: dict[str, Any] = field(repr=False)


def preview_zns(desk: Desk, oa: OfficialAccount, phone: str, template_id: str, params: Mapping[str, str]) -> ZnsPreview:
    """Check everything and freeze it. `phone` in any spelling.

    Raises Invalid `phone.<reason>` and the `param.*` keys, NotFound `template.unknown`, Refusal (see preflight).
    """
    number = phones.normalise(phone)
    template = templates.get(oa, template_id)
    preflight.check_zns(desk, oa, number, template)
    checked = templates.check_params(template, params)
    percent = desk.settings.vat_percent
    price = template.price_phone
    free_of_charge = mode(oa) is Mode.TEST
    full = None if price is None else deliveries.with_vat(price, percent)
    return ZnsPreview(
        oa=oa,
        mode=mode(oa),
        phone=number,
        template=template,
        params=checked,
        price=price,
        vat_percent=percent,
        total=0 if free_of_charge else full,
        timeout=timedelta(milliseconds=template.timeout_ms),
        body=templates.filled_body(template, checked),
        goes_at=preflight.goes_at(desk.now(), template),
        last_same=_last_same(oa, number, template_id),
        payload={"phone": number, "template_id": template_id, "params": checked},
    )


def preview_cs(
    desk: Desk, oa: OfficialAccount, follower: Follower, text: str = "", image: Mapping[str, str] | None = None
) -> CsPreview:
    """Check everything and freeze it: a text, or an image with `text` as its caption.

    Raises Invalid `text.empty`, `text.too_long` (length, limit), `image.url_invalid`, NotFound `image.gone`, Refusal.
    """
    wording = unicodedata.normalize("NFC", clean(text)).strip()
    picture = dict(image) if image else None
    _check_content(desk, follower.user_id, wording, picture)
    preflight.check_cs(desk, oa, follower)
    until = preflight.free_until(follower)
    return CsPreview(
        oa=oa,
        mode=mode(oa),
        follower=follower,
        kind="image" if picture else "text",
        text=wording,
        image=picture,
        free=None if until is None else until > desk.now(),
        free_until=until,
        payload={"user_id": follower.user_id, "text": wording, "image": picture},
    )


def ask(desk: Desk, staff: Staff, preview: ZnsPreview | CsPreview) -> str:
    """Store the question; returns the confirmation token for the button."""
    kind = ZNS if isinstance(preview, ZnsPreview) else CS
    return confirmations.ask(desk.now(), staff, kind, preview.payload, preview.oa)


def accept(desk: Desk, staff: Staff, token: str, chat_id: int, message_id: int) -> Delivery:
    """Spend the yes and queue the message, both in one transaction; a second tap gives the same delivery.

    `chat_id` and `message_id` name the Telegram message that shows what becomes of it. Raises NotFound and Conflict of
    the confirmation (`confirm.*`) and Refusal when something changed meanwhile; the confirmation is then not spent.
    """
    with write():
        try:
            question = confirmations.use(desk.now(), staff, token, ZNS, CS)
        except Conflict:
            mine = Delivery.staff_id == staff.telegram_id
            existing = Delivery.get_or_none(Delivery.dedupe_key == _dedupe_key(token), mine)
            if existing is None:
                raise
            return existing
        delivery = _create(desk, staff, question, chat_id, message_id)
        _audit(desk, staff, delivery, "message.accepted", chat_id, message_id)
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
    Conflict `delivery.not_resendable` (state) and `delivery.forgotten`, Refusal.
    """
    now = desk.now()
    with write():
        key = f"resend:{delivery_id}"
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
        _check_again(desk, old)
        copied = ("channel", "kind", "recipient", "recipient_name", "content", "price", "vat_percent", "timeout_ms")
        delivery = Delivery.create(
            **{name: getattr(old, name) for name in copied},
            **_fresh(desk, staff, old.oa, chat_id, message_id),
            dedupe_key=key,
            resend_of=old.id,
        )
        _audit(desk, staff, delivery, "message.resent", chat_id, message_id)
        deliveries.show(now, delivery.id)
    desk.nudge(Work.SEND)
    return delivery


def cancel(desk: Desk, staff: Staff, delivery_id: int) -> bool:
    """Take back a message that still waits; False when it left, or ended, before. Audited.

    Raises NotFound `delivery.unknown`.
    """
    with write():
        if reach.delivery(staff, delivery_id) is None:
            raise NotFound("delivery.unknown")
        cancelled = deliveries.move(desk.now(), delivery_id, DeliveryState.CANCELLED)
        if cancelled:
            _audit(desk, staff, deliveries.get(delivery_id), "message.cancelled")
    return cancelled


def _create(desk: Desk, staff: Staff, question: Confirmation, chat_id: int, message_id: int) -> Delivery:
    oa = question.oa
    if oa is None or question.kind not in {ZNS, CS}:
        raise NotFound("confirm.unknown")
    make = _zns_values if question.kind == ZNS else _cs_values
    values = make(desk, oa, question.payload)
    fresh = _fresh(desk, staff, oa, chat_id, message_id)
    return Delivery.create(**{**fresh, **values}, dedupe_key=_dedupe_key(question.token))


def _zns_values(desk: Desk, oa: OfficialAccount, payload: Mapping[str, Any]) -> dict[str, Any]:
    preview = preview_zns(desk, oa, payload["phone"], payload["template_id"], payload["params"])
    template = preview.template
    content = {"template_id": template.template_id, "template_name": template.name, "params": preview.params}
    held = {"next_attempt_at": preview.goes_at, "held_reason": "night"} if preview.goes_at else {}
    return {
        "channel": Channel.ZNS,
        "kind": "template",
        "recipient": preview.phone,
        "content": content,
        "price": preview.price,
        "vat_percent": preview.vat_percent,
        "timeout_ms": template.timeout_ms,
        **held,
    }


def _cs_values(desk: Desk, oa: OfficialAccount, payload: Mapping[str, Any]) -> dict[str, Any]:
    follower = followers.get(oa.oa_id, payload["user_id"])
    preview = preview_cs(desk, oa, follower, payload["text"], payload["image"])
    content: dict[str, Any] = {"text": preview.text} | ({"image": preview.image} if preview.image else {})
    return {
        "channel": Channel.CS,
        "kind": preview.kind,
        "recipient": follower.user_id,
        "recipient_name": follower.nickname or follower.display_name,
        "content": content,
    }


def _fresh(desk: Desk, staff: Staff, oa: OfficialAccount, chat_id: int, message_id: int) -> dict[str, Any]:
    now = desk.now()
    return {
        "oa": oa,
        "development": mode(oa) is Mode.TEST,
        "tracking_id": deliveries.new_tracking_id(now),
        "next_attempt_at": now,
        "staff_id": staff.telegram_id,
        "chat_id": chat_id,
        "chat_message_id": message_id,
        "created_at": now,
    }


def _check_again(desk: Desk, old: Delivery) -> None:
    if old.channel == Channel.ZNS:
        preflight.check_zns(desk, old.oa, old.recipient, templates.get(old.oa, old.content["template_id"]))
    else:
        preflight.check_cs(desk, old.oa, followers.get(old.oa.oa_id, old.recipient))


def _check_content(desk: Desk, user_id: str, text: str, image: Mapping[str, str] | None) -> None:
    try:
        if image is None:
            zalo_messages.text(user_id, text)
        elif "upload" in image:
            uploads.read(desk, image["upload"])
            zalo_messages.image_by_id(user_id, "kept here", text)
        else:
            zalo_messages.image_by_url(user_id, image["url"], text)
    except zalo_messages.MessageTooLong as error:
        raise Invalid("text.too_long", length=error.length, limit=error.limit) from None
    except zalo_messages.InvalidMessage:
        raise Invalid("text.empty" if image is None else "image.url_invalid") from None


def _last_same(oa: OfficialAccount, phone: str, template_id: str) -> datetime | None:
    reached = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN)
    rows = (
        Delivery.select()
        .where(Delivery.oa == oa.id, Delivery.recipient == phone, Delivery.state.in_(reached))
        .order_by(Delivery.id.desc())
        .limit(50)
    )
    return next((row.sent_at for row in rows if row.content.get("template_id") == template_id), None)


def _audit(
    desk: Desk, staff: Staff, row: Delivery, action: str, chat_id: int | None = None, message_id: int | None = None
) -> None:
    person = phones.mask(row.recipient) if row.channel == Channel.ZNS else row.recipient
    detail = {"delivery": row.id, "channel": row.channel, "kind": row.kind, "development": row.development}
    actor = Actor(staff.name or str(staff.telegram_id), staff, chat_id, message_id)
    audit.record(desk.now(), actor, action, oa_id=row.oa.oa_id, target=person, detail=detail)


def _dedupe_key(token: str) -> str:
    return f"confirm:{token}"
