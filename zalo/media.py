"""Fetching other people's files without being led into our own network.

Checked is the address a socket is about to connect to, after every parsing, resolving and redirecting: a name
that answers differently a moment later (DNS rebinding) or an oddly spelled address gains nothing. Certificates
are checked against the name as ever.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

import aiohttp

MAX_REDIRECTS = 3
TOTAL_LIMIT = 5.0
_REDIRECTS = {301, 302, 303, 307, 308}


class MediaReason(StrEnum):
    """Why a file was not fetched."""

    ADDRESS = "address"  # not a web address, or one with a password in it
    NOT_HTTPS = "not_https"
    PRIVATE = "private"  # leads to a network that is not public
    REDIRECTS = "redirects"
    STATUS = "status"
    TOO_BIG = "too_big"
    NETWORK = "network"
    TOO_SLOW = "too_slow"


class MediaError(Exception):
    """The file could not be fetched; the address is not part of the text, it may hold a key."""

    def __init__(self, reason: MediaReason) -> None:
        super().__init__(f"file not fetched: {reason.value}")
        self.reason = reason


async def fetch(url: str, *, max_bytes: int, allow_private: bool = False, total_limit: float = TOTAL_LIMIT) -> bytes:
    """The content behind an https address, at most `max_bytes`, within `total_limit` seconds.

    Follows up to 3 redirects, each checked like the first. `allow_private` is for tests and sandboxes: private
    addresses and http are allowed then. Raises MediaError only.
    """
    outcome = await _outcome(url, _Rules(max_bytes, allow_private), total_limit)
    if isinstance(outcome, MediaReason):  # raised here so that no lower error with the address hangs on it
        raise MediaError(outcome)
    return outcome


def image_kind(data: bytes) -> str | None:
    """`jpeg`, `png` or `gif` by the first bytes, else None; a file's name and declared type prove nothing."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return "gif" if data.startswith((b"GIF87a", b"GIF89a")) else None


@dataclass(slots=True)
class _Rules:
    """What one fetch may do, and whether it was kept from a private address."""

    max_bytes: int
    allow_private: bool
    met_private: bool = False

    def new_socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """A socket for one attempt to connect; OSError when it would lead into a private network."""
        family, kind, protocol, _, address = info
        if not self.allow_private and not is_public(str(address[0])):
            self.met_private = True
            raise OSError("not a public address")
        return socket.socket(family, kind, protocol)


class _Stop(Exception):
    def __init__(self, reason: MediaReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


async def _outcome(url: str, rules: _Rules, total_limit: float) -> bytes | MediaReason:
    try:
        async with asyncio.timeout(total_limit), _session(rules) as session:
            return await _follow(session, url, rules)
    except _Stop as stop:
        return stop.reason
    except TimeoutError:
        return MediaReason.TOO_SLOW
    except Exception:
        return MediaReason.PRIVATE if rules.met_private else MediaReason.NETWORK


def _session(rules: _Rules) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        socket_factory=rules.new_socket, ssl=ssl.create_default_context(), use_dns_cache=False, force_close=True
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    )


async def _follow(session: aiohttp.ClientSession, url: str, rules: _Rules) -> bytes:
    target = _checked(url, rules)
    for _ in range(MAX_REDIRECTS + 1):
        async with session.get(target, allow_redirects=False) as response:
            if response.status not in _REDIRECTS:
                return await _read(response, rules)
            target = _next(target, response.headers.get("Location"), rules)
    raise _Stop(MediaReason.REDIRECTS)


def _next(here: str, location: str | None, rules: _Rules) -> str:
    if not location:
        raise _Stop(MediaReason.STATUS)
    try:
        there = _checked(urljoin(here, location), rules)
    except ValueError:
        raise _Stop(MediaReason.ADDRESS) from None
    if here.startswith("https:") and there.startswith("http:"):  # what was fetched in private stays so
        raise _Stop(MediaReason.NOT_HTTPS)
    return there


def _checked(url: str, rules: _Rules) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _Stop(MediaReason.ADDRESS) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or port == 0:
        raise _Stop(MediaReason.ADDRESS)
    if parts.scheme == "http" and not rules.allow_private:
        raise _Stop(MediaReason.NOT_HTTPS)
    return parts.geturl()


async def _read(response: aiohttp.ClientResponse, rules: _Rules) -> bytes:
    if response.status != 200 or response.headers.get("Content-Encoding", "identity") != "identity":
        raise _Stop(MediaReason.STATUS)
    parts, size = [], 0
    async for part in response.content.iter_any():
        size += len(part)
        if size > rules.max_bytes:
            raise _Stop(MediaReason.TOO_BIG)
        parts.append(part)
    return b"".join(parts)


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet, also inside IPv6 wrappings of IPv4."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    # Reserved are, among others, old wrappings of IPv4 such as ::127.0.0.1.
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = ip in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if inside else None
