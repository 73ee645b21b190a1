"""The database: opened from DATABASE_URL, written through `write`, changed through `migrate`."""

from __future__ import annotations

import asyncio
import fcntl
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote, urlsplit

import peewee
from playhouse.migrations import Runner
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

P = ParamSpec("P")
T = TypeVar("T")

MIGRATIONS = Path(__file__).parent / "migrations"
# One lock number for all who migrate the same PostgreSQL database; any constant does.
MIGRATION_LOCK = 6_202_411_223
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)

database = peewee.DatabaseProxy()


class UtcMs(peewee.BigIntegerField):
    """Aware UTC datetimes, kept as integer milliseconds since 1970.

    peewee's own DateTimeField compares aware values as text on SQLite and gives naive ones from PostgreSQL.
    """

    def db_value(self, value: Any) -> Any:
        return to_ms(value) if isinstance(value, datetime) else value

    def python_value(self, value: Any) -> datetime | None:
        return None if value is None else from_ms(value)


class JsonText(peewee.TextField):
    """A JSON value in a text column, the same on both databases."""

    def db_value(self, value: Any) -> str | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # Zalo's answers may hold lone surrogates, which no database takes.
        return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def python_value(self, value: Any) -> Any:
        return None if value is None else json.loads(value)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime."""
    return (moment - EPOCH) // MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC datetime of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=ms)


def open_database(url: str) -> peewee.Database:
    """Make the database of `url` the one every model uses. Connects lazily; calling it again replaces the former."""
    close_database()
    real: peewee.Database = _sqlite(url) if url.startswith("sqlite:") else _postgresql(url)
    database.initialize(real)
    return real


def close_database() -> None:
    """Close every pooled connection of this process."""
    if database.obj is not None:
        database.obj.close_all()


def _sqlite(url: str) -> PooledSqliteDatabase:
    path = Path(unquote(url.removeprefix("sqlite:///")))
    # What lies there names customers: nobody else on the machine may look.
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # FULL: an answered webhook and a recorded send must survive a power cut, not only a crash of ours.
    pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 15_000}
    # A pooled connection is used by one thread at a time, but not always by the one that opened it.
    return PooledSqliteDatabase(str(path), pragmas=pragmas, max_connections=64, check_same_thread=False)


def _postgresql(url: str) -> PooledPostgresqlDatabase:
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    known = {"host": parts.hostname, "port": parts.port, "user": parts.username, "password": parts.password}
    given = {name: unquote(str(value)) for name, value in known.items() if value}
    return PooledPostgresqlDatabase(
        unquote(parts.path.lstrip("/")),
        prefer_psycopg3=True,
        max_connections=64,
        stale_timeout=300,
        **given,
        **options,
    )


def is_sqlite() -> bool:
    """Whether the open database is SQLite (claims are written differently on it)."""
    return isinstance(database.obj, peewee.SqliteDatabase)


@contextmanager
def write() -> Iterator[None]:
    """A write transaction; joins the one already open in this thread.

    SQLite begins IMMEDIATE: a deferred transaction that reads first and writes later fails with "database is locked"
    as soon as two processes do it, and no busy timeout helps there.
    """
    if database.in_transaction():
        yield
        return
    with database.atomic("IMMEDIATE") if is_sqlite() else database.atomic():
        yield


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking database work in a thread with a pooled connection, for callers that live in an event loop."""

    def connected() -> T:
        with database.connection_context():
            return work(*args, **kwargs)

    return await asyncio.to_thread(connected)


def migrate(upto: str | None = None) -> list[str]:
    """Apply what is pending; returns the names applied. Safe when several processes start it at once.

    `upto` names the last one that is applied, for a backup of an older version.
    """
    with _migration_lock():
        return list(Runner(database.obj, str(MIGRATIONS)).up(upto))


def applied_migrations() -> list[str]:
    """Names of the migrations this database has had, in order; a newer version's may be among them."""
    return [row.name for row in Runner(database.obj, str(MIGRATIONS)).status() if row.applied]


def known_migrations() -> list[str]:
    """Names of the migrations of this version, in order."""
    return [row.name for row in Runner(database.obj, str(MIGRATIONS)).migrations()]


@contextmanager
def _migration_lock() -> Iterator[None]:
    if is_sqlite():
        with Path(f"{database.obj.database}.migrate").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with database.connection_context():
        database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        try:
            yield
        finally:
            database.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))
