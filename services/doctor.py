"""Every check, run at the same time; none can hold up or stop the others.

`ROWS` are those that read a few rows each, for `/readyz` and `/metrics` too; `CHECKS` are all that need neither
Telegram nor the queue, whose checks come from those who know them.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import structlog
from peewee import OperationalError, PeeweeException

from db import database
from services.desk import Desk
from services.health import accounts, environment, ground, machinery, reach
from services.health.findings import Check, Finding, Level

log = structlog.get_logger(__name__)

LIMIT = 8.0  # seconds; a check's own limits are shorter
_FROM_ROWS = (
    Check("apps", accounts.zalo_apps),
    Check("bot", machinery.bot),
    Check("worker", machinery.worker),
    Check("clock", machinery.clock),
    Check("notices", machinery.notices),
    Check("mail", machinery.letters),
    Check("journal", machinery.pairs_left),
    Check("webhook", accounts.webhook),
    Check("tokens", accounts.tokens),
    Check("package", accounts.package),
    Check("staff", machinery.staff),
    Check("sending", accounts.sending),
)
NEEDED = ("database", "migrations", "keys")  # without one of these nothing can be answered
ROWS = (
    Check("database", ground.reachable),
    Check("migrations", ground.migrations),
    Check("keys", ground.keys_quickly),
    *_FROM_ROWS,
)
CHECKS = (
    Check("settings", environment.settings, rows=False),
    Check("public_url", environment.public_url, rows=False),
    Check("secret_keys", environment.secret_keys, rows=False),
    Check("data_dir", environment.data_dir, rows=False),
    Check("permissions", environment.permissions, rows=False),
    Check("email", environment.email, rows=False),
    Check("database", ground.database, rows=False),
    Check("migrations", ground.migrations),
    Check("keys", ground.keys),
    *_FROM_ROWS,
    Check("zalo", reach.zalo, rows=False),
)


@dataclass(frozen=True)
class _Running:
    check: Check
    found: queue.SimpleQueue[list[Finding]]


def examine(desk: Desk, checks: Iterable[Check], limit: float = LIMIT) -> Iterator[Finding]:
    """The findings in the order of the checks; one that does not end within `limit` seconds is a finding itself."""
    until = time.monotonic() + limit
    started = [_start(desk, check) for check in checks]
    for running in started:
        try:
            yield from running.found.get(timeout=max(0.01, until - time.monotonic()))
        except queue.Empty:
            yield Finding(
                running.check.name, Level.BROKEN, f"no answer within {limit:g} s", "try again; see the lines above"
            )


def look(desk: Desk, check: Check) -> list[Finding]:
    """One check with a connection of its own; what goes wrong in it becomes its finding."""
    try:
        if not check.rows:
            return list(check.look(desk))
        if ground.is_absent():
            raise OperationalError("no file")
        with database.connection_context():
            return list(check.look(desk))
    except PeeweeException as problem:
        level = Level.BROKEN if check.name in NEEDED else Level.WARNING
        text = f"not known: the database could not be asked ({type(problem).__name__})"
        return [Finding(check.name, level, text, "mend the lines `database` and `migrations` first")]
    except Exception as problem:
        log.exception("check_broke", check=check.name, problem=type(problem).__name__)
        return [Finding(check.name, Level.BROKEN, f"could not be looked at ({type(problem).__name__})", "see the log")]


def _start(desk: Desk, check: Check) -> _Running:
    running = _Running(check, queue.SimpleQueue())
    # A daemon: one that hangs must not keep the command from ending.
    threading.Thread(target=partial(_work, desk, running), name=f"check-{check.name}", daemon=True).start()
    return running


def _work(desk: Desk, running: _Running) -> None:
    running.found.put(look(desk, running.check))
