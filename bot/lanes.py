"""Chats side by side, and the updates of one chat one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


class Lanes:
    """A queue for each chat that has something to do; it ends when it is empty."""

    def __init__(self) -> None:
        self._queues: dict[int, deque[Work]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def put(self, chat_id: int, work: Work) -> None:
        """Run `work` after everything put for this chat before. Errors of `work` are logged, and the next one runs."""
        if self._stopping:
            return
        queue = self._queues.get(chat_id)
        if queue is not None:
            queue.append(work)
            return
        self._queues[chat_id] = deque([work])
        task = asyncio.create_task(self._run(chat_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, chat_id: int) -> None:
        queue = self._queues[chat_id]
        try:
            while queue and not self._stopping:
                await self._one(queue.popleft())
        finally:
            del self._queues[chat_id]

    async def _one(self, work: Work) -> None:
        try:
            await work()
        except Exception:
            log.exception("an update ended in an error")

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, within: float) -> None:
        """Start nothing more, and give what is under way `within` seconds."""
        self._stopping = True
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
