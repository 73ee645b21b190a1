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
from models import OaState, OaToken, OfficialAccount, TokenState
from services import apps, journal, token_lease, token_owner, token_pairs
from services.desk import Desk, Work
from services.errors import Conflict, Invalid, NotFound
from services.token_pairs import Pair
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)

PATIENCE = 20.0  # seconds a running renewal is waited for


@dataclass(frozen=True)
class Held:
    """The token lease of one OA, for `token_lease.LEASE`. `generation`: of its pair then, None where it had none."""

    desk: Desk
    oa: OfficialAccount
    generation: int | None

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
        `also` is called last (an audit row, the end of a ticket). A good pair that somebody stored since the lease was
        taken and that was issued still later stays; then the OA keeps its app too. Commits before it returns, ends the
        lease. Raises Invalid `oa.token_empty` when Zalo sent no refresh token, NotFound `oa.unknown` when the OA was
        removed meanwhile, and whatever `also` raises: then nothing is stored.
        """
        row = await in_thread(_store, self, pair, app_id, issued_at, also)
        self.desk.nudge(Work.SEND)
        return row


@asynccontextmanager
async def hold(desk: Desk, oa: OfficialAccount) -> AsyncIterator[Held]:
    """Keep every renewal of the OA away, so that a code can be exchanged and saved; also for an OA without tokens.

    Waits up to PATIENCE seconds for a renewal under way. Raises Conflict `token.busy` after that.
    """
    owner = token_owner.new()
    for _ in range(int(PATIENCE / token_lease.POLL) + 1):
        taken, generation = await in_thread(_take, desk, oa, owner)
        if taken:
            break
        await asyncio.sleep(token_lease.POLL)
    else:
        raise Conflict("token.busy")
    try:
        yield Held(desk, oa, generation)
    finally:
        await in_thread(_release, oa, owner)


def _take(desk: Desk, oa: OfficialAccount, owner: str) -> tuple[bool, int | None]:
    """Whether the lease is ours now, and the number of the pair it is for."""
    journal.replay(desk, oa.id)  # what lies there is older than what is to come
    row = token_pairs.current(oa)
    return (True, None) if row is None else (token_lease.take(desk.now(), row, owner), row.generation)


def _release(oa: OfficialAccount, owner: str) -> None:
    row = token_pairs.current(oa)
    if row is not None:
        token_lease.release(row, owner)


def _store(
    held: Held, answer: TokenPair, app_id: str, issued_at: datetime | None, also: Callable[[], object] | None
) -> OaToken:
    if not answer.refresh:
        raise Invalid("oa.token_empty")
    issued = issued_at or held.desk.now()
    pair = Pair(answer.access, answer.refresh, issued + answer.expires_in, issued)
    with write():
        token_pairs.lock(held.oa.id)
        there = _lock(held.oa)
        if _put(held, pair, issued):
            _speak_for(held, there, app_id)
        if also is not None:
            also()
        row: OaToken = OaToken.get(OaToken.oa == held.oa.id)
    log.info("tokens_connected", oa_id=held.oa.oa_id, generation=row.generation)
    return row


def _lock(oa: OfficialAccount) -> OfficialAccount:
    """The OA as it is now. Nobody removes it before the transaction ends: no tokens may outlive their OA."""
    there = (OfficialAccount.id == oa.id, OfficialAccount.state != OaState.REMOVED)
    if not OfficialAccount.update(revision=OfficialAccount.revision).where(*there).execute():
        raise NotFound("oa.unknown", oa_id=oa.oa_id)
    return OfficialAccount.get_by_id(oa.id)


def _speak_for(held: Held, there: OfficialAccount, app_id: str) -> None:
    """From now on this app renews the OA's tokens. When it is another one: since when, and which it was before."""
    before = apps.app_id_of(held.desk, there)
    if before == app_id:
        return
    moved = {"app_id": app_id, "app_since": held.desk.now(), "previous_app_id": before}
    OfficialAccount.update(**moved).where(OfficialAccount.id == there.id).execute()
    held.oa.app_id = app_id


def _put(held: Held, pair: Pair, issued: datetime) -> bool:
    """Insert or replace; False when a newer pair is there, which only happens when the lease ran out."""
    while True:
        row = token_pairs.current(held.oa)
        if row is None:
            first = journal.next_generation(held.desk, held.oa.id)
            token_pairs.insert(held.desk.box, held.desk.now(), held.oa, pair, TokenState.OK, first)
            return True
        if _newer(held, row, issued):
            return False
        if token_pairs.replace(held.desk.box, held.desk.now(), held.oa.id, row.generation, pair, TokenState.OK):
            return True


def _newer(held: Held, row: OaToken, issued: datetime) -> bool:
    """Clocks say little: the times count only for a pair that works, written by somebody while we held the lease."""
    written = row.generation != held.generation and row.state == TokenState.OK
    return written and row.access_issued_at is not None and row.access_issued_at > issued
