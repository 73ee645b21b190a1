"""Permits to call Zalo, evenly spaced, counted in the database so that all processes share them.

Every request to the openapi host takes one permit from two buckets at once, the OA's and the app's; ZNS by phone has a
bucket of its own. A bucket is the time its next permit is due: permits are never saved up, so any 60 s hold at most the
limit, whoever asks and however often.

Who goes first: urgent requests book the next free permit, wherever it lies. Background requests never book ahead: they
take a permit only when the bucket has none booked in the future, which is to say when nothing urgent waits, and at
most every second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from db import EPOCH, in_thread, is_sqlite, write
from models import OfficialAccount, Pace
from services.apps import app_id_of
from services.desk import Desk
from services.errors import DeskError
from zalo.client import Host

APP_PER_MINUTE = 4000  # Zalo's own limit for one app over all its OAs
FULL_PACKAGE = "toàn diện"  # its name is display text and proposes a pace; staff may set another
FULL_PER_MINUTE, OTHER_PER_MINUTE = 2000, 100
# A request arrives a little before or after its permit; two parts in a hundred keep the limit at Zalo's end too.
_MINUTE_US = 61_200_000
_MICROSECOND = timedelta(microseconds=1)

Sleep = Callable[[float], Awaitable[None]]


class Lane(StrEnum):
    """Who goes first."""

    URGENT = "urgent"  # people's answers and single sends
    BACKGROUND = "background"  # profiles, nightly pull, checks


class TooLong(DeskError):
    """The next permit is due after more time than the caller has; `due` says when."""

    def __init__(self, due: datetime) -> None:
        super().__init__("pace.too_long", due=due)
        self.due = due


@dataclass(frozen=True)
class Bucket:
    """A row of Pace, and how many permits it gives in a minute."""

    key: str
    per_minute: int

    @property
    def interval(self) -> int:
        """Microseconds between two permits."""
        return -(-_MINUTE_US // self.per_minute)


async def take(
    desk: Desk,
    oa: OfficialAccount,
    lane: Lane,
    host: Host,
    *,
    patience: float | None = None,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """Return when the request may start. The permit is taken, whether it is used or not.

    Raises TooLong, and takes no permit, when it would be due after more than `patience` seconds.
    """
    buckets = buckets_of(desk, oa, host)
    slept = 0
    begun = _us(desk.now())
    while True:
        now = max(_us(desk.now()), begun + slept)
        wait, taken = await in_thread(_book, buckets, lane, now, patience)
        if wait > 0:
            await sleep(wait / 1_000_000)
            slept += wait
        if taken:
            return


def buckets_of(desk: Desk, oa: OfficialAccount, host: Host) -> list[Bucket]:
    """The buckets a request of the OA to `host` takes from."""
    if host is Host.BUSINESS:
        return [Bucket(f"zns:{oa.oa_id}", max(1, oa.zns_per_minute))]
    app = Bucket(f"app:{app_id_of(desk, oa)}", APP_PER_MINUTE)
    return [Bucket(f"oa:{oa.oa_id}", requests_per_minute(oa)), app]


def requests_per_minute(oa: OfficialAccount) -> int:
    """What staff set, else a proposal from the name of the OA's package."""
    if oa.requests_per_minute:
        return max(1, int(oa.requests_per_minute))
    package = str((oa.profile or {}).get("package_name") or "").casefold()
    return FULL_PER_MINUTE if FULL_PACKAGE in package else OTHER_PER_MINUTE


def block(key: str, until: datetime) -> None:
    """Nothing new starts from this bucket before `until`; an earlier block never shortens a later one."""
    with write():
        _open([Bucket(key, 1)])
        Pace.update(blocked_until=until).where(
            Pace.key == key, Pace.blocked_until.is_null() | (Pace.blocked_until < until)
        ).execute()


def next_minute(now: datetime) -> datetime:
    """The start of the next calendar minute: Zalo counts calls by those."""
    return now.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _book(buckets: list[Bucket], lane: Lane, now: int, patience: float | None) -> tuple[int, bool]:
    """(microseconds to wait, whether the permit is ours then)."""
    if lane is Lane.BACKGROUND:
        # Half the pace: these buckets fill twice as fast and only background takes from them.
        buckets = [*buckets, *(Bucket(f"background:{b.key}", max(1, b.per_minute // 2)) for b in buckets)]
    with write():
        rows = _open(buckets)
        start = max([now, *(_free_at(row) for row in rows)])
        if patience is not None and start - now > patience * 1_000_000:
            raise TooLong(EPOCH + timedelta(microseconds=start))
        if lane is Lane.BACKGROUND and start > now:
            return start - now, False
        for bucket in buckets:
            Pace.update(next_us=start + bucket.interval).where(Pace.key == bucket.key).execute()
        return start - now, True


def _open(buckets: list[Bucket]) -> list[Pace]:
    """The rows, made if need be, and locked until the transaction ends (SQLite locks all of itself)."""
    keys = sorted(bucket.key for bucket in buckets)
    rows = list(_locked(keys))
    if len(rows) < len(keys):
        Pace.insert_many([{"key": key} for key in keys]).on_conflict_ignore().execute()
        rows = list(_locked(keys))
    return rows


def _locked(keys: list[str]) -> list[Pace]:
    # Always in the same order: two processes that lock two rows crosswise would wait for each other.
    query = Pace.select().where(Pace.key.in_(keys)).order_by(Pace.key)
    return list(query if is_sqlite() else query.for_update())


def _free_at(row: Pace) -> int:
    return max(row.next_us, _us(row.blocked_until) if row.blocked_until else 0)


def _us(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND
