"""Keeping OAs connected: what the rest of the desk asks of the tokens.

token_renewal     one renewal at a time (lease, Zalo, what came of it)
token_keeping     from Zalo's answer over the journal into the row
token_hold        a pair from outside, under the same lease
token_loss        only a person can connect the OA again: said at once
token_reconnect   what happens to the messages that waited when one did
token_lease, token_owner, token_pairs, journal   what these stand on
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from db import in_thread, write
from models import OaState, OaToken, OfficialAccount, TokenState
from services import journal, token_lease, token_pairs, token_renewal
from services.desk import Desk, Work
from services.errors import Conflict, Refusal
from services.token_hold import Held, hold
from services.token_loss import lost
from services.token_pairs import Pair, current
from services.token_renewal import Access, TokenUnavailable, refresh
from zalo.oauth import ACCESS_LIFETIME

__all__ = [
    "Access",
    "Held",
    "TokenUnavailable",
    "access_token",
    "current",
    "due",
    "hold",
    "lost",
    "next_renewal",
    "prove",
    "refresh",
    "replay_journal",
    "rescue",
    "save_pair",
]

log = structlog.get_logger(__name__)

MARGIN = timedelta(seconds=60)  # an access token is not used in its last minute
RENEW_WHEN_LEFT = 0.4  # of its life


def save_pair(
    desk: Desk,
    oa: OfficialAccount,
    access: str,
    refresh: str,
    *,
    expires_in: timedelta | None = None,
    proven: bool = False,
) -> OaToken:
    """Store a pair that came from outside (pasted). Joins the caller's transaction.

    `proven`: Zalo issued it just now. Raises Conflict `token.busy` while a renewal is under way.
    """
    now = desk.now()
    pair = Pair(access, refresh, now + (expires_in or ACCESS_LIFETIME), now if proven else None)
    state = TokenState.OK if proven else TokenState.UNPROVEN
    with write():
        row = current(oa)
        if row is None:
            return token_pairs.insert(desk.box, now, oa, pair, state, journal.next_generation(desk, oa.id))
        free = token_lease.free(now, row)
        if not token_pairs.replace(desk.box, now, oa.id, row.generation, pair, state, free):
            raise Conflict("token.busy")
        saved: OaToken = OaToken.get_by_id(row.id)
    desk.nudge(Work.SEND)
    return saved


def due(now: datetime) -> list[OfficialAccount]:
    """OAs whose access token has at most 40 % of its life left and may be renewed now, or whose renewal broke off."""
    return [row.oa for row in _renewable(now) if _planned(row) <= now or token_lease.abandoned(now, row)]


def next_renewal(row: OaToken) -> datetime:
    """When the clock renews the pair, if nobody needs it before."""
    planned = _planned(row)
    return planned if row.retry_at is None else max(planned, row.retry_at)


def _planned(row: OaToken) -> datetime:
    planned: datetime = row.access_expires_at - RENEW_WHEN_LEFT * token_pairs.lifetime(row)
    return planned


def replay_journal(desk: Desk) -> int:
    """Finish renewals that died between Zalo's answer and the row; returns how many pairs were saved by it."""
    return journal.replay(desk)


async def rescue(desk: Desk) -> int:
    """Finish what died on the way, of this process's machine at once, of others when their lease ends; how many.

    First what lies in the journal, then whoever went down while asking Zalo: asking again tells whether the OA lives,
    and the one that does not is said to need a person. Also those of which nobody knows (see token_renewal.UNKNOWN).
    Costs one small query where there is nothing to do. Safe in any number of processes.
    """
    saved = await in_thread(replay_journal, desk)
    broken = await in_thread(_in_doubt, desk.now())
    await asyncio.gather(*(_ask_again(desk, row) for row in broken))
    return saved


async def access_token(desk: Desk, oa: OfficialAccount) -> Access:
    """A token that is valid by our clock, renewed first if it must be.

    Raises Refusal `oa.needs_reauth`, `oa.no_tokens`, `oa.tokens_unreadable` (name), and TokenUnavailable.
    """
    row = await in_thread(token_renewal.usable, oa)
    if row.access_expires_at - MARGIN <= desk.now():
        return await refresh(desk, oa, row.generation)
    return token_renewal.access_of(desk, oa, row)


async def prove(desk: Desk, oa: OfficialAccount) -> Access:
    """Spend the pasted refresh token now, to know that it works. Same errors as `refresh`."""
    row = await in_thread(token_renewal.usable, oa)
    return await refresh(desk, oa, row.generation, at_once=True)


def _renewable(now: datetime) -> list[OaToken]:
    """Rows that may be renewed now, those that end first at the beginning."""
    rows = (
        OaToken.select(OaToken, OfficialAccount)
        .join(OfficialAccount)
        .where(
            OfficialAccount.state == OaState.ACTIVE,
            OaToken.state != TokenState.NEEDS_REAUTH,
        )
        .order_by(OaToken.access_expires_at)
    )
    return [row for row in rows if not token_renewal.resting(now, row) and not token_lease.held(now, row)]


def _in_doubt(now: datetime) -> list[OaToken]:
    unknown = token_renewal.UNKNOWN
    return [row for row in _renewable(now) if row.error_code == unknown or token_lease.abandoned(now, row)]


async def _ask_again(desk: Desk, row: OaToken) -> None:
    log.warning("renewal_taken_over", oa_id=row.oa.oa_id, generation=row.generation)
    try:
        await refresh(desk, row.oa, row.generation, at_once=True)
    except (TokenUnavailable, Refusal) as trouble:
        log.warning("rescue_failed", oa_id=row.oa.oa_id, problem=type(trouble).__name__)
