"""Minutes of events against the real web and worker processes, which are killed and restarted all the time."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from db import to_ms
from models import Follower, InboxEvent, InboxState, OfficialAccount
from services.desk import utc_now
from zalo.signature import sign

pytestmark = [pytest.mark.soak, pytest.mark.processes]
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WEB = [sys.executable, "-m", "gunicorn", "-c", "webhook/gunicorn.py", "webhook:create_app()"]
WORKER = [str(BIN / "huey_consumer"), "jobs.huey", "-w", "2", "-k", "thread", "-n", "-d", "0.05", "-m", "0.5"]
OA, PEOPLE, EVENTS, SENDERS = "2902001003004005006", 500, 30_000, 8
KINDS = ("follow", "unfollow", "user_send_text")


def body(app: str, number: int, kind: str, user: str, at: int) -> bytes:
    common = {"event_name": kind, "app_id": app, "timestamp": str(at)}
    if kind == "user_send_text":
        message = {"text": f"tin {number}", "msg_id": f"{number:020x}"}
        return json.dumps({**common, "sender": {"id": user}, "recipient": {"id": OA}, "message": message}).encode()
    return json.dumps({**common, "oa_id": OA, "follower": {"id": user}}).encode()


@pytest.fixture
def start(database: Any, database_url: str, environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Starts a process with the settings of the test; all are gone at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {**environment, "PATH": os.environ["PATH"], "DATABASE_URL": database_url, "PORT": str(port)}
    started: list[subprocess.Popen[bytes]] = []

    def begin(command: list[str]) -> subprocess.Popen[bytes]:
        nowhere = subprocess.DEVNULL
        started.append(subprocess.Popen(command, cwd=ROOT, env=given, stdout=nowhere, stderr=nowhere))
        return started[-1]

    begin.port = port  # type: ignore[attr-defined]
    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def deliver(port: int, app: str, secret: str, bodies: list[bytes]) -> None:
    """Post each until it is answered 200, as Zalo would, only faster."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for raw in bodies:
        mac = sign(app, raw, json.loads(raw)["timestamp"], secret)
        while True:
            with suppress(OSError, http.client.HTTPException):
                line.request("POST", "/webhook/zalo", raw, {"X-ZEvent-Signature": mac})
                answer = line.getresponse()
                answer.read()
                if answer.status == 200:
                    break
            line.close()
            time.sleep(0.05)
    line.close()


@pytest.mark.timeout(1800)
def test_events_survive_killed_processes(start: Callable[..., Any], environment: dict[str, str]) -> None:
    """30,000 events, a third of them twice, in any order, workers killed every two seconds: no fact is lost or old."""
    app, secret = environment["ZALO_APP_ID"], environment["ZALO_WEBHOOK_SECRET"]
    OfficialAccount.create(oa_id=OA, name="Spa", created_at=utc_now())
    chance, now = random.Random(2026), to_ms(utc_now())
    times = chance.sample(range(now - 10_000_000, now), EVENTS)
    made = [(chance.choice(KINDS), f"65030040{chance.randrange(PEOPLE):05d}", at) for at in times]
    bodies = [body(app, number, *event) for number, event in enumerate(made)]
    posts = bodies + chance.sample(bodies, EVENTS // 3)
    chance.shuffle(posts)

    ended = threading.Event()
    web, worker = start(WEB), start(WORKER)
    with ThreadPoolExecutor(SENDERS) as senders:
        jobs = [senders.submit(deliver, start.port, app, secret, posts[n::SENDERS]) for n in range(SENDERS)]  # type: ignore[attr-defined]
        rounds = 0
        while not ended.wait(2) and not all(job.done() for job in jobs):
            worker.kill()
            worker = start(WORKER)
            rounds += 1
            if rounds % 5 == 0:
                web.terminate()
                web.wait(30)
                web = start(WEB)
        for job in jobs:
            job.result()
    until = time.monotonic() + 300
    while InboxEvent.select().where(InboxEvent.state != InboxState.DONE).exists() and time.monotonic() < until:
        time.sleep(0.5)

    assert rounds > 3
    assert InboxEvent.select().where(InboxEvent.state == InboxState.DONE).count() == EVENTS
    assert {row.user_id: facts(row) for row in Follower.select()} == expected(made)


def facts(row: Follower) -> tuple[bool | None, int | None]:
    return row.is_follower, to_ms(row.last_interaction_at) if row.last_interaction_at else None


def expected(made: list[tuple[str, str, int]]) -> dict[str, tuple[bool | None, int | None]]:
    """Told one after the other in the order of their times."""
    known: dict[str, tuple[bool | None, int | None]] = {}
    for kind, user, at in sorted(made, key=lambda event: event[2]):
        follows, spoke = known.get(user, (None, None))
        follows = follows if kind == "user_send_text" else kind == "follow"
        known[user] = (follows, spoke if kind == "unfollow" else at)
    return known
