"""What tells a hosting platform whether the process is well (/healthz), and whether it can do its work (/readyz).

/readyz lists, level and name a line, the checks of `manage.py doctor` that are read from rows. It is 503 only when a
request could not be answered: without a database, before the migrations, and when the keys open nothing. A late clock
or a lost token is no reason to turn Zalo's events away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

import gevent
from flask import Blueprint, Response

from config import Settings
from services import doctor
from services.desk import Desk
from services.health.findings import Level, worst
from webhook.reception import Reception

FRESH_FOR = 15.0
_READY_LIMIT = 1.8
_NO_DATABASE = {"database": Level.BROKEN}


class Watch:
    """How each check stands; asked anew after FRESH_FOR seconds, what is needed at every request."""

    def __init__(self, settings: Settings, reception: Reception, now: Callable[[], datetime]) -> None:
        self.desk = replace(Desk.from_settings(settings), now=now)
        self._reception = reception
        self._kept: tuple[float, dict[str, Level]] = (0.0, {})

    def levels(self) -> Mapping[str, Level]:
        """By the name of the check; only `database` when that does not answer in time. Never raises."""
        try:
            with gevent.Timeout(_READY_LIMIT):
                found: dict[str, Level] = self._reception.read(self._look)
        except (Exception, gevent.Timeout):
            return _NO_DATABASE
        return found

    def _look(self) -> dict[str, Level]:
        at, kept = self._kept
        fresh = time.monotonic() - at < FRESH_FOR and kept and not is_unusable(kept)
        # Whoever is told to come back after a repair must not be sent away by what was seen before it.
        checks = doctor.ROWS[:1] if fresh else doctor.ROWS
        found = {check.name: worst(doctor.look(self.desk, check)) for check in checks}
        if not fresh:
            self._kept = time.monotonic(), found
        return {**kept, **found} if fresh else found


def is_unusable(levels: Mapping[str, Level]) -> bool:
    """Whether something is broken that every request needs."""
    return any(levels.get(name) is Level.BROKEN for name in doctor.NEEDED)


def blueprint(watch: Watch) -> Blueprint:
    """Both routes."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def ready() -> Response:
        levels = watch.levels()
        lines = "".join(f"{level.value} {name}\n" for name, level in levels.items())
        return Response(lines, 503 if is_unusable(levels) else 200, mimetype="text/plain")

    return routes
