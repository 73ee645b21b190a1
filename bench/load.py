"""The load generator of bench/webhook.py: raw sockets on asyncio, so that it costs as little as possible itself.

Talks to 127.0.0.1 only. Prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from typing import Any

from bench.events import signed

HOST = "127.0.0.1"
CONNECTIONS = 64
HELD, OTHERS = 300, 100


def requests(count: int) -> list[bytes]:
    """Whole HTTP requests with distinct signed bodies."""
    first, now = int.from_bytes(os.urandom(4), "big") * 1_000_000, int(time.time() * 1000)
    return [_request(*signed(first + number, now - first - count)) for number in range(count)]


def _request(raw: bytes, mac: str) -> bytes:
    head = (
        f"POST /webhook/zalo HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"X-ZEvent-Signature: {mac}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


class Connection:
    """One kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)

    async def send(self, request: bytes) -> bool:
        """Whether the answer was 200."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        await self._reader.readexactly(int(length))
        return head.startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        self._writer.close()


async def connections(port: int, count: int) -> list[Connection]:
    made = [Connection(port) for _ in range(count)]
    await asyncio.gather(*(each.open() for each in made))
    return made


async def closed(port: int, seconds: float) -> dict[str, Any]:
    """Every connection sends its next request as soon as the last is answered."""
    lines = await connections(port, CONNECTIONS)
    pile = requests(int(seconds * 9000))
    failed = answered = 0
    deadline = time.perf_counter() + seconds

    async def one(line: Connection) -> None:
        nonlocal failed, answered
        while pile and time.perf_counter() < deadline:
            ok = await line.send(pile.pop())
            failed, answered = failed + (not ok), answered + 1

    begun = time.perf_counter()
    await asyncio.gather(*(one(line) for line in lines))
    taken = time.perf_counter() - begun
    return {"rate": answered / taken, "failed": failed, "answered": answered}


async def open_loop(port: int, seconds: float, rate: int) -> dict[str, Any]:
    """Requests leave at their time whether or not earlier ones were answered; waiting for a line counts as waiting."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for line in await connections(port, 256):
        free.put_nowait(line)
    pile = requests(int(seconds * rate))
    times: list[float] = []
    failed = 0

    async def one(request: bytes, due: float) -> None:
        nonlocal failed
        line = await free.get()
        ok = await line.send(request)
        failed += not ok
        times.append(time.perf_counter() - due)
        free.put_nowait(line)

    begun = time.perf_counter()
    tasks = []
    for number, request in enumerate(pile):
        due = begun + number / rate
        if (wait := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait)
        tasks.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*tasks)
    cuts = statistics.quantiles(times, n=100)
    taken = time.perf_counter() - begun
    return {"rate": len(pile) / taken, "failed": failed, "p50": cuts[49] * 1000, "p99": cuts[98] * 1000}


async def held(port: int) -> dict[str, Any]:
    """Many clients that stop in the middle of a body, and others that want an answer meanwhile."""
    pile = requests(HELD + OTHERS)
    stuck = []
    for request in pile[:HELD]:
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(request[:-50])
        stuck.append(writer)
    await asyncio.sleep(0.5)
    answered, slowest = 0, 0.0

    async def one(request: bytes) -> None:
        nonlocal answered, slowest
        line = Connection(port)
        begun = time.perf_counter()
        await line.open()
        ok = await line.send(request)
        answered += ok
        slowest = max(slowest, time.perf_counter() - begun)
        line.close()

    tasks = asyncio.gather(*(one(request) for request in pile[HELD:]), return_exceptions=True)
    await asyncio.wait([tasks], timeout=8)
    for writer in stuck:
        writer.close()
    return {"answered": answered, "slowest": slowest * 1000}


async def run(kind: str, port: int, seconds: float, rate: int) -> dict[str, Any]:
    if kind == "closed":
        return await closed(port, seconds)
    return await (open_loop(port, seconds, rate) if kind == "open" else held(port))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))))
