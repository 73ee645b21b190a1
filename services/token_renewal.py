"""One renewal at a time, and nothing lost between Zalo's answer and our row.

A refresh token works once, and renewing kills the access token before it. So whoever renews holds the lease of the row,
reads again, asks Zalo, journals the answer, and replaces both tokens in one UPDATE. Whoever comes meanwhile waits for
the new one.

Notices: needs_reauth (services.token_loss), oauth_refused {oa_id, code}, renewal_failing {oa_id, code}.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from peewee import PeeweeException

from db import in_thread, write
from models import OaToken, OfficialAccount, TokenState
from secretbox import CannotOpen
from services import apps, counters, journal, notices, token_keeping, token_lease, token_loss, token_owner, token_pairs
from services.desk import Desk
from services.errors import Refusal
from services.token_pairs import current
from zalo import oauth
from zalo.client import AppKeys
from zalo.errors import ErrorClass, NotSent, PerhapsSent, Refused, ZaloError
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)
T = TypeVar("T")

CLOSED = "journal"  # error code of a row whose successor lies in the journal and cannot be read
UNKNOWN = "unknown"  # error code of a row whose refresh token may be spent, its successor lost on the way
_BACKOFF = tuple(timedelta(seconds=s) for s in (10, 30, 60, 120, 300))
LONGEST_PAUSE = _BACKOFF[-1]
_BACKOFF_UNKNOWN = timedelta(seconds=10)  # an OA that may be dead is not left in doubt for minutes
_running: set[asyncio.Task[OaToken]] = set()


@dataclass(frozen=True)
class Access:
    """A usable access token and the generation it belongs to."""

    token: str = field(repr=False)
    generation: int = 0


class TokenUnavailable(NotSent):
    """No valid access token could be had this time, so the request was not even tried."""


async def refresh(desk: Desk, oa: OfficialAccount, seen_generation: int, *, at_once: bool = False) -> Access:
    """Renew the pair, unless somebody renewed it since `seen_generation`; waits for one who is at it.

    Not tried during the pause after a failure unless `at_once`. Raises as `tokens.access_token` does; a database that
    takes no writes is a TokenUnavailable too.
    """
    owner = token_owner.new()
    for _ in range(int(token_lease.LEASE.total_seconds() / token_lease.POLL) + 1):
        row = await in_thread(_claim, desk, oa, seen_generation, owner, at_once)
        if row.generation != seen_generation:
            return access_of(desk, oa, row)
        if row.lease_owner == owner:
            # A caller that is cancelled must not take the answer of Zalo with it into the grave.
            task = asyncio.create_task(_renew(desk, oa, row, owner))
            _running.add(task)
            task.add_done_callback(_running.discard)
            return access_of(desk, oa, await asyncio.shield(task))
        await asyncio.sleep(token_lease.POLL)
    raise TokenUnavailable("another process did not end its renewal in time")


def usable(oa: OfficialAccount) -> OaToken:
    """The token row. Raises Refusal `oa.no_tokens`, `oa.needs_reauth`."""
    row = current(oa)
    if row is None:
        raise Refusal("oa.no_tokens", name=oa.name)
    if row.state == TokenState.NEEDS_REAUTH:
        raise Refusal("oa.needs_reauth", code=row.error_code, name=oa.name)
    return row


def resting(now: datetime, row: OaToken) -> bool:
    """Whether the pause after a failed renewal lasts; one longer than any was set by a clock that was wrong."""
    return row.retry_at is not None and now < row.retry_at <= now + LONGEST_PAUSE


def access_of(desk: Desk, oa: OfficialAccount, row: OaToken) -> Access:
    """The row's access token, opened. Raises Refusal `oa.tokens_unreadable`."""
    try:
        return Access(token_pairs.open_access(desk.box, row), row.generation)
    except CannotOpen:
        raise Refusal("oa.tokens_unreadable", name=oa.name) from None


def _claim(desk: Desk, oa: OfficialAccount, seen: int, owner: str, at_once: bool) -> OaToken:
    """The row as it is; with `owner` as its lease owner when the renewal is ours to do."""
    try:
        journal.replay(desk, oa.id)  # a pair that waits there means the stored refresh token is spent already
        now = desk.now()
        row = usable(oa)
        if row.generation != seen:
            return row
        if resting(now, row) and not at_once:
            raise TokenUnavailable("the last renewal failed; the next try comes soon")
        token_lease.take(now, row, owner)
        return usable(oa)
    except PeeweeException as problem:
        raise _no_database(oa, problem) from None


async def _renew(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str) -> OaToken:
    """Under the lease: ask Zalo and record what came of it, whatever it is."""
    if await in_thread(journal.is_closed, desk, oa.id, row.generation):
        # Spending the stored refresh token would call an OA dead that a restart with the right keys brings back.
        log.error("journal_closed", oa_id=oa.oa_id, generation=row.generation)
        await _recorded(oa, _postpone, desk, oa, row, owner, CLOSED)
        raise TokenUnavailable("the renewed pair lies in the journal, and no key of SECRET_KEYS opens it")
    try:
        app, token = await in_thread(_keys, desk, oa, row)
    except Refusal:
        await in_thread(token_lease.release, row, owner)
        raise
    lost = row.error_code == UNKNOWN
    try:
        try:
            pair = await _ask(desk, row, app, token)
        except PerhapsSent:
            # The token may be spent and its successor lost on the way; only asking again can tell.
            lost = True
            pair = await _ask(desk, row, app, token)
    except Refused as refused:
        return await _recorded(oa, _refused, desk, oa, row, owner, refused, lost)
    except ZaloError as failure:
        await _recorded(oa, _postpone, desk, oa, row, owner, UNKNOWN if lost else "unreachable")
        raise TokenUnavailable(f"renewal did not work: {failure}") from None
    return await _keep(desk, oa, row, pair, token)


def _keys(desk: Desk, oa: OfficialAccount, row: OaToken) -> tuple[AppKeys, str]:
    try:
        return apps.keys_of(desk, oa), token_pairs.open_refresh(desk.box, row)
    except CannotOpen:
        raise Refusal("oa.tokens_unreadable", name=oa.name) from None


async def _ask(desk: Desk, row: OaToken, app: AppKeys, token: str) -> TokenPair:
    """Zalo's new pair. No request leaves with less lease than it may take: the machine may have slept meanwhile."""
    if row.lease_until is None or row.lease_until - desk.now() < timedelta(seconds=desk.zalo.total_limit):
        raise NotSent("the lease is nearly over")
    return await oauth.refresh(desk.zalo, app, token)


async def _keep(desk: Desk, oa: OfficialAccount, row: OaToken, answer: TokenPair, old: str) -> OaToken:
    try:
        await token_keeping.keep(desk, oa, row, answer, old)
        return await in_thread(usable, oa)
    except token_keeping.NotKept as trouble:
        raise TokenUnavailable(str(trouble)) from None
    except PeeweeException as problem:
        raise _no_database(oa, problem) from None


async def _recorded(oa: OfficialAccount, act: Callable[..., T], *args: Any) -> T:
    """Write down how a renewal ended. Whatever cannot be written is found out anew when the lease ends."""
    try:
        return await in_thread(act, *args)
    except PeeweeException as problem:
        raise _no_database(oa, problem) from None


def _no_database(oa: OfficialAccount, problem: Exception) -> TokenUnavailable:
    # Never the text of a database error: it may quote the values it was about.
    log.error("token_row_not_written", oa_id=oa.oa_id, problem=type(problem).__name__)
    return TokenUnavailable("the database does not take the tokens")


def _refused(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str, refused: Refused, lost: bool) -> OaToken:
    """A definite no: a sibling's newer pair, a dead refresh token, or trouble with the app itself."""
    journal.replay(desk, oa.id)
    newer = current(oa)
    if newer is not None and newer.generation != row.generation:
        return newer
    if refused.error_class is ErrorClass.TOKEN:
        # Where the lease ran out and somebody else asks Zalo now, our refusal may be the proof of their success.
        ours = OaToken.lease_owner.in_([owner, ""])
        if not token_loss.begin(desk.now(), oa, row, refused.code, ours, lost=lost):
            log.warning("token_lease_lost", oa_id=oa.oa_id)
            if usable(oa).generation == row.generation:
                raise TokenUnavailable("another process took the renewal over")
        return usable(oa)
    code = str(refused.code)
    if refused.error_class not in {ErrorClass.LATER, ErrorClass.TRANSIENT} and row.error_code != code:
        payload = {"oa_id": oa.oa_id, "code": refused.code}
        notices.alert(desk.now(), "oauth_refused", f"{oa.oa_id}:{row.generation}:{code}", payload)
    _postpone(desk, oa, row, owner, code)
    raise TokenUnavailable(f"Zalo refused the renewal with {code}")


def _postpone(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str, code: str) -> None:
    """Give the lease back and pause; speak up once when nothing can be sent any more because of it."""
    now = desk.now()
    pause = _BACKOFF_UNKNOWN if code == UNKNOWN else _BACKOFF[min(row.attempts, len(_BACKOFF) - 1)]
    failed = {"attempts": OaToken.attempts + 1, "retry_at": now + pause, "error_code": code}
    ours = (OaToken.id == row.id, OaToken.generation == row.generation, OaToken.lease_owner == owner)
    # The second time in a row that nobody knows whether the tokens still live is too long to keep it from people.
    dead = row.access_expires_at <= now or (code == UNKNOWN and row.attempts > 0)
    with write():
        held = OaToken.update(**failed, lease_owner="", lease_until=None).where(*ours).execute()
        if code == CLOSED:
            counters.add(now, "tokens.journal_closed")
        if held and dead:
            payload = {"oa_id": oa.oa_id, "code": code}
            notices.alert_once(now, "renewal_failing", f"{oa.oa_id}:{row.generation}", payload)
    log.warning("token_renewal_failed", oa_id=oa.oa_id, code=code, pause=pause.total_seconds())
