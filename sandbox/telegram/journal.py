"""The numbered record of everything that happened in the chats, for transcripts and for tests."""

import asyncio
from collections.abc import Callable
from typing import Any

from sandbox.telegram.bell import Bell

Entry = dict[str, Any]


class Journal:
    """Entries carry n (1, 2, 3, ...), at (epoch seconds by the sandbox's clock), kind and chat_id."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._bell = Bell()
        self._closed = False
        self.entries: list[Entry] = []

    def add(self, kind: str, chat_id: int | None, **details: Any) -> Entry:
        """Write one entry and wake those waiting for it."""
        entry: Entry = {
            "n": len(self.entries) + 1,
            "at": self._clock(),
            "kind": kind,
            "chat_id": chat_id,
            **details,
        }
        self.entries.append(entry)
        self._bell.ring()
        return entry

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 when there is none."""
        return len(self.entries)

    def after(self, n: int, chat_id: int | None = None) -> list[Entry]:
        """Entries younger than n, in order; of one chat when asked."""
        young = self.entries[max(n, 0) :]
        return [entry for entry in young if chat_id is None or entry["chat_id"] == chat_id]

    async def wait(self, n: int, chat_id: int | None, seconds: float) -> list[Entry]:
        """As `after`, but waits up to so many seconds of real time until there is one."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while not (found := self.after(n, chat_id)):
            left = end - loop.time()
            if left <= 0 or self._closed or not await self._bell.wait(left):
                break
        return found or self.after(n, chat_id)

    def close(self) -> None:
        """Let every waiter go, so that the server can stop at once."""
        self._closed = True
        self._bell.ring()
