"""Where staff connect an OA in the browser: /oauth/zalo/start shows a button, /oauth/zalo/callback is Zalo's way back.

Only a GET of the callback changes anything: it spends the ticket. The exchange is the worker's; this process waits for
it without holding anything up, and never talks to Zalo. The secret of a link appears in no log and no error.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gevent
from flask import Blueprint, Response, render_template, request

from config import Settings
from models import OauthState
from services.connect_front import CannotOpen, Front, Seen
from services.connect_tickets import CALLBACK, START
from services.desk import Work
from texts import Texts, load
from webhook import connect_pages
from webhook.connect_pages import Page
from webhook.reception import Reception

log = logging.getLogger(__name__)

PATIENCE = 12.0  # seconds the callback waits for the worker; a stop of the process waits for 15
LOOK_EVERY = 0.25
CSS = "/oauth/zalo/pages.css"
LONGEST = 2000  # of what Zalo sends: a code has some hundred characters
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}
_NUMBER = re.compile(r"-?[0-9]{1,9}")


def blueprint(settings: Settings, reception: Reception, now: Callable[[], datetime]) -> Blueprint:
    """Both pages and their style sheet."""
    routes = Blueprint("oauth", __name__, template_folder="templates")
    pages = _Pages(settings, reception, now)
    style = (Path(__file__).parent / "templates" / "pages.css").read_text(encoding="utf-8")

    @routes.get(START)
    def start() -> Response:
        return pages.start(request.args.get("t", "")[:LONGEST])

    @routes.get(CALLBACK)
    def callback() -> Response:
        return pages.callback(request.args.get("state", "")[:LONGEST])

    @routes.get(CSS)
    def css() -> Response:
        return Response(style, mimetype="text/css", headers={"Cache-Control": "public, max-age=3600"})

    return routes


class _Pages:
    def __init__(self, settings: Settings, reception: Reception, now: Callable[[], datetime]) -> None:
        self._reception = reception
        self._now = now
        self._front = Front(settings)
        self._texts = load()

    def start(self, secret: str) -> Response:
        """The page behind the button in Telegram; changes nothing, however often and by whom it is opened."""
        return self._answer(secret, self._start)

    def callback(self, secret: str) -> Response:
        """The way back from Zalo. HEAD changes nothing either."""
        return self._answer(secret, self._look if request.method == "HEAD" else self._callback)

    def _answer(self, secret: str, show: Callable[[str, Seen, Texts], Page]) -> Response:
        t = self._words(None)
        try:
            seen = self._seen(secret) if secret else None
            if seen is None:
                page = connect_pages.plain(t, "unknown", connect_pages.UNKNOWN if secret else connect_pages.WRONG)
            else:
                t = self._words(seen)
                page = show(secret, seen, t)
        except CannotOpen:
            page = connect_pages.plain(t, "expired", connect_pages.GONE, "wait")
        except Exception as error:
            # Neither the address nor the text of the error: both may hold what Zalo sent.
            log.error("a page of connecting failed: %s", type(error).__name__)
            page = connect_pages.plain(t, "away", connect_pages.AWAY)
        html = render_template("connect.html", page=page, language=t.language, css=_beside(CSS))
        return Response(html, page.status, headers=HEADERS, mimetype="text/html")

    def _start(self, secret: str, seen: Seen, t: Texts) -> Page:
        if seen.state is not OauthState.OPEN:
            return self._spent(secret, seen, t)
        closed = connect_pages.closed(t, seen, self._now())
        return closed or connect_pages.start(t, seen, self._reception.read(lambda: self._front.permission_url(secret)))

    def _callback(self, secret: str, seen: Seen, t: Texts) -> Page:
        if seen.state is not OauthState.OPEN:
            return self._spent(secret, seen, t)
        if not self._spend(secret):
            # Spent by another request at this very moment, run out, or its person may not connect any more.
            seen = self._seen(secret) or seen
            if seen.state is not OauthState.OPEN:
                return self._spent(secret, seen, t)
            return connect_pages.closed(t, seen, self._now()) or connect_pages.plain(t, "dropped", connect_pages.GONE)
        return connect_pages.outcome(t, self._wait(secret, seen), self._again(secret))

    def _look(self, secret: str, seen: Seen, t: Texts) -> Page:
        if seen.state is not OauthState.OPEN:
            return self._spent(secret, seen, t)
        return connect_pages.closed(t, seen, self._now()) or connect_pages.plain(t, "late", connect_pages.OK, "wait")

    def _spent(self, secret: str, seen: Seen, t: Texts) -> Page:
        if seen.used_at is None:
            return connect_pages.closed(t, seen, self._now()) or connect_pages.plain(
                t, "unknown", connect_pages.UNKNOWN
            )
        return connect_pages.used(t, connect_pages.outcome(t, seen, self._again(secret)))

    def _spend(self, secret: str) -> bool:
        code, oa_id = request.args.get("code", "")[:LONGEST], request.args.get("oa_id", "")[:LONGEST]
        error, now = _error_number(), self._now()
        spent: bool = self._reception.write(lambda: self._front.spend(now, secret, code, oa_id, error))
        if spent and code:
            self._reception.wake(Work.CONNECT)
        return spent

    def _wait(self, secret: str, seen: Seen) -> Seen:
        until = time.monotonic() + PATIENCE
        while True:
            seen = self._seen(secret) or seen
            if not seen.working or time.monotonic() >= until:
                return seen
            gevent.sleep(LOOK_EVERY)

    def _seen(self, secret: str) -> Seen | None:
        found: Seen | None = self._reception.read(lambda: self._front.seen(secret))
        return found

    def _words(self, seen: Seen | None) -> Texts:
        wanted = seen.language if seen else request.accept_languages.best_match(["vi", "en"], "vi")
        return self._texts.get(str(wanted)) or self._texts["vi"]

    def _again(self, secret: str) -> str:
        return f"{_beside(START)}?t={quote(secret)}"  # without Zalo's code in the address


def _beside(path: str) -> str:
    """As the pages name each other: PUBLIC_URL may hold a path that a proxy takes away."""
    return path.rpartition("/")[2]


def _error_number() -> str:
    """The number of Zalo's refusal, if there is one, whatever its parameter is called."""
    given: Any = (request.args.get(name, "") for name in ("error", "error_code"))
    return next((value for value in given if _NUMBER.fullmatch(value)), "")
