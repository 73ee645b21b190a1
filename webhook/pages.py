"""The landing page, Zalo's domain check, and what tells a hosting platform whether the process is well."""

from __future__ import annotations

from html import escape

import gevent
from flask import Blueprint, Response

import db
from config import Settings
from webhook.door import PATH
from webhook.reception import Reception

_READY_LIMIT = 1.8
_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>OA Desk</title>{meta}</head>
<body><p>OA Desk</p></body></html>
"""
_META = '<meta name="zalo-platform-site-verification" content="{code}" />'


def blueprint(settings: Settings, reception: Reception) -> Blueprint:
    """Routes anybody may ask; none of them tells anything about the business."""
    routes = Blueprint("pages", __name__)
    code = settings.zalo_verification_code
    page = _PAGE.format(meta=_META.format(code=escape(code, quote=True)) if code else "")

    @routes.get("/")
    def landing() -> Response:
        return Response(page, mimetype="text/html")

    @routes.get("/zalo_verifier<given>.html")
    def verifier(given: str) -> Response:
        if not code or given != code:
            return Response("not found\n", 404, mimetype="text/plain")
        return Response(page, mimetype="text/html")

    @routes.get(PATH)
    def look() -> Response:
        return Response("ok\n", mimetype="text/plain")  # people open the address to see whether something is there

    @routes.get("/healthz")
    def alive() -> Response:
        return Response("ok\n", mimetype="text/plain")

    migrated = False

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
