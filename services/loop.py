"""One event loop in a thread of its own, for processes whose main thread belongs to somebody else (huey, APScheduler).

Work that repeats until nothing is left runs as a named pump: at most one of a name at a time, however often it is asked
for, and a request that comes while it runs makes it look once more.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

log = structlog.get_logger(__name__)
T = TypeVar("T")
Step = Callable[[], Awaitable[object]]


class LoopThread:
    """Start it, give it work from any thread, close it once. After `close` new work is ignored or refused."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._wanted: set[str] = set()
        self._pumping: set[str] = set()
        self._closing = False

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Run to the end and return the result; the calling thread waits. Raises what the work raised."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def pump(self, name: str, step: Step) -> None:
        """Have `step` repeated until it returns something false; returns at once. Never raises."""
        if not self._closing:
            self._loop.call_soon_threadsafe(self._want, name, step)

    def close(self, grace: float, last: Callable[[], Awaitable[None]] | None = None) -> None:
        """Let every step under way end for up to `grace` seconds, cancel the rest, do `last`, and stop the thread."""
        self._closing = True
        try:
            self.run(self._drain(grace, last), grace + 5)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _want(self, name: str, step: Step) -> None:
        self._wanted.add(name)
        if name not in self._pumping:
            self._pumping.add(name)
            task = self._loop.create_task(self._pump(name, step), name=name)
            task.add_done_callback(lambda _: self._pumping.discard(name))

    async def _pump(self, name: str, step: Step) -> None:
        more: object = True
        while (more or name in self._wanted) and not self._closing:
            self._wanted.discard(name)
            try:
                more = await step()
            except Exception as defect:
                # The sweep asks again in some seconds; repeating at once would only fill the log.
                log.exception("step_broke", step=name, problem=type(defect).__name__)
                return

    async def _drain(self, grace: float, last: Callable[[], Awaitable[None]] | None) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        late = (await asyncio.wait(others, timeout=grace))[1] if others else set()
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=2)
        if last is not None:
            await last()
