"""A house with one registered OA, a local Zalo with three, a manager in Telegram, and their browser."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

import config
import db
from db import in_thread
from models import AuditEntry, Notice, OaToken, OauthTicket, OfficialAccount, Role
from services import accounts, apps, connect_worker, connecting, staff, token_pairs, tokens
from services.audit import CLI, Actor
from services.connect_front import Front
from services.desk import Desk, utc_now

ROOT = Path(__file__).parents[2]
CHAT = 7001002004


def eventually(true: Callable[[], object], within: float = 60) -> None:
    """Wait until it is so; a test fails when it never is."""
    until = time.monotonic() + within
    while not true():
        if time.monotonic() > until:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., None]:
    return eventually


@dataclass
class Town:
    """Everything a connection needs; `oas` are Zalo's own three."""

    settings: config.Settings
    zalo: Any
    clock: Any
    person: Any
    oa: Any
    nudges: list[Any] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def oas(self) -> list[dict[str, str]]:
        return list(self.zalo.ready["oas"])

    @property
    def actor(self) -> Actor:
        return Actor("Hoa", self.person, chat_id=CHAT, message_id=1)

    @property
    def front(self) -> Front:
        return Front(self.settings)

    def desk(self, **changes: Any) -> Desk:
        made = Desk.from_settings(self.settings, nudge=self.nudges.append)
        return replace(made, now=self.clock.now, **changes)

    def advance(self, **delta: float) -> None:
        self.clock.advance(**delta)
        self.zalo.post("/_sandbox/clock", {"set": int(self.clock.moment.timestamp() * 1000)})

    def begin(self, oa: Any = None, app_id: str = "") -> tuple[int, str]:
        """The ticket's number and the secret of its link."""
        link = connecting.begin(self.desk(), self.actor, oa=oa, app_id=app_id, chat_id=CHAT)
        return link.ticket_id, parse_qs(urlsplit(link.url).query)["t"][0]

    def agree(self, secret: str, place: int = 0, **form: str) -> dict[str, str]:
        """Press a button of Zalo's permission page; what Zalo sends back to the callback."""
        address = self.front.permission_url(secret)
        with httpx.Client(trust_env=False) as browser:
            answer = browser.post(address, data={"oa_id": self.oas[place]["oa_id"], **form})
        assert answer.status_code == 302, answer.text
        return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}

    def come_back(self, back: dict[str, str]) -> bool:
        """The browser opens the callback."""
        code, oa_id, error = (back.get(name, "") for name in ("code", "oa_id", "error"))
        return self.front.spend(self.clock.now(), back["state"], code, oa_id, error)

    def work(self, **changes: Any) -> None:
        """The worker works off what waits, until nothing is due."""

        async def inside() -> None:
            desk = self.desk(**changes)
            try:
                while await connect_worker.step(desk):
                    await connect_worker.finished()
            finally:
                await desk.close()

        asyncio.run(inside())

    def renew(self, oa: Any) -> None:
        """Renew the OA's tokens by its own refresh token."""

        async def inside() -> None:
            desk = self.desk()
            try:
                row = await in_thread(OaToken.get, OaToken.oa == oa.id)
                await tokens.refresh(desk, oa, row.generation)
            finally:
                await desk.close()

        asyncio.run(inside())

    def connect(self, oa: Any = None, place: int = 0, app_id: str = "") -> OauthTicket:
        """The whole way of one person, without their yes."""
        number, secret = self.begin(oa, app_id)
        assert self.come_back(self.agree(secret, place))
        self.work()
        return self.ticket(number)

    def ticket(self, number: int) -> OauthTicket:
        return OauthTicket.get_by_id(number)

    def fault(self, match: str, kind: str, **more: Any) -> None:
        self.zalo.post("/_sandbox/faults", {"match": match, "kind": kind, "times": 1, **more})

    def pair(self, oa: Any) -> tuple[str, str]:
        row = OaToken.get(OaToken.oa == oa.id)
        box = self.desk().box
        return token_pairs.open_access(box, row), token_pairs.open_refresh(box, row)

    def works(self, oa: Any) -> bool:
        """Whether Zalo takes the access token we hold."""
        access, _ = self.pair(oa)
        return bool(self.zalo.get("/openapi/v2.0/oa/getoa", {"access_token": access})["error"] == 0)

    def exchanges(self) -> int:
        return int(self.zalo.get("/_sandbox/state")["counters"]["exchanges"])

    def start(self, *command: str, **changes: str) -> subprocess.Popen[bytes]:
        """A real process of ours; killed at the end of the test."""
        given = {**self.environment, **changes, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, cwd=ROOT, env=given, **quiet)  # type: ignore[call-overload]
        self.started.append(process)
        return process  # type: ignore[no-any-return]

    def start_web(self) -> str:
        """gunicorn on the port of PUBLIC_URL, ready; its address."""
        address = self.settings.public_url
        command = (sys.executable, "-m", "gunicorn", "-c", "webhook/gunicorn.py", "webhook:create_app()")
        self.start(*command, PORT=str(urlsplit(address).port), WEB_CONCURRENCY="1")
        eventually(lambda: _ready(address))
        return address

    def stop_all(self) -> None:
        """Asked first: a killed gunicorn leaves its worker, whose counts then reach the next test's database."""
        for process in self.started:
            process.terminate()
        for process in self.started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def acts(self) -> list[str]:
        return [row.action for row in AuditEntry.select().order_by(AuditEntry.id)]

    def notices(self) -> list[Notice]:
        return list(Notice.select().where(Notice.kind == "connect").order_by(Notice.id))


def _ready(address: str) -> bool:
    try:
        with httpx.Client(trust_env=False) as browser:
            return browser.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def opened(environment: dict[str, str], database_url: str, clock: Any) -> Iterator[Town]:
    from sandbox.running import running_sandbox

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        public = f"http://127.0.0.1:{probe.getsockname()[1]}"

    with running_sandbox(followers=2, oas=3) as zalo:
        hosts = {f"ZALO_{name.upper()}_URL": f"{zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
        app = {"ZALO_APP_ID": zalo.ready["app_id"], "ZALO_APP_SECRET": zalo.ready["app_secret"]}
        secret = {"ZALO_WEBHOOK_SECRET": zalo.ready["webhook_secret"], "PUBLIC_URL": public}
        whole = {**environment, **app, **hosts, **secret, "DATABASE_URL": database_url}
        settings = config.load(whole, env_file=None)
        person = staff.add(clock.now(), CHAT, Role.MANAGER, "Hoa")
        made = Town(settings, zalo, clock, person, None, environment=whole)
        zalo.post("/_sandbox/clock", {"set": int(clock.now().timestamp() * 1000)})
        first = zalo.post("/_sandbox/tokens/issue", {})
        new = accounts.NewAccount(
            first["oa_id"], "Spa Hoa Mai", first["access_token"], first["refresh_token"], published=True
        )
        made.oa = accounts.register(made.desk(), CLI, new)
        yield made
        made.stop_all()


@pytest.fixture(autouse=True)
def no_query_in_the_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Code of ours that asks the database in the thread of an event loop fails the test, whatever came of it.

    It would hold up every other connection, and a connection PostgreSQL dropped is never replaced in that thread.
    """
    if "database" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("database")
    asked: list[str] = []
    execute = db.database.obj.execute_sql

    def watched(sql: str, *args: Any, **more: Any) -> Any:
        if _in_a_loop() and _by_a_service():
            asked.append(sql)
        return execute(sql, *args, **more)

    monkeypatch.setattr(db.database.obj, "execute_sql", watched)
    yield
    assert not asked, f"asked in the event loop: {asked}"


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _by_a_service() -> bool:
    """Tests may look at rows from where they are; the code under test may not."""
    frame = sys._getframe(2)
    while frame.f_back is not None:
        if frame.f_code.co_filename.startswith(str(ROOT / "services")):
            return True
        frame = frame.f_back
    return False


@pytest.fixture
def town(database: Any, environment: dict[str, str], database_url: str, clock: Any) -> Iterator[Town]:
    """Time stands still in it until a test moves it."""
    with opened(environment, database_url, clock) as made:
        yield made


class RealClock:
    def now(self) -> datetime:
        return utc_now()


@pytest.fixture
def busy_town(database: Any, environment: dict[str, str], database_url: str) -> Iterator[Town]:
    """In the time of the real processes that a test starts."""
    with opened(environment, database_url, RealClock()) as made:
        yield made


@pytest.fixture
def other_app(town: Town) -> str:
    """The id of a second Zalo app, entered by the owner."""
    made = town.zalo.post("/_sandbox/apps", {"name": "Hai"})
    apps.add(town.desk(), CLI, made["app_id"], "Hai", made["secret"], made["webhook_secret"])
    return str(made["app_id"])


@pytest.fixture
def second(town: Town) -> OfficialAccount:
    """Zalo's second OA, registered too, of the environment's app."""
    issued = town.zalo.post("/_sandbox/tokens/issue", {"oa_id": town.oas[1]["oa_id"]})
    new = accounts.NewAccount(issued["oa_id"], "Nha khoa", issued["access_token"], issued["refresh_token"])
    return accounts.register(town.desk(), CLI, new)


@pytest.fixture
def unregistered(town: Town) -> dict[str, str]:
    """An OA of Zalo's that nobody registered here."""
    assert not OfficialAccount.select().where(OfficialAccount.oa_id == town.oas[1]["oa_id"]).exists()
    return town.oas[1]
