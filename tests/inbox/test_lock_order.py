"""Two batches of events about the same OAs, at the same time, on PostgreSQL: neither waits for the other in a ring."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

import db
from models import OaState, OaToken, OfficialAccount
from services import facts
from services.facts import Facts, Revoked

WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def two_oas(database, clock):
    if db.is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    for oa_id in ("1", "2"):
        oa = OfficialAccount.create(oa_id=oa_id, name=oa_id, created_at=clock.now())
        long_ago = clock.now() - timedelta(days=1)
        OaToken.create(oa=oa, access="", refresh="", access_expires_at=clock.now(), state="ok", changed_at=long_ago)


def wait_until_one_waits(thread):
    until = time.monotonic() + 20
    while thread.is_alive() and not db.database.execute_sql(WAITING).fetchone()[0]:
        assert time.monotonic() < until, "nobody waits for anybody"
        time.sleep(0.01)


def test_a_lost_permission_of_the_second_oa_waits_its_turn(two_oas, clock):
    """One batch heard of the first OA and then of the second; the other lost the second and heard of both."""
    at, problems = db.to_ms(clock.now()), []

    def other() -> None:
        try:
            with db.database.connection_context(), db.write():
                facts.write_facts(clock.now(), Facts(revoked=[Revoked("2", "", at)], heard={"1": at, "2": at}))
        except Exception as problem:
            problems.append(problem)

    thread = threading.Thread(target=other)
    with db.write():
        facts.write_facts(clock.now(), Facts(heard={"1": at + 1}))
        thread.start()
        wait_until_one_waits(thread)
        facts.write_facts(clock.now(), Facts(heard={"2": at + 1}))
    thread.join(30)
    assert problems == []
    assert OfficialAccount.get(OfficialAccount.oa_id == "2").state == OaState.NEEDS_REAUTH
