"""Bodies of messages to followers, checked against Zalo's limits before anything is sent."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from zalo.payload import clean

MAX_TEXT = 2000  # characters after NFC, for texts and for captions
MAX_IMAGE_BYTES = 1024 * 1024
TRACKING_ID = re.compile(r"[A-Za-z0-9]{1,48}")


class InvalidMessage(ValueError):
    """Zalo would refuse this message."""


class MessageTooLong(InvalidMessage):
    """The text is `length` characters where Zalo takes `limit`."""

    def __init__(self, length: int, limit: int) -> None:
        super().__init__(f"text of {length} characters, at most {limit} are allowed")
        self.length = length
        self.limit = limit


def text(user_id: str, text: str, *, quote: str | None = None) -> dict[str, Any]:
    """A text, with `quote` as an answer to that message. Raises InvalidMessage or MessageTooLong."""
    content = _checked(text)
    if not content.strip():
        raise InvalidMessage("text is empty")
    message: dict[str, Any] = {"text": content}
    if quote:
        message["quote_message_id"] = quote
    return _to(user_id, message)


def image_by_url(user_id: str, url: str, caption: str | None = None) -> dict[str, Any]:
    """An image that Zalo fetches itself from a public http(s) address. Raises InvalidMessage."""
    if not _is_web_address(url):
        raise InvalidMessage("image address is no http or https address")
    return _image(user_id, {"media_type": "image", "url": url}, caption)


def image_by_id(user_id: str, attachment_id: str, caption: str | None = None) -> dict[str, Any]:
    """An image uploaded before; uploads live 7 days at most. Raises InvalidMessage."""
    if not attachment_id:
        raise InvalidMessage("attachment id is empty")
    return _image(user_id, {"media_type": "image", "attachment_id": attachment_id}, caption)


def measure(text: str) -> int:
    """Length as Zalo is taken to count it: characters after NFC (decomposed Vietnamese would count double)."""
    return len(unicodedata.normalize("NFC", text))


def _image(user_id: str, element: dict[str, str], caption: str | None) -> dict[str, Any]:
    # A bare {"type": "image"} attachment is answered with -201; only the media template works.
    payload = {"template_type": "media", "elements": [element]}
    message: dict[str, Any] = {"attachment": {"type": "template", "payload": payload}}
    if caption:
        message = {"text": _checked(caption), **message}
    return _to(user_id, message)


def _to(user_id: str, message: dict[str, Any]) -> dict[str, Any]:
    if not user_id:
        raise InvalidMessage("user id is empty")
    return {"recipient": {"user_id": user_id}, "message": message}


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket without its other half
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s\x00-\x1f]", url)


def _checked(text: str) -> str:
    content = unicodedata.normalize("NFC", clean(text))
    if len(content) > MAX_TEXT:
        raise MessageTooLong(len(content), MAX_TEXT)
    return content
