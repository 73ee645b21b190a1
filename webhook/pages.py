"""The landing page, and Zalo's check that the domain is ours."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response

from config import Settings
from webhook.door import PATH

_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>OA Desk</title>{meta}</head>
<body><p>OA Desk</p></body></html>
"""
_META = '<meta name="zalo-platform-site-verification" content="{code}" />'


def blueprint(settings: Settings) -> Blueprint:
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

    return routes
