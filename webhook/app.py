"""The Flask application."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

import config
import db
from services.desk import Nudge, no_nudge, utc_now
from webhook import health, metrics, oauth, pages
from webhook.door import Door
from webhook.reception import Reception

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def create_app(
    settings: config.Settings | None = None, nudge: Nudge = no_nudge, now: Callable[[], datetime] = utc_now
) -> Flask:
    """The web application, its database named but not yet opened. Raises ConfigError for a wrong environment."""
    settings = settings or config.load()
    db.open_database(settings.database)
    app = Flask(__name__, static_folder=None)
    reception = Reception(settings, nudge, now)
    app.extensions["reception"] = reception
    app.register_blueprint(pages.blueprint(settings, reception))
    app.register_blueprint(oauth.blueprint(settings, reception, now))
    watch = health.Watch(settings, reception, now)
    app.register_blueprint(health.blueprint(watch, settings))
    app.register_blueprint(metrics.blueprint(settings, reception, watch))
    app.register_error_handler(Exception, _failed)
    headers = SECURITY_HEADERS | _https_only(settings.public_url)
    app.after_request(lambda response: _with_headers(response, headers))
    app.wsgi_app = Door(app.wsgi_app, reception, headers)  # type: ignore[method-assign]
    return app


def set_nudge(app: Flask, nudge: Nudge) -> None:
    """Tell a running application how to wake the workers (see webhook/gunicorn.py)."""
    app.extensions["reception"].nudge = nudge


def _failed(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return Response(f"{error.code} {error.name}\n", error.code, mimetype="text/plain")
    log.error("%s %s failed: %s", request.method, request.path, type(error).__name__, exc_info=error)
    return Response("unavailable\n", 503, mimetype="text/plain")


def _with_headers(response: Response, headers: dict[str, str]) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response


def _https_only(public_url: str) -> dict[str, str]:
    return {"Strict-Transport-Security": "max-age=31536000"} if public_url.startswith("https:") else {}
