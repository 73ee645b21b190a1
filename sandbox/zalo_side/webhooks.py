"""The webhook sender: one signed POST per event, Zalo's retries, and the switch-off after the last one."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import aiohttp

from sandbox.zalo_side.clock import SandboxClock
from sandbox.zalo_side.timers import Timers

RETRY_DELAYS_S = (30, 300, 900, 1800, 3600)
ANSWER_LIMIT_S = 2.0
SENDERS = 32


class RetryOn(StrEnum):
    """Sources differ on what makes Zalo retry: any answer but 200, or only a connection that failed."""

    ANY = "any"
    CONNECT = "connect"


class Outcome(StrEnum):
    """Why there is no HTTP status."""

    NO_CONNECTION = "no_connection"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    NOT_SENT = "not_sent"


@dataclass(slots=True)
class Parcel:
    """One event on its way: the bytes stay the same over all attempts."""

    raw: bytes
    headers: dict[str, str]
    attempt: int = 0
    first_result: asyncio.Future[int | str] | None = None


@dataclass(slots=True)
class WebhookHealth:
    """What Zalo's console would show, and a little more."""

    enabled: bool = True
    disabled_because: str = ""
    last_result: int | str | None = None
    last_ok_at: int | None = None
    counts: Counter[str] = field(default_factory=Counter)


class WebhookSender:
    """Delivers events to one URL. Start and stop it inside the running event loop."""

    def __init__(self, clock: SandboxClock, timers: Timers, url: str | None, retry_scale: float = 1.0) -> None:
        self.url = url
        self.retry_scale = retry_scale
        self.retry_on = RetryOn.ANY
        self.limit_s = ANSWER_LIMIT_S
        self.health = WebhookHealth()
        self._clock = clock
        self._timers = timers
        self._queue: asyncio.Queue[Parcel] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        # Short: a receiver that is asked to stop waits for the connections that are still open.
        connector = aiohttp.TCPConnector(limit=SENDERS, keepalive_timeout=2)
        self._session = aiohttp.ClientSession(
            connector=connector, headers={"User-Agent": "zalo-sandbox"}, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._tasks = [asyncio.create_task(self._work()) for _ in range(SENDERS)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def enable(self) -> None:
        self.health.enabled, self.health.disabled_because = True, ""

    def disable(self, reason: str) -> None:
        self.health.enabled, self.health.disabled_because = False, reason

    def send(self, parcel: Parcel) -> None:
        """Put an event on its way; without a URL or while switched off it is dropped and counted."""
        if self.url is None or not self.health.enabled:
            self.health.counts["dropped"] += 1
            _settle(parcel, Outcome.NOT_SENT)
            return
        self._queue.put_nowait(parcel)

    async def _work(self) -> None:
        while True:
            parcel = await self._queue.get()
            if self.url is None or not self.health.enabled:
                self.health.counts["dropped"] += 1
                _settle(parcel, Outcome.NOT_SENT)
                continue
            result = await self._post(self.url, parcel)
            self._note(parcel, result)
            _settle(parcel, result)

    async def _post(self, url: str, parcel: Parcel) -> int | str:
        assert self._session is not None
        headers = dict(parcel.headers)
        if parcel.attempt:
            headers["num_retry"] = str(parcel.attempt)
        self.health.counts["posted"] += 1
        limit = aiohttp.ClientTimeout(total=self.limit_s)
        try:
            async with self._session.post(
                url, data=parcel.raw, headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                await answer.read()
                return answer.status
        except aiohttp.ClientConnectorError:
            return Outcome.NO_CONNECTION
        except TimeoutError:
            return Outcome.TIMEOUT
        except (aiohttp.ClientError, OSError, ValueError):
            return Outcome.BROKEN

    def _note(self, parcel: Parcel, result: int | str) -> None:
        self.health.last_result = result
        if result == 200:
            self.health.counts["accepted"] += 1
            self.health.last_ok_at = self._clock.now_ms()
            return
        self.health.counts["refused"] += 1
        if self.retry_on is RetryOn.ANY or result == Outcome.NO_CONNECTION:
            self._retry(parcel, result)

    def _retry(self, parcel: Parcel, result: int | str) -> None:
        if parcel.attempt >= len(RETRY_DELAYS_S):
            self.disable(f"no 200 after {parcel.attempt} retries, last: {result}")
            return
        delay = RETRY_DELAYS_S[parcel.attempt] * self.retry_scale
        parcel.attempt += 1
        self.health.counts["retries"] += 1
        self._timers.after(delay, lambda _due: self.send(parcel))

    def state(self) -> dict[str, Any]:
        """For the control API."""
        return {
            "url": self.url,
            "enabled": self.health.enabled,
            "disabled_because": self.health.disabled_because,
            "retry_on": self.retry_on.value,
            "retry_scale": self.retry_scale,
            "waiting": self.waiting,
            "last_result": self.health.last_result,
            "last_ok_at": self.health.last_ok_at,
            **{name: self.health.counts[name] for name in ("posted", "accepted", "refused", "retries", "dropped")},
        }


def _settle(parcel: Parcel, result: int | str) -> None:
    if parcel.first_result is not None and not parcel.first_result.done():
        parcel.first_result.set_result(str(result) if isinstance(result, Outcome) else result)
