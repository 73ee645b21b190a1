"""Bodies of messages to a user id, checked against Zalo's limits before anything is sent.

Consultation messages (oa-api.md 5) and approved templates (6.1) are here, the older free-form transaction and promotion
messages in `zalo.documents`. Every violation is an InvalidMessage of its own rule.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from zalo import buttons as _buttons
from zalo.message_rules import InvalidMessage, MessageTooLong, filled, fitted, is_web_address, measure

__all__ = [
    "MAX_IMAGE_BYTES",
    "MAX_SUBTITLE",
    "MAX_TEXT",
    "MAX_TITLE",
    "TRACKING_ID",
    "InvalidMessage",
    "MessageTooLong",
    "file",
    "gif",
    "image_by_id",
    "image_by_url",
    "measure",
    "request_info",
    "template",
    "text",
]

MAX_TEXT = 2000  # characters after NFC, for texts and for captions
MAX_IMAGE_BYTES = 1024 * 1024
MAX_TITLE, MAX_SUBTITLE = 100, 500  # of the form that asks for a person's information
TRACKING_ID = re.compile(r"[A-Za-z0-9]{1,48}")


def text(
    user_id: str, text: str, *, quote: str | None = None, buttons: Iterable[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """A text with up to 5 buttons (`zalo.buttons`), with `quote` as an answer to that message.

    Raises InvalidMessage `text.empty`, the rules of `zalo.buttons.checked`, and MessageTooLong `text.too_long`.
    """
    message: dict[str, Any] = {"text": filled(fitted(text, MAX_TEXT, "text.too_long"), "text.empty")}
    if quote:
        message["quote_message_id"] = quote
    made = _buttons.checked(buttons, _buttons.UNDER_TEXT)
    if made:
        # No template_type here: payload has only the buttons (seen in production code, oa-api.md 5.1).
        message["attachment"] = {"type": "template", "payload": {"buttons": made}}
    return _to(user_id, message)


def image_by_url(user_id: str, url: str, caption: str | None = None) -> dict[str, Any]:
    """An image that Zalo fetches itself from a public http(s) address. Raises InvalidMessage `image.url_invalid`."""
    if not is_web_address(url):
        raise InvalidMessage("image.url_invalid")
    return _media(user_id, {"media_type": "image", "url": url}, caption)


def image_by_id(user_id: str, attachment_id: str, caption: str | None = None) -> dict[str, Any]:
    """An image uploaded before; uploads live 7 days at most. Raises InvalidMessage `upload.missing`."""
    return _media(user_id, {"media_type": "image", "attachment_id": _named(attachment_id)}, caption)


def gif(user_id: str, attachment_id: str, width: int, height: int, caption: str | None = None) -> dict[str, Any]:
    """A GIF uploaded before, with its size in pixels, which Zalo demands. Raises InvalidMessage `gif.size`."""
    if width < 1 or height < 1:
        raise InvalidMessage("gif.size", width=width, height=height)
    sized = {"media_type": "gif", "attachment_id": _named(attachment_id), "width": width, "height": height}
    return _media(user_id, sized, caption)


def file(user_id: str, token: str) -> dict[str, Any]:
    """A file uploaded before; it goes without a text. Raises InvalidMessage `upload.missing`."""
    return _to(user_id, {"attachment": {"type": "file", "payload": {"token": _named(token)}}})


def request_info(user_id: str, title: str, subtitle: str, image_url: str) -> dict[str, Any]:
    """The form that asks for name, phone and address; the answer comes as the event `user_submit_info`.

    Raises InvalidMessage `form.title_empty`, `form.title_long`, `form.subtitle_empty`, `form.subtitle_long`,
    `form.image`.
    """
    if not is_web_address(image_url):
        raise InvalidMessage("form.image")
    element = {
        "title": fitted(filled(title, "form.title_empty"), MAX_TITLE, "form.title_long"),
        "subtitle": fitted(filled(subtitle, "form.subtitle_empty"), MAX_SUBTITLE, "form.subtitle_long"),
        "image_url": image_url,
    }
    payload = {"template_type": "request_user_info", "elements": [element]}
    return _to(user_id, {"attachment": {"type": "template", "payload": payload}})


def template(user_id: str, template_id: str, params: Mapping[str, str]) -> dict[str, Any]:
    """An approved template to a user id: flat `user_id`, as four of five sources have it (zns.md 1.5)."""
    if not user_id:
        raise InvalidMessage("user_id.empty")
    if not template_id:
        raise InvalidMessage("template_id.empty")
    return {"user_id": user_id, "template_id": template_id, "template_data": dict(params)}


def _media(user_id: str, element: Mapping[str, Any], caption: str | None) -> dict[str, Any]:
    # A bare {"type": "image"} attachment is answered with -201; only the media template works.
    payload = {"template_type": "media", "elements": [dict(element)]}
    message: dict[str, Any] = {"attachment": {"type": "template", "payload": payload}}
    if caption:
        message = {"text": fitted(caption, MAX_TEXT, "text.too_long"), **message}
    return _to(user_id, message)


def _named(handle: str) -> str:
    if not handle:
        raise InvalidMessage("upload.missing")
    return handle


def _to(user_id: str, message: dict[str, Any]) -> dict[str, Any]:
    if not user_id:
        raise InvalidMessage("user_id.empty")
    return {"recipient": {"user_id": user_id}, "message": message}
