"""POST /webhook/zalo, in front of Flask.

Answered 200 whenever sending the same bytes again would change nothing: stored, or not Zalo's. Zalo's console saves the
address only after a 200, and repeated refusals switch the webhook off. 503 only when a signed event is not stored.

This one route is plain WSGI: Flask's dispatch, request and response objects took more time than checking and storing
an event together, and this is where thousands a second arrive (docs/adr/0005).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore

from services.acceptance import KEPT_HEADERS, MAX_BODY
from webhook.reception import Reception
from webhook.writer import NotStored

log = logging.getLogger(__name__)

PATH = "/webhook/zalo"
# Zalo's events are a few hundred bytes. A larger one is still taken, so that no signed event is ever lost, but only so
# many over a megabyte are held in memory at a time, and only if they say their length.
LARGE, MOST_LARGE = 1_000_000, 4
READ_LIMIT = 10.0  # Zalo waits two seconds for everything; a body that takes longer comes from somebody else
_KEPT = tuple(
    (name, name.upper().replace("-", "_") if name == "Content-Type" else f"HTTP_{name.upper().replace('-', '_')}")
    for name in KEPT_HEADERS
)


class Door:
    """Takes events in; hands every other request on to `rest`."""

    def __init__(self, rest: Any, reception: Reception, headers: dict[str, str]) -> None:
        self._rest = rest
        self._reception = reception
        self._headers = list(headers.items())
        self._large = BoundedSemaphore(MOST_LARGE)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            answer: Iterable[bytes] = self._rest(environ, start_response)
            return answer
        status, text, closing = self._receive(environ)
        length = [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))]
        # The rest of a body that was not read would be taken for the next request.
        start_response(status, length + self._headers + ([("Connection", "close")] if closing else []))
        return [text] if text else []

    def _receive(self, environ: dict[str, Any]) -> tuple[str, bytes, bool]:
        try:
            length = _length(environ)
            with self._large if length is not None and length > LARGE else nullcontext():
                raw = _body(environ, length)
                if raw is None:
                    self._reception.too_large()
                    return "200 OK", b"", True
                self._reception.receive(raw, {name: environ[key] for name, key in _KEPT if key in environ})
        except NotStored as problem:
            log.error("an event was answered 503: %s", problem)
            self._reception.count("webhook.unavailable")
            return "503 Service Unavailable", b"try again", False
        except gevent.Timeout:
            return "408 Request Timeout", b"too slow", True
        except Exception as error:
            log.exception("an event was answered 503: %s", type(error).__name__)
            self._reception.count("webhook.failed")
            return "503 Service Unavailable", b"try again", True
        return "200 OK", b"", False  # Zalo ignores the body, and gunicorn sends one in a packet of its own


def _length(environ: dict[str, Any]) -> int | None:
    given = environ.get("CONTENT_LENGTH") or ""
    return int(given[:20]) if given.isascii() and given.isdigit() else None


def _body(environ: dict[str, Any], length: int | None) -> bytes | None:
    """The body as sent, None when it is too large; never holds more than the limit."""
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > MAX_BODY:
        return None
    with gevent.Timeout(READ_LIMIT):
        raw = _read(environ["wsgi.input"], LARGE + 1 if length is None else length)
    return raw if length is not None or len(raw) <= LARGE else None


def _read(stream: Any, most: int) -> bytes:
    """Up to `most` bytes, in as many pieces as they come."""
    raw = bytes(stream.read(most))
    while 0 < len(raw) < most and (piece := stream.read(most - len(raw))):
        raw += piece
    return raw
