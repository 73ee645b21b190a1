"""What a consultation message may contain, and how its echo shows it."""

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.zalo_side.answers import JsonObject, Refusal
from sandbox.zalo_side.call import Call, block_of, characters, text_of

MAX_TEXT = 2000
MAX_TITLE = 100
MAX_SUBTITLE = 500
MAX_BUTTONS = 5
MAX_BUTTON_QUERY = 1000
MAX_SMS = 160
# Loosely: Zalo documents examples, not rules (oa-api 5.2).
BUTTON_VALUES = {
    "url": re.compile(r"https?://\S+$"),
    "phone_code": re.compile(r"\+?\d{3,15}$", re.ASCII),
    "content": re.compile(r"", re.DOTALL),
}


@dataclass(slots=True)
class Content:
    """A valid message: the echo event's kind, its text, quote and attachments."""

    kind: str
    text: str = ""
    quote: str = ""
    attachments: list[JsonObject] = field(default_factory=list)
    url: str = ""


def read_content(call: Call, message: dict[str, Any]) -> Content:
    """Check a `message` block. Raises Refusal -201 naming the field, -100 for an upload older than seven days."""
    text = _text(message)
    attachment = message.get("attachment")
    if attachment is None:
        if not text:
            raise Refusal(-201, "text is invalid!")
        content = Content("text")
    elif not isinstance(attachment, dict):
        raise Refusal(-201, "attachment is invalid!")
    else:
        content = _attachment(call, attachment, text)
    content.text = text
    content.quote = str(message.get("quote_message_id") or "")
    known = not call.oa.switches.stale_quotes_refused or call.world.chats[call.oa.oa_id].has(content.quote)
    if content.quote and not known:
        raise Refusal(-201, "quote_message_id is invalid!")
    return content


def _text(message: dict[str, Any]) -> str:
    text = message.get("text", "")
    if not isinstance(text, str):
        raise Refusal(-201, "text is invalid!")
    if characters(text) > MAX_TEXT:
        raise Refusal(-201, f"text cannot exceed {MAX_TEXT} characters")
    return text.strip()


def _attachment(call: Call, attachment: dict[str, Any], text: str) -> Content:
    kind, payload = attachment.get("type"), block_of(attachment, "payload")
    if kind == "file":
        return _file(call, payload)
    if kind != "template":
        raise Refusal(-201, "attachment.type is invalid!")
    template = payload.get("template_type")
    if template == "media":
        return _media(call, _single_element(payload))
    if template == "request_user_info":
        return _form(_single_element(payload))
    if template is None and "buttons" in payload:
        if not text:
            raise Refusal(-201, "text is invalid!")
        check_buttons(payload["buttons"])
        return Content("text")
    raise Refusal(-233, "message type is invalid or not support")


def _single_element(payload: dict[str, Any]) -> JsonObject:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not elements or not isinstance(elements[0], dict):
        raise Refusal(-201, "elements is invalid!")
    if len(elements) > 1:
        raise Refusal(-210, "elements exceeds allowable limit, max 1")
    element: JsonObject = elements[0]
    return element


def _media(call: Call, element: JsonObject) -> Content:
    kind = element.get("media_type")
    if kind == "sticker":
        sticker = {"id": text_of(element, "attachment_id"), "url": ""}
        return Content("sticker", attachments=[{"payload": sticker, "type": "sticker"}])
    if kind not in ("image", "gif"):
        raise Refusal(-201, "media_type is invalid!")
    if kind == "gif":
        for side in ("width", "height"):
            if not isinstance(element.get(side), int) or element[side] <= 0:
                raise Refusal(-201, f"{side} is invalid!")
    url = _media_url(call, element, kind)
    shown = {"thumbnail": "" if kind == "image" else url, "url": url}
    return Content(kind, attachments=[{"payload": shown, "type": kind}], url=url)


def _media_url(call: Call, element: JsonObject, kind: str) -> str:
    """The picture's address; an uploaded one gets the sandbox's own."""
    if bool(element.get("url")) == bool(element.get("attachment_id")):
        raise Refusal(-201, "attachment_id is invalid!")
    if element.get("url"):
        url = text_of(element, "url")
        if not url.startswith(("https://", "http://")):
            raise Refusal(-201, "url is invalid!")
        return url
    upload_id = text_of(element, "attachment_id")
    found = call.world.uploads.find(upload_id, call.oa.oa_id, kind, "attachment_id", call.now)
    return found.url


def _file(call: Call, payload: JsonObject) -> Content:
    upload = call.world.uploads.find(text_of(payload, "token"), call.oa.oa_id, "file", "token", call.now)
    url = upload.url
    shown = {
        "size": str(upload.size),
        "name": upload.filename,
        "checksum": upload.md5,
        "type": upload.extension,
        "url": url,
    }
    return Content("file", attachments=[{"payload": shown, "type": "file"}], url=url)


def _form(element: JsonObject) -> Content:
    limited(element, "title", MAX_TITLE)
    limited(element, "subtitle", MAX_SUBTITLE)
    url = text_of(element, "image_url")
    if not url.startswith(("https://", "http://")):
        raise Refusal(-201, "image_url is invalid!")
    shown = {"zinstant_id": "1", "text": element["title"], "link_url": url, "checksum": ""}
    return Content("list", attachments=[{"payload": shown, "type": "template"}], url=url)


def limited(block: JsonObject, name: str, most: int, shown: str = "") -> str:
    """A required text of at most `most` characters; `shown` is its name in the refusal."""
    shown = shown or name
    if not isinstance(block.get(name), str) or not block[name].strip():
        raise Refusal(-201, f"{shown} is invalid!")
    text: str = block[name]
    if characters(text) > most:
        raise Refusal(-201, f"{shown} cannot exceed {most} characters")
    return text


def check_buttons(buttons: Any, most: int = MAX_BUTTONS, title: int = MAX_TITLE) -> None:
    """Up to so many buttons with a title and the payload of their type. Raises Refusal -201 or -210."""
    if not isinstance(buttons, list) or not buttons:
        raise Refusal(-201, "buttons is invalid!")
    if len(buttons) > most:
        raise Refusal(-210, f"buttons exceeds allowable limit, max {most}")
    for button in buttons:
        if not isinstance(button, dict):
            raise Refusal(-201, "buttons is invalid!")
        limited(button, "title", title)
        _check_action(button)


def _check_action(button: JsonObject) -> None:
    kind = button.get("type")
    if kind in ("oa.query.show", "oa.query.hide"):
        limited(button, "payload", MAX_BUTTON_QUERY)
        return
    needs = {"oa.open.url": ("url",), "oa.open.phone": ("phone_code",), "oa.open.sms": ("phone_code", "content")}
    if not isinstance(kind, str) or kind not in needs:
        raise Refusal(-201, "type is invalid!")
    payload = block_of(button, "payload")
    for name in needs[kind]:
        value = limited(payload, name, MAX_SMS if name == "content" else MAX_TEXT)
        if not BUTTON_VALUES[name].match(value):
            raise Refusal(-201, f"{name} is invalid!")
