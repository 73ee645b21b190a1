"""Fetching other people's files: never from our own network, never too much, never for ever."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from zalo_wire import Handler, Wire, answer, read_request, replying, serving

from zalo import media
from zalo.media import MediaError, MediaReason, fetch, image_kind, is_public

LOOPBACK = ipaddress.ip_address("127.0.0.1")
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


def fetching(
    handler: Handler,
    url: str = "{base}/a.png",
    *,
    allow_private: bool = True,
    total_limit: float = 10.0,
    tls: ssl.SSLContext | None = None,
) -> tuple[bytes | MediaReason, Wire]:
    async def main() -> tuple[bytes | MediaReason, Wire]:
        async with serving(handler, tls=tls) as wire:
            address = url.format(base=wire.base, port=wire.port)
            try:
                found: bytes | MediaReason = await fetch(
                    address, max_bytes=1000, allow_private=allow_private, total_limit=total_limit
                )
            except MediaError as error:
                found = error.reason
            return found, wire

    return asyncio.run(main())


def refused(url: str) -> MediaError:
    with pytest.raises(MediaError) as caught:
        asyncio.run(fetch(url, max_bytes=1000))
    return caught.value


def test_a_file_is_fetched() -> None:
    """Up to the last allowed byte, without compression."""
    found, wire = fetching(replying(b"x" * 1000))
    assert found == b"x" * 1000
    assert wire.requests[0].headers["accept-encoding"] == "identity"


def test_a_file_over_the_limit_is_refused() -> None:
    """While it arrives: a length header may lie or be missing."""

    async def endless(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 500)
            await writer.drain()

    assert fetching(endless)[0] is MediaReason.TOO_BIG
    assert fetching(replying(b"x" * 1001))[0] is MediaReason.TOO_BIG


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"),
        *("0.0.0.0", "[::]", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1"),
        *("[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "[ff02::1]"),
    ],
)
def test_our_own_network_is_never_reached(host: str) -> None:
    """By address or by name."""
    found, wire = fetching(replying(b"secret"), f"https://{host}:{{port}}/", allow_private=False)
    assert found is MediaReason.PRIVATE
    assert wire.connections == 0


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1"])
def test_old_spellings_of_an_address_do_not_help(host: str) -> None:
    """Some the HTTP client refuses to read, others resolve and are checked then."""
    found, wire = fetching(replying(b"secret"), f"https://{host}:{{port}}/", allow_private=False)
    assert found in {MediaReason.PRIVATE, MediaReason.NETWORK, MediaReason.ADDRESS}
    assert wire.connections == 0


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    """Also inside IPv6 wrappings."""
    assert is_public(address)


@pytest.mark.parametrize("address", ["fec0::1", "::127.0.0.1", "64:ff9b:1::7f00:1", "240.0.0.1", "5f00::1"])
def test_addresses_nobody_has_on_the_public_internet_are_not_public(address: str) -> None:
    """Site-local, reserved, and forgotten wrappings of IPv4."""
    assert not is_public(address)


def redirecting(location: str, *, times: int) -> Handler:
    async def handle(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        if len(wire.requests) <= times:
            writer.write(answer(b"", status="302 Found", headers=f"Location: {location}\r\n"))
        else:
            writer.write(answer(b"the file"))
        await writer.drain()

    return handle


def test_three_redirects_are_followed() -> None:
    """Image hosts like them; a fourth is one too many."""
    assert fetching(redirecting("/next", times=3))[0] == b"the file"
    assert fetching(redirecting("/next", times=4))[0] is MediaReason.REDIRECTS


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate for localhost and 127.0.0.1 that this process trusts; 127.0.0.1 counts as public."""
    context = _self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    monkeypatch.setattr(media, "is_public", lambda address: address == "127.0.0.1")
    return context


def test_a_picture_comes_by_https(trusted: ssl.SSLContext) -> None:
    """From an address that counts as public, over a certificate that is right."""
    found, wire = fetching(replying(b"file"), "https://localhost:{port}/a", allow_private=False, tls=trusted)
    assert found == b"file"
    assert wire.requests[0].headers["host"] == f"localhost:{wire.port}"


@pytest.mark.parametrize("inner", ["https://127.0.0.2/inner", "https://10.1.2.3/", "https://[::1]/", "https://0/"])
def test_a_redirect_into_our_own_network_is_refused(trusted: ssl.SSLContext, inner: str) -> None:
    """The first address being public proves nothing about the second."""
    found, wire = fetching(redirecting(inner, times=1), "https://127.0.0.1:{port}/", allow_private=False, tls=trusted)
    assert found in {MediaReason.PRIVATE, MediaReason.NETWORK}
    assert wire.connections == 1


def test_the_fourth_redirect_is_refused_on_https_too(trusted: ssl.SSLContext) -> None:
    """Each is checked like the first."""
    for times, expected in ((3, b"the file"), (4, MediaReason.REDIRECTS)):
        handler = redirecting("/next", times=times)
        assert fetching(handler, "https://127.0.0.1:{port}/", allow_private=False, tls=trusted)[0] == expected


def test_only_https_counts(trusted: ssl.SSLContext) -> None:
    """On the way in and on every redirect; http is for the demo and tests."""
    assert fetching(replying(b"x"), allow_private=False)[0] is MediaReason.NOT_HTTPS
    handler = redirecting("http://127.0.0.1/a", times=1)
    for allow_private in (False, True):  # what began in private does not go on in the open
        found, wire = fetching(handler, "https://127.0.0.1:{port}/", allow_private=allow_private, tls=trusted)
        assert found is MediaReason.NOT_HTTPS
        assert wire.connections == 1


def test_a_private_address_behind_a_name_is_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The socket is checked as it connects, so a second answer of the name server cannot slip in."""

    async def main() -> tuple[MediaReason, int]:
        async with serving(replying(b"secret")) as wire:

            async def resolve(*args: object, **kwargs: object) -> object:
                inner = [("127.0.0.1", wire.port), ("10.0.0.1", wire.port)]
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in inner]

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
            with pytest.raises(MediaError) as caught:
                await fetch(f"https://files.example:{wire.port}/", max_bytes=1000)
            return caught.value.reason, wire.connections

    assert asyncio.run(main()) == (MediaReason.PRIVATE, 0)


@pytest.mark.parametrize(
    "url",
    [
        *("", "a.png", "/a.png", "file:///etc/passwd", "ftp://a.example/b", "data:image/png;base64,AA"),
        *("http://", "http://user:pass@a.example/", "http://a.example:99999/", "http://[::1", "https://a.example:0/"),
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    """Before anything is resolved."""
    assert refused(url).reason is MediaReason.ADDRESS


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://[::1", "gopher://a.example/"])
def test_a_redirect_to_no_web_address_is_refused(location: str) -> None:
    """The same rules as for the first address."""
    assert fetching(redirecting(location, times=1))[0] is MediaReason.ADDRESS


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content"])
def test_only_status_200_is_a_file(status: str) -> None:
    """An error page is no image."""
    assert fetching(replying(b"", status=status))[0] is MediaReason.STATUS


def test_a_compressed_answer_is_refused() -> None:
    """It was not asked for, and could unpack to anything."""
    assert fetching(replying(b"x", headers="Content-Encoding: gzip\r\n"))[0] is MediaReason.STATUS


def test_a_redirect_without_an_address_is_refused() -> None:
    """Nowhere to go."""
    assert fetching(replying(b"", status="302 Found"))[0] is MediaReason.STATUS


def test_a_server_that_drips_is_left() -> None:
    """The limit is over everything."""

    async def dripping(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await wire.release.wait()

    assert fetching(dripping, total_limit=0.3)[0] is MediaReason.TOO_SLOW


def test_a_dead_server_is_a_network_error() -> None:
    """Cut off in the middle."""

    async def cut(wire: Wire, reader: Reader, writer: Writer) -> None:
        await read_request(wire, reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")

    assert fetching(cut)[0] is MediaReason.NETWORK


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(LOOPBACK)]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_certificates_are_checked(tmp_path: Path) -> None:
    """A certificate that nobody vouches for is a network error, and no request is sent."""
    found, wire = fetching_tls(_self_signed(tmp_path))
    assert found is MediaReason.NETWORK
    assert not wire.requests


def fetching_tls(context: ssl.SSLContext) -> tuple[MediaReason, Wire]:
    async def main() -> tuple[MediaReason, Wire]:
        async with serving(replying(b"file"), tls=context) as wire:
            with pytest.raises(MediaError) as caught:
                await fetch(f"https://localhost:{wire.port}/", max_bytes=1000, allow_private=True)
            return caught.value.reason, wire

    return asyncio.run(main())


def test_the_address_is_not_in_the_error() -> None:
    """Signed addresses hold keys."""
    error = refused("http://127.0.0.1/?key=s3cret")
    assert "s3cret" not in repr(error) + str(error)
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xff\xd8\xff\xe0rest", "jpeg"),
        (b"\x89PNG\r\n\x1a\nrest", "png"),
        (b"GIF89a", "gif"),
        (b"GIF87a", "gif"),
        (b"<svg", None),
        (b"RIFF....WEBP", None),
        (b"", None),
        (b"\x89PNG", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes(data: bytes, kind: str | None) -> None:
    """Names and declared types prove nothing."""
    assert image_kind(data) == kind
