"""Every word people read, from the files of locale/<language>/, by key and language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

from texts import figures
from texts.html import Html, escape

FOLDER = Path(__file__).parent.parent / "locale"
LANGUAGES = ("vi", "en")


class Texts:
    """The texts of one language. Calling it gives HTML: every value is escaped unless it is `Html` already."""

    def __init__(self, language: str, table: Mapping[str, str]) -> None:
        self.language = language
        self._table = table

    def __call__(self, key: str, /, **values: Any) -> Html:
        """The text of `key` as HTML. Raises KeyError for a missing text or value."""
        return Html(self._table[key].format(**{name: self._html(value) for name, value in values.items()}))

    def plain(self, key: str, /, **values: Any) -> str:
        """The text without any escaping, for button labels, toasts and the commands menu."""
        return self._table[key].format(**{name: self._plain(value) for name, value in values.items()})

    def lenient(self, key: str, values: Mapping[str, Any]) -> Html:
        """As calling it, for values from elsewhere: a missing one shows as a dash instead of failing the screen."""
        names = {name for _, name, _, _ in Formatter().parse(self._table[key]) if name}
        return self(key, **{name: values.get(name, "–") for name in names})

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def all_keys(self) -> list[str]:
        """All keys."""
        return list(self._table)

    def raw(self, key: str) -> str:
        """The text with its placeholders still open."""
        return self._table[key]

    def number(self, value: int) -> str:
        """1.204 ‖ 1,204."""
        return figures.number(self.language, value)

    def money(self, dong: int) -> str:
        """361.200đ ‖ 361,200 VND."""
        return figures.money(self.language, dong)

    def moment(self, at: datetime, now: datetime) -> str:
        """hôm nay 08:05 ‖ today 08:05."""
        return figures.moment(self.language, at, now)

    def day(self, at: datetime | date, now: datetime) -> str:
        """23/11 ‖ 23 Nov."""
        return figures.day(self.language, at, now)

    def _plain(self, value: Any) -> str:
        # A bool is an int, and no figure.
        if isinstance(value, int) and not isinstance(value, bool):
            return self.number(value)
        return str(value)

    def _html(self, value: Any) -> str:
        return value if isinstance(value, Html) else escape(self._plain(value))


def load(folder: Path = FOLDER) -> dict[str, Texts]:
    """Read all languages once, at the start of the process. Raises ValueError for a key that stands in two files."""
    return {name: Texts(name, _table(folder / name)) for name in LANGUAGES}


def _table(folder: Path) -> dict[str, str]:
    table: dict[str, str] = {}
    for path in sorted(folder.glob("*.toml")):
        found = flatten(tomllib.loads(path.read_text(encoding="utf-8")))
        if twice := sorted(table.keys() & found.keys()):
            raise ValueError(f"{path.name} says again: {', '.join(twice)}")
        table |= found
    return table


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """`[a.b] c = "x"` as {"a.b.c": "x"}; block texts lose their last line break."""
    flat: dict[str, str] = {}
    for name, value in table.items():
        key = f"{prefix}{name}"
        flat |= flatten(value, f"{key}.") if isinstance(value, Mapping) else {key: str(value).strip("\n")}
    return flat
