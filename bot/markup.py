"""What a screen is made of: Telegram HTML, buttons, and where a button leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from texts.html import Html

# Raised when buttons change their meaning: every keyboard made before then counts as old.
LAYOUT = "1"
MAX_CALLBACK_BYTES = 64
LONGEST_NUMBER = 18  # what fits into a database's 64-bit number, whoever made the button
Style = Literal["", "success", "danger", "primary"]


@dataclass(frozen=True)
class Button:
    """One button; `data` from `to(...)`, or an address, or a text to copy."""

    label: str
    data: str = ""
    url: str = ""
    copy: str = ""
    style: Style = ""


Rows = list[list[Button]]


@dataclass(frozen=True)
class Media:
    """A file that is a message's matter; the text is its caption then, of at most 1024 characters."""

    kind: Literal["photo", "animation", "voice", "video", "document"]
    data: bytes = field(repr=False)
    name: str


@dataclass(frozen=True)
class Screen:
    """A message: its text (at most 4096 characters are shown), its keyboard, whether it may be forwarded."""

    text: Html
    rows: Rows = field(default_factory=list)
    protect: bool = False
    media: Media | None = None


@dataclass(frozen=True)
class Target:
    """Where a button leads. `fresh` opens a new message and leaves the one with the button as it is."""

    action: str
    args: tuple[str, ...] = ()
    fresh: bool = False


class OldKeyboard(Exception):
    """The button was made for another layout, or what it is about has changed; `instead` is the screen to open anew."""

    def __init__(self, about: str, instead: Screen | None = None) -> None:
        super().__init__(about)
        self.instead = instead


def to(action: str, *args: object, fresh: bool = False) -> str:
    """The callback data of a button. Raises ValueError over Telegram's 64 bytes: nothing is ever cut in silence."""
    data = ":".join([LAYOUT + ("+" if fresh else ""), action, *(str(arg) for arg in args)])
    if len(data.encode()) > MAX_CALLBACK_BYTES:
        raise ValueError(f"callback data of {action} is over {MAX_CALLBACK_BYTES} bytes")
    return data


def part(args: tuple[str, ...], at: int) -> str:
    """One part of a button's data. Raises OldKeyboard when it has fewer."""
    if at >= len(args):
        raise OldKeyboard("parts")
    return args[at]


def whole(args: tuple[str, ...], at: int) -> int:
    """One part as a whole number. Raises OldKeyboard."""
    text = part(args, at)
    if not text.isascii() or not text.isdigit() or len(text) > LONGEST_NUMBER:
        raise OldKeyboard("number")
    return int(text)


def read(data: str) -> Target:
    """What `to` made. Raises OldKeyboard for anything else."""
    version, _, rest = data.partition(":")
    if version.removesuffix("+") != LAYOUT or not rest:
        raise OldKeyboard(data)
    action, *args = rest.split(":")
    return Target(action, tuple(args), version.endswith("+"))
