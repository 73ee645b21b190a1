"""Zalo's three hosts, and how far our clock is from theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from services.desk import Desk
from services.health.findings import Finding, Teller
from zalo.client import Host, Hosts
from zalo.probe import Reached, reach

LIMIT = 4.0
OFF, FAR_OFF = timedelta(seconds=30), timedelta(minutes=5)
_WHAT = {Host.OAUTH: "tokens", Host.OPENAPI: "messages to followers", Host.BUSINESS: "ZNS"}
_CLOCK_DO = "switch time synchronisation on: timedatectl set-ntp true"


def zalo(desk: Desk) -> Iterator[Finding]:
    """Whether each host answers over a connection it can prove, and the time it names."""
    found = asyncio.run(_all(desk))
    tell = Teller("zalo")
    for each in found:
        if each.problem:
            yield tell.broken(
                f"{each.host.value}: {each.problem}; no {_WHAT[each.host]}",
                "look at this machine's network, name server and firewall (https to Zalo must be open)",
            )
        else:
            yield tell.ok(f"{each.host.value} answers")
    # The API's own server before the web page's: a proxy in front of that may keep another time.
    dated = sorted((each for each in found if each.date is not None), key=lambda each: each.host is Host.OAUTH)
    yield _clock(desk, dated[0] if dated else None)


async def _all(desk: Desk) -> list[Reached]:
    known = desk.settings
    hosts = Hosts(known.zalo_oauth_url, known.zalo_openapi_url, known.zalo_business_url)
    return list(await asyncio.gather(*(reach(hosts, host, limit=LIMIT) for host in Host)))


def _clock(desk: Desk, reached: Reached | None) -> Finding:
    tell = Teller("time")
    if reached is None or reached.date is None:
        return tell.warning("not known: Zalo did not say what time it is", "see the line `zalo`")
    # A Date header has no fractions: on average it is half a second old when it is written.
    theirs = reached.date + timedelta(seconds=0.5 + reached.took / 2)
    off = desk.now() - theirs
    way = "ahead of" if off > timedelta(0) else "behind"
    text = f"this machine's clock is {abs(off.total_seconds()):.0f} s {way} Zalo's"
    if abs(off) > FAR_OFF:
        return tell.broken(f"{text}: tokens look valid that are not, and signatures too old", _CLOCK_DO)
    return tell.warning(text, _CLOCK_DO) if abs(off) > OFF else tell.ok(text)
