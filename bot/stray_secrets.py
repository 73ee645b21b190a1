"""What looks like a token, a key or an app secret in a text that should hold none."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9_\-.~+/=]{60,}")
_STRETCH = re.compile(r"[A-Za-z0-9_-]{24,}")
_BOT_TOKEN = re.compile(r"\b\d{8,12}:[A-Za-z0-9_-]{35}\b")
_KEY_OF_OURS = re.compile(r"[A-Za-z0-9_-]{43}=")
_NAMED = re.compile(r"(?:access_token|refresh_token|secret_key|app_secret)[\"'\s:=]+[\w.~+/-]{16,}", re.IGNORECASE)
# Zalo's app secrets. Names and codes of orders can be as long, but do not mix cases with digits in several places.
_APP_SECRET = re.compile(r"(?=.*[a-z].*[a-z])(?=.*[A-Z].*[A-Z])(?=.*\d[A-Za-z]+\d)[A-Za-z0-9]{20}")


def holds_secret(text: str, lone: str = "") -> bool:
    """Whether a text has a token in it, or `lone`, what stands there for itself, is a key or an app secret.

    Addresses are no tokens however long, unless they name one; neither are hashes, rules of dashes, or lists of codes.
    """
    if _NAMED.search(text) or _BOT_TOKEN.search(text) or any(map(_is_token, _RUN.findall(_ADDRESS.sub(" ", text)))):
        return True
    lone = lone.strip()
    return bool(_APP_SECRET.fullmatch(lone) or _KEY_OF_OURS.fullmatch(lone))


def _is_token(run: str) -> bool:
    mixed = all(any(kind(char) for char in run) for kind in (str.isupper, str.islower, str.isdigit))
    return mixed and _STRETCH.search(run) is not None
