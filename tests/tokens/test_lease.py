"""services/token_lease.py: what the lease of a renewal is worth when time does odd things."""

import asyncio
from datetime import timedelta

import pytest

from db import in_thread
from models import Notice, OaToken, TokenState
from services import apps, token_lease, tokens
from services.errors import Refusal


def rotations(shop):
    return shop.zalo.sandbox.world.tokens.refreshes


def test_no_request_leaves_with_less_lease_than_it_may_take(shop, monkeypatch):
    """The machine slept after it had taken the lease: somebody else may be at it by now."""
    keys_of = apps.keys_of

    def slow(*given):
        shop.clock.advance(seconds=50)
        return keys_of(*given)

    monkeypatch.setattr(apps, "keys_of", slow)
    with pytest.raises(tokens.TokenUnavailable):
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    assert rotations(shop) == 0
    assert OaToken.get().lease_owner == ""


def test_a_refusal_after_the_lease_was_lost_condemns_nothing(shop, manager):
    """Whoever has it now may have got the new pair: our refusal is then the proof of it."""
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "error", "code": -14014, "delay_ms": 400})

    async def race(desk):
        mine = asyncio.create_task(tokens.refresh(desk, shop.oa, 0))
        await asyncio.sleep(0.2)
        other = {"lease_owner": "another machine", "lease_until": desk.now() + token_lease.LEASE}
        await in_thread(OaToken.update(**other).execute)
        return await mine

    with pytest.raises(tokens.TokenUnavailable):
        shop.run(race)
    row = OaToken.get()
    assert (row.state, row.lease_owner) == (TokenState.UNPROVEN, "another machine")
    assert not Notice.select().exists()


def test_a_lease_is_read_the_same_way_by_everybody(shop):
    """Free, held, left behind by the dead: and what is held nobody else takes."""
    now, row = shop.clock.now(), OaToken.get()
    assert not token_lease.held(now, row)
    assert not token_lease.abandoned(now, row)
    assert token_lease.take(now, row, "first")
    row = OaToken.get()
    assert token_lease.held(now, row)
    assert not token_lease.take(now, row, "second")
    later = now + token_lease.LEASE * 2
    assert token_lease.abandoned(later, row)
    assert token_lease.take(later, row, "second")
    token_lease.release(row, "first")
    assert OaToken.get().lease_owner == "second"


def test_the_lease_outlasts_both_requests_and_ends_within_the_minute(shop):
    """Two tries of a lost answer, each as long as a request may take, and time left to tell people."""
    assert 2 * timedelta(seconds=shop.desk().zalo.total_limit) < token_lease.LEASE < timedelta(seconds=60)


def test_a_lease_taken_by_a_clock_that_was_ahead_is_over(shop):
    """A day ahead for a moment: it must not stop renewals for a day. What two machines may differ by still counts."""
    now = shop.clock.now()
    for ahead, free in ((timedelta(minutes=4), False), (timedelta(days=1), True)):
        OaToken.update(lease_owner="another", lease_until=now + ahead + token_lease.LEASE).execute()
        row = OaToken.get()
        assert token_lease.held(now, row) is not free
        assert token_lease.abandoned(now, row) is free
        assert token_lease.take(now, row, "mine") is free


def test_a_pause_set_by_a_clock_that_was_ahead_is_over(shop):
    """The token would run out and nobody would hear of it: no pause is longer than five minutes."""
    now = shop.clock.now()
    OaToken.update(access_expires_at=now + timedelta(hours=1), attempts=1, error_code="unreachable").execute()
    OaToken.update(retry_at=now + timedelta(minutes=5)).execute()
    assert tokens.due(now) == []
    OaToken.update(retry_at=now + timedelta(days=1)).execute()
    assert [oa.id for oa in tokens.due(now)] == [shop.oa.id]
    assert shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0)).generation == 1


def test_a_renewal_refused_before_it_asked_gives_the_lease_back(shop, monkeypatch):
    """Nothing can be asked without the keys of the app; the next try must not wait for a lease to end."""
    OaToken.update(refresh="sealed with a key that is gone").execute()
    with pytest.raises(Refusal) as refusal:
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    assert refusal.value.key == "oa.tokens_unreadable"
    assert OaToken.get().lease_owner == ""
