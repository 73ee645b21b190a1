"""One key per event: the same for Zalo's retries, different for everything else."""

import hashlib
from collections.abc import Iterable
from typing import Any

from zalo.payload import as_dict, as_id, as_list, as_text

_LONGEST_KEY = 200
# The console's Test button sends this same id every time; its timestamp tells two presses apart.
_CONSOLE_TEST_ID = "This is message id"

_MESSAGES = ("user_send_", "oa_send_", "anonymous_send_")
_REACTIONS = {"user_reacted_message", "oa_reacted_message"}
_TAGS = {"add_user_to_tag", "remove_user_from_tag", "remove_tag"}


def dedupe_key(name: str, oa_id: str | None, raw: bytes, body: dict[str, Any]) -> str:
    """At most 200 characters. Never holds the app id where the event is about a message or a person.

    Where a part of the key is missing, and for every event not known here, the hash of the raw bytes serves:
    retries are byte-identical.
    """
    parts = _parts(name, oa_id, body)
    if parts is None or not all(parts):
        return "raw:" + hashlib.sha256(raw).hexdigest()
    key = "|".join((name, *(part for part in parts if part)))
    if len(key) <= _LONGEST_KEY and len(parts) == key.count("|"):
        return key
    return f"{name}|sha256:{_hash((name, *(part for part in parts if part)))}"


def _parts(name: str, oa_id: str | None, body: dict[str, Any]) -> list[str | None] | None:
    message = as_dict(body.get("message"))
    timestamp, recipient = as_text(body.get("timestamp")), as_id(as_dict(body.get("recipient")).get("id"))
    msg_id = as_id(message.get("msg_id"))
    if msg_id == _CONSOLE_TEST_ID:
        msg_id = f"{msg_id} {timestamp}" if timestamp else None
    if name.startswith(_MESSAGES):
        return [oa_id, msg_id]
    if name == "user_received_message":
        return [oa_id, msg_id, recipient]
    if name == "user_seen_message":
        return [oa_id, recipient, timestamp, _joined(message.get("msg_ids"))]
    if name in _REACTIONS:
        sender = as_id(as_dict(body.get("sender")).get("id"))
        return [msg_id, sender, as_text(message.get("react_icon")), timestamp]
    return _about_people(name, oa_id, timestamp, body)


def _about_people(name: str, oa_id: str | None, timestamp: str | None, body: dict[str, Any]) -> list[str | None] | None:
    if name in ("follow", "unfollow"):
        return [oa_id, as_id(as_dict(body.get("follower")).get("id")), timestamp]
    if name == "user_submit_info":
        return [oa_id, as_id(as_dict(body.get("sender")).get("id")), timestamp]
    if name in _TAGS:
        tag = as_dict(body.get("tag"))
        # Several tags and people may change in the same millisecond.
        return [oa_id, as_text(tag.get("name")), _joined(tag.get("user_ids")) or "nobody", timestamp]
    return None


def _joined(value: object) -> str | None:
    ids = sorted(found for item in as_list(value) if (found := as_id(item)))
    return ",".join(ids) or None


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
