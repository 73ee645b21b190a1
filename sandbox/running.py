"""A whole sandbox inside a test or script: its own thread, its own event loop, a free port."""

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.options import Options
from sandbox.server import Sandbox

START_LIMIT_S = 20.0


class RunningSandbox:
    """A sandbox that runs. `base` is its address, `ready` the line `serve` would print.

    `sandbox` is the object inside the other thread: look, but change it through the controls.
    """

    def __init__(self, options: Options) -> None:
        self.sandbox: Sandbox
        self.ready: dict[str, Any] = {}
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)

    @property
    def base(self) -> str:
        return str(self.ready["base"])

    @property
    def oa(self) -> dict[str, str]:
        """The first OA of the ready line."""
        first: dict[str, str] = self.ready["oas"][0]
        return first

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        """The JSON that a GET of `path` answers, whatever its HTTP status."""
        return self.request("GET", path, None, headers)

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """The JSON that a POST of `body` as JSON answers, whatever its HTTP status."""
        return self.request("POST", path, body or {}, headers)

    def delete(self, path: str) -> Any:
        return self.request("DELETE", path, None, None)

    def messages(self, after: int = 0) -> list[dict[str, Any]]:
        """What the sandbox accepted for sending."""
        found: list[dict[str, Any]] = self.get(f"/_sandbox/messages?after={after}")
        return found

    def request(self, method: str, path: str, body: Any, headers: dict[str, str] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        # urllib capitalizes header names; HTTP compares them without case, so that does no harm.
        sent = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.base + path, data=data, headers=sent, method=method)  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                raw = answer.read()
        except urllib.error.HTTPError as answer:
            with answer:
                raw = answer.read()
        return json.loads(raw) if raw else None

    def start(self) -> None:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(self._start(), self._loop)
        self.ready = starting.result(START_LIMIT_S)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.sandbox.stop(), self._loop).result(START_LIMIT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_LIMIT_S)
        self._loop.close()

    async def _start(self) -> dict[str, Any]:
        self.sandbox = Sandbox(self._options)
        return await self.sandbox.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()


@contextmanager
def running_sandbox(**options: Any) -> Iterator[RunningSandbox]:
    """Run a sandbox with these `Options` on a free port of 127.0.0.1 for the time of the block."""
    running = RunningSandbox(Options(**{"port": 0, "followers": 5, **options}))
    running.start()
    try:
        yield running
    finally:
        running.stop()
