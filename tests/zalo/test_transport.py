"""Every way a connection can die, over real sockets: what is surely not sent, and what perhaps was."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from zalo_wire import Handler, Wire, answer, read_request, replying, reset, serving

from zalo.client import Answer, Call, Host, Hosts, Zalo
from zalo.errors import NotSent, PerhapsSent, Refused, Table, ZaloError
from zalo.transport import LARGEST_ANSWER

OK = {"error": 0, "message": "Success", "data": {}}
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


SEND = Call("POST", Host.OPENAPI, "/v3.0/oa/message/cs", Table.OA, token="a-token", json={"a": 1})


LARGE_UPLOAD = Call(
    "POST", Host.OPENAPI, "/upload", Table.OA, files={"file": ("a.pdf", b"x" * 20_000_000, "application/pdf")}
)


async def outcome(zalo: Zalo, call: Call = SEND) -> Answer | ZaloError:
    try:
        return await zalo.call(call)
    except ZaloError as error:
        return error


def against(handler: Handler, *, total_limit: float = 10.0) -> tuple[Answer | ZaloError, Wire]:
    async def main() -> tuple[Answer | ZaloError, Wire]:
        async with serving(handler) as wire, wire.zalo(total_limit=total_limit) as zalo:
            return await outcome(zalo), wire

    return asyncio.run(main())


def unreachable(base: str, *, total_limit: float = 10.0) -> Answer | ZaloError:
    async def main() -> Answer | ZaloError:
        async with Zalo(Hosts(base, base, base), total_limit=total_limit) as zalo:
            return await outcome(zalo)

    return asyncio.run(main())


@contextmanager
def deaf_port() -> Iterator[int]:
    """A port whose accept queue is full, so that further connections stay unanswered."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(8)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for one in waiting:
            one.close()


def test_a_refused_connection_is_surely_not_sent() -> None:
    """Nobody listens: nothing can have been sent."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound without listening, so nobody else takes the port meanwhile
        found = unreachable(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert isinstance(found, NotSent)


def test_a_connection_that_is_never_made_is_surely_not_sent() -> None:
    """The connect limit is shorter than the total limit, so the reason is known."""
    with deaf_port() as port:
        assert isinstance(unreachable(f"http://127.0.0.1:{port}", total_limit=1.0), NotSent)


def test_a_name_that_does_not_resolve_is_surely_not_sent() -> None:
    """Without an address there is no connection."""
    assert isinstance(unreachable("http://no-such-host.invalid"), NotSent)


def test_a_server_that_speaks_no_tls_is_surely_not_sent() -> None:
    """The handshake fails before any request leaves."""

    async def plain(wire: Wire, reader: Reader, writer: Writer) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def main() -> Answer | ZaloError:
        async with serving(plain) as wire:
            base = wire.base.replace("http:", "https:")
            async with Zalo(Hosts(base, base, base)) as zalo:
                return await outcome(zalo)

    assert isinstance(asyncio.run(main()), NotSent)


async def accepted_then_closed(wire: Wire, reader: Reader, writer: Writer) -> None:
    """Closes before reading anything."""


async def closed_after_reading(wire: Wire, reader: Reader, writer: Writer) -> None:
    await read_request(wire, reader)


async def reset_before_reading(wire: Wire, reader: Reader, writer: Writer) -> None:
    reset(writer)


async def reset_after_reading(wire: Wire, reader: Reader, writer: Writer) -> None:
    await read_request(wire, reader)
    reset(writer)


def dying_with(sent: bytes) -> Handler:
    async def handle(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(sent)
        await writer.drain()

    return handle


HEAD = b"HTTP/1.1 200 OK\r\n"
DEATHS: dict[str, Handler] = {
    "accepted, then closed": accepted_then_closed,
    "closed after reading": closed_after_reading,
    "reset before reading": reset_before_reading,
    "reset after reading": reset_after_reading,
    "half a status line": dying_with(b"HTTP/1.1 20"),
    "half the headers": dying_with(HEAD + b"Content-Le"),
    "headers without an end": dying_with(HEAD + b"Content-Type: application/json\r\n\r\n"),
    "headers, no body": dying_with(HEAD + b"Content-Length: 40\r\n\r\n"),
    "half a body": dying_with(HEAD + b'Content-Length: 40\r\n\r\n{"error": 0,'),
    "half a body without length": dying_with(HEAD + b'\r\n{"error": 0,'),
    "chunks cut off": dying_with(HEAD + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"error": 0,\r\n'),
    "a complete object in unfinished chunks": dying_with(
        HEAD + b'Transfer-Encoding: chunked\r\n\r\nc\r\n{"error": 0}\r\n'
    ),
    "a chunk of no size": dying_with(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "garbage": dying_with(b"\x00\xff\x16\x03 garbage a-token\r\n\r\n"),
    "another protocol": dying_with(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "broken gzip": dying_with(answer(b"not gzip at all", headers="Content-Encoding: gzip\r\n")),
    "a gateway's page": dying_with(answer(b"<html>Bad gateway</html>", status="502 Bad Gateway")),
    "JSON with status 500": dying_with(answer(b'{"error": 0}', status="500 Oops")),
    "success with status 201": dying_with(answer(b'{"error": 0}', status="201 Created")),
    "a page with status 200": dying_with(answer(b"<html>Welcome to the airport wifi</html>")),
    "an empty answer": dying_with(answer(b"")),
    "an array": dying_with(answer(b"[]")),
    "a bare number": dying_with(answer(b"0")),
    "no error code": dying_with(answer(b'{"message": "Success"}')),
    "an error that is no number": dying_with(answer(b'{"error": "none"}')),
    "an error that is true": dying_with(answer(b'{"error": true}')),
    "an error that is null": dying_with(answer(b'{"error": null}')),
    "deep nesting": dying_with(answer(b'{"error":' + b"[" * 100_000)),
    "a redirect": dying_with(answer(b"", status="307 Temporary Redirect", headers="Location: /elsewhere\r\n")),
    "too much": dying_with(answer(b'{"error": 0, "x": "' + b"x" * LARGEST_ANSWER + b'"}')),
}


@pytest.mark.parametrize("death", DEATHS)
def test_every_other_death_is_perhaps_sent_and_never_repeated(death: str) -> None:
    """Once a connection stood, nobody knows; and one call is one connection, whatever happens to it."""
    found, wire = against(DEATHS[death])
    assert isinstance(found, PerhapsSent)
    assert wire.connections == 1
    assert "a-token" not in str(found)


def test_an_empty_answer_is_told_apart_from_a_connection_that_died_after_its_headers() -> None:
    """Only an answer that said how long it is counts as empty: an emptied refresh answer means a dead token."""
    empty, _ = against(DEATHS["an empty answer"])
    died, _ = against(DEATHS["headers without an end"])
    assert isinstance(empty, PerhapsSent)
    assert empty.empty_body
    assert isinstance(died, PerhapsSent)
    assert not died.empty_body


def test_the_status_of_an_answer_is_kept() -> None:
    """Staff are told that a gateway answered."""
    found, _ = against(DEATHS["a gateway's page"])
    assert isinstance(found, PerhapsSent)
    assert found.status == 502


async def silent(wire: Wire, reader: Reader, writer: Writer) -> None:
    await read_request(wire, reader)
    await wire.release.wait()


async def dripping(wire: Wire, reader: Reader, writer: Writer) -> None:
    await read_request(wire, reader)
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_reading(wire: Wire, reader: Reader, writer: Writer) -> None:
    reader._transport.pause_reading()  # type: ignore[attr-defined]
    await wire.release.wait()


@pytest.mark.parametrize("slow", [silent, dripping], ids=lambda handler: handler.__name__)
def test_an_answer_slower_than_the_total_limit_is_perhaps_sent(slow: Handler) -> None:
    """The limit is over the whole exchange, so a server that drips bytes cannot stretch it."""
    found, wire = against(slow, total_limit=0.4)
    assert isinstance(found, PerhapsSent)
    assert len(wire.requests) == 1


def test_a_server_that_never_reads_is_perhaps_sent() -> None:
    """Our own writing stalls; the total limit ends that too."""

    async def main() -> Answer | ZaloError:
        async with serving(never_reading) as wire, wire.zalo(total_limit=0.4) as zalo:
            return await outcome(zalo, LARGE_UPLOAD)

    found = asyncio.run(main())
    assert isinstance(found, PerhapsSent)
    assert "0.4 s" in str(found)


def test_an_early_answer_of_a_server_that_never_reads_does_not_hang() -> None:
    """The answer is there while we still write: whatever it counts as, the call comes back."""

    async def early(wire: Wire, reader: Reader, writer: Writer) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(answer(b'{"error": -210, "message": "too large"}'))
        await wire.release.wait()

    async def main() -> Answer | ZaloError:
        async with serving(early) as wire, wire.zalo(total_limit=0.4) as zalo:
            return await outcome(zalo, LARGE_UPLOAD)

    assert isinstance(asyncio.run(main()), Refused | PerhapsSent)


def test_a_kept_connection_closed_between_two_posts_is_replaced() -> None:
    """The second request goes out once, over a new connection."""
    closed = asyncio.Event()

    async def one_answer(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(answer(json.dumps(OK).encode()))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def main() -> Wire:
        async with serving(one_answer) as wire, wire.zalo() as zalo:
            assert isinstance(await outcome(zalo), Answer)
            await closed.wait()
            for _ in range(20):  # this loop has to come round to see the end of the connection
                await asyncio.sleep(0)
            assert isinstance(await outcome(zalo), Answer)
            return wire

    wire = asyncio.run(main())
    assert (len(wire.requests), wire.connections) == (2, 2)


def test_a_post_that_dies_on_a_kept_connection_is_not_silently_repeated() -> None:
    """aiohttp repeats reads on a dead kept connection; a send repeated so would be a second message."""

    async def second_dies(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(answer(json.dumps(OK).encode()))
        await read_request(wire, reader)
        reset(writer)

    async def main() -> tuple[Answer | ZaloError, Wire]:
        async with serving(second_dies) as wire, wire.zalo() as zalo:
            assert isinstance(await outcome(zalo), Answer)
            return await outcome(zalo), wire

    found, wire = asyncio.run(main())
    assert isinstance(found, PerhapsSent)
    assert (len(wire.requests), wire.connections) == (2, 1)


def test_connections_are_kept_between_calls() -> None:
    """A campaign of thousands does not make thousands of connections."""

    async def main() -> Wire:
        async with serving(replying(OK)) as wire, wire.zalo() as zalo:
            for _ in range(5):
                assert isinstance(await outcome(zalo), Answer)
            return wire

    wire = asyncio.run(main())
    assert (len(wire.requests), wire.connections) == (5, 1)


def test_a_redirect_is_not_followed() -> None:
    """It would carry the token, and a message, to an address that nobody set."""
    handler = replying(b"", status="307 Temporary Redirect", headers="Location: /elsewhere\r\n")
    found, wire = against(handler)
    assert isinstance(found, PerhapsSent)
    assert [request.target for request in wire.requests] == ["/v3.0/oa/message/cs"]


def test_cookies_are_not_kept() -> None:
    """A cookie of one answer must not travel with another OA's request."""

    async def main() -> Wire:
        async with serving(replying(OK, headers="Set-Cookie: who=me; Path=/\r\n")) as wire:
            base = f"http://localhost:{wire.port}"  # for bare addresses aiohttp keeps no cookies anyway
            async with Zalo(Hosts(base, base, base)) as zalo:
                assert isinstance(await outcome(zalo), Answer)
                assert isinstance(await outcome(zalo), Answer)
            return wire

    assert all("cookie" not in request.headers for request in asyncio.run(main()).requests)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy set for some other program must not see tokens."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    found, _ = against(replying(OK))
    assert isinstance(found, Answer)


def test_cancelling_a_call_cancels_it() -> None:
    """A worker that is told to stop is not held up by Zalo, and the cancellation is not eaten."""

    async def main() -> None:
        async with serving(silent) as wire, wire.zalo() as zalo:
            task = asyncio.ensure_future(outcome(zalo))
            await wire.arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())
