"""The bodies of webhook events, with the key order of recorded live traffic."""

from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.ledger import new_message_id

# The console's Test button speaks in the name of this OA, whoever presses it.
CONSOLE_OA_ID = "579745863508352884"

PHOTO = "/_sandbox/media/photo.png"


def attachment(kind: str, media: str) -> JsonObject:
    """A sample attachment of a message kind; `media` is the sandbox's base URL."""
    url = media + PHOTO
    payloads: dict[str, tuple[str, JsonObject]] = {
        "image": ("image", {"thumbnail": url, "url": url}),
        "gif": ("gif", {"thumbnail": url, "url": media + "/_sandbox/media/wave.gif"}),
        "link": ("link", {"thumbnail": url, "description": "Trang mẫu", "url": "https://example.com/page"}),
        "audio": ("audio", {"url": media + "/_sandbox/media/voice.aac"}),
        "video": ("video", {"thumbnail": url, "description": "", "url": media + "/_sandbox/media/clip.mp4"}),
        "sticker": ("sticker", {"id": "83e90e033246db188257", "url": url}),
        "location": ("location", {"coordinates": {"latitude": "10.7923119", "longitude": "106.7820651"}}),
        "business_card": (
            "link",
            {
                "thumbnail": url,
                "description": '{"phone":"84900000000","qrCodeUrl":"https://example.com/qr.png"}',
                "url": "https://example.com/card",
            },
        ),
        "file": (
            "file",
            {
                "size": "12345",
                "name": "bao-gia.pdf",
                "checksum": "1b069c08879c4323b3a7362155124fad",
                "type": "pdf",
                "url": media + "/_sandbox/media/bao-gia.pdf",
            },
        ),
    }
    type_, payload = payloads[kind]
    return {"payload": payload, "type": type_}


def message_event(
    name: str,
    app_id: str,
    sender: JsonObject,
    recipient_id: str,
    message: JsonObject,
    at_ms: int,
    user_id_by_app: str | None,
) -> JsonObject:
    """A message, echo or receipt of a chat."""
    body: JsonObject = {
        "event_name": name,
        "app_id": app_id,
        "sender": sender,
        "recipient": {"id": recipient_id},
        "message": message,
        "timestamp": str(at_ms),
    }
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    return body


def user_message(kind: str, spec: dict[str, Any], media: str) -> JsonObject:
    """The `message` block of user_send_<kind>: what the order gives, filled up with a sample."""
    message: JsonObject = {}
    attachments = spec.get("attachments")
    if attachments is None and kind != "text":
        attachments = [attachment(kind, media)] if kind in SENDABLE else None
    if attachments is not None:
        message["attachments"] = attachments
    if spec.get("quote_msg_id"):
        message["quote_msg_id"] = spec["quote_msg_id"]
    if kind == "text" or spec.get("text") is not None:
        message["text"] = spec.get("text", "Xin chào")
    message["msg_id"] = spec.get("msg_id") or new_message_id()
    return message


SENDABLE = ("image", "gif", "link", "audio", "video", "sticker", "location", "business_card", "file")


def follow_event(
    name: str, source: str, oa_id: str, app_id: str, user_id: str, at_ms: int, user_id_by_app: str | None
) -> JsonObject:
    """follow or unfollow."""
    body: JsonObject = {"oa_id": oa_id, "follower": {"id": user_id}}
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    return body | {"event_name": name, "source": source, "app_id": app_id, "timestamp": str(at_ms)}


def zns_receipt(
    oa_id: str, app_id: str, recipient: str, msg_id: str, tracking_id: str | None, at_ms: int
) -> JsonObject:
    """A ZNS reached the phone (or the hash it was sent to)."""
    message = {"delivery_time": str(at_ms), "msg_id": msg_id}
    if tracking_id is not None:
        message["tracking_id"] = tracking_id
    return {
        "sender": {"id": oa_id},
        "recipient": {"id": recipient},
        "event_name": "user_received_message",
        "message": message,
        "app_id": app_id,
        "timestamp": str(at_ms + 1),
    }


def submitted_info(
    app_id: str, oa_id: str, user_id: str, info: JsonObject, at_ms: int, *, new_shape: bool, user_id_by_app: str
) -> JsonObject:
    """user_submit_info in one of its two generations."""
    sender, recipient = {"id": user_id}, {"id": oa_id}
    if new_shape:
        return {
            "sender": sender,
            "recipient": recipient,
            "event_name": "user_submit_info",
            "app_id": app_id,
            "timestamp": str(at_ms),
            "info": info,
        }
    return {
        "app_id": app_id,
        "user_id_by_app": user_id_by_app,
        "event_name": "user_submit_info",
        "timestamp": str(at_ms),
        "sender": sender,
        "recipient": recipient,
        "info": info,
    }


def tag_event(
    name: str, app_id: str, oa_id: str, tag: str, user_id: str | None, at_ms: int, user_id_by_app: str | None
) -> JsonObject:
    """add_user_to_tag, remove_user_from_tag or remove_tag."""
    body: JsonObject = {"app_id": app_id, "oa_id": oa_id}
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    block: JsonObject = {"name": tag} if user_id is None else {"user_ids": [user_id], "name": tag}
    return body | {"event_name": name, "tag": block, "timestamp": str(at_ms)}


def console_test(app_id: str, user_id: str, user_id_by_app: str, at_ms: int) -> JsonObject:
    """What the Test button of the developer console posts for user_send_text."""
    return {
        "app_id": app_id,
        "user_id_by_app": user_id_by_app,
        "event_name": "user_send_text",
        "timestamp": str(at_ms),
        "sender": {"id": user_id},
        "recipient": {"id": CONSOLE_OA_ID},
        "message": {"msg_id": "This is message id", "text": "This is testing message"},
    }
