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
        self._table = tomllib.loads((ROOT / "locale" / f"{language}.toml").read_text(encoding="utf-8"))

    def __call__(self, key: str) -> str:
        """The text up to its first placeholder: enough to find the button or message by."""
        found: Any = self._table
        for part in key.split("."):
            found = found[part]
        return unescape(re.sub(r"<[^>]+>", "", str(found).strip())).partition("{")[0].rstrip()

    def middle(self, key: str) -> str:
        """The longest piece of a text that holds no placeholder and no line break."""
        found: Any = self._table
        for part in key.split("."):
            found = found[part]
        plain = unescape(re.sub(r"<[^>]+>", "", str(found)))
        return max((piece.strip() for piece in re.split(r"\{[^}]*\}|\n", plain)), key=len)
