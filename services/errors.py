"""What the caller did wrong, or may not do now.

    DeskError
    ├── NotFound          no such OA, template, follower, delivery
    ├── NotAllowed        this person may not do this
    ├── Invalid           a value is wrong; names the field and the rule
    ├── Conflict          somebody else got there first, or the screen is old
    └── Refusal           a message may not leave now; says why, and what else would reach the person

What Zalo did wrong is in `zalo.errors`. Each carries a `key` (of the texts in `locale/`) and the values the text needs,
never a sentence of its own: the person's language is known only at the edge.
"""

from __future__ import annotations

from typing import Any


class DeskError(Exception):
    """Base of all; `key` names the text, `values` fill it, `code` is what support asks for."""

    def __init__(self, key: str, code: str = "", **values: Any) -> None:
        super().__init__(key)
        self.key = key
        self.code = code
        self.values = values


class NotFound(DeskError):
    """There is no such thing."""


class NotAllowed(DeskError):
    """This person may not do this."""


class Invalid(DeskError):
    """A value does not fit its rule."""


class Conflict(DeskError):
    """Already done, already used, or changed meanwhile."""


class Refusal(DeskError):
    """A message that may not leave now. Nothing left, nothing was charged."""
