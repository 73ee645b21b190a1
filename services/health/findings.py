"""What a look found, and what to do about it. For people and machines; holds no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.desk import Desk


class Level(StrEnum):
    """How a line stands."""

    OK = "ok"
    WARNING = "warning"  # works, and will not for ever
    BROKEN = "broken"  # something people rely on does not work now


RANK = {Level.OK: 0, Level.WARNING: 1, Level.BROKEN: 2}


@dataclass(frozen=True)
class Finding:
    """One line: which check, how it stands, a sentence, and what to do."""

    check: str
    level: Level
    text: str
    do: str = ""


@dataclass(frozen=True)
class Check:
    """A name and the look that goes with it; the look may find several lines, and may fail."""

    name: str
    look: Callable[[Desk], Iterable[Finding]]
    rows: bool = True  # it reads tables, over a connection that is open already


@dataclass(frozen=True)
class Teller:
    """Makes the findings of one check."""

    check: str

    def ok(self, text: str, do: str = "") -> Finding:
        """All is well."""
        return Finding(self.check, Level.OK, text, do)

    def warning(self, text: str, do: str) -> Finding:
        """Not well, but it works."""
        return Finding(self.check, Level.WARNING, text, do)

    def broken(self, text: str, do: str) -> Finding:
        """It does not work."""
        return Finding(self.check, Level.BROKEN, text, do)


def worst(findings: Iterable[Finding]) -> Level:
    """The level of several lines together."""
    return max((finding.level for finding in findings), key=RANK.__getitem__, default=Level.OK)
