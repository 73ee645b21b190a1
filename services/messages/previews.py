"""What a message will be, before the yes: checked, filled in, priced and frozen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from models import Channel, Delivery, DeliveryState, Follower, OfficialAccount, SendClass, ZnsTemplate
from services import (
    contents,
    followers,
    phones,
    placeholders,
    preflight,
    prices,
    template_bodies,
    template_params,
    templates,
    uploads,
)
from services.contents import Content
from services.desk import Desk
from services.messages import recipients
from services.modes import Mode, mode
from services.placeholders import Recipient
from services.preflight import Letter, Verdict

BY_TEMPLATE = frozenset({Channel.ZNS, Channel.UID})
_REACHED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN)


@dataclass(frozen=True)
class Preview:
    """What a message will be, of any kind. Money in VND; None where nobody knows the price."""

    oa: OfficialAccount
    mode: Mode
    channel: Channel
    content: Content  # placeholders filled in
    phone: str  # 84901234567; "" for messages to a user id
    follower: Follower | None
    template: ZnsTemplate | None
    params: dict[str, str]  # of a template, as they will be sent
    verdict: Verdict  # YES or LATER; its notes say what is not certain
    price: int | None
    vat_percent: int
    total: int | None  # with VAT; 0 for a ZNS in test mode
    timeout: timedelta | None  # of a template: charged only if delivered within it
    body: str  # a template's pasted wording with the values filled in; "" when nobody pasted it
    goes_at: datetime | None  # None: now
    last_same: datetime | None  # when this recipient last got this template
    payload: dict[str, Any] = field(repr=False)

    @property
    def recipient(self) -> str:
        """The phone of a ZNS, else the user id."""
        return self.phone if self.follower is None or self.channel == Channel.ZNS else str(self.follower.user_id)


def preview(
    desk: Desk, oa: OfficialAccount, content: Content, *, phone: str = "", follower: Follower | None = None
) -> Preview:
    """Check everything and freeze it. A ZNS goes to `phone`, in any spelling, or to the one the follower shared.

    Raises Refusal (see preflight); Invalid `phone.<reason>`, `placeholder.*`, `param.*` and every rule of
    `services.contents`; NotFound `template.unknown`, `image.gone`.
    """
    return previewed(desk, oa, content, phone=phone, follower=follower)


def previewed(
    desk: Desk,
    oa: OfficialAccount,
    content: Content,
    *,
    phone: str = "",
    follower: Follower | None = None,
    reader: Recipient | None = None,
    development: bool = False,
) -> Preview:
    """`preview`, for another `reader` than the rows tell of, or as a development message. Raises as it does."""
    number = _number(content.channel, phone, follower)
    template = templates.get(oa, content.data["template_id"]) if content.channel in BY_TEMPLATE else None
    letter = Letter(content.channel, content.kind, content.send_class, template, development)
    verdict = preflight.check(desk, oa, letter, phone=number, follower=follower)
    filled = placeholders.fill(content, reader or recipients.of(oa, follower, number))
    if template is not None:
        params = template_params.check_params(template, filled.data["params"])
        filled = replace(filled, data={**filled.data, "template_name": template.name, "params": params})
    contents.check(filled)
    for name in contents.uploads(filled.data):
        uploads.read(desk, name)
    return _made(desk, oa, filled, number, follower, template, verdict)


def frozen(oa: OfficialAccount, payload: dict[str, Any]) -> tuple[Content, str, Follower | None]:
    """Content, phone and follower of a preview, from the payload its question kept. Raises NotFound."""
    send_class = SendClass(payload["send_class"])
    content = Content(Channel(payload["channel"]), payload["kind"], send_class, payload["data"], filled=True)
    user_id = payload["user_id"]
    return content, payload["phone"], followers.get(oa.oa_id, user_id) if user_id else None


def again(desk: Desk, row: Delivery) -> Preview:
    """A delivery as it would be if it were sent once more now. Raises as `preview`."""
    content = Content(Channel(row.channel), row.kind, SendClass(row.send_class), row.content, filled=True)
    if row.channel == Channel.ZNS:
        return preview(desk, row.oa, content, phone=row.recipient)
    return preview(desk, row.oa, content, follower=followers.get(row.oa.oa_id, row.recipient))


def _number(channel: Channel, phone: str, follower: Follower | None) -> str:
    if channel != Channel.ZNS:
        return ""
    return phones.normalise(phone) if phone else str(follower.phone) if follower else ""


def _made(
    desk: Desk,
    oa: OfficialAccount,
    content: Content,
    number: str,
    follower: Follower | None,
    template: ZnsTemplate | None,
    verdict: Verdict,
) -> Preview:
    # The VAT of the moment it leaves: a message that waits over New Year pays the new one.
    percent = prices.vat(desk.settings, verdict.until or desk.now())
    params = content.data["params"] if template is not None else {}
    made = Preview(
        oa=oa,
        mode=mode(oa),
        channel=content.channel,
        content=content,
        phone=number,
        follower=follower,
        template=template,
        params=params,
        verdict=verdict,
        price=verdict.price,
        vat_percent=percent,
        total=_total(oa, content.channel, verdict.price, percent),
        timeout=timedelta(milliseconds=template.timeout_ms) if template is not None else None,
        body=template_bodies.filled(template, params) if template is not None else "",
        goes_at=verdict.until,
        last_same=None,
        payload=_payload(content, number, follower, verdict.price, percent),
    )
    return replace(made, last_same=_last_same(made)) if template is not None else made


def _total(oa: OfficialAccount, channel: Channel, price: int | None, percent: int) -> int | None:
    if channel == Channel.ZNS and mode(oa) is Mode.TEST:
        return 0  # development messages have an allowance of their own; there are none to a user id
    return None if price is None else prices.with_vat(price, percent)


def _payload(
    content: Content, number: str, follower: Follower | None, price: int | None, vat_percent: int
) -> dict[str, Any]:
    return {
        "channel": content.channel.value,
        "kind": content.kind,
        "send_class": content.send_class.value,
        "data": content.data,
        "phone": number,
        "user_id": follower.user_id if follower is not None else "",
        "price": price,
        "vat_percent": vat_percent,
    }


def _last_same(found: Preview) -> datetime | None:
    template_id = found.content.data["template_id"]
    rows = (
        Delivery.select()
        .where(
            Delivery.oa == found.oa.id,
            Delivery.recipient == found.recipient,
            Delivery.kind == "template",
            Delivery.state.in_(_REACHED),
        )
        .order_by(Delivery.id.desc())
        .limit(50)
    )
    return next((row.sent_at for row in rows if row.content.get("template_id") == template_id), None)
