"""Sending files, albums, places and contacts, and looking files up."""

import math
from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.entities import read_text
from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import MAX_DOWNLOAD
from sandbox.telegram.html_text import utf16_length
from sandbox.telegram.methods_messages import MAX_CAPTION, post, read_caption
from sandbox.telegram.state import TelegramState

ALBUM_KINDS = ("photo", "video", "document", "audio")
ALBUM_SIZE = range(2, 11)
Method = Callable[[TelegramState, Args], Awaitable[Any]]


def sending(kind: str) -> Method:
    """The method for one kind of file, uploaded or by an id sent before; addresses are not fetched.

    What the bytes are is looked at for pictures only: Telegram makes a document of a voice that is no voice.
    """

    async def send(state: TelegramState, args: Args) -> dict[str, Any]:
        text, entities = read_caption(args)
        state.open_chat(args.text("chat_id"))
        file = state.files.from_args(kind, args)
        return post(state, args, text=text, entities=entities, file=file).to_api()

    return send


async def send_media_group(state: TelegramState, args: Args) -> list[dict[str, Any]]:
    """Two to ten pictures and videos, or files of one kind, that are shown together."""
    media = args.json("media", "media")
    if not isinstance(media, list) or len(media) not in ALBUM_SIZE:
        raise bad_request("there must be between 2 and 10 messages in an album")
    state.open_chat(args.text("chat_id"))
    if not all(isinstance(item, dict) and item.get("type") in ALBUM_KINDS for item in media):
        raise bad_request("wrong message content type specified")
    kinds = {item["type"] for item in media}
    if len(kinds) > 1 and kinds != {"photo", "video"}:
        raise bad_request("document and audio can't be mixed with other media types")
    album = str(13_000_000_000_000_000 + state.journal.last)
    contents = [_album_item(state, args, item) for item in media]
    return [post(state, args, album=album, **content).to_api() for content in contents]


def _album_item(state: TelegramState, args: Args, item: dict[str, Any]) -> dict[str, Any]:
    text, entities = read_text(Args(item), "caption", "caption_entities")
    if utf16_length(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    file = state.files.named(item["type"], Args(item).text("media"), args, Args(item).integer("duration"))
    return {"text": text, "entities": entities, "file": file}


async def send_location(state: TelegramState, args: Args) -> dict[str, Any]:
    """A place on the map."""
    place = {name: _degrees(args, name) for name in ("latitude", "longitude")}
    if abs(place["latitude"]) > 90 or abs(place["longitude"]) > 180:
        raise bad_request("wrong location specified")
    return post(state, args, things={"location": place}).to_api()


def _degrees(args: Args, name: str) -> float:
    text = args.text(name).strip()
    if not text:
        raise bad_request(f"{name} is empty")
    try:
        degrees = float(text)
    except ValueError:
        return 0.0  # Telegram reads what is no number as nought
    return degrees if math.isfinite(degrees) else 999.0


async def send_contact(state: TelegramState, args: Args) -> dict[str, Any]:
    """Somebody's card."""
    if not args.has("phone_number"):
        raise bad_request("phone number is empty")
    if not args.has("first_name"):
        raise bad_request("first name is empty")
    names = ("phone_number", "first_name", "last_name", "vcard")
    card = {name: args.text(name) for name in names if args.has(name)}
    return post(state, args, things={"contact": card}).to_api()


async def get_file(state: TelegramState, args: Args) -> dict[str, Any]:
    """Where to download a file; refused above 20 MB."""
    if not args.has("file_id"):
        raise bad_request("file_id not specified")
    file = state.files.by_id(args.text("file_id"))
    if file.size > MAX_DOWNLOAD:
        raise bad_request("file is too big")
    return {
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }
