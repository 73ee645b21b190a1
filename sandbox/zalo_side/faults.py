"""Faults on order: what goes wrong, for which paths, how many times."""

import asyncio
import itertools
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.zalo_side.answers import respond
from sandbox.zalo_side.clock import SandboxClock


class Kind(StrEnum):
    """`takes effect` below means that the request is processed although the caller may not learn it."""

    LOST_ANSWER = "lost_answer"
    """Takes effect, then the connection drops without an answer."""
    LOST_REQUEST = "lost_request"
    """The connection drops before anything happened."""
    HTTP_502 = "http_502"
    """A gateway's HTML page; nothing happened behind it."""
    SLOW = "slow"
    """Takes effect at once, answered after delay_ms."""
    ERROR = "error"
    """HTTP 200 with this error number; nothing happened."""
    EMPTY = "empty"
    """HTTP 200 without a body; nothing happened."""
    QUOTED_ERROR = "quoted_error"
    """The real answer, its error number written as a string."""


TELEGRAM = "/telegram"
TAKES_EFFECT = {Kind.LOST_ANSWER, Kind.SLOW, Kind.QUOTED_ERROR}
GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(slots=True)
class Fault:
    """`times` None means until cleared. `processed` overrides whether the request takes effect."""

    number: int
    match: str
    kind: Kind
    code: int = -200
    message: str = ""
    times: int | None = 1
    delay_ms: int = 0
    processed: bool = False
    hits: int = 0

    def fits(self, path: str) -> bool:
        """By the whole path or by the real host's part of it; Telegram has faults of its own, so only by name."""
        if path.startswith(TELEGRAM):
            return self.match.startswith(TELEGRAM) and path.startswith(self.match)
        below = "/" + path.lstrip("/").partition("/")[2]
        return path.startswith(self.match) or below.startswith(self.match)


class Faults:
    """The faults in force, oldest first; the first that fits a request is spent on it."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.active: list[Fault] = []

    def add(self, order: dict[str, Any]) -> Fault:
        """Put a fault in force. Raises ValueError with a readable reason for a wrong order."""
        kind, times = _kind(order.get("kind")), order.get("times", 1)
        if times is not None and int(times) < 1:
            raise ValueError("times must be 1 or more, or null")
        fault = Fault(
            next(self._numbers),
            "/" + str(order.get("match", "/")).lstrip("/"),
            kind,
            int(order.get("code", -200)),
            str(order.get("message", "")),
            None if times is None else int(times),
            int(order.get("delay_ms", 0)),
            bool(order.get("processed", kind in TAKES_EFFECT)),
        )
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        self.active.clear()

    def spend(self, path: str) -> Fault | None:
        """The fault for this request, one use of it taken."""
        for fault in self.active:
            if fault.fits(path):
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.active.remove(fault)
                return fault
        return None

    async def apply(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request take effect or not, wait, and answer as the fault says."""
        answer = await handler(request) if fault.processed else None
        if answer is None:
            await request.read()
        if fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        match fault.kind:
            case Kind.LOST_ANSWER | Kind.LOST_REQUEST:
                return hang_up(request)
            case Kind.HTTP_502:
                return web.Response(status=502, text=GATEWAY_PAGE, content_type="text/html")
            case Kind.EMPTY:
                return web.Response()
            case Kind.ERROR:
                body = {"error": fault.code, "message": fault.message or "Fault on order"}
                return respond(body, self._clock.http_date())
            case Kind.QUOTED_ERROR if isinstance(answer, web.Response):
                return quote_error(answer)
        return answer if answer is not None else await handler(request)


def _kind(name: object) -> Kind:
    try:
        return Kind(str(name))
    except ValueError:
        raise ValueError(f"kind must be one of {', '.join(Kind)}") from None


def hang_up(request: web.Request) -> web.Response:
    """Close the connection under the answer, so that the caller gets nothing at all."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def quote_error(answer: web.Response) -> web.Response:
    """The same answer with its `error` as a string, where it has one."""
    body = json.loads(answer.body) if isinstance(answer.body, bytes) else {}
    if "error" not in body:
        return answer
    return respond(body | {"error": str(body["error"])}, answer.headers["Date"])
