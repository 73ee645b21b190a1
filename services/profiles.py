"""Names and pictures of new people, fetched in the background within the OA's pace."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from db import in_thread, is_sqlite, write
from models import Follower, OaState, OfficialAccount
from services import gateway
from services.desk import Desk
from services.errors import DeskError
from services.pacing import Lane
from services.pulled import write_detail
from services.tokens import TokenUnavailable
from zalo import oa as zalo_oa
from zalo.client import Zalo
from zalo.errors import Refused, ZaloError
from zalo.oa import UserDetail

log = structlog.get_logger(__name__)

# Zalo does not say which of the two it answers for somebody it shows nothing of.
NOBODY = {-213, -201}
AT_ONCE = 4
STEP_SECONDS = 4.0
_CLAIM = timedelta(minutes=5)
_FIRST_BACK_OFF, _LONGEST_BACK_OFF = timedelta(minutes=1), timedelta(days=1)
# Zalo's clock and ours differ a little; a fact dated too early only yields to an event, a late one would beat it.
CLOCKS_APART = timedelta(minutes=1)


async def fetch_due(desk: Desk, limit: int = 50) -> int:
    """Fetch profiles that are wanted, at most 5 s long; returns how many were settled (0: nothing is due).

    Safe to run in several processes. People Zalo shows nothing of are not asked for again; other failures wait longer
    and longer, and trouble of the whole OA (no token, no permit) puts all its people off.
    """
    settled = 0
    for account in await in_thread(_accounts):
        rows = await in_thread(_claim, desk.now(), account, limit)
        settled += await _fetch_all(desk, account, rows) if rows else 0
    return settled


async def _fetch_all(desk: Desk, account: OfficialAccount, rows: Sequence[Follower]) -> int:
    loop = asyncio.get_running_loop()
    waiting, deadline, settled = list(reversed(rows)), loop.time() + STEP_SECONDS, 0

    async def one_after_another() -> None:
        nonlocal settled
        while waiting and loop.time() < deadline:
            row = waiting.pop()
            if not await _fetch(desk, account, row):
                waiting.append(row)
                return
            settled += 1

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    await in_thread(_put_off, [row.id for row in waiting], None if settled else desk.now() + _CLAIM)
    return settled


async def _fetch(desk: Desk, account: OfficialAccount, row: Follower) -> bool:
    """False when it is the OA that has trouble, not this person."""
    at = desk.now() - CLOCKS_APART

    async def work(zalo: Zalo, token: str) -> UserDetail:
        return await zalo_oa.get_user(zalo, token, row.user_id)

    try:
        detail = await gateway.call(desk, account, work, lane=Lane.BACKGROUND, patience=STEP_SECONDS)
    except (DeskError, TokenUnavailable) as trouble:
        log.info("profiles_wait", oa_id=account.oa_id, reason=type(trouble).__name__)
        return False
    except Refused as refused:
        await in_thread(_refused, desk.now(), row, refused.code in NOBODY)
    except ZaloError:
        await in_thread(_refused, desk.now(), row, False)
    else:
        await in_thread(_keep, desk.now(), account.oa_id, detail, at)
    return True


def _accounts() -> list[OfficialAccount]:
    return list(OfficialAccount.select().where(OfficialAccount.state == OaState.ACTIVE))


def _claim(now: datetime, account: OfficialAccount, limit: int) -> list[Follower]:
    """Take rows for five minutes; another process gets others."""
    with write():
        due = (
            Follower.select(Follower.id, Follower.user_id, Follower.profile_attempts)
            .where(
                Follower.oa_id == account.oa_id,
                Follower.profile_wanted,
                Follower.profile_next_at.is_null() | (Follower.profile_next_at <= now),
            )
            .order_by(Follower.id)
            .limit(limit)
        )
        rows = list(due if is_sqlite() else due.for_update(skip_locked=True))
        _put_off([row.id for row in rows], now + _CLAIM)
    return rows


def _put_off(ids: Sequence[int], until: datetime | None) -> None:
    if ids:
        Follower.update(profile_next_at=until).where(Follower.id.in_(ids)).execute()


def _refused(now: datetime, row: Follower, for_good: bool) -> None:
    wait = min(_FIRST_BACK_OFF * 4 ** min(row.profile_attempts, 8), _LONGEST_BACK_OFF)
    changed = {"profile_attempts": Follower.profile_attempts + 1, "profile_next_at": now + wait}
    # Only ever taken away: somebody erased while the question was under way is not to be asked about again.
    end = {"profile_wanted": False} if for_good else {}
    Follower.update(**changed, **end).where(Follower.id == row.id).execute()


def _keep(now: datetime, oa_id: str, detail: UserDetail, at: datetime) -> None:
    with write():
        write_detail(now, oa_id, detail, at)
