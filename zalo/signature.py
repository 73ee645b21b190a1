"""Zalo's signatures: the one on its webhooks, and the proof on our calls."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from zalo.payload import NotJson, as_id, decode_object

_HEADER = re.compile(r"\s*(?:mac)?[\s=]*([0-9a-f]{64})\s*", re.IGNORECASE)
_LONGEST_HEADER = 200  # anybody may send a header; of 8,000 spaces the pattern would take a second of our time


def sign(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    """The value of `X-ZEvent-Signature`: plain SHA-256 over app id, body, timestamp and OA Secret Key.

    It is no HMAC, and the key is the one of the console's Webhook page, not the OAuth app secret.
    """
    return "mac=" + _digest(app_id, raw, timestamp, secret)


def verify(raw: bytes, header: str | None, app_id: str, secrets: Sequence[str]) -> int | None:
    """Index of the secret that signed `raw`, or None. Never raises, whatever the bytes are."""
    try:
        body = decode_object(raw)
    except NotJson:
        return None
    return verify_parsed(raw, body, header, app_id, secrets)


def verify_parsed(
    raw: bytes, body: Mapping[str, Any], header: str | None, app_id: str, secrets: Sequence[str]
) -> int | None:
    """Like `verify`, for a caller that has decoded `raw` into `body` already."""
    given = _header_digest(header)
    timestamp = _timestamp(body.get("timestamp"))
    named = "app_id" in body or "appId" in body
    if given is None or timestamp is None or (named and app_id_of(body) != app_id):
        return None
    for index, secret in enumerate(secrets):
        if secret and hmac.compare_digest(_digest(app_id, raw, timestamp, secret), given):
            return index
    return None


def app_id_of(body: Mapping[str, Any]) -> str | None:
    """The app an event names; journey events of ZNS spell the key `appId`."""
    return as_id(body.get("app_id", body.get("appId")))


def appsecret_proof(secret: str, token: str) -> str:
    """The `appsecret_proof` header: hex HMAC-SHA256 of the access token under the app secret."""
    return hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def _digest(app_id: str, raw: bytes, timestamp: str, secret: str) -> str:
    return hashlib.sha256(b"".join((app_id.encode(), raw, timestamp.encode(), secret.encode()))).hexdigest()


def _header_digest(header: str | None) -> str | None:
    # Live headers read `mac=<hex>`; `mac = <hex>` and bare hex are in the documentation and in the wild.
    found = _HEADER.fullmatch(header) if header and len(header) <= _LONGEST_HEADER else None
    return found.group(1).lower() if found else None


def _timestamp(value: object) -> str | None:
    """The text that was hashed. Every recording has a string; a bare number is hashed as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.isascii():
        return value
    return None
