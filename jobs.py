"""huey: wakes the workers, and nothing more.

A task names a kind of work and carries no data; what is to be done stands in the database, claimed there by lease. A
lost or doubled task therefore costs nothing, and the sweep finds in seconds what no task told of.

The one module whose import acts: it reads the settings, because huey's consumer finds its queue by importing it. Start:
`huey_consumer jobs.huey -w 2 -k thread -n -d 0.05 -m 0.5 --graceful-signal TERM`.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, NoReturn
from urllib.parse import unquote

import redis
import structlog
from huey import Huey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

import config
import db
from services import connect_worker, inbox, logs, profiles, receipts, reconcile, sending, telling, tokens, unanswered
from services.desk import Desk, Work
from services.loop import LoopThread, Step

log = structlog.get_logger(__name__)

WORKER_ID = f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(3)}"
SWEEP_EVERY = 5.0  # seconds
TASK_LIMIT = 4.0  # seconds a task works before it lets others have the thread
FULL_QUEUE = 100  # nobody works it off: more tasks would only make the file grow
GRACE = 18.0  # seconds for requests under way when the process is told to stop


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Tasks as JSON: what lies in the queue can be read, and never runs code when it is loaded."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data) if isinstance(data, Message) else data).encode()

    def _deserialize(self, data: bytes) -> Any:
        found = json.loads(data)
        if not isinstance(found, list):
            return found
        message = Message(*found)
        return message._replace(args=tuple(message.args or ()), kwargs=message.kwargs or {})


def make_huey(url: str) -> Huey:
    """The queue of QUEUE_URL. Results are not kept: nobody reads them. Waits are short: nudges come from the web."""
    common: dict[str, Any] = {"results": False, "serializer": JsonSerializer(), "immediate": False}
    if not url.startswith("sqlite:"):
        pool = redis.ConnectionPool.from_url(url, socket_timeout=3, socket_connect_timeout=1)
        return RedisHuey("oadesk", connection_pool=pool, blocking=True, read_timeout=1, **common)
    path = unquote(url.removeprefix("sqlite:///"))
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    return SqliteHuey("oadesk", filename=path, timeout=2, **common)


def _settings() -> config.Settings:
    try:
        return config.load()
    except config.ConfigError as problem:
        _give_up(str(problem))


def _give_up(problem: str) -> NoReturn:
    raise SystemExit(f"OA Desk does not start: {problem}")


settings = _settings()
huey = make_huey(settings.queue)


@huey.task()  # type: ignore[untyped-decorator]
def drain_inbox() -> None:
    """Apply stored events, for TASK_LIMIT seconds at most."""
    machine.drain_inbox()


@huey.task()  # type: ignore[untyped-decorator]
def send_due() -> None:
    """Send what is due."""
    machine.pump(Work.SEND)


@huey.task()  # type: ignore[untyped-decorator]
def fetch_profiles() -> None:
    """Fetch wanted profiles."""
    machine.pump(Work.PROFILES)


@huey.task()  # type: ignore[untyped-decorator]
def sync_step() -> None:
    """Go on with pulls of follower lists."""
    machine.pump(Work.SYNC)


@huey.task()  # type: ignore[untyped-decorator]
def connect_oas() -> None:
    """Exchange the codes of people who came back from Zalo."""
    machine.pump(Work.CONNECT)


@huey.task()  # type: ignore[untyped-decorator]
def tell_staff() -> None:
    """Tell staff what customers wrote, some seconds after they did."""
    machine.pump(Work.TELL)


TASKS: dict[Work, Callable[[], object]] = {
    Work.INBOX: drain_inbox,
    Work.SEND: send_due,
    Work.PROFILES: fetch_profiles,
    Work.SYNC: sync_step,
    Work.CONNECT: connect_oas,
    Work.TELL: tell_staff,
}


class Nudger:
    """Puts a task into the queue, best effort: nudges of a kind that come while one is being put there become one more.

    Starts no thread and no timer: it must work in a web process full of greenlets too.
    """

    def __init__(self, tasks: dict[Work, Callable[[], object]], queued: Callable[[], int]) -> None:
        self._tasks = tasks
        self._queued = queued
        self._lock = threading.Lock()
        self._busy: set[Work] = set()
        self._again: set[Work] = set()

    def __call__(self, work: Work) -> None:
        with self._lock:
            if work in self._busy:
                self._again.add(work)
                return
            self._busy.add(work)
        while self._send_once(work):
            pass

    def _send_once(self, work: Work) -> bool:
        """Send one; True when another was asked for meanwhile."""
        try:
            if self._queued() < FULL_QUEUE:
                self._tasks[work]()
        except Exception as problem:
            # The queue is a convenience: the sweep does the same work some seconds later.
            log.warning("nudge_lost", work=work.value, problem=type(problem).__name__)
        with self._lock:
            if work in self._again:
                self._again.discard(work)
                return True
            self._busy.discard(work)
            return False


nudge = Nudger(TASKS, huey.pending_count)


class Machine:
    """What runs in a worker process: a desk, its event loop, and the sweep."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._draining = threading.Lock()
        self._stopping = threading.Event()
        self._loop: LoopThread | None = None
        self._sweeper: threading.Thread | None = None
        self._desk: Desk

    def start(self) -> None:
        """Open the database, begin to sweep. Every worker thread calls it; the first one acts."""
        with self._lock:
            if self._loop is not None:
                return
            logs.setup(settings.log_level, secrets=settings.secrets())
            logging.getLogger("huey").handlers.clear()  # the consumer's own handler would say everything twice
            db.open_database(settings.database)
            loop = LoopThread("work")
            loop.start()
            self._desk = loop.run(_make_desk(), 10)
            self._loop = loop
            self._sweeper = threading.Thread(target=self._sweep_on, name="sweep", daemon=True)
            self._sweeper.start()

    def stop(self) -> None:
        """Let what is under way end, and close everything. Every worker thread calls it; the first one acts."""
        with self._lock:
            loop, self._loop = self._loop, None
            if loop is None:
                return
            self._stopping.set()
            if self._sweeper is not None:
                self._sweeper.join(TASK_LIMIT + 1)
            loop.close(GRACE, self._desk.close)
            db.close_database()

    def pump(self, work: Work) -> None:
        """Have the loop do this kind of work until nothing is due; returns at once."""
        loop = self._loop
        if loop is not None:
            loop.pump(work.value, self._steps()[work.value])

    def drain_inbox(self) -> None:
        """Apply stored events for TASK_LIMIT seconds at most; one thread of a process at a time."""
        if self._loop is None or not self._draining.acquire(blocking=False):
            return
        try:
            until = time.monotonic() + TASK_LIMIT
            with db.database.connection_context():
                while inbox.apply_batch(self._desk) and time.monotonic() < until and not self._stopping.is_set():
                    pass
        finally:
            self._draining.release()

    def _steps(self) -> dict[str, Step]:
        desk = self._desk
        return {
            "tokens": lambda: tokens.rescue(desk),
            Work.SEND.value: lambda: sending.send_due(desk, WORKER_ID),
            Work.PROFILES.value: lambda: profiles.fetch_due(desk),
            Work.SYNC.value: lambda: reconcile.step(desk, WORKER_ID),
            Work.CONNECT.value: lambda: connect_worker.step(desk),
            Work.TELL.value: lambda: telling.step(desk),
            "unanswered": lambda: unanswered.ask_due(desk),
        }

    def _sweep_on(self) -> None:
        while True:
            self._guarded(self._sweep)
            if self._stopping.wait(SWEEP_EVERY):
                return

    def _sweep(self) -> None:
        """All there is to do, whether or not anybody nudged; what breaks in one part does not stop the others."""
        self._guarded(self.drain_inbox)
        for look in (sending.end_leases, sending.release_held, receipts.sweep):
            self._guarded(partial(self._look, look))
        loop = self._loop
        for name, step in self._steps().items():
            if loop is not None:
                loop.pump(name, step)

    def _look(self, look: Callable[[datetime], int]) -> None:
        with db.database.connection_context():
            look(self._desk.now())

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as problem:
            log.exception("sweep_broke", problem=type(problem).__name__)


async def _make_desk() -> Desk:
    # Made inside the loop: the connections to Zalo belong to it.
    return Desk.from_settings(settings, nudge)


machine = Machine()
huey.on_startup()(machine.start)
huey.on_shutdown()(machine.stop)
