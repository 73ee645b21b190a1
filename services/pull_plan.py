"""Which parts of an OA's user list a pull still has to read.

Zalo's list ends at 10,000 people, whatever the filter. A larger OA is read in parts by the day of the last interaction:
a part with more than 10,000 people is halved until it fits. What the parts miss (a day with more than 10,000, people
without a day) is looked for once more through the plain list and every tag.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from zalo.oa import PAGE

REACH = 10_000
FIRST_DAY = date(2016, 1, 1)  # before there were Official Accounts


@dataclass(frozen=True)
class Part:
    """One filter of the list, and how far it is read. Days are ISO text, empty = any."""

    first: str = ""
    last: str = ""
    tag: str = ""
    offset: int = 0
    total: int | None = None

    @property
    def period(self) -> str | None:
        """As Zalo wants it."""
        return f"{self.first}:{self.last}".replace("-", "_") if self.first else None


@dataclass
class Plan:
    """What is to be read, in order. `expected` is the number of followers Zalo named at the start."""

    parts: list[Part] = field(default_factory=lambda: [Part()])
    expected: int | None = None
    steady: bool = True  # no total changed between two pages of a part: then no page can have slipped past us
    spare_asked: bool = False
    whole: bool | None = None  # decided when reading ends: does absence prove anything?

    def dump(self) -> dict[str, Any]:
        """For the row of the pull."""
        return asdict(self)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Plan:
        """Back from the row."""
        return cls(**{**stored, "parts": [Part(**part) for part in stored["parts"]]})

    def turned(self, total: int, today: date) -> None:
        """A page of the first part was read, and Zalo said the part has `total` people."""
        part = self.parts[0]
        if self.expected is None:
            self.expected = total
            if total > REACH:
                self.parts = [Part(first=FIRST_DAY.isoformat(), last=today.isoformat())]
                return
        if part.total is None and total > REACH and (halves := _split(part, today)):
            self.parts[:1] = halves
            return
        self.steady &= part.total in (None, total)
        read = part.offset + PAGE
        if read >= min(total, REACH):
            del self.parts[0]
        else:
            self.parts[0] = replace(part, offset=read, total=total if part.total is None else part.total)

    def look_again(self, tags: Iterable[str]) -> None:
        """Some are missing: read what the plain list reaches, and every tag."""
        self.spare_asked = True
        self.parts = [Part(), *(Part(tag=tag) for tag in tags)]

    def proves_absence(self, seen: int) -> bool:
        """Whether somebody not met is no follower: everything was read, and nothing moved meanwhile."""
        return not self.parts and self.steady and self.expected is not None and seen >= self.expected


def _split(part: Part, today: date) -> list[Part]:
    """Two halves of the part's days; empty when it cannot be made smaller."""
    if not part.first:
        # The plain list cannot be split without becoming what was read already.
        return [replace(part, first=FIRST_DAY.isoformat(), last=today.isoformat())] if part.tag else []
    first, last = date.fromisoformat(part.first), date.fromisoformat(part.last)
    if first >= last:
        return []
    middle = first + (last - first) // 2
    # Older days first: somebody who writes during the pull moves to a day that is still to be read.
    return [
        replace(part, last=middle.isoformat()),
        replace(part, first=(middle + timedelta(days=1)).isoformat()),
    ]
