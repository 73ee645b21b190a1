"""Putting a pair from outside in place of the old one while no renewal can come between.

Notice reconnected_late comes of it when the OA was away for long: see services.token_reconnect.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from db import in_thread, write
from models import OaToken, OfficialAccount, TokenState
from services import apps, journal, token_lease, token_owner, token_pairs
from services.desk import Desk, Work
from services.errors import Conflict, Invalid
from services.token_pairs import Pair
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)

PATIENCE = 20.0  # seconds a running renewal is waited for


@dataclass(frozen=True)
class Held:
    """The token lease of one OA, for `token_lease.LEASE`."""

    desk: Desk
    oa: OfficialAccount

    async def save(
        self,
        pair: TokenPair,
        app_id: str,
        *,
        issued_at: datetime | None = None,
        also: Callable[[], object] | None = None,
    ) -> OaToken:
        """Store what Zalo issued at `issued_at` (None: now) to the app `app_id`; the OA works by it from now on.

        Both tokens, the next generation, the OA's app and what a reconnection means are one transaction, in which
        `also` is called last (an audit row, the end of a ticket). A pair that was issued still later stays; then the
        OA keeps its app too. Commits before it returns, ends the lease. Raises Invalid `oa.token_empty` when Zalo sent
        no refresh token, and whatever `also` raises: then nothing is stored.
        """
        row = await in_thread(_store, self.desk, self.oa, pair, app_id, issued_at, also)
        self.desk.nudge(Work.SEND)
        return row


@asynccontextmanager
async def hold(desk: Desk, oa: OfficialAccount) -> AsyncIterator[Held]:
    """Keep every renewal of the OA away, so that a code can be exchanged and saved; also for an OA without tokens.

    Waits up to PATIENCE seconds for a renewal under way. Raises Conflict `token.busy` after that.
    """
    owner = token_owner.new()
    for _ in range(int(PATIENCE / token_lease.POLL) + 1):
        if await in_thread(_take, desk, oa, owner):
            break
        await asyncio.sleep(token_lease.POLL)
    else:
        raise Conflict("token.busy")
    try:
        yield Held(desk, oa)
    finally:
        await in_thread(_release, oa, owner)


def _take(desk: Desk, oa: OfficialAccount, owner: str) -> bool:
    journal.replay(desk, oa.id)  # what lies there is older than what is to come
    row = token_pairs.current(oa)
    return row is None or token_lease.take(desk.now(), row, owner)


def _release(oa: OfficialAccount, owner: str) -> None:
    row = token_pairs.current(oa)
    if row is not None:
        token_lease.release(row, owner)


def _store(
    desk: Desk,
    oa: OfficialAccount,
    answer: TokenPair,
    app_id: str,
    issued_at: datetime | None,
    also: Callable[[], object] | None,
) -> OaToken:
    if not answer.refresh:
        raise Invalid("oa.token_empty")
    issued = issued_at or desk.now()
    pair = Pair(answer.access, answer.refresh, issued + answer.expires_in, issued)
    with write():
        if _put(desk, oa, pair, issued):
            _speak_for(desk, oa, app_id)
        if also is not None:
            also()
        row: OaToken = OaToken.get(OaToken.oa == oa.id)
    log.info("tokens_connected", oa_id=oa.oa_id, generation=row.generation)
    return row


def _speak_for(desk: Desk, oa: OfficialAccount, app_id: str) -> None:
    """From now on this app renews the OA's tokens; `app_since` only changes when it is another one."""
    if apps.app_id_of(desk, oa) != app_id:
        OfficialAccount.update(app_id=app_id, app_since=desk.now()).where(OfficialAccount.id == oa.id).execute()
        oa.app_id = app_id


def _put(desk: Desk, oa: OfficialAccount, pair: Pair, issued: datetime) -> bool:
    """Insert or replace; False when the pair in the row is newer, which only happens when the lease ran out."""
    while True:
        row = token_pairs.current(oa)
        if row is None:
            token_pairs.insert(desk.box, desk.now(), oa, pair, TokenState.OK)
            return True
        if row.access_issued_at is not None and row.access_issued_at > issued:
            return False
        if token_pairs.replace(desk.box, desk.now(), oa.id, row.generation, pair, TokenState.OK):
            return True
