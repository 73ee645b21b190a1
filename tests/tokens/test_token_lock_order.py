"""On PostgreSQL whoever writes an OA and its tokens takes the tokens first: a renewal at that moment ends nobody."""

from __future__ import annotations

import threading
import time

import pytest

import db
from models import OaState, OaToken, OfficialAccount, TokenState
from services import accounts, token_hold, token_loss, token_pairs
from services.audit import CLI
from services.token_hold import Held
from zalo.oauth import ACCESS_LIFETIME, TokenPair

WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"


def removing(shop):
    accounts.remove(shop.desk(), CLI, shop.again(shop.oa))


def connecting(shop):
    row = token_pairs.current(shop.oa)
    held = Held(shop.desk(), shop.again(shop.oa), row.generation)
    token_hold._store(held, TokenPair("access", "refresh", ACCESS_LIFETIME), shop.settings.zalo_app_id, None, None)


@pytest.mark.parametrize(("other", "after"), [(removing, OaState.REMOVED), (connecting, OaState.ACTIVE)])
def test_a_loss_at_the_same_moment_waits_its_turn(shop, other, after):
    """One has the tokens and wants the OA; the other must not hold the OA while it waits for the tokens."""
    if db.is_sqlite():
        pytest.skip("SQLite has one writer at a time")
    problems = []

    def run() -> None:
        try:
            with db.database.connection_context():
                other(shop)
        except Exception as problem:
            problems.append(problem)

    row = token_pairs.current(shop.oa)
    thread = threading.Thread(target=run)
    with db.write():
        OaToken.update(attempts=1).where(OaToken.id == row.id).execute()
        thread.start()
        until = time.monotonic() + 20
        while not db.database.execute_sql(WAITING).fetchone()[0]:
            assert time.monotonic() < until, "nobody waits for anybody"
            time.sleep(0.01)
        assert token_loss.begin(shop.clock.now(), shop.oa, row, -14014)
    thread.join(30)
    assert problems == []
    assert OfficialAccount.get_by_id(shop.oa.id).state == after
    left = OaToken.get_or_none(OaToken.oa == shop.oa.id)
    assert (left.state if left else None) == (TokenState.OK if after is OaState.ACTIVE else None)
