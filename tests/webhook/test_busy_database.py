"""SQLite while another process writes for long: events are refused in time, everything else goes on."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from models import Counter
from services import doctor, house
from services.desk import utc_now
from webhook import create_app
from webhook.reception import Reception, Unanswered


@pytest.fixture
def database_url(tmp_path: Any, sqlite_template: bytes) -> str:
    """PostgreSQL locks rows, not the whole database."""
    path = tmp_path / "oadesk.db"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture
def writer(database: Any) -> Iterator[sqlite3.Connection]:
    """Somebody who holds SQLite's one write lock until they roll back."""
    lock = sqlite3.connect(database.obj.database, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    yield lock
    lock.close()


@pytest.fixture
def reception(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reception]:
    """Counting at once; at the end no thread may be left that uses the database."""
    monkeypatch.setattr("webhook.reception.TALLY_EVERY", 0.01)
    yield app.extensions["reception"]
    with gevent.Timeout(20):
        while app.extensions["reception"]._tallying:
            gevent.sleep(0.02)


def flood(web: Any, times: int = 12) -> None:
    """Requests that only have to be counted, over several turns of the tally."""
    for _ in range(times):
        assert web.post("/webhook/zalo", data=b"{}").status_code == 200
        gevent.sleep(0.03)


def test_a_busy_writer_makes_nobody_unready(web, reception, writer):
    """Counts wait in a thread of their own: the platform's probe and the pages of connecting are answered meanwhile."""
    flood(web)
    for _ in range(3):
        answer = web.get("/readyz")
        assert (answer.status_code, answer.text.splitlines()[0]) == (200, "ok database")
    assert web.get("/oauth/zalo/start?t=unknown").status_code == 404
    writer.execute("ROLLBACK")


def test_what_was_counted_meanwhile_is_written_when_the_writer_is_done(web, reception, writer):
    """One write at a time, and nothing is lost."""
    flood(web)
    writer.execute("ROLLBACK")
    flood(web, 3)
    with gevent.Timeout(20):
        while reception._tallying:
            gevent.sleep(0.02)
    assert Counter.get(Counter.name == "webhook.unsigned").value == 15


def test_a_page_that_has_to_write_waits_no_longer_than_its_limit(reception, writer):
    """The person gets a page that says so, and reading goes on."""
    with pytest.raises(Unanswered):
        reception.write(lambda: house.put(utc_now(), "x", 1), 0.1)
    assert reception.read(lambda: house.get("x", "nothing"), 5) == "nothing"
    writer.execute("ROLLBACK")
    with gevent.Timeout(20):  # the thread still does it
        while reception.read(lambda: house.get("x"), 5) != 1:
            gevent.sleep(0.02)


def test_slow_checks_are_no_broken_database(settings, database, clock, monkeypatch):
    """It answers; what takes long is told as it was seen last, and asked by one thread only."""
    gate, asked = threading.Event(), []
    real = doctor.look

    def look(desk: Any, check: Any) -> Any:
        asked.append(check.name)
        if check.name == "tokens" and not gate.wait(30):
            raise TimeoutError
        return real(desk, check)

    monkeypatch.setattr("webhook.health.doctor.look", look)
    monkeypatch.setattr("webhook.health._READY_LIMIT", 0.3)
    app = create_app(settings, now=clock.now)
    web = app.test_client()
    for _ in range(3):
        answer = web.get("/readyz")
        assert (answer.status_code, answer.text) == (200, "ok database\n")
    assert asked.count("migrations") == 1
    gate.set()
    with gevent.Timeout(20):
        while len(web.get("/readyz").text.splitlines()) < len(doctor.ROWS):
            gevent.sleep(0.02)
    app.extensions["reception"].close()
