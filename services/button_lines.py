"""Buttons as staff write them, one a line: `[Mở web] https://example.vn`, `[Gọi] tel:0901234567`,
`[Nhắn tin] sms:0901234567 nội dung`, `[Xem lịch] #lich` (the person says it), `[Ẩn] !#lich` (hidden in the chat)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from zalo import buttons

_LINE = re.compile(r"\s*\[([^\[\]]*)\]\s*(\S.*?)\s*")
_ADDRESS = re.compile(r"https?://\S*", re.IGNORECASE)


def read(line: str) -> dict[str, Any] | None:
    """The button this line is, in the form that leaves; None for any other line, such as `[QC] Giảm 20%`.

    Raises InvalidMessage `button.phone` (phone).
    """
    found = _LINE.fullmatch(line)
    return _button(found[1].strip(), found[2]) if found else None


def split(raw: str) -> tuple[str, list[dict[str, Any]]]:
    """The text, and the buttons that are its last lines. Raises InvalidMessage `button.phone` (phone)."""
    lines = raw.rstrip().split("\n")
    found: list[dict[str, Any]] = []
    while lines and (button := read(lines[-1])) is not None:
        found.insert(0, button)
        lines.pop()
        while lines and not lines[-1].strip():
            lines.pop()
    return "\n".join(lines).strip(), found


def written(button: Mapping[str, Any]) -> str:
    """The line that is read as this button."""
    return f"[{button['title']}] {_target(button['type'], button['payload'])}"


def _button(title: str, target: str) -> dict[str, Any] | None:
    word, _, rest = target.partition(" ")
    scheme, _, number = word.partition(":")
    if _ADDRESS.fullmatch(target):
        return buttons.open_url(title, target)
    if scheme.lower() == "tel":
        return buttons.open_phone(title, target.partition(":")[2])
    if scheme.lower() == "sms":
        return buttons.open_sms(title, number, rest.strip())
    if target.startswith("!#"):
        return buttons.query(title, target[1:], hidden=True)
    return buttons.query(title, target) if target.startswith("#") else None


def _target(kind: str, payload: Any) -> str:
    if kind == buttons.URL:
        return str(payload["url"])
    if kind == buttons.PHONE:
        return f"tel:{payload['phone_code']}"
    if kind == buttons.SMS:
        return f"sms:{payload['phone_code']} {payload['content']}".rstrip()
    return f"!{payload}" if kind == buttons.HIDE else str(payload)
