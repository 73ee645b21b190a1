"""Sealing of secrets at rest: Fernet over the text together with the place it belongs to."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr


class CannotOpen(Exception):
    """The sealed text was made with another key, or for another place."""


class SecretBox:
    """Seals with the newest key and opens with any of them.

    The context (for instance ``oa_token:17:access``) is sealed in and compared on opening, so that whoever can write
    to the database cannot move one row's secret into another row.
    """

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._newest = Fernet(keys[0].get_secret_value())
        self._fernet = MultiFernet([Fernet(key.get_secret_value()) for key in keys])
        self._keys = tuple(keys)

    def newest_only(self) -> SecretBox:
        """A box that knows the newest key alone: what it opens stays readable when the older keys are gone."""
        return SecretBox(self._keys[:1])

    def is_newest(self, blob: str) -> bool:
        """Whether the newest key sealed it; where it belongs is not looked at."""
        try:
            self._newest.decrypt(blob.encode())
        except (InvalidToken, ValueError):
            return False
        return True

    def seal(self, text: str, context: str) -> str:
        """Return URL-safe ASCII that only `open` with the same context gives back."""
        return self._fernet.encrypt(json.dumps([context, text]).encode()).decode("ascii")

    def open(self, blob: str, context: str) -> str:
        """Give the text back. Raises CannotOpen, whose text holds neither the secret nor the context."""
        try:
            sealed_for, text = json.loads(self._fernet.decrypt(blob.encode()))
        except (InvalidToken, ValueError):
            raise CannotOpen("sealed with a key that SECRET_KEYS does not hold") from None
        if sealed_for != context:
            raise CannotOpen("sealed for another row or field")
        return str(text)
