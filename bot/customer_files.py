"""What customers send besides words, fetched when it is shown, once for all who are shown it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any, Literal

from bot.markup import Media

Kind = Literal["photo", "animation", "voice", "video", "document"]
KEPT = 12  # files of up to 5 MB each, in memory for as long as colleagues are shown them
AT_ONCE = 6
LONGEST_NAME = 80
_PICTURES = {b"\xff\xd8\xff": "jpg", b"\x89PNG": "png", b"GIF8": "gif", b"RIFF": "webp"}


class CustomerFiles:
    """The last files fetched; several readers at once wait for one fetch, and share its failure too."""

    def __init__(self) -> None:
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._fetched: OrderedDict[str, asyncio.Future[bytes]] = OrderedDict()

    async def get(self, key: str, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        """The bytes of `key`. Raises what `fetch` raised."""
        if key not in self._fetched:
            self._fetched[key] = asyncio.ensure_future(self._through_gate(fetch))
            while len(self._fetched) > KEPT:
                self._fetched.popitem(last=False)
        return await asyncio.shield(self._fetched[key])

    async def _through_gate(self, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        async with self._gate:
            return await fetch()


def media_of(attachment: dict[str, Any], data: bytes) -> Media | None:
    """As what Telegram shall show these bytes; whatever is not clearly something else is a plain file.

    None for what claims to be a picture and is none: a page of excuses, mostly.
    """
    kind, suffix = _kind(str(attachment.get("kind") or ""), data)
    if attachment.get("kind") in ("image", "gif", "sticker") and kind == "document":
        return None
    return Media(kind, data, _name(attachment, suffix))


def _name(attachment: dict[str, Any], suffix: str) -> str:
    """The file's own name without folders and signs that steer something; else what it is."""
    given = str(attachment.get("name") or "").replace("/", "_").replace("\\", "_")
    name = "".join(char for char in given if char.isprintable())[-LONGEST_NAME:].strip(". ")
    claimed = str(attachment.get("kind") or "")
    plain = claimed if claimed.isascii() and claimed.isalnum() else "file"
    return name or f"{plain[:LONGEST_NAME]}{'.' + suffix if suffix else ''}"


def _kind(claimed: str, data: bytes) -> tuple[Kind, str]:
    picture = next((suffix for magic, suffix in _PICTURES.items() if data.startswith(magic)), "")
    if claimed in ("image", "gif", "sticker") and picture:
        return ("animation" if picture == "gif" else "photo"), picture
    if claimed == "audio" and data.startswith(b"OggS"):
        return "voice", "ogg"
    if claimed == "audio" and data[4:8] == b"ftyp":  # Telegram plays M4A as voice too, AAC and AMR it does not
        return "voice", "m4a"
    if claimed == "video" and data[4:8] == b"ftyp":
        return "video", "mp4"
    return "document", {"audio": "aac", "video": "mp4"}.get(claimed, picture)
