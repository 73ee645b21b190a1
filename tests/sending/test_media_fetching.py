"""services/fetching.py over real sockets: pictures by their address, and every way in which one may not come."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

import config
from services import fetching, uploads
from services.desk import Desk
from services.errors import Invalid
from tests.sample_files import PDF, moving, noise, picture
from tests.zalo.zalo_wire import answer, read_request, replying, serving
from zalo import media


@pytest.fixture
def desk(environment, clock):
    """As the demo and tests have it: private addresses and http are allowed."""
    settings = config.load({**environment, "MEDIA_ALLOW_PRIVATE": "true"}, env_file=None)
    return replace(Desk.from_settings(settings), now=clock.now)


@pytest.fixture
def strict(environment, clock):
    """As it is unless somebody says otherwise."""
    return replace(Desk.from_settings(config.load(environment, env_file=None)), now=clock.now)


def fetched(desk, handler, path="/a.png"):
    """What the address gives: what was kept, or the error; and what the server saw of it."""

    async def main():
        async with serving(handler) as wire:
            try:
                return await fetching.image(desk, f"http://127.0.0.1:{wire.port}{path}"), wire
            except Invalid as told:
                return told, wire

    return asyncio.run(main())


def key_of(desk, handler):
    return fetched(desk, handler)[0].key


@pytest.mark.parametrize("data", [picture(), picture("JPEG")])
def test_a_picture_is_kept_as_if_it_had_been_sent(desk, data):
    """Under the same name, so that Zalo has it once."""
    kept, _ = fetched(desk, replying(data))
    assert kept == uploads.keep_image(desk, data)


def test_a_big_picture_is_made_smaller_and_a_moving_one_keeps_moving(desk):
    """As with those that are sent."""
    kept, _ = fetched(desk, replying(noise(size=(1000, 700))))
    assert len(uploads.read(desk, kept.name)) <= 1_000_000
    assert fetched(desk, replying(moving((64, 48))))[0].kind == "gif"


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (b"<!doctype html><html><img src='a.png'></html>", "image.not_a_picture"),
        (PDF, "image.not_a_picture"),
        (b"", "image.not_a_picture"),
        (picture(size=(80, 60))[:-20], "image.broken"),
    ],
)
def test_what_is_no_picture_is_refused_whatever_its_type_says(desk, body, key):
    """A server may call anything an image."""
    assert key_of(desk, replying(body, headers="Content-Type: image/png\r\n")) == key


def test_an_endless_body_is_cut_off(desk):
    """At 5 MB, whatever its head promised."""

    async def endless(wire, reader, writer):
        await read_request(wire, reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    told, _ = fetched(desk, endless)
    assert (told.key, told.values["limit"]) == ("media.too_big", 5 * 1024 * 1024)


def test_a_slow_body_is_left_after_five_seconds(desk, monkeypatch):
    """The limit is over everything; here it is shorter."""
    assert media.TOTAL_LIMIT == 5
    real = media.fetch
    monkeypatch.setattr(media, "fetch", lambda url, **given: real(url, **given, total_limit=0.3))

    async def dripping(wire, reader, writer):
        await read_request(wire, reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
        while not wire.release.is_set():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    assert key_of(desk, dripping) == "media.too_slow"


def test_four_redirects_are_too_many(desk):
    """Three are followed."""

    def redirecting(times):
        async def handle(wire, reader, writer):
            await read_request(wire, reader)
            moved = len(wire.requests) <= times
            head = {"status": "302 Found", "headers": "Location: /next\r\n"} if moved else {}
            writer.write(answer(b"" if moved else picture(), **head))
            await writer.drain()

        return handle

    assert fetched(desk, redirecting(3))[0].kind == "image"
    told, wire = fetched(desk, redirecting(4))
    assert (told.key, told.values["redirects"], len(wire.requests)) == ("media.redirects", 3, 4)


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oops"])
def test_an_error_page_is_no_picture(desk, status):
    """Even when it holds one."""
    assert key_of(desk, replying(picture(), status=status)) == "media.status"


def test_http_is_refused_unless_a_setting_says_otherwise(strict):
    """What comes in the open may have been changed on the way; nobody is asked."""
    told, wire = fetched(strict, replying(picture()))
    assert (told.key, wire.connections) == ("media.not_https", 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "192.168.1.1", "169.254.169.254"])
def test_our_own_network_is_never_asked(strict, host):
    """Loopback, private, link-local: by address and by name."""

    async def main():
        async with serving(replying(picture())) as wire:
            with pytest.raises(Invalid) as told:
                await fetching.image(strict, f"https://{host}:{wire.port}/a.png")
            return told.value.key, wire.connections

    assert asyncio.run(main()) == ("media.private", 0)


@pytest.mark.parametrize("url", ["", "a.png", "ftp://a.example/b.png", "https://user:pass@a.example/", "javascript:1"])
def test_what_is_no_address_is_said_to_be_none(strict, url):
    """Before anything is resolved."""
    with pytest.raises(Invalid) as told:
        asyncio.run(fetching.image(strict, url))
    assert told.value.key == "media.address"


def test_an_attachment_is_fetched_as_it_is(desk):
    """Whoever shows it looks at it."""

    async def main():
        async with serving(replying(b"anything")) as wire:
            return await fetching.attachment(desk, f" http://127.0.0.1:{wire.port}/voice.aac\n")

    assert asyncio.run(main()) == b"anything"


def test_every_reason_has_its_words():
    """A new reason without a text would be an error of its own."""
    from texts import load

    for texts in load().values():
        for reason in media.MediaReason:
            assert f"error.media.{reason.value}.what" in texts
            assert f"error.media.{reason.value}.do" in texts
