"""Text as Telegram takes it: HTML, with everything from outside escaped."""

from __future__ import annotations

import html
import re


class Html(str):
    """Text that is Telegram HTML already; every other text is escaped before it enters one."""

    __slots__ = ()

    def __add__(self, other: str) -> Html:
        # Without this the sum of two pieces would be plain text, and its tags would be shown to people.
        return Html(str.__add__(self, other if isinstance(other, Html) else escape(other)))

    def __radd__(self, other: str) -> Html:
        # Python asks this one first where plain text stands in front: a class derived from that of the left side.
        return escape(other) + self


def escape(text: str) -> Html:
    """Plain text as HTML: `<3` in a name must not break a message."""
    return Html(html.escape(text, quote=False))


def lines(*parts: str | None) -> Html:
    """Join what is there, a line each; an empty string is an empty line, None is left out."""
    return Html("\n".join(part if isinstance(part, Html) else escape(part) for part in parts if part is not None))


def quote(*parts: str | None) -> Html:
    """A folded block, for what only support needs."""
    return Html(f"<blockquote expandable>{lines(*parts)}</blockquote>")


def bare(text: str) -> str:
    """The same text without tags, for places that show none: the command line, a remark over a button, an e-mail."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))
