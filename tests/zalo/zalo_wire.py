"""A server of a few lines that can die in every way a server can die."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from zalo.client import AppKeys, Hosts, Zalo


@dataclass
class Request:
    """One complete request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


@dataclass
class Wire:
    """What the server saw."""

    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    release: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def zalo(self, *, total_limit: float = 10.0, app: AppKeys | None = None) -> Zalo:
        return Zalo(Hosts(self.base, self.base, self.base), total_limit=total_limit, app=app)


Handler = Callable[[Wire, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A server on a free port of 127.0.0.1 that lets `handler` treat every connection."""
    wire, tasks = Wire(), set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        wire.connections += 1
        try:
            await handler(wire, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client is gone, or the test is over
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        wire.release.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(wire: Wire, reader: asyncio.StreamReader) -> Request:
    """Read one request whole and remember it."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    request = Request(head[0], headers, body)
    wire.requests.append(request)
    wire.arrived.set()
    return request


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A complete HTTP answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def replying(body: Any, *, status: str = "200 OK", headers: str = "") -> Handler:
    """A handler that answers every request of a connection with `body` (bytes, or made into JSON)."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def handle(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(wire, reader)
            writer.write(answer(content, status=status, headers=headers))
            await writer.drain()

    return handle


def asking(body: Any, use: Callable[[Zalo], Awaitable[Any]]) -> tuple[Any, Request]:
    """What `use` makes of the answer `body`, and the request it sent for it."""

    async def main() -> tuple[Any, Request]:
        async with serving(replying(body)) as wire, wire.zalo() as zalo:
            return await use(zalo), wire.requests[0]

    return asyncio.run(main())


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
