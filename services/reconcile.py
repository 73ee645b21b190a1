"""The nightly pull of an OA's follower list: what events missed is put right, and nothing else is written.

Restartable after every page. Absence from the list proves an unfollow only if the list was read whole and stood still;
otherwise `user/detail` is asked about each missing person first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import structlog
from peewee import JOIN, fn

from db import in_thread, write
from models import Follower, FollowerSeen, FollowerSync, OfficialAccount
from services import audit, gateway, leases
from services.audit import Actor
from services.desk import VIETNAM, Desk, Work
from services.errors import Conflict, DeskError
from services.pacing import Lane, TooLong
from services.profiles import NOBODY
from services.pull_plan import Plan
from services.pulled import followers_found, followers_gone, write_detail
from services.tokens import TokenUnavailable
from zalo import oa as zalo_oa
from zalo.client import Zalo
from zalo.errors import ErrorClass, Refused, ZaloError
from zalo.oa import UserDetail, UserPage

log = structlog.get_logger(__name__)
T = TypeVar("T")

STEP_SECONDS = 4.0
LEASE = timedelta(seconds=60)  # four times the total limit of one request
_RETRY_AFTER = timedelta(seconds=60)
_TOO_OLD = timedelta(hours=20)
_AT_ONCE = 8
_PIECE = 1000
# A list that lost more than half of the people at once is more likely Zalo's mistake than theirs.
_SUSPICIOUS = 2
_LEAST_TO_SUSPECT = 100
_PROGRESS = [
    FollowerSync.segments, FollowerSync.total, FollowerSync.seen, FollowerSync.complete, FollowerSync.added,
    FollowerSync.started_at,
]  # fmt: skip


def start(desk: Desk, oa: OfficialAccount, actor: Actor | None = None) -> FollowerSync:
    """Begin a pull, or return the one under way. Commits; `step` does the work. Audited when somebody asked for it."""
    now = desk.now()
    with write():
        running = FollowerSync.get_or_none(FollowerSync.oa == oa, FollowerSync.state == "running")
        if running is not None and running.started_at > now - _TOO_OLD:
            return running
        if running is not None:
            _end(now, running, "failed", "too old")
        sync = FollowerSync.create(oa=oa, started_at=now, segments=Plan().dump())
        if actor is not None:
            audit.record(now, actor, "oa.synced", oa_id=oa.oa_id, target=oa.name)
    desk.nudge(Work.SYNC)
    return sync


async def step(desk: Desk, worker_id: str) -> bool:
    """Work on one pull for at most 5 s; False when there is none to work on.

    A trouble of Zalo or of the line puts the pull off for a minute, one that only a person can end fails it.
    """
    sync = await in_thread(_claim, desk.now(), worker_id, None)
    if sync is None:
        return False
    try:
        await _work(desk, sync)
    except (ZaloError, DeskError) as trouble:
        await in_thread(_troubled, desk.now(), sync, trouble)
    except Exception as defect:
        log.exception("pull_broke", oa_id=sync.oa.oa_id)
        await in_thread(_troubled, desk.now(), sync, defect)
    else:
        await in_thread(_release, desk.now(), sync, worker_id)
    return True


async def pull(desk: Desk, oa: OfficialAccount, actor: Actor | None = None) -> FollowerSync:
    """The whole pull at once, for the command line; returns its row with `seen`, `added` and `removed`.

    Raises Conflict `sync.failed` (reason) when Zalo does not answer as needed; begun work is kept for the next try.
    """
    worker_id = f"pull:{uuid4().hex}"
    sync = await in_thread(start, desk, oa, actor)
    while sync.state == "running":
        mine = await in_thread(_claim, desk.now(), worker_id, sync.id)
        if mine is None:  # a worker is at it, or waits out a trouble
            await asyncio.sleep(0.2)
        else:
            await _pull_some(desk, mine, worker_id)
        sync = await in_thread(FollowerSync.get_by_id, sync.id)
    if sync.state != "done":
        raise Conflict("sync.failed", reason=sync.error)
    return sync


async def _pull_some(desk: Desk, sync: FollowerSync, worker_id: str) -> None:
    try:
        await _work(desk, sync)
    except (ZaloError, DeskError) as trouble:
        if isinstance(trouble, TooLong):
            return
        await in_thread(_troubled, desk.now(), sync, trouble)
        raise Conflict("sync.failed", reason=_reason(trouble)) from None
    finally:
        await in_thread(_release, desk.now(), sync, worker_id)


async def _work(desk: Desk, sync: FollowerSync) -> None:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STEP_SECONDS
    while sync.state == "running" and loop.time() < deadline:
        plan = Plan.load(sync.segments)
        if plan.parts:
            await _read_page(desk, sync, plan)
        elif await in_thread(_is_short, sync, plan):
            tags = await _ask(desk, sync, zalo_oa.list_tags)
            plan.look_again(tags)
            await in_thread(_save, sync, plan)
        else:
            await _settle_missing(desk, sync, plan)


async def _read_page(desk: Desk, sync: FollowerSync, plan: Plan) -> None:
    part = plan.parts[0]

    async def work(zalo: Zalo, token: str) -> UserPage:
        return await zalo_oa.list_users(
            zalo, token, offset=part.offset, tag_name=part.tag or None, period=part.period, is_follower=True
        )

    page = await _ask(desk, sync, work)
    await in_thread(_keep_page, sync, plan, page)


def _keep_page(sync: FollowerSync, plan: Plan, page: UserPage) -> None:
    """People and cursor in one transaction: after a crash the same page is read again, and changes nothing twice."""
    if plan.expected is None and page.server_date is not None:
        sync.started_at = page.server_date
    plan.turned(page.total, sync.started_at.astimezone(VIETNAM).date())
    with write():
        rows = [{"sync": sync.id, "user_id": user_id} for user_id in dict.fromkeys(page.user_ids)]
        if rows:
            FollowerSeen.insert_many(rows).on_conflict_ignore().execute()
        sync.added += followers_found(sync.oa.oa_id, page.user_ids, sync.started_at)
        _save(sync, plan)


def _save(sync: FollowerSync, plan: Plan) -> None:
    sync.segments, sync.total = plan.dump(), plan.expected or 0
    sync.save(only=_PROGRESS)


def _is_short(sync: FollowerSync, plan: Plan) -> bool:
    """Whether a large list has people that its parts did not show, and the other ways are not tried yet."""
    return not plan.spare_asked and plan.parts == [] and (plan.expected or 0) > _seen(sync)


def _seen(sync: FollowerSync) -> int:
    return int(FollowerSeen.select().where(FollowerSeen.sync == sync.id).count())


async def _settle_missing(desk: Desk, sync: FollowerSync, plan: Plan) -> None:
    if plan.whole is None:
        await in_thread(_judge, sync, plan)
    missing = await in_thread(_missing, sync, _PIECE if plan.whole else _AT_ONCE)
    if not missing:
        await in_thread(_finish, desk, sync)
    elif plan.whole:
        await in_thread(_unfollow, desk.now(), sync, missing)
    else:
        details = await asyncio.gather(*(_look_up(desk, sync, user_id) for user_id in missing))
        await in_thread(_keep_details, desk.now(), sync, missing, details)


def _judge(sync: FollowerSync, plan: Plan) -> None:
    """Decide, once, whether absence from what was read proves an unfollow."""
    sync.seen = _seen(sync)
    known = Follower.select().where(Follower.oa_id == sync.oa.oa_id, Follower.is_follower == True).count()  # noqa: E712
    suspicious = known > _LEAST_TO_SUSPECT and sync.seen * _SUSPICIOUS < known
    plan.whole = sync.complete = plan.proves_absence(sync.seen) and not suspicious
    _save(sync, plan)


def _missing(sync: FollowerSync, limit: int) -> list[str]:
    """People we take for followers, whom the pull has not met, and of whom nothing newer is known."""
    met = (FollowerSeen.sync == sync.id) & (FollowerSeen.user_id == Follower.user_id)
    query = (
        Follower.select(Follower.user_id)
        .join(FollowerSeen, JOIN.LEFT_OUTER, on=met)
        .where(
            Follower.oa_id == sync.oa.oa_id,
            Follower.is_follower == True,  # noqa: E712
            Follower.follow_at.is_null() | (Follower.follow_at < sync.started_at),
            FollowerSeen.id.is_null(),
        )
        .limit(limit)
    )
    return [row.user_id for row in query]


def _unfollow(now: datetime, sync: FollowerSync, user_ids: Sequence[str]) -> None:
    with write():
        sync.removed += followers_gone(now, sync.oa.oa_id, user_ids, sync.started_at)
        sync.save(only=[FollowerSync.removed])


async def _look_up(desk: Desk, sync: FollowerSync, user_id: str) -> UserDetail | None:
    """None when Zalo shows nothing of this person, which it does not of followers."""

    async def work(zalo: Zalo, token: str) -> UserDetail:
        return await zalo_oa.get_user(zalo, token, user_id)

    try:
        return await _ask(desk, sync, work)
    except Refused as refused:
        if refused.code not in NOBODY:
            raise
        return None


def _keep_details(
    now: datetime, sync: FollowerSync, user_ids: Sequence[str], details: Sequence[UserDetail | None]
) -> None:
    found = [detail for detail in details if detail is not None]
    stay = {detail.user_id for detail in found if detail.is_follower is not False}
    gone = [user_id for user_id in user_ids if user_id not in stay]
    with write():
        sync.removed += followers_gone(now, sync.oa.oa_id, gone, sync.started_at)
        for detail in found:
            write_detail(now, sync.oa.oa_id, detail, sync.started_at)
        rows = [{"sync": sync.id, "user_id": user_id} for user_id in user_ids]
        FollowerSeen.insert_many(rows).on_conflict_ignore().execute()
        sync.save(only=[FollowerSync.removed])


def _finish(desk: Desk, sync: FollowerSync) -> None:
    with write():
        _end(desk.now(), sync, "done", "")
    log.info("followers_pulled", oa_id=sync.oa.oa_id, seen=sync.seen, added=sync.added, removed=sync.removed)
    if sync.added:
        desk.nudge(Work.PROFILES)


def _end(now: datetime, sync: FollowerSync, state: str, error: str) -> None:
    sync.state, sync.error, sync.ended_at, sync.lease_until = state, error, now, None
    sync.save()
    FollowerSeen.delete().where(FollowerSeen.sync == sync.id).execute()


async def _ask(desk: Desk, sync: FollowerSync, work: Callable[[Zalo, str], Awaitable[T]]) -> T:
    return await gateway.call(desk, sync.oa, work, lane=Lane.BACKGROUND, patience=STEP_SECONDS)


def _claim(now: datetime, worker_id: str, only: int | None) -> FollowerSync | None:
    free = leases.over(now, FollowerSync.lease_until, LEASE) | (FollowerSync.lease_until == now)
    which = (FollowerSync.state == "running") & free
    if only is not None:
        which &= FollowerSync.id == only
    with write():
        sync = _next(which)
        if sync is None:
            return None
        taken = FollowerSync.update(lease_owner=worker_id, lease_until=now + LEASE).where(
            FollowerSync.id == sync.id, which
        )
        if not taken.execute():
            return None
        sync.oa  # noqa: B018 - read here, in the thread with the connection
        return sync


def _next(which: object) -> FollowerSync | None:
    # Whose turn was the longest ago: a pull of an hour must not keep those of the other OAs waiting.
    turn = fn.COALESCE(FollowerSync.lease_until, 0)
    found: FollowerSync | None = FollowerSync.select().where(which).order_by(turn, FollowerSync.id).first()
    return found


def _release(now: datetime, sync: FollowerSync, worker_id: str) -> None:
    FollowerSync.update(lease_until=now, lease_owner="").where(
        FollowerSync.id == sync.id, FollowerSync.lease_owner == worker_id
    ).execute()


def _troubled(now: datetime, sync: FollowerSync, trouble: Exception) -> None:
    log.warning("pull_troubled", oa_id=sync.oa.oa_id, reason=_reason(trouble))
    if _is_hopeless(trouble):
        with write():
            _end(now, sync, "failed", _reason(trouble))
        return
    wait = timedelta() if isinstance(trouble, TooLong) else _RETRY_AFTER
    FollowerSync.update(lease_owner="", lease_until=now + wait, error=_reason(trouble)).where(
        FollowerSync.id == sync.id
    ).execute()


def _is_hopeless(trouble: Exception) -> bool:
    if isinstance(trouble, Refused):
        return trouble.error_class not in {ErrorClass.TRANSIENT, ErrorClass.LATER}
    return isinstance(trouble, DeskError) and not isinstance(trouble, TooLong | TokenUnavailable)


def _reason(trouble: Exception) -> str:
    return str(trouble.code) if isinstance(trouble, Refused) else type(trouble).__name__
