"""The addresses of this installation that Zalo's console must know. Empty while PUBLIC_URL is not set."""

from __future__ import annotations

from urllib.parse import urlsplit

from config import Settings
from services import connect_tickets

CALLBACK = connect_tickets.CALLBACK
WEBHOOK = "/webhook/zalo"


def webhook(settings: Settings) -> str:
    """Where Zalo sends events."""
    return _under(settings, WEBHOOK)


def callback(settings: Settings) -> str:
    """Where Zalo sends a person back; the console must hold it byte for byte."""
    return _under(settings, CALLBACK)


def verifier(settings: Settings, code: str) -> str:
    """The file Zalo reads to see that the domain is ours."""
    return _under(settings, f"/zalo_verifier{code}.html")


def domain(settings: Settings) -> str:
    """The host alone, as the console's field for domains wants it."""
    return urlsplit(settings.public_url).hostname or ""


def _under(settings: Settings, path: str) -> str:
    return settings.public_url + path if settings.public_url else ""
