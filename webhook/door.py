"""POST /webhook/zalo, in front of Flask.

Answered 200 whenever sending the same bytes again would change nothing: stored, or not Zalo's. Zalo's console saves the
address only after a 200, and repeated refusals switch the webhook off. 503 only when a signed event is not stored.

This one route is plain WSGI: Flask's dispatch, request and response objects took more time than checking and storing
an event together (bench/webhook.py), and this is where thousands a second arrive.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import gevent

from services.acceptance import KEPT_HEADERS, MAX_BODY
from webhook.reception import Reception
from webhook.writer import NotStored

log = logging.getLogger(__name__)

PATH = "/webhook/zalo"
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
            raw = _body(environ)
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


def _body(environ: dict[str, Any]) -> bytes | None:
    """The body as sent, None when it is over MAX_BODY; never holds more than that."""
    given = environ.get("CONTENT_LENGTH") or ""
    length = int(given) if given.isascii() and given.isdigit() else None
    if length is None and not environ.get("wsgi.input_terminated"):
        return b""
    if length is not None and length > MAX_BODY:
        return None
    with gevent.Timeout(READ_LIMIT):
        raw = _read(environ["wsgi.input"], MAX_BODY + 1 if length is None else length)
    return raw if len(raw) <= MAX_BODY else None


def _read(stream: Any, most: int) -> bytes:
    """Up to `most` bytes, in as many pieces as they come."""
    raw = bytes(stream.read(most))
    while 0 < len(raw) < most and (piece := stream.read(most - len(raw))):
        raw += piece
    return raw
