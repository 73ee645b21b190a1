"""What a person typed or sent to the bot, as the parts of a consultation message.

The bytes of a picture or a file are fetched from Telegram and kept at once; an address of a picture is fetched and
looked at, so that what Zalo would refuse is refused before anything else is asked.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from bot.turn import Turn
from services import contents, fetching, uploads
from services.contents import Content
from services.errors import Invalid
from services.filekinds import MAX_BYTES as MAX_FILE_BYTES

MAX_FROM_TELEGRAM = 20 * 1024 * 1024  # Telegram gives bots no larger file, so it is not even asked for
IMAGE_ADDRESS = re.compile(r"https?://\S+?\.(?:jpe?g|png|gif)(?:\?\S*)?(?=\s|$)", re.IGNORECASE)
NOTHING: dict[str, Any] = {"text": "", "image": None, "gif": None, "file": None, "about": {}}
GIF = "image/gif"
NO_CAPTION = "file.no_caption"

Parts = dict[str, Any]


async def read_parts(turn: Turn) -> Parts:
    """The parts that a message of staff has: `text`, `image`, `gif`, `file`, and `about` (name, bytes) for the eye.

    Raises Invalid `image.*`, `gif.*`, `file.*`, `fetch.*` for what Zalo would not take.
    """
    text = turn.text.strip()
    if turn.photo:
        return NOTHING | await _picture(turn) | {"text": text}
    if turn.document is not None:
        return NOTHING | await _file(turn) | {"text": text}
    if turn.location is not None:
        return NOTHING | {"text": map_link(turn.location)}
    return await read_words(turn, text)


async def read_words(turn: Turn, text: str) -> Parts:
    """The parts of typed words: a picture when they begin with the address of one. Raises as `read_parts`."""
    address = IMAGE_ADDRESS.match(text)
    if address:
        return NOTHING | await _fetched(turn, address.group()) | {"text": text[address.end() :].strip()}
    return NOTHING | {"text": text}


def map_link(place: tuple[float, float]) -> str:
    """A place as an address everybody can open: Zalo's API takes no locations from an OA (oa-api.md 5.1)."""
    return f"https://www.google.com/maps?q={place[0]:.6f},{place[1]:.6f}"


def something(parts: Mapping[str, Any]) -> bool:
    """Whether there is anything to send yet."""
    return any(parts.get(name) for name in ("text", "image", "gif", "file"))


def only_words(parts: Mapping[str, Any]) -> bool:
    """Whether there is nothing but a text."""
    return bool(parts.get("text")) and not any(parts.get(name) for name in ("image", "gif", "file"))


def content_of(parts: Mapping[str, Any]) -> Content:
    """The message these parts make. Raises Invalid naming the part and its rule."""
    text = str(parts.get("text") or "")
    if parts.get("file"):
        if text:  # Zalo's file messages carry no text (oa-api.md 5.1)
            raise Invalid(NO_CAPTION)
        return contents.file(parts["file"]["upload"], parts["file"]["name"])
    if parts.get("gif"):
        gif = parts["gif"]
        return contents.gif(gif["upload"], gif["width"], gif["height"], caption=text)
    if parts.get("image"):
        return contents.image(**parts["image"], caption=text)
    return contents.text(text)


async def _picture(turn: Turn) -> Parts:
    if turn.photo_size > MAX_FROM_TELEGRAM:
        raise Invalid("image.too_big", limit=MAX_FROM_TELEGRAM, size=turn.photo_size)
    return await _kept(turn, await _bytes(turn, turn.photo))


async def _file(turn: Turn) -> Parts:
    sent = turn.document
    assert sent is not None
    if sent.media_type == GIF:
        return await _kept(turn, await _bytes(turn, sent.file_id))
    if sent.media_type.startswith("video/"):
        # Telegram's apps turn a GIF into a silent video before the bot sees it; Zalo takes no videos from an API.
        raise Invalid("gif.is_video")
    if sent.size > MAX_FILE_BYTES:
        raise Invalid("file.too_big", limit=MAX_FILE_BYTES, size=sent.size)
    data = await _bytes(turn, sent.file_id)
    kept = await turn.db(uploads.keep_file, turn.desk, data, sent.name)
    return {"file": {"upload": kept.name, "name": kept.original}, "about": {"size": len(data)}}


async def _kept(turn: Turn, data: bytes) -> Parts:
    """A picture or a GIF, by its own bytes."""
    kept = await turn.db(uploads.keep_image, turn.desk, data)
    about: dict[str, Any] = {"size": len(await turn.db(uploads.read, turn.desk, kept.name))}
    if kept.kind == "gif":
        return {"gif": {"upload": kept.name, "width": kept.width, "height": kept.height}, "about": about}
    return {"image": {"upload": kept.name}, "about": about}


async def _fetched(turn: Turn, address: str) -> Parts:
    """Zalo fetches the picture from its address itself, unless it had to be made smaller or is a GIF."""
    data = await fetching.attachment(turn.desk, address)
    parts = await _kept(turn, data)
    parts["about"]["name"] = address
    if parts.get("image", {}).get("upload", "").startswith(hashlib.sha256(data).hexdigest()):
        parts["image"] = {"url": address}
    return parts


async def _bytes(turn: Turn, file_id: str) -> bytes:
    file = await turn.sender.bot.get_file(file_id)
    return bytes(await file.download_as_bytearray())
