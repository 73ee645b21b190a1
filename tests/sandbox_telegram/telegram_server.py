"""The local Telegram on a free port, in a thread of its own."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from aiohttp import web

from sandbox.telegram import TelegramState, add_routes
from sandbox.telegram.person import Person

TOKEN = "7000000123:AAtest-token_1"
LAN = 5_000_000_001  # above 2^31, as new people's ids are
MINH = 5_000_000_002
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")


@dataclass
class Answer:
    """What a request got back."""

    status: int
    body: Any

    @property
    def result(self) -> Any:
        assert self.status == 200, self.body
        return self.body["result"]

    @property
    def refusal(self) -> str:
        assert self.status != 200, self.body
        assert self.body["error_code"] == self.status
        return str(self.body["description"])


@dataclass
class Server:
    """A running local Telegram whose clock stands still until a test moves it."""

    now: list[float] = field(default_factory=lambda: [1_800_000_000.0])
    state: TelegramState = field(init=False)
    base: str = ""
    loop: asyncio.AbstractEventLoop | None = None

    def __post_init__(self) -> None:
        self.state = TelegramState(lambda: self.now[0])

    def call(self, method: str, token: str = TOKEN, **parameters: Any) -> Answer:
        """One Bot API call with a JSON body."""
        return self.request(f"/telegram/bot{token}/{method}", json.dumps(parameters).encode())

    def act(self, name: str, **body: Any) -> Answer:
        """One control act."""
        return self.request(f"/_sandbox/telegram/{name}", json.dumps(body).encode())

    def request(
        self, path: str, data: bytes | None = None, kind: str = "application/json", method: str | None = None
    ) -> Answer:
        headers = {"Content-Type": kind} if data is not None else {}
        try:
            with urlopen(Request(self.base + path, data=data, headers=headers, method=method), timeout=30) as answer:
                return Answer(answer.status, _decoded(answer.read()))
        except HTTPError as error:
            with error:
                return Answer(error.code, _decoded(error.read()))

    def state_loop_call(self, act: Callable[[], None]) -> None:
        """Do something to the state in the server's own thread."""
        assert self.loop is not None
        self.loop.call_soon_threadsafe(act)

    def person(self, id: int = LAN, name: str = "Lan") -> Person:
        return Person(self.base, id, name)


def waiting(server: Server) -> bool:
    """Whether a request waits for updates at this moment."""
    return server.state.updates._poll is not None


def until_waiting(server: Server) -> None:
    """Come back when a request waits (each look is a request of its own, so time passes)."""
    for _ in range(2000):
        if waiting(server):
            return
        server.call("getWebhookInfo")
    raise AssertionError("nobody came to wait for updates")


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


async def _serve(server: Server, ready: threading.Event, stop: asyncio.Event) -> None:
    app = web.Application()
    add_routes(app, server.state)
    runner = web.AppRunner(app, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    server.loop = asyncio.get_running_loop()
    ready.set()
    await stop.wait()
    await runner.cleanup()


@contextmanager
def running() -> Iterator[Server]:
    """A fresh local Telegram that is gone afterwards."""
    server, ready, stop = Server(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, ready, stop)))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        server.state_loop_call(stop.set)
        thread.join(20)
    assert not thread.is_alive()
