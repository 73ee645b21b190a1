"""Midnights in Vietnam, by the sandbox clock: those that come by themselves and those the clock jumps over."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

from sandbox.zalo_side.clock import SandboxClock

LOOK_EVERY_S = 600.0


class Midnights:
    """Calls `on_day` with every new date, in order; a clock that goes back is only noted."""

    def __init__(self, clock: SandboxClock, on_day: Callable[[date], None]) -> None:
        self._clock = clock
        self._on_day = on_day
        self._day = clock.now().date()
        self._next: asyncio.TimerHandle | None = None
        clock.on_shift.append(lambda _: self.look())

    def look(self) -> None:
        """Bring the calendar up to the clock's date."""
        today = self._clock.now().date()
        if today < self._day:
            self._day = today
        while self._day < today:
            self._day += timedelta(days=1)
            self._on_day(self._day)

    def start(self) -> None:
        """Look from time to time from now on, and at midnight; inside the running event loop."""
        self.look()
        now = self._clock.now()
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        wait = min(LOOK_EVERY_S, (midnight - now).total_seconds() + 0.01)
        self._next = asyncio.get_running_loop().call_later(wait, self.start)

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
