"""POST /webhook/zalo.

Answered 200 whenever sending the same bytes again would change nothing: stored, or not Zalo's. Zalo's console saves the
address only after a 200, and repeated refusals switch the webhook off. 503 only when a signed event is not stored.
"""

from __future__ import annotations

import logging

import gevent
from flask import Blueprint, Response, request

from services.acceptance import KEPT_HEADERS, MAX_BODY
from webhook.reception import Reception
from webhook.writer import NotStored

log = logging.getLogger(__name__)

PATH = "/webhook/zalo"
READ_LIMIT = 10.0  # Zalo waits two seconds for everything; a body that takes longer comes from somebody else
_PIECE = 65_536


def blueprint(reception: Reception) -> Blueprint:
    """The webhook's routes."""
    routes = Blueprint("events", __name__)

    @routes.post(PATH)
    def receive() -> Response:
        try:
            raw = _body()
            if raw is None:
                reception.too_large()
                return _answer("ok", close=True)
            reception.receive(raw, _headers())
        except NotStored as problem:
            log.error("an event was answered 503: %s", problem)
            reception.count("webhook.unavailable")
            return _answer("try again", 503)
        except gevent.Timeout:
            return _answer("too slow", 408, close=True)
        except Exception:
            reception.count("webhook.failed")
            raise
        return _answer("ok")

    @routes.get(PATH)
    def look() -> Response:
        return _answer("ok")

    return routes


def _body() -> bytes | None:
    """The body as sent, None when it is over MAX_BODY; never holds more than that."""
    if (request.content_length or 0) > MAX_BODY:
        return None
    pieces, size = [], 0
    with gevent.Timeout(READ_LIMIT):
        while piece := request.stream.read(_PIECE):
            size += len(piece)
            if size > MAX_BODY:
                return None
            pieces.append(piece)
    return b"".join(pieces)


def _headers() -> dict[str, str]:
    given = ((name, request.headers.get(name)) for name in KEPT_HEADERS)
    return {name: value for name, value in given if value is not None}


def _answer(text: str, status: int = 200, *, close: bool = False) -> Response:
    response = Response(text, status, mimetype="text/plain")
    if close:
        response.headers["Connection"] = "close"
    return response
