"""The queue between the chats and the bot: getUpdates with confirmation by offset."""

import asyncio
from typing import Any

from sandbox.telegram.errors import conflict

Update = dict[str, Any]
FIRST_UPDATE_ID = 870_000_001
# Telegram leaves these out unless a bot names them.
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """Unconfirmed updates in order. One request may wait at a time: a newer one ends it with 409."""

    def __init__(self) -> None:
        self._next_id = FIRST_UPDATE_ID
        self._poll: asyncio.Future[None] | None = None
        self._closed = False
        self.pending: list[Update] = []
        self.allowed: frozenset[str] | None = None

    def put(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue one update and wake the waiting request. Returns its id, None when not wanted."""
        if not self._wanted(kind):
            return None
        update = {"update_id": self._next_id, kind: payload}
        self._next_id += 1
        self.pending.append(update)
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        return self._next_id - 1

    def _wanted(self, kind: str) -> bool:
        if self.allowed is None:
            return kind not in NOT_BY_DEFAULT
        return kind in self.allowed

    def confirm(self, offset: int) -> None:
        """Forget what the bot has seen: ids below offset; a negative offset keeps only the last ones."""
        if offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        elif offset < 0:
            self.pending = self.pending[offset:]

    def interrupt(self, error: Exception | None = None) -> bool:
        """End the waiting request, by default with Telegram's Conflict. False when none waits."""
        if self._poll is None or self._poll.done():
            return False
        self._poll.set_exception(error or conflict())
        return True

    async def take(self, offset: int, limit: int, seconds: float) -> list[Update]:
        """Confirm up to offset, then the next updates, waiting for one up to so many real seconds."""
        self.interrupt()
        self.confirm(offset)
        if not self.pending and seconds > 0 and not self._closed:
            await self._wait(seconds)
        return self.pending[:limit]

    async def _wait(self, seconds: float) -> None:
        poll = asyncio.get_running_loop().create_future()
        self._poll = poll
        try:
            async with asyncio.timeout(seconds):
                await poll
        except TimeoutError:
            return
        finally:
            if self._poll is poll:
                self._poll = None

    def close(self) -> None:
        """Let the waiting request go with what there is, so that the server can stop at once."""
        self._closed = True
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
