"""Leases of messages, notices and pulls that a wrong clock took: services/leases.py."""

from datetime import timedelta

import pytest

from models import Delivery, DeliveryState, FollowerSync, Lease, Notice
from services import deliveries, leases, notices, reconcile, sending

A_DAY = timedelta(days=1)
AS_CLOCKS_DIFFER = timedelta(minutes=4)


@pytest.fixture
def message(shop):
    now = shop.clock.now()
    tracking = deliveries.new_tracking_id(now)
    return Delivery.create(
        oa=shop.oa, channel="cs", kind="text", recipient="u", content={"text": "x"}, dedupe_key=tracking,
        tracking_id=tracking, created_at=now, next_attempt_at=now, lease_owner="another",
    )  # fmt: skip


@pytest.mark.parametrize(("ahead", "claimed"), [(AS_CLOCKS_DIFFER, 0), (A_DAY, 1)])
def test_a_message_waits_for_no_lease_of_tomorrow(shop, message, ahead, claimed):
    """It is claimed as if nobody had it; a lease of a clock that is a little ahead still counts."""
    now = shop.clock.now()
    Delivery.update(lease_until=now + ahead).execute()
    assert len(sending.claim(now, "worker", 5)) == claimed


@pytest.mark.parametrize(("ahead", "ended"), [(AS_CLOCKS_DIFFER, 0), (A_DAY, 1)])
def test_a_departed_message_whose_sender_is_gone_becomes_uncertain(shop, message, ahead, ended):
    """Not only tomorrow."""
    now = shop.clock.now()
    Delivery.update(state=DeliveryState.SENDING, attempted_at=now, lease_until=now + ahead).execute()
    assert sending.end_leases(now) == ended


@pytest.mark.parametrize(("ahead", "claimed"), [(AS_CLOCKS_DIFFER, 0), (A_DAY, 1)])
def test_a_notice_waits_for_no_lease_of_tomorrow(database, clock, ahead, claimed):
    """What staff are to hear reaches them."""
    notices.post(clock.now(), 55, "needs_reauth", "1", {})
    Notice.update(lease_until=clock.now() + ahead).execute()
    assert len(notices.claim(clock.now(), "bot")) == claimed


@pytest.mark.parametrize(("ahead", "taken"), [(AS_CLOCKS_DIFFER, False), (A_DAY, True)])
def test_a_named_right_of_tomorrow_is_free(database, clock, ahead, taken):
    """The bot polls, whatever a clock once wrote."""
    now, lasts = clock.now(), timedelta(seconds=30)
    Lease.create(name="telegram-polling", owner="another", until=now + ahead)
    assert leases.take(now, "telegram-polling", "mine", lasts) is taken


@pytest.mark.parametrize(("ahead", "stepped"), [(AS_CLOCKS_DIFFER, False), (A_DAY, True)])
def test_a_pull_waits_for_no_lease_of_tomorrow(shop, ahead, stepped):
    """The follower list is read on."""
    now = shop.clock.now()
    FollowerSync.create(oa=shop.oa, started_at=now, segments=[], lease_until=now + ahead)
    assert (reconcile._claim(now, "worker", None) is not None) is stepped
