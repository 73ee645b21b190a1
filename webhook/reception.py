"""What stands between the route and the tables: keys, counts, the writer and the nudge, one of each in a process."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import gevent
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool
from peewee import InterfaceError, OperationalError

from config import Settings
from db import database, is_sqlite
from services import inbox
from services.acceptance import KeyRing, Kind, Secrets, Verdict, check, counter, record, secret_counter
from services.desk import Nudge, Work
from webhook.writer import GroupCommit, NotStored, Row

log = logging.getLogger(__name__)

KEYS_FOR = 30.0  # seconds: a key that was taken away is good for no longer
DOUBTED_FOR = 1.0  # seconds: what the keys at hand do not prove may be signed with one that was just entered
KEYS_LIMIT = 1.5  # seconds; Zalo waits two for everything
PAGE_LIMIT = 5.0  # seconds a page waits for the database
TALLY_EVERY = 1.0
NUDGE_EVERY = 0.1


_UNPROVEN = {Kind.WRONG, Kind.NO_SECRET, Kind.OTHER_APP}


class Unanswered(Exception):
    """The database did not do the work in time; it may do it later."""


class Reception:
    """Judges requests and has the signed ones stored. `nudge` may be set later, by whoever starts the process."""

    def __init__(self, settings: Settings, nudge: Nudge, now: Callable[[], datetime]) -> None:
        self.nudge = nudge
        self._now = now
        self._ring = KeyRing(settings)
        self._same_secret = settings.zalo_app_secret.get_secret_value() in {
            secret.get_secret_value() for secret in settings.zalo_webhook_secret
        }
        # A thread in SQLite waits up to 15 seconds for somebody else's write. So what writes has threads of its own, as
        # have the questions whether all is well: neither keys nor pages nor /readyz wait behind it.
        self._reads, self._writes, self._looks, self._counts = (ThreadPool(size) for size in (3, 1, 2, 1))
        self._nudges = ThreadPool(1)  # nor behind a queue that hangs
        self._writer = GroupCommit(commit, self._nudge_soon)
        self._keys: Secrets = {}
        self._keys_read_at = float("-inf")
        self._keys_lock = BoundedSemaphore(1)
        self._tally: Counter[str] = Counter()
        self._tallying = self._closed = False
        self._nudging = False

    def receive(self, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        """Judge a request; a signed event is durable when this returns. Raises NotStored, also for what may be one."""
        verdict = self._judge(self._keys_of(KEYS_FOR), raw, headers)
        if verdict.kind in _UNPROVEN and self._age_of_keys() >= DOUBTED_FOR:
            verdict = self._judge(self._keys_of(DOUBTED_FOR), raw, headers)
        if verdict.row is not None:
            self._writer.submit(verdict.row)
        self.count(counter(verdict.kind))
        if verdict.kind is Kind.UNJUDGED:
            raise NotStored(f"the webhook secrets of app {verdict.app_id} cannot be opened with these SECRET_KEYS")
        if verdict.fingerprint:
            self.count(secret_counter(verdict.app_id, verdict.fingerprint))
        return verdict

    def _judge(self, keys: Secrets, raw: bytes, headers: Mapping[str, str]) -> Verdict:
        return check(keys, self._ring.default_app, raw, headers, self._now(), self._ring.sealed)

    def too_large(self) -> None:
        """Count a body that was not read to its end."""
        self.count(counter(Kind.TOO_LARGE))

    def count(self, name: str) -> None:
        """Count something; written to the database at most once a second, however much there is of it."""
        self._tally[name] += 1
        self._tally_soon()

    def read(self, work: Callable[[], Any], limit: float = PAGE_LIMIT) -> Any:
        """Read the database in a thread with a connection of its own, while other requests go on. Raises Unanswered."""
        return _apply(self._reads, work, limit)

    def write(self, work: Callable[[], Any], limit: float = PAGE_LIMIT) -> Any:
        """The same for work that changes rows, and may have to wait for others that do."""
        return _apply(self._writes, work, limit)

    def look(self, work: Callable[[], Any], limit: float) -> Any:
        """The same as `read` for questions whether all is well: they wait for nobody's pages."""
        return _apply(self._looks, work, limit)

    def wake(self, work: Work) -> None:
        """Nudge the workers, best effort and without waiting for the queue."""
        gevent.spawn(self._send_nudge, work)

    def close(self) -> None:
        """Write what is still only counted."""
        self._closed = True
        self._write_tally()

    def _keys_of(self, age: float) -> Secrets:
        """The keys, read anew when they are older than `age` seconds; one request reads, the others wait for it."""
        if self._age_of_keys() >= age:
            with self._keys_lock:
                if self._age_of_keys() >= age:
                    self._read_keys()
        return self._keys

    def _age_of_keys(self) -> float:
        return time.monotonic() - self._keys_read_at

    def _read_keys(self) -> None:
        try:
            self._keys = self.read(self._ring.read, KEYS_LIMIT)
        except Exception as error:
            if not self._keys:
                raise NotStored(f"the keys could not be read: {type(error).__name__}") from None
            log.warning("the webhook secrets could not be read again: %s", type(error).__name__)
        self._keys_read_at = time.monotonic()

    def _tally_soon(self) -> None:
        if not self._tallying and not self._closed:
            self._tallying = True
            gevent.spawn_later(TALLY_EVERY, self._tally_now)

    def _tally_now(self) -> None:
        """One write at a time, however long it takes; what is counted meanwhile goes with the next."""
        try:
            self._write_tally()
        finally:
            self._tallying = False
        if self._tally:
            self._tally_soon()

    def _write_tally(self) -> None:
        counts, self._tally = dict(self._tally), Counter()
        if not counts:
            return
        if wrong := counts.get(counter(Kind.WRONG)):
            log.warning(
                "%d events with a wrong signature: the OA Secret Key of the app's Webhook page is needed", wrong
            )
        try:
            self._counts.apply(connected, (lambda: record(self._now(), counts, self._alert_values),))
        except Exception as error:
            log.warning("counts could not be written: %s", type(error).__name__)
            self._tally.update(counts)

    def _alert_values(self) -> Mapping[str, object]:
        return {"app_id": self._ring.default_app, "is_app_secret": self._same_secret}

    def _nudge_soon(self) -> None:
        if not self._nudging:
            self._nudging = True
            gevent.spawn_later(NUDGE_EVERY, self._nudge_inbox)

    def _nudge_inbox(self) -> None:
        self._nudging = False
        self._send_nudge(Work.INBOX)

    def _send_nudge(self, work: Work) -> None:
        try:
            self._nudges.apply(self.nudge, (work,))
        except Exception as error:
            log.warning("the worker could not be nudged, its sweep will find the work: %s", type(error).__name__)


def _apply(pool: ThreadPool, work: Callable[[], Any], limit: float) -> Any:
    with gevent.Timeout(limit, Unanswered(f"no answer within {limit:g} s")):
        return pool.apply(connected, (work,))


def connected(work: Callable[[], Any]) -> Any:
    """Run `work` with a pooled database connection."""
    with database.connection_context():
        return work()


def commit(rows: Sequence[Row]) -> None:
    """Store rows; a PostgreSQL connection that died while idle is replaced once."""
    try:
        connected(lambda: inbox.store(rows))
    except (OperationalError, InterfaceError):
        if is_sqlite():
            raise
        connected(lambda: inbox.store(rows))
