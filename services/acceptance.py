"""Is this request really from Zalo? Decided over the raw bytes, before anything is stored.

Fails closed: an app without a webhook secret accepts nothing. Zalo's answer is 200 either way (its console saves the
address only then); what differs is whether a row is stored.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from uuid import uuid4

from config import Settings
from db import to_ms
from models import ZaloApp
from secretbox import CannotOpen, SecretBox
from services import counters, leases, notices
from zalo.events import Event, from_body
from zalo.payload import NotJson, decode_object
from zalo.signature import app_id_of, verify_parsed

log = logging.getLogger(__name__)

MAX_BODY = 4_000_000  # bytes; Zalo names no limit of its own
SIGNATURE = "X-ZEvent-Signature"
SERVER = "X-ZEvent-Server"
KEPT_HEADERS = (SIGNATURE, SERVER, "Content-Type", "User-Agent")
_LONGEST_HEADER = 300

BURST = 5
BURST_WITHIN = timedelta(minutes=10)
ALERT_EVERY = timedelta(hours=1)

Secrets = Mapping[str, tuple[str, ...]]


class Kind(StrEnum):
    """What a request turned out to be; only SIGNED is ever stored."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"  # also the console's probe on saving the address
    WRONG = "wrong"  # signed with another secret, or by another rule such as HMAC
    NOT_EVENT = "not_event"  # empty, cut off, or no JSON object
    OTHER_APP = "other_app"
    NO_SECRET = "no_secret"  # noqa: S105 - a name, not a secret
    UNJUDGED = "unjudged"  # the secrets of its app cannot be opened here: it may well be Zalo's
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome; `row` is what to store, `fingerprint` says which of the app's secrets signed it."""

    kind: Kind
    row: tuple[object, ...] | None = field(default=None, repr=False)
    app_id: str = ""
    fingerprint: str = ""


def check(
    secrets: Secrets,
    default_app: str,
    raw: bytes,
    headers: Mapping[str, str],
    received_at: datetime,
    sealed: Container[str] = (),
) -> Verdict:
    """Judge one request by the secrets of the app its body names. Touches no database, never raises.

    `headers` under the names of KEPT_HEADERS; these are kept with the event. `sealed` names apps of which there may be
    more secrets than `secrets` holds: their events are proven, or not judged.
    """
    if len(raw) > MAX_BODY:
        return Verdict(Kind.TOO_LARGE)
    try:
        body = decode_object(raw)
    except NotJson:
        return Verdict(Kind.NOT_EVENT)
    signature = headers.get(SIGNATURE)
    if not signature:
        return Verdict(Kind.UNSIGNED)
    app_id = app_id_of(body) or default_app
    if app_id not in secrets:
        return Verdict(Kind.OTHER_APP, app_id=app_id)
    index = verify_parsed(raw, body, signature, app_id, secrets[app_id]) if secrets[app_id] else None
    if index is None:
        known = Kind.WRONG if secrets[app_id] else Kind.NO_SECRET
        return Verdict(Kind.UNJUDGED if app_id in sealed else known, app_id=app_id)
    event = from_body(raw, body, to_ms(received_at), server=headers.get(SERVER))
    row = _row(event, app_id, default_app, raw, headers, received_at)
    return Verdict(Kind.SIGNED, row, app_id, fingerprint(secrets[app_id][index]))


def _row(
    event: Event, app_id: str, default_app: str, raw: bytes, headers: Mapping[str, str], received_at: datetime
) -> tuple[object, ...]:
    kept = {name: value[:_LONGEST_HEADER] for name, value in headers.items() if name in KEPT_HEADERS}
    # An OA that granted two apps tells both. Only one of them is the OA's (see services.inbox), so the copy of the
    # other must not take its place.
    key = event.dedupe_key if app_id == default_app else f"{app_id}:{event.dedupe_key}"
    return (key, app_id, event.oa_id or "", event.name, raw, json.dumps(kept), to_ms(received_at))


class KeyRing:
    """The webhook secrets of every app we know: the environment's, and those the owner added.

    A process that was not restarted with the new key cannot open what rotate-keys sealed. It goes on with the secrets
    it read last, and `sealed` names the apps of which it does not know whether these are all.
    """

    def __init__(self, settings: Settings) -> None:
        self.default_app = settings.zalo_app_id
        self.sealed: frozenset[str] = frozenset()
        self._own = tuple(secret.get_secret_value() for secret in settings.zalo_webhook_secret)
        self._box = SecretBox(settings.secret_keys)
        self._good: dict[str, tuple[str, ...]] = {}

    def read(self) -> Secrets:
        """App id -> secrets, newest first. The environment's app is there even with no secret at all."""
        found = {row.app_id: self._open(row) for row in ZaloApp.select()}
        self.sealed = frozenset(app_id for app_id, opened in found.items() if opened is None)
        self._good = {id_: self._good.get(id_, ()) if opened is None else opened for id_, opened in found.items()}
        rings = dict(self._good)
        if self.default_app:
            rings[self.default_app] = self._own + rings.get(self.default_app, ())
        return rings

    def _open(self, row: ZaloApp) -> tuple[str, ...] | None:
        try:
            return tuple(json.loads(self._box.open(row.webhook_secrets, f"zalo_app:{row.app_id}:webhook_secrets")))
        except CannotOpen:
            log.error("no key of SECRET_KEYS opens the webhook secrets of app %s: restart with the new one", row.app_id)
            return None  # the other apps go on


def record(now: datetime, counts: Mapping[str, int], alert: Callable[[], Mapping[str, object]]) -> None:
    """Write what the web process counted since the last time, and alert managers on a burst of wrong signatures.

    At most one alert an hour; `alert()` gives what the text needs beside the count.
    """
    counters.add_all(now, counts)
    bad = sum(counts.get(counter(kind), 0) for kind in (Kind.WRONG, Kind.NO_SECRET))
    if not bad:
        return
    recent = counters.add_to_burst(now, "webhook.burst", bad, BURST_WITHIN)
    # A new owner every time: the lease is never prolonged, it only runs out.
    if recent >= BURST and leases.take(now, "alert:wrong_signatures", uuid4().hex, ALERT_EVERY):
        payload = {"count": recent, **alert()}
        notices.alert(now, "wrong_signatures", now.isoformat(timespec="minutes"), payload)


def counter(kind: Kind) -> str:
    """Under which name requests of a kind are counted."""
    return f"webhook.{kind}"


def secret_counter(app_id: str, fingerprint: str) -> str:
    """Under which name it is remembered which secret of an app signs: the one that is counted no more can go."""
    return f"webhook.secret.{app_id}.{fingerprint}"


@lru_cache(maxsize=64)
def fingerprint(secret: str) -> str:
    """By what a webhook secret is told from others without showing it: 8 hex digits of its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:8]
