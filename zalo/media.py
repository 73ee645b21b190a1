"""Fetching other people's files without being led into our own network.

The address that was checked is the address that is connected to: checking happens inside the connector's
resolver, so a name that answers differently a moment later (DNS rebinding) gains nothing. Certificates are
checked against the name as ever.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

MAX_REDIRECTS = 3
TOTAL_LIMIT = 20.0
_REDIRECTS = {301, 302, 303, 307, 308}


class MediaReason(StrEnum):
    """Why a file was not fetched."""

    ADDRESS = "address"  # not an http(s) address, or one with a password in it
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


class _PrivateAddress(OSError):
    """The name leads to an address that is not public."""


async def fetch(url: str, *, max_bytes: int, allow_private: bool = False, total_limit: float = TOTAL_LIMIT) -> bytes:
    """The content behind an http(s) address, at most `max_bytes`, within `total_limit` seconds.

    Follows up to 3 redirects, each checked like the first. `allow_private` is for tests and sandboxes.
    Raises MediaError only.
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


@dataclass(frozen=True, slots=True)
class _Rules:
    max_bytes: int
    allow_private: bool


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
    except Exception as failure:
        return MediaReason.PRIVATE if _was_private(failure) else MediaReason.NETWORK


def _session(rules: _Rules) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        resolver=None if rules.allow_private else _PublicResolver(),
        ssl=ssl.create_default_context(),
        use_dns_cache=False,
        force_close=True,
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


def _next(here: URL, location: str | None, rules: _Rules) -> URL:
    if not location:
        raise _Stop(MediaReason.STATUS)
    try:
        there = here.join(URL(location))
    except ValueError:
        raise _Stop(MediaReason.ADDRESS) from None
    if here.scheme == "https" and there.scheme == "http":  # what was fetched in private stays so
        raise _Stop(MediaReason.ADDRESS)
    return _checked(str(there), rules)


def _checked(url: str, rules: _Rules) -> URL:
    try:
        target = URL(url)
        port = target.port
    except ValueError:
        raise _Stop(MediaReason.ADDRESS) from None
    if target.scheme not in {"http", "https"} or not target.host or target.user or target.password or not port:
        raise _Stop(MediaReason.ADDRESS)
    # A bare IP address never reaches the resolver, so it is checked here.
    if not rules.allow_private and _is_ip(target.host) and not is_public(target.host):
        raise _Stop(MediaReason.PRIVATE)
    return target


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
    return ip.is_global and not ip.is_multicast


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    inside = ip in ipaddress.ip_network("64:ff9b::/96")
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if inside else None


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _was_private(failure: BaseException | None) -> bool:
    while failure is not None:
        if isinstance(failure, _PrivateAddress):
            return True
        failure = failure.__cause__ or failure.__context__
    return False


class _PublicResolver(AbstractResolver):
    """Resolves names and refuses those with any address that is not public."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not all(is_public(address) for address in addresses):
            raise _PrivateAddress("not a public address")
        return [_result(host, port, entry[0], address) for entry, address in zip(found, addresses, strict=True)]

    async def close(self) -> None:
        """Nothing is held open."""


def _result(host: str, port: int, family: int, address: str) -> ResolveResult:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
