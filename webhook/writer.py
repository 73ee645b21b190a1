"""Group commit: the rows of all requests that wait are committed together by one thread.

A commit costs the same for one row as for a hundred (it waits for the disk), so the busier the server, the cheaper each
event. A request is answered only after its own row is durable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool
from peewee import InterfaceError, OperationalError

log = logging.getLogger(__name__)

Row = tuple[object, ...]

LIMIT = 1.8  # Zalo gives up after two seconds
BATCH = 500
# More than this waiting means that the database is not keeping up; a 503 now is better than one after 1.8 s.
MOST_WAITING = 5_000


class NotStored(Exception):
    """The row is not known to be durable: answer 503, and Zalo sends it again (a second copy changes nothing)."""


class GroupCommit:
    """Hands rows to `commit`, many at a time, from one thread outside the event loop."""

    def __init__(self, commit: Callable[[Sequence[Row]], None], stored: Callable[[], None], limit: float = LIMIT):
        self._commit = commit
        self._stored = stored
        self._limit = limit
        self._pool = ThreadPool(1)
        self._waiting: list[tuple[Row, AsyncResult[None]]] = []
        self._running = False

    def submit(self, row: Row) -> None:
        """Return once `row` is committed. Raises NotStored after 1.8 s, or at once when it cannot be."""
        if len(self._waiting) >= MOST_WAITING:
            raise NotStored("too many events wait for the database")
        outcome: AsyncResult[None] = AsyncResult()
        self._waiting.append((row, outcome))
        if not self._running:
            self._running = True
            gevent.spawn(self._work_off)
        try:
            outcome.get(timeout=self._limit)
        except gevent.Timeout:
            raise NotStored("the database did not answer in time") from None
        except Exception as error:
            raise NotStored(type(error).__name__) from error

    def _work_off(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                self._store(batch)
        finally:
            self._running = False

    def _store(self, batch: list[tuple[Row, AsyncResult[None]]]) -> None:
        error = self._try([row for row, _ in batch])
        if error is None:
            self._stored()
        elif len(batch) > 1 and not _is_outage(error):
            # One row that the database cannot take must not cost the others their place.
            for one in batch:
                self._store([one])
            return
        for _, outcome in batch:
            outcome.set(None) if error is None else outcome.set_exception(error)

    def _try(self, rows: list[Row]) -> Exception | None:
        try:
            self._pool.apply(self._commit, (rows,))
        except Exception as error:
            log.error("%d events could not be stored: %s", len(rows), type(error).__name__)
            return error
        return None


def _is_outage(error: Exception) -> bool:
    return isinstance(error, OperationalError | InterfaceError)


def in_pool(pool: Any, work: Callable[..., Any], *args: Any) -> Any:
    """Run blocking `work` in a thread of `pool` while other requests go on."""
    return pool.apply(work, args)
