"""The bot's own words, read from locale/, so that the story taps what a person would tap in either language."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from typing import Any

from sandbox.demo.machine import ROOT


class Words:
    """Labels and sentences of one language by their keys."""

    def __init__(self, language: str) -> None:
        files = sorted((ROOT / "locale" / language).glob("*.toml"))
        self._tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files]

    def __call__(self, key: str) -> str:
        """The text up to its first placeholder: enough to find the button or message by."""
        return self._plain(key).strip().partition("{")[0].rstrip()

    def whole(self, key: str) -> str:
        """A text that a person copies as it stands, placeholders too."""
        return self._plain(key).strip()

    def middle(self, key: str) -> str:
        """The longest piece of a text that holds no placeholder and no line break."""
        return max((piece.strip() for piece in re.split(r"\{[^}]*\}|\n", self._plain(key))), key=len)

    def _plain(self, key: str) -> str:
        for table in self._tables:
            if (found := _look_up(table, key.split("."))) is not None:
                return unescape(re.sub(r"<[^>]+>", "", found))
        raise KeyError(key)


def _look_up(table: Any, path: list[str]) -> str | None:
    for part in path:
        table = table.get(part) if isinstance(table, dict) else None
    return table if isinstance(table, str) else None
