"""Webhook signatures: the right one, and the wrong ones a receiver has to refuse."""

import hashlib
import hmac
from enum import StrEnum

from zalo.signature import sign


class Signing(StrEnum):
    """How an event is signed."""

    GOOD = "good"
    NONE = "none"
    WRONG = "wrong"
    HMAC = "hmac"
    BARE = "bare"


def signature(kind: Signing, app_id: str, raw: bytes, timestamp: str, secret: str) -> str | None:
    """The value of `X-ZEvent-Signature`; None means the header is left out.

    Zalo's rule is plain SHA-256 over app id, raw body, timestamp and the OA secret key.
    """
    if kind is Signing.NONE:
        return None
    if kind is Signing.WRONG:
        return sign(app_id, raw, timestamp, secret + "-of-another-app")
    if kind is Signing.HMAC:
        return "mac=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    good = sign(app_id, raw, timestamp, secret)
    return good.removeprefix("mac=") if kind is Signing.BARE else good
