"""/readyz and /metrics: what the doctor reads from rows, for machines, without a name or a number of anybody."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

import db
from models import (
    ClockTick,
    Delivery,
    InboxEvent,
    Notice,
    OaState,
    OaToken,
    OfficialAccount,
    TokenState,
    ZaloApp,
)
from secretbox import SecretBox
from services import doctor
from services.health.findings import Level
from webhook import create_app, health


def lines(answer: Any) -> dict[str, str]:
    return {name: level for level, name in (line.split() for line in answer.text.splitlines())}


def gauge(text: str, name: str) -> dict[str, float]:
    """The values of a gauge by its labels."""
    found = re.findall(rf"^{name}(\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


@pytest.fixture
def oa(database, clock):
    return OfficialAccount.create(
        oa_id="2902001003004005006", name="Spa Hoa Mai", published=True, created_at=clock.now()
    )


@pytest.fixture
def fresh(monkeypatch):
    """Nothing is kept between two questions."""
    monkeypatch.setattr(health, "FRESH_FOR", -1.0)
    monkeypatch.setattr("webhook.metrics.FRESH_FOR", -1.0)


def test_ready_lists_every_check_that_is_read_from_rows(web):
    """Levels and names only: whoever asks from outside learns nothing about the business."""
    answer = web.get("/readyz")
    assert answer.status_code == 200
    assert list(lines(answer)) == [check.name for check in doctor.ROWS]
    assert set(lines(answer).values()) <= {level.value for level in Level}


def test_strangers_learn_only_whether_it_is_ready(web):
    """A platform's probe needs the status; what is broken here is nobody else's business."""
    answer = web.get("/readyz", headers={"X-Forwarded-For": "203.0.113.9"})
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_a_dead_clock_or_token_is_no_reason_to_turn_events_away(web, oa, clock, settings):
    """They are told, and the answer is 200 all the same."""
    box = SecretBox(settings.secret_keys)
    sealed = {name: box.seal("token", f"oa_token:{oa.id}:{name}") for name in ("access", "refresh")}
    OaToken.create(
        oa=oa, **sealed, access_expires_at=clock.now(), state=TokenState.NEEDS_REAUTH, changed_at=clock.now()
    )
    answer = web.get("/readyz")
    assert answer.status_code == 200
    assert (lines(answer)["tokens"], lines(answer)["clock"]) == ("broken", "broken")


def test_keys_of_another_desk_make_it_unready(web, oa, clock):
    """A deployment with the wrong SECRET_KEYS is stopped before it takes traffic."""
    box = SecretBox([SecretStr(Fernet.generate_key().decode())])
    sealed = {name: box.seal("token", f"oa_token:{oa.id}:{name}") for name in ("access", "refresh")}
    OaToken.create(oa=oa, **sealed, access_expires_at=clock.now(), changed_at=clock.now())
    answer = web.get("/readyz")
    assert (answer.status_code, lines(answer)["keys"]) == (503, "broken")


def test_unready_before_the_migrations_and_ready_as_soon_as_it_is_mended(tmp_path, environment):
    """What was broken is asked for at every request: the platform need not wait for a cache."""
    import config

    url = f"sqlite:///{tmp_path}/late.db"
    app = create_app(config.load({**environment, "DATABASE_URL": url}, env_file=None))
    web = app.test_client()
    first = web.get("/readyz")
    assert (first.status_code, lines(first)["migrations"]) == (503, "broken")
    db.migrate()
    second = web.get("/readyz")
    assert (second.status_code, lines(second)["migrations"]) == (200, "ok")
    app.extensions["reception"].close()
    db.close_database()


def test_a_database_that_goes_away_is_told_at_once(web, app, monkeypatch):
    """Not fifteen seconds later."""
    assert web.get("/readyz").status_code == 200

    def away(work: Any, limit: float) -> Any:
        raise ConnectionError

    monkeypatch.setattr(app.extensions["reception"], "look", away)
    answer = web.get("/readyz")
    assert (answer.status_code, lines(answer)) == (503, {"database": "broken"})
    assert 'oadesk_check{check="database"} 2.0' in web.get("/metrics").text


def test_what_is_not_needed_at_once_is_asked_every_fifteen_seconds(web, monkeypatch):
    """Platforms ask every second or two."""
    asked: list[str] = []
    real = doctor.look
    monkeypatch.setattr("webhook.health.doctor.look", lambda desk, check: asked.append(check.name) or real(desk, check))
    for _ in range(3):
        web.get("/readyz")
    assert asked.count("database") == 3
    assert asked.count("clock") == 1


def test_metrics_have_a_gauge_for_every_check(web):
    """0 ok, 1 warning, 2 broken: one alert rule for all."""
    found = gauge(web.get("/metrics").text, "oadesk_check")
    assert set(found) == {f'{{check="{check.name}"}}' for check in doctor.ROWS}
    assert found['{check="database"}'] == 0
    assert found['{check="bot"}'] == 2


def test_metrics_count_what_waits(web, oa, clock, settings, fresh):
    """Tokens by state, ticks by job, files of the journal, notices, messages held: no id or name of anybody."""
    now = clock.now()
    for state, hours in (("ok", 20), ("ok", 10), ("unproven", 5)):
        other = OfficialAccount.create(oa_id=f"77{state}{hours}", name="Tên", state=OaState.ACTIVE, created_at=now)
        end = now + timedelta(hours=hours)
        OaToken.create(oa=other, access="", refresh="", access_expires_at=end, state=state, changed_at=now)
    ClockTick.create(job="tokens", slot=now - timedelta(seconds=90))
    values = {"chat_id": 1, "kind": "x", "payload": {}, "created_at": now - timedelta(minutes=3)}
    Notice.create(ref="1", next_attempt_at=now - timedelta(minutes=3), **values)
    Notice.create(ref="2", state="failed", **values)
    for n, reason in enumerate(("night", "night", "stopped", "")):
        held(oa, now, n, reason)
    folder = settings.data_dir / "journal"
    folder.mkdir(parents=True)
    (folder / "1-2-ab.pair").write_text(SecretBox(settings.secret_keys).seal("{}", "journal:1"))
    text = web.get("/metrics").text
    left = gauge(text, "oadesk_token_seconds_left")
    assert left == {'{state="ok",token="access"}': 36000, '{state="unproven",token="access"}': 18000}
    assert gauge(text, "oadesk_clock_tick_age_seconds") == {'{job="tokens"}': 90}
    assert gauge(text, "oadesk_deliveries_held") == {'{reason="night"}': 2, '{reason="stopped"}': 1}
    assert gauge(text, "oadesk_journal_files") == {"": 1}
    assert gauge(text, "oadesk_notices_failed") == {"": 1}
    assert gauge(text, "oadesk_notice_age_seconds") == {"": 180}
    assert gauge(text, "oadesk_notices") == {'{state="failed"}': 1, '{state="queued"}': 1}
    assert not any(word in text for word in (oa.oa_id, oa.name, "Tên", "77ok"))


def held(oa: Any, now: Any, n: int, reason: str) -> None:
    Delivery.create(
        oa=oa, channel="zns", kind="template", recipient="84901234567", content={}, dedupe_key=str(n),
        held_reason=reason, tracking_id=str(n), created_at=now, next_attempt_at=now + timedelta(hours=1),
    )  # fmt: skip


def test_metrics_are_computed_every_fifteen_seconds(web, database, clock):
    """However often they are asked for."""
    before = web.get("/metrics").text
    ZaloApp.create(app_id="41", secret="x", webhook_secrets="x", created_at=clock.now())
    InboxEvent.create(dedupe_key="a", body=b"", headers={}, received_at=clock.now())
    assert web.get("/metrics").text == before


PARTIAL = ("inbox_new", "inbox_left", "delivery_open", "SCAN some")  # few rows, however long the table
BIG = ("inbox_event", "delivery", "receipt", "chat_message", "follower")


def test_no_question_reads_a_big_table_from_end_to_end(app, database, monkeypatch, fresh):
    """Each goes by an index or the last row numbers; only the count of followers does not, and is kept for minutes."""
    if not db.is_sqlite():
        pytest.skip("SQLite explains its plans without statistics")
    asked: list[tuple[str, Any]] = []
    real = type(db.database.obj).execute_sql

    def execute(self: Any, sql: str, params: Any = None) -> Any:
        asked.append((sql, params))
        return real(self, sql, params)

    monkeypatch.setattr(type(db.database.obj), "execute_sql", execute)
    app.test_client().get("/readyz")
    app.test_client().get("/metrics")
    monkeypatch.undo()
    about_people = [sql for sql, _ in asked if '"is_follower" =' in sql]
    assert len(about_people) == 1
    selects = [(sql, params) for sql, params in asked if sql.startswith("SELECT") and sql not in about_people]
    selects = [(sql, params) for sql, params in selects if any(f'"{name}"' in sql for name in BIG)]
    assert len(selects) >= 6
    for sql, params in selects:
        plan = [row[3] for row in db.database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()]
        whole = [step for step in plan if step.startswith("SCAN") and not any(name in step for name in PARTIAL)]
        assert not whole, (sql, plan)
