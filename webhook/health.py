"""What tells a hosting platform whether the process is well (/healthz), and whether it can do its work (/readyz).

/readyz lists, level and name a line, the checks of `manage.py doctor` that are read from rows. It is 503 only when a
request could not be answered: without a database, before the migrations, and when the keys open nothing. A late clock
or a lost token is no reason to turn Zalo's events away.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, request

from config import LOOPBACK, Settings
from services import doctor
from services.desk import Desk
from services.health.findings import Check, Level, worst
from webhook.reception import Reception

log = logging.getLogger(__name__)

FRESH_FOR = 15.0
_READY_LIMIT = 1.8
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")
_FIRST, _REST = doctor.ROWS[:1], doctor.ROWS[1:]
_NO_DATABASE = {"database": Level.BROKEN}


class Watch:
    """How each check stands; asked anew after FRESH_FOR seconds, what is needed at every request."""

    def __init__(self, settings: Settings, reception: Reception, now: Callable[[], datetime]) -> None:
        self.desk = replace(Desk.from_settings(settings), now=now)
        self._reception = reception
        self._kept: tuple[float, dict[str, Level]] = (0.0, {})
        self._looking = False

    def levels(self) -> Mapping[str, Level]:
        """By the name of the check; only `database` when that does not answer in time. Never raises.

        Where it does and the rest takes too long, the rest is told as it was seen last.
        """
        until = time.monotonic() + _READY_LIMIT
        try:
            database: dict[str, Level] = self._reception.look(lambda: self._see(_FIRST), _READY_LIMIT)
        except Exception:
            return _NO_DATABASE
        at, kept = self._kept
        # Whoever is told to come back after a repair must not be sent away by what was seen before it.
        if is_unusable(database) or not (time.monotonic() - at < FRESH_FOR and kept and not is_unusable(kept)):
            kept = self._rest(kept, until - time.monotonic())
        return {**database, **kept}

    def _rest(self, kept: dict[str, Level], limit: float) -> dict[str, Level]:
        try:
            found: dict[str, Level] = self._reception.look(self._look, max(0.1, limit))
        except Exception as problem:
            log.warning("the checks took too long: %s", type(problem).__name__)
            return kept
        return found

    def _look(self) -> dict[str, Level]:
        if self._looking:  # one that hangs keeps one thread, not all of them
            return self._kept[1]
        self._looking = True
        try:
            self._kept = time.monotonic(), self._see(_REST)
        finally:
            self._looking = False
        return self._kept[1]

    def _see(self, checks: Iterable[Check]) -> dict[str, Level]:
        return {check.name: worst(doctor.look(self.desk, check)) for check in checks}


def is_unusable(levels: Mapping[str, Level]) -> bool:
    """Whether something is broken that every request needs."""
    return any(levels.get(name) is Level.BROKEN for name in doctor.NEEDED)


def may_read(token: str) -> bool:
    """Whether this request may learn more than a yes or no: with METRICS_TOKEN, or from this machine without one."""
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    # Behind a proxy on the same machine everybody seems to be local; the proxy's header gives the stranger away.
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in _FORWARDED)


def blueprint(watch: Watch, settings: Settings) -> Blueprint:
    """Both routes; the list of /readyz is for those who may read /metrics, its status for everybody."""
    routes = Blueprint("health", __name__)
    token = settings.metrics_token.get_secret_value()

    @routes.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def ready() -> Response:
        levels = watch.levels()
        status = 503 if is_unusable(levels) else 200
        lines = "".join(f"{level.value} {name}\n" for name, level in levels.items())
        plain = "ok\n" if status == 200 else "not ready\n"
        return Response(lines if may_read(token) else plain, status, mimetype="text/plain")

    return routes
