"""Buttons under a message: the five types of oa-api.md 5.2, in the form that leaves."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zalo.message_rules import InvalidMessage, filled, fitted, is_web_address
from zalo.phone import PhoneError, normalise

URL, SHOW, HIDE = "oa.open.url", "oa.query.show", "oa.query.hide"
SMS, PHONE = "oa.open.sms", "oa.open.phone"
MAX_PAYLOAD = 1000
MAX_SMS = 160
# Mobile numbers, land lines (two to ten digits of area and number), and 1800/1900 as they are dialled at home.
_PHONE_CODE = re.compile(r"84[0-9]{8,10}|1[89]00[0-9]{4,6}")
_LAND_LINE = re.compile(r"(?:\+?84|0)(2[0-9]{8,9})")
_SERVICE = re.compile(r"1[89]00[0-9]{4,6}")


@dataclass(frozen=True, slots=True)
class ButtonLimits:
    """How many buttons a kind of message takes, how long their titles may be, and whether they have a picture."""

    count: int
    title: int
    icons: bool


UNDER_TEXT = ButtonLimits(5, 100, icons=False)
UNDER_DOCUMENT = ButtonLimits(4, 35, icons=True)  # transaction and promotion messages


def open_url(title: str, url: str) -> dict[str, Any]:
    """Opens a page within Zalo."""
    return {"title": title, "type": URL, "payload": {"url": url}}


def query(title: str, text: str, *, hidden: bool = False) -> dict[str, Any]:
    """The person says `text` to the OA by tapping; `hidden` keeps it out of their chat window."""
    return {"title": title, "type": HIDE if hidden else SHOW, "payload": text}


def open_sms(title: str, phone: str, content: str) -> dict[str, Any]:
    """Opens an SMS to `phone`, in any usual spelling. Raises InvalidMessage `button.phone`."""
    return {"title": title, "type": SMS, "payload": {"content": content, "phone_code": phone_code(phone)}}


def open_phone(title: str, phone: str) -> dict[str, Any]:
    """Opens the dialler with `phone`, in any usual spelling. Raises InvalidMessage `button.phone`."""
    return {"title": title, "type": PHONE, "payload": {"phone_code": phone_code(phone)}}


def phone_code(text: str) -> str:
    """`84...` from a mobile or land-line number; a hotline (1800, 1900) stays as it is dialled.

    Raises InvalidMessage `button.phone` (phone).
    """
    plain = re.sub(r"[\s.()-]", "", text)
    if _SERVICE.fullmatch(plain):
        return plain
    if land_line := _LAND_LINE.fullmatch(plain):
        return "84" + land_line[1]
    try:
        return normalise(text)
    except PhoneError:
        raise InvalidMessage("button.phone", phone=text[:40]) from None


def checked(buttons: Iterable[Mapping[str, Any]], limits: ButtonLimits) -> list[dict[str, Any]]:
    """The buttons as they will leave, in NFC.

    Raises InvalidMessage `buttons.too_many` (count, limit) and, each with `number` from 1, `button.title_empty`,
    `button.title_long`, `button.type`, `button.url`, `button.phone`, `button.payload_empty`, `button.payload_long`,
    `button.sms_long`, `button.icon`.
    """
    given = list(buttons)
    if len(given) > limits.count:
        raise InvalidMessage("buttons.too_many", count=len(given), limit=limits.count)
    return [_checked(button, limits, number) for number, button in enumerate(given, 1)]


def _checked(button: Mapping[str, Any], limits: ButtonLimits, number: int) -> dict[str, Any]:
    title = filled(str(button.get("title") or ""), "button.title_empty", number=number)
    made: dict[str, Any] = {"title": fitted(title, limits.title, "button.title_long", number=number, title=title[:40])}
    if limits.icons:
        made["image_icon"] = _icon(str(button.get("image_icon") or ""), number)
    kind = button.get("type")
    if kind not in _PAYLOADS:
        raise InvalidMessage("button.type", number=number)
    return {**made, "type": kind, "payload": _PAYLOADS[kind](button.get("payload"), number)}


def _icon(icon: str, number: int) -> str:
    # "", "default", an address, or the id of an upload (letters and digits): oa-api.md 5.2.
    if "/" in icon and not is_web_address(icon):
        raise InvalidMessage("button.icon", number=number)
    return icon


def _url_payload(payload: Any, number: int) -> dict[str, str]:
    url = str(payload.get("url") or "") if isinstance(payload, Mapping) else ""
    if not is_web_address(url):
        raise InvalidMessage("button.url", number=number, url=url[:60])
    return {"url": url}


def _query_payload(payload: Any, number: int) -> str:
    text = filled(payload if isinstance(payload, str) else "", "button.payload_empty", number=number)
    return fitted(text, MAX_PAYLOAD, "button.payload_long", number=number)


def _sms_payload(payload: Any, number: int) -> dict[str, str]:
    content = str(payload.get("content") or "") if isinstance(payload, Mapping) else ""
    return {"content": fitted(content, MAX_SMS, "button.sms_long", number=number), **_phone_payload(payload, number)}


def _phone_payload(payload: Any, number: int) -> dict[str, str]:
    code = str(payload.get("phone_code") or "") if isinstance(payload, Mapping) else ""
    if not _PHONE_CODE.fullmatch(code):
        raise InvalidMessage("button.phone", number=number, phone=code[:40])
    return {"phone_code": code}


_PAYLOADS = {
    URL: _url_payload,
    SHOW: _query_payload,
    HIDE: _query_payload,
    SMS: _sms_payload,
    PHONE: _phone_payload,
}
