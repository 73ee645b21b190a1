"""Real processes around one OA at a local Zalo: some renew, are killed, and others come after them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import config
import db
from models import Notice, OaState, OaToken, OfficialAccount, Role, TokenState
from sandbox.running import running_sandbox
from services import accounts, staff, token_pairs
from services.audit import CLI
from services.desk import Desk, utc_now

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKER = [str(BIN / "huey_consumer"), "jobs.huey", "-w", "2", "-k", "thread", "-n", "-d", "0.05", "-m", "0.5",
          "--graceful-signal", "TERM"]  # fmt: skip
CLOCK = [sys.executable, "clock.py"]
RENEWING = [sys.executable, str(Path(__file__).parent / "renewing.py")]


def eventually(true: Callable[[], Any], within: float = 60) -> None:
    """Wait until it is so; a test fails when it never is."""
    until = time.monotonic() + within
    while not true():
        if time.monotonic() > until:
            pytest.fail("it did not happen in time")
        time.sleep(0.02)


@dataclass
class Fleet:
    """One OA whose access token is over, its Zalo, and every process started for a test."""

    environment: dict[str, str]
    zalo: Any
    settings: config.Settings
    oa: OfficialAccount
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def row(self) -> OaToken:
        return OaToken.get()

    @property
    def rotations(self) -> int:
        """How many refresh tokens Zalo took."""
        return self.zalo.sandbox.world.tokens.refreshes

    @property
    def desk(self) -> Desk:
        """For work that does not talk to Zalo."""
        return Desk.from_settings(self.settings)

    def start(self, command: list[str], **changes: str) -> subprocess.Popen[str]:
        environment = {**self.environment, **changes, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1
        )
        self.started.append(process)
        return process

    def renewer(self, threads: int = 1, **changes: str) -> subprocess.Popen[str]:
        """A process that waits for `go`."""
        process = self.start([*RENEWING, str(threads)], LOG_LEVEL="DEBUG", **changes)
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first == "ready\n", (first, process.communicate()[1])
        return process

    def go(self, *processes: subprocess.Popen[str]) -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

    def said(self, process: subprocess.Popen[str]) -> list[str]:
        """What its threads met; the process has ended then, and has said nothing secret and no raw database error."""
        out, errors = process.communicate(timeout=60)
        assert "Traceback" not in errors, errors
        assert not [secret for secret in self.secrets() if secret in errors]
        return out.splitlines()

    def restart(self) -> None:
        """The real worker and the real clock, as after a crash."""
        self.start(WORKER)
        self.start(CLOCK)

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    def fault(self, kind: str, **more: Any) -> None:
        self.zalo.post("/_sandbox/faults", {"match": "/oauth/v4/oa/access_token", "kind": kind, **more})

    def pair(self) -> tuple[str, str]:
        """The tokens as the row has them."""
        row, box = self.row, self.desk.box
        return token_pairs.open_access(box, row), token_pairs.open_refresh(box, row)

    def secrets(self) -> list[str]:
        return [*self.pair(), self.settings.zalo_app_secret.get_secret_value()]

    def lives(self) -> bool:
        """The OA works: our row says so, and Zalo takes the token in it."""
        row, oa = self.row, OfficialAccount.get()
        if row.state == TokenState.NEEDS_REAUTH or oa.state != OaState.ACTIVE or row.lease_owner:
            return False
        answer = self.zalo.get("/openapi/v2.0/oa/getoa", {"access_token": self.pair()[0]})
        return bool(answer["error"] == 0)

    def told(self) -> list[str]:
        """Kinds of notices, in order."""
        return [row.kind for row in Notice.select().order_by(Notice.id)]

    def journal(self) -> list[Path]:
        return sorted((self.settings.data_dir / "journal").glob("*.pair"))

    def expire(self) -> None:
        """Over by our clock, whatever Zalo thinks."""
        OaToken.update(access_expires_at=utc_now() - timedelta(minutes=1)).execute()

    def end(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            if process.stdout is not None and not process.stdout.closed:
                print(process.communicate()[1][-3000:])  # shown by pytest when the test failed


@contextmanager
def fleet_of(environment: dict[str, str], database_url: str) -> Iterator[Fleet]:
    """A registered OA with an expired token, a manager to tell, and no process yet."""
    with running_sandbox(followers=1) as zalo:
        hosts = {f"ZALO_{name.upper()}_URL": f"{zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
        app = {"ZALO_APP_ID": zalo.ready["app_id"], "ZALO_APP_SECRET": zalo.ready["app_secret"]}
        whole = {**environment, **app, **hosts, "DATABASE_URL": database_url}
        settings = config.load(whole, env_file=None)
        desk = Desk.from_settings(settings)
        new = accounts.NewAccount(
            zalo.oa["oa_id"], "Spa Hoa Mai", zalo.oa["access_token"], zalo.oa["refresh_token"], published=True
        )
        oa = accounts.register(desk, CLI, new)
        asyncio.run(desk.close())
        staff.add(utc_now(), 55, Role.MANAGER, "Hoa")
        made = Fleet(whole, zalo, settings, oa)
        made.expire()
        try:
            yield made
        finally:
            made.end()


@contextmanager
def locked_row() -> Iterator[None]:
    """Nobody else can write the tokens meanwhile: SQLite's write lock, or the row's on PostgreSQL."""
    if db.is_sqlite():
        db.database.execute_sql("BEGIN IMMEDIATE")
    else:
        db.database.execute_sql("BEGIN")
        db.database.execute_sql("SELECT id FROM oa_token FOR UPDATE")
    try:
        yield
    finally:
        db.database.execute_sql("ROLLBACK")


@contextmanager
def refused_tokens() -> Iterator[None]:
    """The database takes leases but no token meanwhile, as one that has become read-only under way."""
    if db.is_sqlite():
        act = "CREATE TRIGGER no_tokens BEFORE UPDATE OF access ON oa_token BEGIN SELECT RAISE(ABORT, 'read-only'); END"
        undo = ["DROP TRIGGER no_tokens"]
    else:
        db.database.execute_sql(
            "CREATE FUNCTION no_tokens() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'read-only' USING ERRCODE = '25006'; END $$"
        )
        act = "CREATE TRIGGER no_tokens BEFORE UPDATE OF access ON oa_token FOR EACH ROW EXECUTE FUNCTION no_tokens()"
        undo = ["DROP TRIGGER no_tokens ON oa_token", "DROP FUNCTION no_tokens()"]
    db.database.execute_sql(act)
    try:
        yield
    finally:
        for statement in undo:
            db.database.execute_sql(statement)
