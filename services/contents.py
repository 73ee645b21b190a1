"""What is said in a message, of any kind, before and after it is frozen in a delivery.

The makers turn what staff wrote or sent into a `Content`; each raises Invalid with the key of the broken rule
(`text.too_long`, `buttons.too_many`, `row.value_long` ...) and the values that name the field. `body` makes what leaves
out of frozen content, and so is the judge of every limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from models import Channel, SendClass, ZnsTemplate

ANYBODY, ANY_UPLOAD = "0", "kept"  # stand for the recipient and for uploads while a content is only checked


@dataclass(frozen=True)
class Content:
    """One message without its recipient. `data` is what a delivery freezes; placeholders in it are still open
    until `services.placeholders.fill`."""

    channel: Channel
    kind: str  # text, image, gif, file, form, template, promotion, or transaction_*
    send_class: SendClass
    data: dict[str, Any] = field(repr=False)


def text(raw: str) -> Content:
    """A consultation message. Its last lines may be buttons: `[Mở web] https://example.vn`, `[Gọi] tel:0901234567`,
    `[Nhắn tin] sms:0901234567 nội dung`, `[Xem lịch] #lich`, `[Ẩn] !#lich`."""
    raise NotImplementedError


def image(*, upload: str = "", url: str = "", caption: str = "") -> Content:
    """A picture we keep, or one that Zalo fetches from `url`; exactly one of both."""
    raise NotImplementedError


def gif(upload: str, width: int, height: int, caption: str = "") -> Content:
    """A moving picture we keep, with its size in pixels."""
    raise NotImplementedError


def file(upload: str, name: str) -> Content:
    """A file we keep; `name` is what it was called when it was sent to us."""
    raise NotImplementedError


def form(title: str, subtitle: str, image_url: str) -> Content:
    """The form that asks for a person's name, phone and address."""
    raise NotImplementedError


def document(raw: str, *, banner: Mapping[str, str] | None = None) -> Content:
    """A media or transaction message in the older free form, written as `key: value` lines (services.documents).

    `banner` is {"upload": name} or {"url": address}, for a picture that was sent instead of written.
    """
    raise NotImplementedError


def template(template: ZnsTemplate, params: Mapping[str, str], channel: Channel) -> Content:
    """An approved template to a phone (Channel.ZNS) or to a user id (Channel.UID); its tag decides the class."""
    raise NotImplementedError


def advertising(content: Content) -> Content:
    """The same, marked by its writer as advertising: other hours, caps and consents count."""
    return replace(content, send_class=SendClass.PROMOTION)


def quoting(content: Content, msg_id: str) -> Content:
    """The same text as an answer to the person's message `msg_id`."""
    return replace(content, data={**content.data, "quote": msg_id})


def check(content: Content) -> None:
    """Raise Invalid for the first limit of Zalo that this content breaks."""
    raise NotImplementedError


def uploads(data: Mapping[str, Any]) -> dict[str, str]:
    """The files of ours that frozen content is made of: name -> kind at Zalo (image, gif, file)."""
    raise NotImplementedError


def body(data: Mapping[str, Any], kind: str, user_id: str, handles: Mapping[str, str]) -> dict[str, Any]:
    """What leaves for `user_id`, of frozen content. Pure. Raises InvalidMessage with the broken rule.

    `handles` gives for the name of every upload its attachment id, or the token of a file.
    """
    raise NotImplementedError


def typed(kind: str, data: Mapping[str, Any]) -> str:
    """Frozen content as its writer would type it: braces doubled, buttons as lines; "" where nothing was typed."""
    raise NotImplementedError
