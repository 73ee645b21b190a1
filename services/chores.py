"""What the clock has done, one function for each of its jobs. Each can be run at any time, and twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

import structlog

from db import in_thread
from models import FollowerSync, OaState, OfficialAccount
from services import (
    accounts,
    connect_tickets,
    conversation_warnings,
    endings,
    erasure_sweep,
    notices,
    opt_out_replies,
    quotas,
    rating_pull,
    reconcile,
    rereading,
    templates,
    tokens,
)
from services import purge as forget
from services.desk import VIETNAM, Desk, Work
from services.errors import DeskError
from services.readiness import SILENT_AFTER
from zalo.errors import ZaloError

log = structlog.get_logger(__name__)

NEW_FOR = timedelta(hours=1)
AT_ONCE = 8  # OAs looked after at the same time
# Nobody writes to a shop at night; silence is counted within these hours of Vietnam.
DAY_FROM, DAY_TO = time(8), time(22)
Chore = Callable[[Desk, OfficialAccount], Awaitable[object]]


async def renew_tokens(desk: Desk) -> int:
    """Renew what is due, after finishing what an earlier process left in the journal; returns how many were due."""
    await in_thread(tokens.replay_journal, desk)
    due = await in_thread(tokens.due, desk.now())
    await _each(desk, due, _renew)
    return len(due)


async def warn_of_endings(desk: Desk) -> int:
    """Tell managers, by day, of refresh tokens and packages near their end and of OAs nobody uses."""
    now = desk.now()
    if not _by_day(now):
        return 0
    return sum([await in_thread(warn, now) for warn in endings.WARNINGS])


async def look_at_newcomers(desk: Desk) -> int:
    """An OA registered a moment ago: read its profile, templates and quota, and begin to pull its follower list."""
    fresh = await in_thread(_newcomers, desk.now())
    await _each(desk, fresh, _first_look)
    return len(fresh)


async def drop_connect_tickets(desk: Desk) -> int:
    """End what [Connect with Zalo] left open: links nobody used, OAs nobody confirmed."""
    return await in_thread(connect_tickets.expire, desk.now())


async def refresh_profiles(desk: Desk) -> int:
    """Profile (package, verification) and ZNS quota and quality of every OA."""
    every = await in_thread(_connected)
    await _each(desk, every, accounts.refresh_profile)
    await _each(desk, every, quotas.refresh)
    return len(every)


async def reconcile_all(desk: Desk) -> int:
    """The nightly look at everything events may have missed: follower lists and templates."""
    every = await in_thread(_connected)
    for oa in every:
        await in_thread(reconcile.start, desk, oa)
    desk.nudge(Work.SYNC)
    await _each(desk, every, templates.sync)
    return len(every)


async def reread_changed(desk: Desk) -> int:
    """Read again what an event said has changed at Zalo: templates, quotas."""
    return await rereading.run(desk)


async def pull_ratings(desk: Desk) -> int:
    """The daily look at the ratings Zalo keeps, for those no event brought."""
    every = await in_thread(_connected)
    await _each(desk, every, rating_pull.pull)
    return len(every)


async def warn_of_silence(desk: Desk) -> int:
    """Notice webhook_silent {oa_id, hours} when an OA that had events has none for three hours of the day."""
    return await in_thread(_warn_of_silence, desk.now())


async def warn_of_windows(desk: Desk) -> int:
    """Customers who still wait while Zalo's 48 hours or 7 days run out; returns how many."""
    return await in_thread(conversation_warnings.warn, desk.now())


async def go_on_erasing(desk: Desk) -> int:
    """Go on with what is being forgotten on request; returns how many were finished."""
    return await erasure_sweep.run(desk)


async def answer_opt_outs(desk: Desk) -> int:
    """Confirm what customers said about advertising, where a worker that ended could not; returns how many messages."""
    return await in_thread(opt_out_replies.send, desk)


async def purge(desk: Desk) -> int:
    """Forget what nobody needs any longer; returns how many rows and files that were."""
    return sum((await forget.run(desk)).values())


async def _each(desk: Desk, oas: list[OfficialAccount], chore: Chore) -> None:
    """Do it for every OA; the trouble of one is logged and does not keep the others waiting."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(oa: OfficialAccount) -> None:
        async with gate:
            try:
                await chore(desk, oa)
            except (ZaloError, DeskError) as trouble:
                log.warning("chore_refused", chore=chore.__name__, oa_id=oa.oa_id, problem=_reason(trouble))

    await asyncio.gather(*(one(oa) for oa in oas))


async def _renew(desk: Desk, oa: OfficialAccount) -> None:
    row = await in_thread(tokens.current, oa)
    if row is not None:
        await tokens.refresh(desk, oa, row.generation)


async def _first_look(desk: Desk, oa: OfficialAccount) -> None:
    if not await in_thread(_pulled, oa):
        await in_thread(reconcile.start, desk, oa)
        desk.nudge(Work.SYNC)
    await accounts.refresh_profile(desk, oa)
    await templates.sync(desk, oa)
    await quotas.refresh(desk, oa)


def _newcomers(now: datetime) -> list[OfficialAccount]:
    # For an hour: an OA that may not read its templates is not to be asked every minute for ever.
    new = now - NEW_FOR
    return [oa for oa in _connected() if not _pulled(oa) or (oa.templates_at is None and oa.created_at > new)]


def _pulled(oa: OfficialAccount) -> bool:
    return bool(FollowerSync.select().where(FollowerSync.oa == oa.id).exists())


def _connected() -> list[OfficialAccount]:
    return list(OfficialAccount.select().where(OfficialAccount.state == OaState.ACTIVE).order_by(OfficialAccount.id))


def _warn_of_silence(now: datetime) -> int:
    if not _by_day(now):
        return 0
    morning = datetime.combine(now.astimezone(VIETNAM).date(), DAY_FROM, VIETNAM)
    told = 0
    for oa in _connected():
        last = oa.last_event_at
        if last is None or now - max(last, morning) < SILENT_AFTER:
            continue
        hours = int((now - last) / timedelta(hours=1))
        ref = f"{oa.oa_id}:{last:%Y%m%d%H%M}"
        told += notices.alert_once(now, "webhook_silent", ref, {"oa_id": oa.oa_id, "hours": hours})
    return told


def _by_day(now: datetime) -> bool:
    return DAY_FROM <= now.astimezone(VIETNAM).time() < DAY_TO


def _reason(trouble: Exception) -> str:
    return trouble.key if isinstance(trouble, DeskError) else str(trouble)
