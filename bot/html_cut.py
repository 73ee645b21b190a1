"""Cutting Telegram HTML without breaking a tag: Telegram refuses the whole message over one open tag."""

from __future__ import annotations

import re

from texts.html import Html

TOKEN = re.compile(r"<[^<>]+>|&(?:#\d+|#x[0-9a-fA-F]+|[a-z]+);|.", re.DOTALL)
ELLIPSIS = "…"


def length(text: str) -> int:
    """What Telegram counts: UTF-16 units of the text without its tags."""
    return sum(_weight(token) for token in TOKEN.findall(text))


def split(text: Html, limit: int) -> list[Html]:
    """Pieces of at most `limit`, broken at line ends where there is one; open tags are closed and opened again."""
    pieces, current, used, open_tags = [], [], 0, []  # type: ignore[var-annotated]
    for token in TOKEN.findall(text):
        if used + _weight(token) > limit:
            kept, rest = _at_line_end(current)
            tags_then = _open_after(kept)
            pieces.append(Html("".join(kept) + _closing(tags_then)))
            current = [*tags_then, *rest]
            used = sum(_weight(part) for part in current)
        current.append(token)
        used += _weight(token)
        open_tags = _step(open_tags, token)
    return [*pieces, Html("".join(current))]


def cut(text: Html, limit: int) -> Html:
    """The beginning, with … when something is missing."""
    if length(text) <= limit:
        return text
    first = split(text, limit - 1)[0]
    end = re.search(r"(?:</[^<>]+>)*\Z", first)
    at = end.start() if end else len(first)
    return Html(first[:at].rstrip("\n") + ELLIPSIS + first[at:])


def _weight(token: str) -> int:
    if token.startswith("<") and len(token) > 1:
        return 0
    return 1 if len(token) > 1 else len(token.encode("utf-16-le", "surrogatepass")) // 2


def _at_line_end(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Break after the last line end of the second half, or hard."""
    for at in range(len(tokens) - 1, len(tokens) // 2, -1):
        if tokens[at] == "\n":
            return tokens[:at], tokens[at + 1 :]
    return tokens, []


def _open_after(tokens: list[str]) -> list[str]:
    tags: list[str] = []
    for token in tokens:
        tags = _step(tags, token)
    return tags


def _step(tags: list[str], token: str) -> list[str]:
    if len(token) < 3 or token[0] != "<":
        return tags
    return tags[:-1] if token.startswith("</") else [*tags, token]


def _closing(tags: list[str]) -> str:
    return "".join(f"</{tag[1:-1].split()[0]}>" for tag in reversed(tags))
