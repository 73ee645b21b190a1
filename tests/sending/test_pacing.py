"""services/pacing.py: any 60 seconds hold at most the limit, whoever asks."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import db
from models import OfficialAccount, Pace
from services import pacing
from services.desk import Desk
from services.pacing import Bucket, Lane, TooLong
from zalo.client import Host

MINUTE_US = 60_000_000


@pytest.fixture
def oa(database, clock):
    return OfficialAccount.create(oa_id="123456", name="A", app_id="9", created_at=clock.now(), requests_per_minute=60)


@pytest.fixture
def desk(database, settings, clock):
    made = Desk.from_settings(settings)
    yield Desk(settings, made.box, made.zalo, now=clock.now)
    asyncio.run(made.close())


def most_in_a_minute(permits):
    """The fullest window of 60 s."""
    ordered = sorted(permits)
    return max(sum(start <= each < start + MINUTE_US for each in ordered) for start in ordered)


def book(buckets, now, lane=Lane.URGENT, patience=None):
    wait, taken = pacing._book(buckets, lane, now, patience)
    return now + wait if taken else None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    limit=st.integers(1, 300),
    gaps=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=60),
    lanes=st.lists(st.sampled_from([Lane.URGENT, Lane.BACKGROUND]), min_size=1, max_size=7),
)
def test_no_window_of_sixty_seconds_holds_more_than_the_limit(database, limit, gaps, lanes):
    """However requests come, in bursts or with pauses, urgent and background mixed."""
    Pace.delete().execute()
    now, permits = 1_000_000_000, []
    for index, gap in enumerate(gaps):
        now += gap
        permit = book([Bucket("b", limit)], now, lanes[index % len(lanes)])
        if permit is not None:
            permits.append(permit)
    assert not permits or most_in_a_minute(permits) <= limit


def test_permits_are_never_saved_up(database):
    """After a long silence a burst is spaced like any other."""
    bucket = Bucket("b", 60)
    book([bucket], 0)
    late = 3_600_000_000
    permits = [book([bucket], late) for _ in range(5)]
    steps = {later - earlier for earlier, later in pairwise(permits)}
    assert steps == {bucket.interval}
    assert permits[0] == late


def test_threads_share_one_bucket(database):
    """Eight threads at once get eight different permits."""
    permits, gate = [], threading.Barrier(8)

    def worker():
        gate.wait()
        for _ in range(5):
            permits.append(book([Bucket("b", 600)], 1_000_000))
        db.database.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(set(permits)) == 40
    assert max(permits) - min(permits) == 39 * Bucket("b", 600).interval


def test_the_slower_of_two_buckets_decides(database):
    """OA and app are taken together."""
    buckets = [Bucket("oa", 60), Bucket("app", 6)]
    first, second = book(buckets, 0), book(buckets, 0)
    assert second - first == Bucket("app", 6).interval


def test_background_waits_while_anything_urgent_is_booked(database):
    """It takes a permit only when the bucket has none in the future."""
    bucket = Bucket("b", 60)
    book([bucket], 0)
    book([bucket], 0)
    assert book([bucket], 0, Lane.BACKGROUND) is None
    free_again = 2 * bucket.interval
    assert book([bucket], free_again, Lane.BACKGROUND) == free_again


def test_background_gets_at_most_half(database):
    """Asked for as often as it may, it takes every second permit."""
    bucket, now, permits = Bucket("b", 60), 0, []
    while now < MINUTE_US:
        if book([bucket], now, Lane.BACKGROUND) is not None:
            permits.append(now)
        now += 100_000
    assert most_in_a_minute(permits) in range(27, 31)


def test_urgent_is_not_held_up_by_background(database):
    """One background permit costs an urgent request one space, never more."""
    bucket = Bucket("b", 60)
    book([bucket], 0, Lane.BACKGROUND)
    assert book([bucket], 0) == bucket.interval


def test_nothing_starts_before_a_block_ends(desk, oa, clock):
    """After -32 the OA waits for the next minute; a shorter block does not end a longer one."""
    until = pacing.next_minute(clock.now())
    pacing.block("oa:123456", until)
    pacing.block("oa:123456", clock.now())
    with pytest.raises(TooLong) as too_long:
        asyncio.run(pacing.take(desk, oa, Lane.URGENT, Host.OPENAPI, patience=5))
    assert too_long.value.due == until
    assert asyncio.run(taken(desk, oa, Host.BUSINESS)) == 0


async def taken(desk, oa, host=Host.OPENAPI, lane=Lane.URGENT):
    """Seconds a permit made its caller wait."""
    waits = []

    async def sleep(seconds):
        waits.append(seconds)

    await pacing.take(desk, oa, lane, host, sleep=sleep)
    return sum(waits)


def test_taking_sleeps_until_the_permit(desk, oa):
    """The second request of a minute of sixty waits about a second."""

    async def twice():
        return [await taken(desk, oa), await taken(desk, oa)]

    first, second = asyncio.run(twice())
    assert first == 0
    assert second == pytest.approx(1.02)


def test_background_sleeps_and_looks_again(desk, oa):
    """It does not book ahead, and still gets its turn when the clock of the process stands still."""

    async def mixed():
        await taken(desk, oa)
        return await taken(desk, oa, lane=Lane.BACKGROUND)

    assert asyncio.run(mixed()) == pytest.approx(1.02)


def test_impatient_callers_take_no_permit(desk, oa, clock):
    """TooLong books nothing."""
    pacing.block("oa:123456", clock.now() + timedelta(seconds=30))
    for _ in range(3):
        with pytest.raises(TooLong):
            asyncio.run(pacing.take(desk, oa, Lane.URGENT, Host.OPENAPI, patience=5))
    assert asyncio.run(taken(desk, oa)) == pytest.approx(30)


@pytest.mark.parametrize(
    ("package", "own", "expected"),
    [
        ("Toàn diện", None, 2000),
        ("Gói TOÀN DIỆN", None, 2000),
        ("Tăng trưởng", None, 100),
        (None, None, 100),
        ("Toàn diện", 50, 50),
    ],
)
def test_the_package_only_proposes_a_pace(package, own, expected):
    """Toàn diện 2,000 a minute, everything else 100, what staff set before both."""
    oa = OfficialAccount(profile={"package_name": package}, requests_per_minute=own)
    assert pacing.requests_per_minute(oa) == expected


def test_the_next_minute_is_a_whole_one():
    """Zalo counts by calendar minutes."""
    at = datetime(2026, 11, 23, 9, 59, 59, 999_000, UTC)
    assert pacing.next_minute(at) == datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
