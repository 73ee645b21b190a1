"""Keeping OAs connected: one renewal at a time, nothing lost between Zalo's answer and our row.

A refresh token works once, and renewing kills the access token before it. So whoever renews holds the lease of the row
(four times as long as a request may take), reads again, asks Zalo, journals the answer, and replaces both tokens in one
UPDATE. Whoever comes meanwhile waits for the new one.

Notices: needs_reauth {oa_id, code, lost}, oauth_refused {oa_id, code}, renewal_failing {oa_id, code}, refresh_expiring
{oa_id, days}.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from db import in_thread, write
from models import OaState, OaToken, OfficialAccount, TokenState
from secretbox import CannotOpen
from services import apps, durable, journal, notices, token_pairs
from services.desk import Desk
from services.errors import Conflict, Refusal
from services.token_pairs import Pair, current
from zalo import oauth
from zalo.client import AppKeys
from zalo.errors import ErrorClass, NotSent, PerhapsSent, Refused, ZaloError
from zalo.oauth import ACCESS_LIFETIME, TokenPair

__all__ = [
    "Access",
    "TokenUnavailable",
    "access_token",
    "current",
    "due",
    "prove",
    "refresh",
    "replay_journal",
    "save_pair",
    "warn_of_expiry",
]

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)
MARGIN = timedelta(seconds=60)  # an access token is not used in its last minute
RENEW_WHEN_LEFT = 0.4  # of its life
POLL = 0.2  # seconds between two looks at a row that somebody else is renewing
WARN_DAYS = (1, 3, 7, 14)
_BACKOFF = tuple(timedelta(seconds=s) for s in (10, 30, 60, 120, 300))
_running: set[asyncio.Task[OaToken]] = set()


@dataclass(frozen=True)
class Access:
    """A usable access token and the generation it belongs to."""

    token: str = field(repr=False)
    generation: int = 0


class TokenUnavailable(NotSent):
    """No valid access token could be had this time, so the request was not even tried."""


def save_pair(
    desk: Desk,
    oa: OfficialAccount,
    access: str,
    refresh: str,
    *,
    expires_in: timedelta | None = None,
    proven: bool = False,
) -> OaToken:
    """Store a pair that came from outside (pasted, or by the connect button). Joins the caller's transaction.

    `proven`: Zalo issued it just now. Raises Conflict `token.busy` while a renewal is under way.
    """
    now = desk.now()
    pair = Pair(access, refresh, now + (expires_in or ACCESS_LIFETIME), now if proven else None)
    state = TokenState.OK if proven else TokenState.UNPROVEN
    with write():
        row = current(oa)
        if row is None:
            return token_pairs.insert(desk.box, now, oa, pair, state)
        free = OaToken.lease_until.is_null() | (OaToken.lease_until < now)
        if not token_pairs.replace(desk.box, now, oa.id, row.generation, pair, state, free):
            raise Conflict("token.busy")
        return OaToken.get_by_id(row.id)


def due(now: datetime) -> list[OfficialAccount]:
    """OAs whose access token has at most 40 % of its life left and may be renewed now."""
    rows = (
        OaToken.select(OaToken, OfficialAccount)
        .join(OfficialAccount)
        .where(
            OfficialAccount.state == OaState.ACTIVE,
            OaToken.state != TokenState.NEEDS_REAUTH,
            OaToken.retry_at.is_null() | (OaToken.retry_at <= now),
            OaToken.lease_until.is_null() | (OaToken.lease_until < now),
        )
        .order_by(OaToken.access_expires_at)
    )
    return [row.oa for row in rows if row.access_expires_at - now <= RENEW_WHEN_LEFT * token_pairs.lifetime(row)]


def replay_journal(desk: Desk) -> int:
    """Finish renewals that died between Zalo's answer and the row; returns how many pairs were saved by it."""
    return journal.replay(desk)


async def access_token(desk: Desk, oa: OfficialAccount) -> Access:
    """A token that is valid by our clock, renewed first if it must be.

    Raises Refusal `oa.needs_reauth`, `oa.no_tokens`, `oa.tokens_unreadable` (name), and TokenUnavailable.
    """
    row = await in_thread(_usable, oa)
    if row.access_expires_at - MARGIN <= desk.now():
        return await refresh(desk, oa, row.generation)
    return _access(desk, oa, row)


async def refresh(desk: Desk, oa: OfficialAccount, seen_generation: int, *, at_once: bool = False) -> Access:
    """Renew the pair, unless somebody renewed it since `seen_generation`; waits for one who is at it.

    Not tried during the pause after a failure unless `at_once`. Raises as `access_token` does.
    """
    owner = secrets.token_hex(8)
    for _ in range(int(LEASE.total_seconds() / POLL) + 1):
        row = await in_thread(_claim, desk, oa, seen_generation, owner, at_once)
        if row.generation != seen_generation:
            return _access(desk, oa, row)
        if row.lease_owner == owner:
            # A caller that is cancelled must not take the answer of Zalo with it into the grave.
            task = asyncio.create_task(_renew(desk, oa, row, owner))
            _running.add(task)
            task.add_done_callback(_running.discard)
            return _access(desk, oa, await asyncio.shield(task))
        await asyncio.sleep(POLL)
    raise TokenUnavailable("another process did not end its renewal in time")


async def prove(desk: Desk, oa: OfficialAccount) -> Access:
    """Spend the pasted refresh token now, to know that it works. Same errors as `refresh`."""
    row = await in_thread(_usable, oa)
    return await refresh(desk, oa, row.generation, at_once=True)


def warn_of_expiry(now: datetime) -> int:
    """Tell managers of refresh tokens that die in 14, 7, 3 and 1 days: once for each token and step.

    Renewing gives a refresh token a fresh three months, so this speaks up only where renewing has been failing.
    """
    rows = (
        OaToken.select(OaToken, OfficialAccount)
        .join(OfficialAccount)
        .where(OfficialAccount.state != OaState.REMOVED, OaToken.refresh_expires_at.is_null(False))
    )
    return sum(_warn(now, row) for row in rows)


def _warn(now: datetime, row: OaToken) -> bool:
    left = row.refresh_expires_at - now
    step = next((days for days in WARN_DAYS if left <= timedelta(days=days)), None)
    if step is None:
        return False
    ref = f"{row.oa.oa_id}:{row.generation}:{step}"
    payload = {"oa_id": row.oa.oa_id, "days": max(0, -(-left // timedelta(days=1)))}
    return notices.alert_once(now, "refresh_expiring", ref, payload)


def _usable(oa: OfficialAccount) -> OaToken:
    row = current(oa)
    if row is None:
        raise Refusal("oa.no_tokens", name=oa.name)
    if row.state == TokenState.NEEDS_REAUTH:
        raise Refusal("oa.needs_reauth", code=row.error_code, name=oa.name)
    return row


def _access(desk: Desk, oa: OfficialAccount, row: OaToken) -> Access:
    try:
        return Access(token_pairs.open_access(desk.box, row), row.generation)
    except CannotOpen:
        raise Refusal("oa.tokens_unreadable", name=oa.name) from None


def _claim(desk: Desk, oa: OfficialAccount, seen: int, owner: str, at_once: bool) -> OaToken:
    """The row as it is; with `owner` as its lease owner when the renewal is ours to do."""
    journal.replay(desk, oa.id)  # a pair that waits there means the stored refresh token is spent already
    now = desk.now()
    row = _usable(oa)
    if row.generation != seen:
        return row
    if row.retry_at is not None and row.retry_at > now and not at_once:
        raise TokenUnavailable("the last renewal failed; the next try comes soon")
    OaToken.update(lease_owner=owner, lease_until=now + LEASE).where(
        OaToken.id == row.id,
        OaToken.generation == seen,
        OaToken.lease_until.is_null() | (OaToken.lease_until < now),
    ).execute()
    return _usable(oa)


async def _renew(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str) -> OaToken:
    """Under the lease: ask Zalo and record what came of it, whatever it is."""
    lost = False
    try:
        app, token = await in_thread(_keys, desk, oa, row)
        try:
            pair = await oauth.refresh(desk.zalo, app, token)
        except PerhapsSent:
            # The token may be spent and its successor lost on the way; only asking again can tell.
            lost = True
            pair = await oauth.refresh(desk.zalo, app, token)
    except Refused as refused:
        return await in_thread(_refused, desk, oa, row, owner, refused, lost)
    except ZaloError as failure:
        await in_thread(_postpone, desk, oa, row, owner, "unknown" if lost else "unreachable")
        raise TokenUnavailable(f"renewal did not work: {failure}") from None
    return await in_thread(_save, desk, oa, row, pair)


def _keys(desk: Desk, oa: OfficialAccount, row: OaToken) -> tuple[AppKeys, str]:
    try:
        return apps.keys_of(desk, oa), token_pairs.open_refresh(desk.box, row)
    except CannotOpen:
        _release(row, row.lease_owner)
        raise Refusal("oa.tokens_unreadable", name=oa.name) from None


def _save(desk: Desk, oa: OfficialAccount, row: OaToken, answer: TokenPair) -> OaToken:
    now = desk.now()
    # Without a new refresh token in the answer the old one is taken to go on.
    refresh_token = answer.refresh or token_pairs.open_refresh(desk.box, row)
    pair = Pair(answer.access, refresh_token, now + answer.expires_in, now)
    path = _journal(desk, journal.Entry(oa.id, oa.oa_id, row.generation, pair))
    with write():
        # The number alone decides: should the lease have run out under us (a stopped machine) and nobody has a newer
        # pair, then this one is the newest there is.
        token_pairs.replace(desk.box, now, oa.id, row.generation, pair, TokenState.OK)
    if path is not None:
        durable.remove(path)
    log.info("token_renewed", oa_id=oa.oa_id, generation=row.generation + 1)
    return _usable(oa)


def _journal(desk: Desk, entry: journal.Entry) -> Path | None:
    try:
        return journal.keep(desk, entry)
    except OSError as problem:
        # A full disk must not cost the pair: the row may still be written.
        log.error("journal_not_written", oa_id=entry.oa_id, problem=type(problem).__name__)
        return None


def _refused(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str, refused: Refused, lost: bool) -> OaToken:
    """A definite no: a sibling's newer pair, a dead refresh token, or trouble with the app itself."""
    journal.replay(desk, oa.id)
    newer = current(oa)
    if newer is not None and newer.generation != row.generation:
        return newer
    if refused.error_class is ErrorClass.TOKEN:
        _needs_reauth(desk, oa, row, refused.code, lost)
        return _usable(oa)
    code = str(refused.code)
    if refused.error_class not in {ErrorClass.LATER, ErrorClass.TRANSIENT} and row.error_code != code:
        notices.alert(
            desk.now(),
            "oauth_refused",
            f"{oa.oa_id}:{row.generation}:{code}",
            {"oa_id": oa.oa_id, "code": refused.code},
        )
    _postpone(desk, oa, row, owner, code)
    raise TokenUnavailable(f"Zalo refused the renewal with {code}")


def _needs_reauth(desk: Desk, oa: OfficialAccount, row: OaToken, code: int, lost: bool) -> None:
    """Say that only a person can go on; a pair that arrived meanwhile wins."""
    now = desk.now()
    with write():
        done = (
            OaToken.update(
                state=TokenState.NEEDS_REAUTH, error_code=str(code), lease_owner="", lease_until=None, changed_at=now
            )
            .where(OaToken.id == row.id, OaToken.generation == row.generation, OaToken.state != TokenState.NEEDS_REAUTH)
            .execute()
        )
        if not done:
            return
        OfficialAccount.update(state=OaState.NEEDS_REAUTH).where(
            OfficialAccount.id == oa.id, OfficialAccount.state == OaState.ACTIVE
        ).execute()
        payload = {"oa_id": oa.oa_id, "code": code, "lost": lost}
        notices.alert(now, "needs_reauth", f"{oa.oa_id}:{row.generation}", payload)
    log.error("needs_reauth", oa_id=oa.oa_id, code=code, lost=lost)


def _postpone(desk: Desk, oa: OfficialAccount, row: OaToken, owner: str, code: str) -> None:
    """Give the lease back and pause; speak up once when nothing can be sent any more because of it."""
    now = desk.now()
    pause = _BACKOFF[min(row.attempts, len(_BACKOFF) - 1)]
    with write():
        held = (
            OaToken.update(
                attempts=OaToken.attempts + 1, retry_at=now + pause, error_code=code, lease_owner="", lease_until=None
            )
            .where(OaToken.id == row.id, OaToken.generation == row.generation, OaToken.lease_owner == owner)
            .execute()
        )
        if held and row.access_expires_at <= now:
            notices.alert_once(
                now, "renewal_failing", f"{oa.oa_id}:{row.generation}", {"oa_id": oa.oa_id, "code": code}
            )
    log.warning("token_renewal_failed", oa_id=oa.oa_id, code=code, pause=pause.total_seconds())


def _release(row: OaToken, owner: str) -> None:
    OaToken.update(lease_owner="", lease_until=None).where(OaToken.id == row.id, OaToken.lease_owner == owner).execute()
