"""Zalo's webhook events, read leniently: every field optional, any shape tolerated."""

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from zalo.dedupe import dedupe_key
from zalo.payload import NotJson, as_dict, as_id, as_int, as_list, as_text, clean, decode_object
from zalo.shared_info import SharedInfo, read_shared_info

FUTURE_LIMIT_MS = 10 * 60 * 1000
_EARLIEST_MS = 946_684_800_000  # the year 2000; anything before is a typo, such as Zalo's 11-digit samples
_PHONE = re.compile(r"84[0-9]{9}")
_HASHED_PHONE = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 100

_FROM_USER = {"user_submit_info", "user_asking_product", "user_reacted_message"}
_FROM_OA = {"user_received_message", "user_seen_message", "oa_reacted_message"}
_ZNS_ANSWERS = {"user_feedback", "user_click_response_button"}


class NotAnEvent(ValueError):
    """The body holds no JSON object."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment; `kind` is Zalo's type (image, gif, link, audio, video, sticker, location, file, ...)."""

    kind: str
    url: str | None
    thumbnail: str | None
    name: str | None
    description: str | None
    size: int | None
    latitude: str | None
    longitude: str | None


class Event(NamedTuple):  # a frozen dataclass of this many fields takes five times as long to make
    """One event. Ids are text; `at` is epoch ms; text is cleaned; `body` is as it came, uncleaned.

    `user_id` is a user of the OA, never a phone number, a group or an anonymous visitor.
    `phone` is the recipient of a ZNS receipt, when it is not hashed. `dedupe_key` is the same for every
    delivery of the same event, also for a message that comes through two apps.
    """

    name: str
    app_id: str | None
    oa_id: str | None
    user_id: str | None
    at: int
    msg_id: str | None
    msg_ids: tuple[str, ...]
    text: str | None
    attachments: tuple[Attachment, ...]
    quote_msg_id: str | None
    admin_id: str | None
    tracking_id: str | None
    delivery_at: int | None
    phone: str | None
    info: SharedInfo | None
    tag_name: str | None
    tag_user_ids: tuple[str, ...]
    source: str | None
    user_id_by_app: str | None
    is_zns: bool
    raw: bytes
    body: dict[str, Any]

    @property
    def dedupe_key(self) -> str:
        """The same for every delivery of the same event; worked out when asked for, at the door, not when applied."""
        return dedupe_key(self.name, self.oa_id, self.raw, self.body)

    def __repr__(self) -> str:
        return f"Event(name={self.name!r}, oa_id={self.oa_id!r})"  # what people wrote stays out of logs


def parse(raw: bytes, received_at: int, *, server: str | None = None) -> Event:
    """Read one webhook body; `received_at` in epoch ms, `server` the X-ZEvent-Server header.

    Raises NotAnEvent when `raw` is no JSON object, and nothing else whatever its shape.
    """
    try:
        body = decode_object(raw)
    except NotJson:
        raise NotAnEvent("the body is no JSON object") from None
    return from_body(raw, body, received_at, server=server)


def from_body(raw: bytes, body: dict[str, Any], received_at: int, *, server: str | None = None) -> Event:
    """Like `parse`, for a caller that has decoded `raw` already (to check its signature). Never raises."""
    name = clean(str(body.get("event_name") or ""))[:_LONGEST_NAME]
    message, tag = as_dict(body.get("message")), as_dict(body.get("tag"))
    sender, recipient = as_dict(body.get("sender")), as_dict(body.get("recipient"))
    oa_id = _oa_id(name, body, sender, recipient)
    phone = _zns_phone(name, recipient)
    tracking_id = as_id(message.get("tracking_id"))
    zns = _is_zns(name, server, tracking_id, recipient)
    info = body.get("info")
    return Event(
        name=name,
        app_id=as_id(body.get("app_id")) or as_id(body.get("appId")),
        oa_id=oa_id,
        user_id=_user_id(name, body, sender, recipient, zns),
        at=_moment(body.get("timestamp"), received_at),
        msg_id=as_id(message.get("msg_id")) or as_id(body.get("msg_id")),
        msg_ids=_ids(message.get("msg_ids")),
        text=as_text(message.get("text")),
        attachments=_attachments(message.get("attachments")),
        quote_msg_id=as_id(message.get("quote_msg_id")),
        admin_id=as_id(sender.get("admin_id")),
        tracking_id=tracking_id,
        delivery_at=as_int(message.get("delivery_time")),
        phone=phone,
        info=read_shared_info(info) if isinstance(info, dict) else None,
        tag_name=as_text(tag.get("name")),
        tag_user_ids=_ids(tag.get("user_ids")),
        source=as_text(body.get("source")),
        user_id_by_app=as_id(body.get("user_id_by_app")),
        is_zns=zns,
        raw=raw,
        body=body,
    )


def _oa_id(name: str, body: dict[str, Any], sender: dict[str, Any], recipient: dict[str, Any]) -> str | None:
    # The top level first: group messages have it there while their recipient is a group, and
    # oa_send_consent has it without any sender.
    top = as_id(body.get("oa_id")) or as_id(body.get("oaId"))
    if top is not None:
        return top
    if name.startswith(("user_send_", "anonymous_send_")) or name in _FROM_USER:
        return as_id(recipient.get("id"))
    if name.startswith("oa_send_") or name in _FROM_OA:
        return as_id(sender.get("id"))
    return None


def _user_id(
    name: str, body: dict[str, Any], sender: dict[str, Any], recipient: dict[str, Any], zns: bool
) -> str | None:
    if name in ("follow", "unfollow"):
        return as_id(as_dict(body.get("follower")).get("id"))
    if zns or "anonymous" in name or name.startswith("oa_send_group_"):
        return None
    if name in _FROM_OA or name.startswith("oa_send_"):
        return as_id(recipient.get("id"))
    if name in _FROM_USER or name.startswith("user_send_"):
        return as_id(sender.get("id"))
    nested = as_dict(body.get("data")).get("user_id") or as_dict(body.get("customer")).get("id")
    return as_id(body.get("user_id")) or as_id(nested)


def _is_zns(name: str, server: str | None, tracking_id: str | None, recipient: dict[str, Any]) -> bool:
    """ZNS shares the name user_received_message with chat: header, tracking id or a phone as recipient tell."""
    if name in _ZNS_ANSWERS or (server is not None and server.strip().upper() == "ZNS"):
        return True
    if name != "user_received_message":
        return False
    to = as_id(recipient.get("id")) or ""
    return tracking_id is not None or bool(_PHONE.fullmatch(to) or _HASHED_PHONE.fullmatch(to))


def _zns_phone(name: str, recipient: dict[str, Any]) -> str | None:
    to = as_id(recipient.get("id")) if name == "user_received_message" else None
    return to if to is not None and _PHONE.fullmatch(to) else None


def _moment(timestamp: object, received_at: int) -> int:
    """The event's own time, unless it is missing, nonsense or over ten minutes in the future."""
    at = as_int(timestamp)
    if at is None or at < _EARLIEST_MS or at > received_at + FUTURE_LIMIT_MS:
        return received_at
    return at


def _ids(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(found for item in value if (found := as_id(item)))


def _attachments(value: object) -> tuple[Attachment, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(_attachment(item) for item in as_list(value) if isinstance(item, dict))


def _attachment(item: dict[str, Any]) -> Attachment:
    payload = as_dict(item.get("payload"))
    place = as_dict(payload.get("coordinates"))
    return Attachment(
        kind=as_text(item.get("type")) or "unknown",
        url=as_text(payload.get("url")) or as_text(payload.get("link_url")),
        thumbnail=as_text(payload.get("thumbnail")),
        name=as_text(payload.get("name")) or as_text(payload.get("title")),
        description=as_text(payload.get("description")) or as_text(payload.get("text")),
        size=as_int(payload.get("size")),
        latitude=as_text(place.get("latitude")),
        longitude=as_text(place.get("longitude")),
    )
