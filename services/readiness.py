"""Everything that can stop an OA from sending, one line each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from models import OfficialAccount
from services.desk import Desk


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"  # sending does not work until it is mended
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One line of the OA card; texts by `key`, filled from `values` (times as aware UTC datetimes)."""

    level: Level
    key: str
    values: dict[str, Any] = field(default_factory=dict)


def lines(desk: Desk, oa: OfficialAccount) -> list[Line]:
    """All lines, in the order of the card. Reads only the database; keys are listed in the module docstring."""
    raise NotImplementedError


def worst(found: list[Line]) -> Level:
    """The level of the OA as a whole."""
    raise NotImplementedError
