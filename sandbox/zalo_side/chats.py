"""The chat history of an OA, as listrecentchat and conversation give it."""

from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any

DEPTH = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """One message in a chat. `by_user` tells who wrote it."""

    user_id: str
    name: str
    by_user: bool
    at: int
    kind: str
    text: str
    message_id: str
    url: str = ""


class Chats:
    """The newest messages of one OA over all people; older ones fall off."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=DEPTH)

    def add(self, line: Line) -> None:
        self._lines.append(line)

    def has(self, message_id: str) -> bool:
        """Whether one of the messages still known has this id."""
        return any(line.message_id == message_id for line in self._lines)

    def writer_of(self, message_id: str) -> str | None:
        """Who wrote a message to the OA; None for an unknown one and for the OA's own."""
        found = (line.user_id for line in reversed(self._lines) if line.message_id == message_id and line.by_user)
        return next(found, None)

    def page(self, oa_id: str, oa_name: str, offset: int, count: int, user_id: str | None) -> list[dict[str, Any]]:
        """Newest first, of everybody or of one person."""
        newest = (line for line in reversed(self._lines) if user_id is None or line.user_id == user_id)
        return [_shown(line, oa_id, oa_name) for line in islice(newest, offset, offset + count)]


def _shown(line: Line, oa_id: str, oa_name: str) -> dict[str, Any]:
    user, oa = (line.user_id, line.name), (oa_id, oa_name)
    (from_id, from_name), (to_id, to_name) = (user, oa) if line.by_user else (oa, user)
    shown: dict[str, Any] = {
        "src": int(line.by_user),
        "time": line.at,
        "type": line.kind,
        "message": line.text,
        "message_id": line.message_id,
        "from_id": from_id,
        "to_id": to_id,
        "from_display_name": from_name,
        "from_avatar": "",
        "to_display_name": to_name,
        "to_avatar": "",
    }
    return shown | ({"url": line.url, "thumb": line.url} if line.url else {})
