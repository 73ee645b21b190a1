"""The ground every test stands on: real databases, a clock that is told the time, and the local Zalo."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from cryptography.fernet import Fernet

import config
import db

IN_CI = os.environ.get("CI") == "true"
POSTGRES = os.environ.get("TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("TEST_QUEUE_URL", "redis://127.0.0.1:6379/9")
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 09:00 in Vietnam


def _reachable(url: str, default_port: int) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or default_port), timeout=2):
            return True
    except OSError:
        return False


def need(url: str, default_port: int, name: str) -> None:
    """Skip where the server is not reachable; in CI that is a failure, never a skip."""
    if _reachable(url, default_port):
        return
    if IN_CI:
        pytest.fail(f"CI must run the tests over {name}, and it is not reachable")
    pytest.skip(f"{name} is not reachable")


@dataclass
class FakeClock:
    """A clock that stands still until a test moves it."""

    moment: datetime = MONDAY

    def now(self) -> datetime:
        return self.moment

    def advance(self, **delta: float) -> datetime:
        self.moment += timedelta(**delta)
        return self.moment


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def postgres_name(worker_id: str) -> Iterator[str]:
    """A database of its own for this test process, dropped at the end."""
    need(POSTGRES, 5432, "PostgreSQL")
    name = f"oadesk_test_{os.getpid()}_{worker_id}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    yield name
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def postgres_url(name: str) -> str:
    return urlsplit(POSTGRES)._replace(path=f"/{name}").geturl()


@pytest.fixture
def postgres_url_of_a_new_database() -> Iterator[str]:
    """An empty PostgreSQL database without any table."""
    need(POSTGRES, 5432, "PostgreSQL")
    name = f"oadesk_new_{os.getpid()}_{secrets.token_hex(4)}"
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    yield postgres_url(name)
    with psycopg.connect(POSTGRES, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated, empty SQLite file: copying it is much faster than migrating for every test."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    db.open_database(f"sqlite:///{path}")
    db.migrate()
    db.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close_database()
    return path.read_bytes()


@pytest.fixture(scope="session")
def postgres_migrated(postgres_name: str) -> str:
    url = postgres_url(postgres_name)
    db.open_database(url)
    db.migrate()
    db.close_database()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database; the test runs once for each kind."""
    if request.param == "sqlite":
        path = tmp_path / "oadesk.db"
        path.write_bytes(request.getfixturevalue("sqlite_template"))
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_migrated")
    return url


def empty_postgres() -> None:
    """Empty what the last test used, numbers starting at 1 again; truncating every table takes thirty times as long."""
    names = sorted(set(db.database.get_tables()) - {"schema_migration"})
    asked = " UNION ALL ".join(f"SELECT '{name}' FROM \"{name}\" HAVING COUNT(*) > 0" for name in names)
    filled = {name for (name,) in db.database.execute_sql(asked).fetchall()}
    moved = db.database.execute_sql("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL").fetchall()
    used = (filled | {name.removesuffix("_id_seq") for (name,) in moved}) & set(names)
    with db.database.atomic():
        db.database.execute_sql("SET LOCAL session_replication_role = replica")  # no order, no cascades
        for name in sorted(used):
            db.database.execute_sql(f'DELETE FROM "{name}"')
            db.database.execute_sql(f'ALTER SEQUENCE "{name}_id_seq" RESTART')


@pytest.fixture
def database(database_url: str) -> Iterator[Any]:
    """The open database, as the code under test sees it."""
    db.open_database(database_url)
    if not db.is_sqlite():
        empty_postgres()
        db.database.close()
    yield db.database
    db.close_database()


@pytest.fixture(scope="session")
def secret_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def environment(tmp_path: Path, secret_key: str) -> dict[str, str]:
    """A complete environment; a test changes what it is about before asking for `settings`."""
    return {
        "ENV_FILE": "",  # whoever runs the tests may have a .env
        "DATA_DIR": str(tmp_path / "data"),
        "SECRET_KEYS": secret_key,
        "ZALO_APP_ID": "4101110220330440550",
        "ZALO_APP_SECRET": "app-secret-of-tests",
        "ZALO_WEBHOOK_SECRET": "AbCdEfGhIjKlMnOpQrSt",
        "TELEGRAM_BOT_TOKEN": "700100200:bot-token-of-tests",
        "TELEGRAM_OWNER_ID": "7001002003",
    }


@pytest.fixture
def settings(environment: dict[str, str], database_url: str) -> config.Settings:
    return config.load({**environment, "DATABASE_URL": database_url}, env_file=None)


@pytest.fixture
def redis_queue() -> Iterator[str]:
    """The address of an emptied Redis database."""
    need(REDIS, 6379, "Redis")
    server = redis.Redis.from_url(REDIS)
    server.flushdb()
    yield REDIS
    server.flushdb()
    server.close()


@dataclass
class Shop:
    """A registered OA at a local Zalo, a clock for both, and a desk for each event loop."""

    settings: config.Settings
    zalo: Any  # sandbox.running.RunningSandbox
    oa: Any  # models.OfficialAccount
    clock: FakeClock
    nudges: list[Any]

    def desk(self, **changes: Any) -> Any:
        """A desk that is never closed: for work that does not talk to Zalo, or inside `run`."""
        from services.desk import Desk

        made = Desk.from_settings(self.settings, nudge=self.nudges.append)
        return replace(made, now=self.clock.now, **changes)

    def run(self, work: Callable[[Any], Awaitable[Any]], **changes: Any) -> Any:
        """Run `work(desk)` in an event loop of its own; the connections are closed at the end."""

        async def inside() -> Any:
            desk = self.desk(**changes)
            try:
                return await work(desk)
            finally:
                await desk.close()

        return asyncio.run(inside())

    def advance(self, **delta: float) -> None:
        """Move our clock and Zalo's."""
        self.clock.advance(**delta)
        self.zalo.post("/_sandbox/clock", {"set": int(self.clock.moment.timestamp() * 1000)})

    def again(self, row: Any) -> Any:
        """The row as it is now."""
        return type(row).get_by_id(row.id)


@pytest.fixture
def shop(database: Any, environment: dict[str, str], database_url: str, clock: FakeClock) -> Iterator[Shop]:
    """An OA in live mode whose tokens are valid for 25 hours."""
    from sandbox.running import running_sandbox
    from services import accounts
    from services.audit import CLI
    from services.desk import Desk

    with running_sandbox(followers=4) as zalo:
        hosts = {f"ZALO_{name.upper()}_URL": f"{zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
        app = {"ZALO_APP_ID": zalo.ready["app_id"], "ZALO_APP_SECRET": zalo.ready["app_secret"]}
        settings = config.load({**environment, **app, **hosts, "DATABASE_URL": database_url}, env_file=None)
        made = Shop(settings, zalo, None, clock, [])
        made.advance(seconds=0)
        first = zalo.post("/_sandbox/tokens/issue", {})
        new = accounts.NewAccount(
            first["oa_id"], "Spa Hoa Mai", first["access_token"], first["refresh_token"], published=True
        )
        desk = replace(Desk.from_settings(settings), now=clock.now)
        made.oa = accounts.register(desk, CLI, new)
        # While a clock stands still, permits are booked ever further ahead, and each is waited for in real time.
        made.oa.zns_per_minute = 60_000
        made.oa.save(only=["zns_per_minute"])
        asyncio.run(desk.close())
        yield made
