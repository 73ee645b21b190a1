"""The landing page, and Zalo's check that the domain is ours."""

from __future__ import annotations

import logging
import time
from html import escape

from flask import Blueprint, Response

from config import Settings
from services import house
from webhook.door import PATH
from webhook.reception import Reception

log = logging.getLogger(__name__)

_PAGE = """<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>OA Desk</title>{meta}</head>
<body><p>OA Desk</p></body></html>
"""
_META = '<meta name="zalo-platform-site-verification" content="{code}" />'


FRESH_FOR = 30.0  # seconds: a code set in the bot needs no restart


class Verification:
    """Zalo's code for the domain: the owner's of the bot, else the environment's."""

    def __init__(self, settings: Settings, reception: Reception) -> None:
        self._own = settings.zalo_verification_code
        self._reception = reception
        self._kept: tuple[float, str] | None = None

    def code(self) -> str:
        """The code, "" when there is none; the last one known while the database is away."""
        if self._kept is None or time.monotonic() - self._kept[0] > FRESH_FOR:
            try:
                found = self._reception.read(lambda: house.get(house.VERIFICATION_CODE)) or self._own
            except Exception as error:
                log.warning("the verification code could not be read: %s", type(error).__name__)
                return self._kept[1] if self._kept else self._own
            self._kept = time.monotonic(), str(found)
        return self._kept[1]

    def page(self) -> str:
        """The page Zalo looks at."""
        code = self.code()
        return _PAGE.format(meta=_META.format(code=escape(code, quote=True)) if code else "")


def blueprint(settings: Settings, reception: Reception) -> Blueprint:
    """Routes anybody may ask; none of them tells anything about the business."""
    routes = Blueprint("pages", __name__)
    verification = Verification(settings, reception)

    @routes.get("/")
    def landing() -> Response:
        return Response(verification.page(), mimetype="text/html")

    @routes.get("/zalo_verifier<given>.html")
    def verifier(given: str) -> Response:
        code = verification.code()
        if not code or given != code:
            return Response("not found\n", 404, mimetype="text/plain")
        return Response(verification.page(), mimetype="text/html")

    @routes.get(PATH)
    def look() -> Response:
        return Response("ok\n", mimetype="text/plain")  # people open the address to see whether something is there

    return routes
