"""What tells a hosting platform whether the process is well (/healthz), and whether it can do its work (/readyz)."""

from __future__ import annotations

import gevent
from flask import Blueprint, Response

import db
from webhook.reception import Reception

_READY_LIMIT = 1.8


def blueprint(reception: Reception) -> Blueprint:
    """Both routes; each is 200 or 503 with one line that says why."""
    routes = Blueprint("health", __name__)
    migrated = False  # asked until it is so; a migrated database stays migrated while this process lives

    @routes.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    @routes.get("/readyz")
    def ready() -> Response:
        nonlocal migrated
        try:
            with gevent.Timeout(_READY_LIMIT):
                pending = reception.read(_ping if migrated else db.pending_migrations)
        except (Exception, gevent.Timeout):
            return Response("the database does not answer\n", 503, mimetype="text/plain")
        if pending:
            return Response("migrations are pending\n", 503, mimetype="text/plain")
        migrated = True
        return Response("ok\n", mimetype="text/plain")

    return routes


def _ping() -> list[str]:
    db.database.execute_sql("SELECT 1").fetchall()
    return []
