"""Tapped buttons that wait for the bot's answer."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.bell import Bell
from sandbox.telegram.chats import Message
from sandbox.telegram.errors import OLD_QUERY, bad_request

# Telegram gives no number; bots see the refusal when they answer after a restart or a long job.
LIFETIME = 60.0


@dataclass
class Callback:
    """One tap. `answer` is None until the bot answered."""

    query_id: str
    message: Message
    data: str
    at: float
    answer: dict[str, Any] | None = None
    answered: Bell = field(default_factory=Bell)

    async def wait(self, seconds: float) -> dict[str, Any] | None:
        """The bot's answer, waiting up to so many real seconds; None when there was none."""
        end = asyncio.get_running_loop().time() + seconds
        while self.answer is None:
            left = end - asyncio.get_running_loop().time()
            if left <= 0 or not await self.answered.wait(left):
                break
        return self.answer


class Callbacks:
    """Taps by query id."""

    def __init__(self) -> None:
        self._by_id: dict[str, Callback] = {}

    def add(self, message: Message, data: str, at: float) -> Callback:
        """Note one tap."""
        query_id = str(4_380_000_000_000_000_001 + len(self._by_id))
        callback = Callback(query_id, message, data, at)
        self._by_id[query_id] = callback
        return callback

    def answer(self, query_id: str, answer: dict[str, Any], at: float) -> Callback:
        """Give the person the bot's answer; the first one counts. Raises ApiError when it is too late."""
        callback = self._by_id.get(query_id)
        if callback is None or at - callback.at > LIFETIME:
            raise bad_request(OLD_QUERY)
        if callback.answer is None:
            callback.answer = answer
        callback.answered.ring()
        return callback
