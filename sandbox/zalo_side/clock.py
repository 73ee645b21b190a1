"""The sandbox's own clock and its calendar, always in Vietnam time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import formatdate

# Vietnam has had no daylight saving since 1975, so a fixed offset is exact.
VIETNAM = timezone(timedelta(hours=7))
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def _real_ms() -> int:
    return time.time_ns() // 1_000_000


def vietnam(at_ms: int) -> datetime:
    """The Vietnam wall time of an epoch millisecond."""
    return datetime.fromtimestamp(at_ms / 1000, VIETNAM)


def at_night(at_ms: int) -> bool:
    """22:00 to 05:59 in Vietnam, when promotion is refused."""
    return not 6 <= vietnam(at_ms).hour < 22


class SandboxClock:
    """Real time plus an offset that a test or a trainer moves; it never stands still."""

    def __init__(self, real_ms: Callable[[], int] = _real_ms) -> None:
        self._real_ms = real_ms
        self._offset = 0
        self._date = (0, "")
        self.on_shift: list[Callable[[int], None]] = []

    @property
    def offset_ms(self) -> int:
        return self._offset

    def now_ms(self) -> int:
        return self._real_ms() + self._offset

    def now(self) -> datetime:
        return vietnam(self.now_ms())

    def set(self, at_ms: int) -> None:
        self.shift(at_ms - self.now_ms())

    def shift(self, by_ms: int) -> None:
        """Move the clock, forwards or backwards, and tell everybody who waits for a time."""
        self._offset += by_ms
        for listener in self.on_shift:
            listener(by_ms)

    def http_date(self) -> str:
        """The value of the `Date` header, kept for the second it is valid."""
        second = self.now_ms() // 1000
        if second != self._date[0]:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]
