"""Rows of buttons that many screens share."""

from __future__ import annotations

from bot.markup import Button, Rows, to
from texts import Texts


def home_row(t: Texts) -> list[Button]:
    """Only the way home."""
    return [Button(t.plain("button.home"), to("home"))]


def back_row(t: Texts, data: str) -> list[Button]:
    """The last row of every screen below home."""
    return [Button(t.plain("button.back"), data), Button("🏠", to("home"))]


def cancel_row(t: Texts) -> list[Button]:
    """The last row of every form."""
    return [Button(t.plain("button.cancel"), to("cancel"))]


def pairs(buttons: list[Button]) -> Rows:
    """Two in a row."""
    return [buttons[at : at + 2] for at in range(0, len(buttons), 2)]


def pager(at: int, size: int, total: int, action: str, *args: object) -> list[Button]:
    """◀️ 2/5 ▶️, as far as there is a page to turn to; `at` is the offset of the first row shown."""
    row = []
    pages = max(1, -(-total // size))
    if at > 0:
        row.append(Button("◀️", to(action, *args, max(0, at - size))))
    if pages > 1:
        row.append(Button(f"{at // size + 1}/{pages}", to(action, *args, at)))
    if at + size < total:
        row.append(Button("▶️", to(action, *args, at + size)))
    return row


def short(label: str, limit: int = 28) -> str:
    """A name as a button's label."""
    return label if len(label) <= limit else label[: limit - 1] + "…"
