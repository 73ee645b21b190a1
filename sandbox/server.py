"""Puts the sandbox together and runs it until it is told to stop."""

import asyncio
import json
import signal
import sys
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.options import Options
from sandbox.telegram import TelegramState, add_routes
from sandbox.zalo_side.business import Business
from sandbox.zalo_side.clock import SandboxClock
from sandbox.zalo_side.console import ready_line
from sandbox.zalo_side.control import add_control
from sandbox.zalo_side.faults import TELEGRAM
from sandbox.zalo_side.judging import turn_day
from sandbox.zalo_side.midnights import Midnights
from sandbox.zalo_side.oauth import Oauth
from sandbox.zalo_side.openapi import OpenApi
from sandbox.zalo_side.world import World

# Above every upload limit, so that a too big file gets Zalo's or Telegram's answer and not the web server's.
MAX_REQUEST_BYTES = 64 * 1024 * 1024
CONTROL = "/_sandbox"


class Sandbox:
    """The whole sandbox on one port of one event loop."""

    def __init__(self, options: Options, clock: SandboxClock | None = None) -> None:
        self.options = options
        self.world = World(options, clock)
        self._midnights = Midnights(self.world.clock, partial(turn_day, self.world))
        self.app = self._assemble()
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1.0)

    def _assemble(self) -> web.Application:
        app = web.Application(client_max_size=MAX_REQUEST_BYTES, middlewares=[self._disturb])
        oauth = Oauth(self.world)
        app.router.add_get("/oauth/v4/oa/permission", oauth.show)
        app.router.add_post("/oauth/v4/oa/permission", oauth.grant)
        app.router.add_post("/oauth/v4/oa/access_token", oauth.token)
        app.router.add_route("*", "/oauth/{path:.*}", oauth.unknown)
        app.router.add_route("*", "/openapi/{path:.*}", OpenApi(self.world).answer)
        app.router.add_route("*", "/business/{path:.*}", Business(self.world).answer)
        add_control(app, self.world)
        add_routes(app, TelegramState(lambda: self.world.clock.now_ms() / 1000))
        return app

    @web.middleware
    async def _disturb(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Latency and faults, for everything but the controls."""
        path = request.path
        if path.startswith(CONTROL):
            return await handler(request)
        if self.options.latency_ms and not path.startswith(TELEGRAM):
            await asyncio.sleep(self.options.latency_ms / 1000)
        if self.world.faults.active:
            fault = self.world.faults.spend(path)
            if fault is not None:
                return await self.world.faults.apply(fault, request, handler)
        return await handler(request)

    async def start(self) -> dict[str, Any]:
        """Listen, and return the ready line. Raises OSError when the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.options.host, self.options.port, backlog=1024)
        await site.start()
        port = self._runner.addresses[0][1]
        self.world.base = f"http://{self.options.host}:{port}"
        await self.world.start()
        self._midnights.start()
        return ready_line(self.world)

    async def stop(self) -> None:
        self._midnights.stop()
        await self.world.stop()
        await self._runner.cleanup()


async def serve(options: Options) -> int:
    """Run until INT or TERM; 1 when the port is taken."""
    sandbox = Sandbox(options)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        ready = await sandbox.start()
    except OSError as problem:
        print(f"sandbox: cannot listen on {options.host}:{options.port}: {problem.strerror}", file=sys.stderr)
        await sandbox.stop()
        return 1
    print(json.dumps(ready, ensure_ascii=False), flush=True)
    await stopped.wait()
    await sandbox.stop()
    return 0
