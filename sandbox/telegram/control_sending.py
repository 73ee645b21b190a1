"""What people send: pictures, files, voice, places, contacts."""

import base64
import binascii
import mimetypes
from typing import Any

from sandbox.telegram.args import Upload
from sandbox.telegram.control_people import Act, Body, write
from sandbox.telegram.entities import settle
from sandbox.telegram.errors import ControlError
from sandbox.telegram.state import TelegramState

DEFAULT_NAMES = {
    "photo": "photo.jpg",
    "document": "file.bin",
    "animation": "animation.mp4",
    "video": "video.mp4",
    "voice": "voice.ogg",
    "audio": "audio.mp3",
    "sticker": "sticker.webp",
}


def _upload(body: Body, file_name: str) -> Upload:
    """The file of the request: `data` in base64."""
    try:
        data = base64.b64decode(body.text("data"), validate=True)
    except (binascii.Error, ValueError):
        raise ControlError(400, "data must be base64") from None
    name = body.text("file_name") or file_name
    guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Upload(name, data, body.text("mime_type") or guessed)


def sending(kind: str) -> Act:
    """The act of sending a file of that kind.

    `data`, `file_name`, `mime_type`, `caption`, `duration` in seconds, `album` (messages of one album carry the same
    text), and `file_size`: what the file claims to be, so that nobody has to carry 20 MB.
    """

    async def send(state: TelegramState, body: Body) -> Any:
        duration, size = body.optional("duration") or 0, body.optional("file_size") or 0
        file = state.files.add(kind, _upload(body, DEFAULT_NAMES[kind]), duration, size)
        return write(state, body, body.text("caption"), file=file, album=body.text("album"))

    return send


async def send_location(state: TelegramState, body: Body) -> Any:
    """A person sends a place."""
    place = {"latitude": body.number("latitude"), "longitude": body.number("longitude")}
    if abs(place["latitude"]) > 90 or abs(place["longitude"]) > 180:
        raise ControlError(400, "no such place on this earth")
    return write(state, body, "", things={"location": place})


async def send_contact(state: TelegramState, body: Body) -> Any:
    """A person sends somebody's card; `user_id` is there when that somebody uses Telegram."""
    card: dict[str, Any] = {"phone_number": body.text("phone_number"), "first_name": body.text("first_name")}
    if not all(settle(text, [])[0] for text in card.values()):
        raise ControlError(400, "a contact has phone_number and first_name")
    if body.text("last_name"):
        card["last_name"] = body.text("last_name")
    if (user_id := body.optional("user_id")) is not None:
        card["user_id"] = user_id
    return write(state, body, "", things={"contact": card})


SENDING: dict[str, Act] = {
    **{f"send_{kind}": sending(kind) for kind in DEFAULT_NAMES},
    "send_location": send_location,
    "send_contact": send_contact,
}
