"""From Zalo's answer to the row: the journal first, then both tokens in one UPDATE.

Once the answer is in the journal no crash can cost the OA its connection. Where neither disk nor database takes it, the
pair stays in memory and is tried again until one of them does.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import structlog
from peewee import PeeweeException

from db import in_thread
from models import OaToken, OfficialAccount, TokenState
from services import durable, journal, token_lease, token_pairs
from services.desk import Desk, Work
from services.journal import Entry
from services.token_pairs import Pair
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)

AGAIN = 1.0  # seconds between two tries to keep what only memory has
_unkept: set[asyncio.Task[None]] = set()


class NotKept(Exception):
    """The row could not be written. The pair is safe in the journal, or waits in memory for either of the two."""


async def keep(desk: Desk, oa: OfficialAccount, row: OaToken, answer: TokenPair, old_refresh: str) -> None:
    """Save what Zalo answered to the renewal of `row`. Commits before it returns. Raises NotKept.

    The generation alone decides: should the lease have run out under us (a stopped machine) and nobody has a newer
    pair, then this one is the newest there is.
    """
    now = desk.now()
    # Without a new refresh token in the answer the old one is taken to go on.
    pair = Pair(answer.access, answer.refresh or old_refresh, now + answer.expires_in, now)
    entry = Entry(oa.id, oa.oa_id, row.generation, pair)
    # Not by a thread: all of them may be waiting for the database, and until this is done only memory has the pair.
    path = _journal(desk, entry)
    try:
        await in_thread(_save, desk, entry)
    except Exception as problem:
        # Of whatever kind. Not its text: it may quote the values it was about.
        log.error("tokens_not_saved", oa_id=oa.oa_id, problem=type(problem).__name__, in_journal=path is not None)
        if path is None:
            _remember(desk, entry)
        else:
            with suppress(PeeweeException):
                await in_thread(token_lease.release, row, row.lease_owner)
        raise NotKept("the new tokens could not be written to the database yet") from None
    if path is not None:
        _forget(path)
    desk.nudge(Work.SEND)  # what waited for the tokens


def _save(desk: Desk, entry: Entry) -> None:
    token_pairs.replace(desk.box, desk.now(), entry.oa_row, entry.generation, entry.pair, TokenState.OK)
    log.info("token_renewed", oa_id=entry.oa_id, generation=entry.generation + 1)


def _journal(desk: Desk, entry: Entry) -> Path | None:
    try:
        return journal.keep(desk, entry)
    except OSError as problem:
        # A full disk must not cost the pair: the row may still be written.
        log.error("journal_not_written", oa_id=entry.oa_id, problem=type(problem).__name__)
        return None


def _forget(path: Path) -> None:
    try:
        durable.remove(path)
    except OSError as problem:
        log.error("journal_not_emptied", file=path.name, problem=type(problem).__name__)


def _remember(desk: Desk, entry: Entry) -> None:
    task = asyncio.create_task(_until_kept(desk, entry))
    _unkept.add(task)
    task.add_done_callback(_unkept.discard)


async def _until_kept(desk: Desk, entry: Entry) -> None:
    """As long as this process lives. Once the journal has the pair, whoever replays it does the rest."""
    while True:
        await asyncio.sleep(AGAIN)
        if _journal(desk, entry) is not None:
            return
        try:
            await in_thread(_save, desk, entry)
        except Exception as problem:
            log.error("tokens_not_saved", oa_id=entry.oa_id, problem=type(problem).__name__, in_journal=False)
        else:
            desk.nudge(Work.SEND)
            return
