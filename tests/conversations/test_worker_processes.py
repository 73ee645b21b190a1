"""Real workers, one of them killed: every customer's line is told once to everybody who is to hear of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from db import to_ms
from models import ChatMessage, InboxEvent, Notice
from services import inbox, telling
from services.desk import utc_now

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
WORKER = [str(Path(sys.executable).parent / "huey_consumer"), "jobs.huey", "-w", "2", "-k", "thread", "-n",
          "-d", "0.05", "-m", "0.5", "--graceful-signal", "TERM"]  # fmt: skip
CUSTOMERS, LINES = 40, 3


def eventually(true, within=60.0):
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def workers(environment, database_url):
    """Starts worker processes; whatever is left of them ends with the test."""
    started = []

    def start():
        whole = {**environment, "DATABASE_URL": database_url, "PATH": os.environ["PATH"]}
        started.append(subprocess.Popen(WORKER, cwd=ROOT, env=whole, stderr=subprocess.DEVNULL))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


def test_two_workers_one_killed_tell_every_line_once(chats, workers):
    """Killed in the middle of its work; the other finishes it, and nobody is told anything twice."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    now = utc_now()
    users = [f"65030040050060{number:05}" for number in range(CUSTOMERS)]
    events = [
        chats.event("user_send_text", user, at=now, text=f"{user} {line}") for line in range(LINES) for user in users
    ]
    rows = [(*chats._row(body)[:6], to_ms(now)) for body in events]
    inbox.store(rows)
    first = workers()
    eventually(lambda: Notice.select().exists() or InboxEvent.select().where(InboxEvent.state == "done").exists())
    first.kill()
    first.wait(10)
    workers()
    workers()
    eventually(lambda: ChatMessage.select().count() == CUSTOMERS * LINES)
    eventually(lambda: not ChatMessage.select().where(ChatMessage.told_at.is_null()).exists())
    for person in (lan, hoa):
        told = Counter(text for lines in chats.told(person) for text in lines)
        assert told == Counter(f"{user} {line}" for user in users for line in range(LINES))
    assert Notice.select().where(Notice.kind == telling.WROTE).count() >= 2 * CUSTOMERS
