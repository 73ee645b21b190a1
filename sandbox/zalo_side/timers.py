"""Things that happen later, by the sandbox clock."""

import asyncio
import heapq
import itertools
from collections.abc import Callable

from sandbox.zalo_side.clock import SandboxClock

Action = Callable[[int], None]


class Timers:
    """Runs actions when the sandbox clock reaches their time.

    Moving the clock forward runs at once whatever became due; moving it back takes the waiting actions along, so a
    receipt of a message sent just before is not a day away. An action gets the time it was due at.
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._heap: list[tuple[int, int, Action]] = []
        self._order = itertools.count()
        self._wake: asyncio.TimerHandle | None = None
        self._wake_due = 0
        clock.on_shift.append(self._shifted)

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due_ms: int, action: Action) -> None:
        heapq.heappush(self._heap, (due_ms, next(self._order), action))
        if self._wake is None or due_ms < self._wake_due:
            self._arm()

    def after(self, delay_s: float, action: Action) -> None:
        self.at(self._clock.now_ms() + round(delay_s * 1000), action)

    def stop(self) -> None:
        self._heap.clear()
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None

    def _shifted(self, by_ms: int) -> None:
        if by_ms < 0:
            self._heap = [(due + by_ms, order, action) for due, order, action in self._heap]
            heapq.heapify(self._heap)
        if self._heap:
            self._arm()

    def _arm(self) -> None:
        if self._wake is not None:
            self._wake.cancel()
        self._wake_due = self._heap[0][0]
        delay = max(0.0, (self._wake_due - self._clock.now_ms()) / 1000)
        self._wake = asyncio.get_running_loop().call_later(delay, self._run_due)

    def _run_due(self) -> None:
        self._wake = None
        now = self._clock.now_ms()
        while self._heap and self._heap[0][0] <= now:
            due, _, action = heapq.heappop(self._heap)
            action(due)
        if self._heap and self._wake is None:
            self._arm()
