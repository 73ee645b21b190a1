"""Group commit: the rows of all requests that wait are committed together by one thread.

A commit costs nearly the same for one row as for a hundred (it waits for the disk), so the busier the server, the
cheaper each event. A request is answered only after its own row is durable.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import gevent
from gevent.event import AsyncResult
from gevent.threadpool import ThreadPool
from peewee import InterfaceError, OperationalError

log = logging.getLogger(__name__)

Row = tuple[object, ...]

LIMIT = 1.7  # seconds; Zalo gives up after two, and the watch looks every tenth of a second
BATCH = 500
# Under load the next commit waits this long for company: fewer, fuller commits leave more of the machine to requests.
# A request that finds nobody waiting is committed at once.
GATHER = 0.004
# More than this waiting means that the database is not keeping up; a 503 now is better than one after two seconds.
MOST_WAITING = 5_000
_WATCH_EVERY = 0.1


class NotStored(Exception):
    """The row is not known to be durable: answer 503, and Zalo sends it again (a second copy changes nothing)."""


class Waiting:
    """A row, the request that waits for it, and how long it may."""

    __slots__ = ("deadline", "outcome", "row")

    def __init__(self, row: Row, deadline: float) -> None:
        self.row = row
        self.deadline = deadline
        self.outcome: AsyncResult[None] = AsyncResult()


class GroupCommit:
    """Hands rows to `commit`, many at a time, from one thread outside the event loop; then calls `stored`."""

    def __init__(self, commit: Callable[[Sequence[Row]], None], stored: Callable[[], None], limit: float = LIMIT):
        self._commit = commit
        self._stored = stored
        self._limit = limit
        self._pool = ThreadPool(1)
        self._queue: list[Waiting] = []
        self._open: deque[Waiting] = deque()
        self._working = False
        self._watching = False

    def submit(self, row: Row) -> None:
        """Return once `row` is committed. Raises NotStored when it cannot be, or is not in time."""
        if len(self._queue) >= MOST_WAITING:
            raise NotStored("too many events wait for the database")
        mine = Waiting(row, time.monotonic() + self._limit)
        self._queue.append(mine)
        self._open.append(mine)
        if not self._working:
            self._working = True
            gevent.spawn(self._work_off)
        if not self._watching:
            self._watching = True
            gevent.spawn(self._watch)
        mine.outcome.get()

    def _work_off(self) -> None:
        try:
            while self._queue:
                batch, self._queue = self._queue[:BATCH], self._queue[BATCH:]
                self._store(batch)
                gevent.sleep(GATHER)
        finally:
            self._working = False

    def _watch(self) -> None:
        """One timer for all requests instead of one for each: they are in the order of their deadlines."""
        while self._open:
            gevent.sleep(_WATCH_EVERY)
            now = time.monotonic()
            while self._open and (self._open[0].outcome.ready() or self._open[0].deadline <= now):
                late = self._open.popleft()
                if not late.outcome.ready():
                    late.outcome.set_exception(NotStored("the database did not answer in time"))
        self._watching = False

    def _store(self, batch: list[Waiting]) -> None:
        error = self._try([one.row for one in batch])
        if error is None:
            self._stored()
        elif len(batch) > 1 and not _is_outage(error):
            # One row that the database cannot take must not cost the others their place.
            for one in batch:
                self._store([one])
            return
        for one in batch:
            if one.outcome.ready():
                continue  # answered 503 already; when it is stored after all, the repeat changes nothing
            one.outcome.set(None) if error is None else one.outcome.set_exception(NotStored(type(error).__name__))

    def _try(self, rows: list[Row]) -> Exception | None:
        try:
            self._pool.apply(self._commit, (rows,))
        except Exception as error:
            log.error("%d events could not be stored: %s", len(rows), type(error).__name__)
            return error
        return None


def _is_outage(error: Exception) -> bool:
    return isinstance(error, OperationalError | InterfaceError)
