"""What people send to an OA: attachments in the shape of recorded traffic, with media the sandbox really serves."""

import base64
import binascii
import json
from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.media import SAMPLES, Shelf


def user_message(kind: str, spec: dict[str, Any], media: Shelf) -> JsonObject:
    """The `message` block of user_send_<kind>: what the order gives, filled up with a sample.

    `attachments` as they are; else one made of `data` (base64) and `file_name`, or of `latitude`, `longitude`,
    `url`, `description`, `phone`; else a sample.
    """
    message: JsonObject = {}
    attachments = spec.get("attachments")
    if attachments is None and kind in MAKERS:
        attachments = [attachment(kind, spec, media) for _ in range(int(spec.get("pictures", 1)))]
    if attachments is not None:
        message["attachments"] = attachments
    if spec.get("quote_msg_id"):
        message["quote_msg_id"] = spec["quote_msg_id"]
    text = spec.get("text", "Xin chào" if kind == "text" else _usual_text(kind, spec))
    if text is not None:
        message["text"] = text
    message["msg_id"] = spec.get("msg_id") or new_message_id()
    return message


def _usual_text(kind: str, spec: dict[str, Any]) -> str | None:
    """The text that goes with an attachment by itself: a link repeats its address, a card carries the name."""
    if kind == "link":
        return str(spec.get("url", "https://example.com/page"))
    return str(spec.get("name", "Lê Thị Hoa")) if kind == "business_card" else None


def attachment(kind: str, spec: dict[str, Any], media: Shelf) -> JsonObject:
    """One attachment of a message kind. Raises ValueError for `data` that is no base64."""
    type_, make = MAKERS[kind]
    return {"payload": make(spec, media), "type": type_}


def given_bytes(spec: dict[str, Any], ending: str) -> tuple[str, bytes]:
    """The name and the bytes of the media: as ordered, else the sandbox's sample of that ending."""
    name = str(spec.get("file_name") or f"mau.{ending}")
    if spec.get("data") is None:
        return name, SAMPLES.get(name.rpartition(".")[2].lower(), SAMPLES[ending])[1]
    try:
        return name, base64.b64decode(str(spec["data"]), validate=True)
    except binascii.Error:
        raise ValueError("data must be base64") from None


def _kept(spec: dict[str, Any], media: Shelf, ending: str) -> str:
    name, data = given_bytes(spec, ending)
    return media.put(data, name.rpartition(".")[2].lower() or ending)


def _image(spec: dict[str, Any], media: Shelf) -> JsonObject:
    url = _kept(spec, media, "jpg")
    return {"thumbnail": url, "url": url}


def _gif(spec: dict[str, Any], media: Shelf) -> JsonObject:
    return {"thumbnail": media.sample("jpg"), "url": _kept(spec, media, "gif")}


def _link(spec: dict[str, Any], media: Shelf) -> JsonObject:
    url, words = str(spec.get("url", "https://example.com/page")), str(spec.get("description", "Trang mẫu"))
    return {"thumbnail": media.sample("jpg"), "description": words, "url": url}


def _audio(spec: dict[str, Any], media: Shelf) -> JsonObject:
    return {"url": _kept(spec, media, "aac")}


def _video(spec: dict[str, Any], media: Shelf) -> JsonObject:
    return {"thumbnail": media.sample("jpg"), "description": "", "url": _kept(spec, media, "mp4")}


def _sticker(spec: dict[str, Any], media: Shelf) -> JsonObject:
    return {"id": str(spec.get("sticker_id", "83e90e033246db188257")), "url": _kept(spec, media, "png")}


def _location(spec: dict[str, Any], media: Shelf) -> JsonObject:
    # Coordinates are texts in recorded traffic (webhooks 3.2).
    latitude, longitude = spec.get("latitude", "10.7923119"), spec.get("longitude", "106.7820651")
    return {"coordinates": {"latitude": str(latitude), "longitude": str(longitude)}}


def _business_card(spec: dict[str, Any], media: Shelf) -> JsonObject:
    card = {"phone": str(spec.get("phone", "84900000000")), "qrCodeUrl": media.sample("png")}
    words = json.dumps(card, separators=(",", ":"))
    return {"thumbnail": media.sample("jpg"), "description": words, "url": "https://zalo.me/x"}


def _file(spec: dict[str, Any], media: Shelf) -> JsonObject:
    name, data = given_bytes({"file_name": "bao-gia.pdf", **spec}, "pdf")
    ending = name.rpartition(".")[2].lower()
    return file_payload(media, name, ending, data)


def file_payload(media: Shelf, name: str, ending: str, data: bytes) -> JsonObject:
    """A file as events show it: its size is a text, its address has no ending (recorded 2020)."""
    url = media.put(data, ending, bare=True)
    return {"size": str(len(data)), "name": name, "checksum": media.md5(data), "type": ending, "url": url}


MAKERS: dict[str, tuple[str, Any]] = {
    "image": ("image", _image),
    "gif": ("gif", _gif),
    "link": ("link", _link),
    "audio": ("audio", _audio),
    "video": ("video", _video),
    "sticker": ("sticker", _sticker),
    "location": ("location", _location),
    "business_card": ("link", _business_card),
    "file": ("file", _file),
}
