"""The nightly pull puts right what events missed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import in_thread, to_ms
from models import Follower, FollowerSeen, FollowerSync, OfficialAccount
from services import reconcile
from services.desk import Work, utc_now
from services.facts import Person, write_people
from services.pull_plan import Part, Plan


def follow(oa_id, user_id, at, follows=True, rank="follow"):
    write_people(at, [Person(oa_id, user_id, to_ms(at), follows, to_ms(at), rank)])


def following(oa_id):
    rows = Follower.select().where(Follower.oa_id == oa_id, Follower.is_follower == True)  # noqa: E712
    return {row.user_id for row in rows}


def a_day_passes():
    """Pulls of the same second cannot be told apart; nights can."""
    Follower.update(follow_at=Follower.follow_at - 86_400_000).execute()


def pull(place):
    return place.run(lambda desk: reconcile.pull(desk, place.oa))


def test_a_pull_brings_everybody_in(place):
    """Followers of the time before OA Desk are known after one pull, and their profiles are asked for."""
    result = pull(place)
    assert following(place.oa.oa_id) == {person.user_id for person in place.directory}
    assert (result.state, result.seen, result.added, result.removed, result.complete) == ("done", 30, 30, 0, True)
    assert Work.PROFILES in place.nudges
    assert FollowerSeen.select().count() == 0


def test_a_second_pull_writes_nothing(place):
    """Only differences are written: "follower since" stays what it was."""
    pull(place)
    before = list(Follower.select().order_by(Follower.id).dicts())
    result = pull(place)
    assert (result.added, result.removed) == (0, 0)
    assert list(Follower.select().order_by(Follower.id).dicts()) == before


def test_lost_unfollows_are_put_right(place):
    """Somebody missing from a list that was read whole does not follow."""
    pull(place)
    a_day_passes()
    leaver = place.directory[7]
    leaver.is_follower = False
    result = pull(place)
    assert result.removed == 1
    assert leaver.user_id not in following(place.oa.oa_id)
    assert len(following(place.oa.oa_id)) == 29


def test_an_event_after_the_start_of_the_pull_wins(place):
    """Somebody who followed after the pull began is no follower by its list, and stays one."""
    newcomer = utc_now() + timedelta(seconds=30)
    follow(place.oa.oa_id, "newcomer", newcomer)
    follow(place.oa.oa_id, "long gone", utc_now() - timedelta(days=3))
    result = pull(place)
    assert "newcomer" in following(place.oa.oa_id)
    assert "long gone" not in following(place.oa.oa_id)
    assert result.removed == 1


def test_an_unfollow_after_the_start_of_the_pull_wins(place):
    """The list may still name somebody who left a moment ago; their event is newer."""
    leaver = place.directory[3].user_id
    follow(place.oa.oa_id, leaver, utc_now() + timedelta(seconds=30), follows=False, rank="unfollow")
    pull(place)
    assert leaver not in following(place.oa.oa_id)


class TestManyFollowers:
    @pytest.fixture
    def followers_at_zalo(self):
        return 25_000

    def test_25_000_come_in_although_the_list_ends_at_10_000(self, place, monkeypatch):
        """Read in parts, through a crash in the middle, with one unfollow missed and one during the pull."""
        place.spread_over(90)
        oa_id, everybody = place.oa.oa_id, place.directory
        follow(oa_id, "left long ago", utc_now() - timedelta(days=30))
        place.run(lambda desk: _start(desk, place.oa))
        pages = _crash_after(monkeypatch, 120)
        with pytest.raises(Crash):
            place.run(lambda desk: _work_all(desk))
        assert 0 < FollowerSeen.select().count() < 10_000 or Follower.select().count() > 1
        monkeypatch.undo()
        _patient(monkeypatch)
        FollowerSync.update(lease_until=None).execute()  # as after the minute the dead worker's lease lasts
        leaver = everybody[100]
        follow(oa_id, leaver.user_id, utc_now() + timedelta(seconds=30), follows=False, rank="unfollow")
        place.run(lambda desk: _work_all(desk))
        result = FollowerSync.get()
        assert (result.state, result.seen, result.complete, result.removed) == ("done", 25_000, True, 1)
        assert following(oa_id) == {person.user_id for person in everybody} - {leaver.user_id}
        assert pages[0] == 120


class TestManyOfOneDay:
    @pytest.fixture
    def followers_at_zalo(self):
        return 11_000

    def test_absence_proves_nothing_when_the_list_cannot_be_read_whole(self, place):
        """11,000 people of one day are more than any filter shows: those not met are asked for one by one."""
        place.spread_over(1)
        for person in place.directory:
            person.tags = ()  # with a tag for everybody, the tags would show them all
        oa_id = place.oa.oa_id
        hidden = place.directory[10_901]
        leaver = place.directory[10_902]
        leaver.is_follower = False
        for person in (hidden, leaver):
            follow(oa_id, person.user_id, utc_now() - timedelta(days=30))
        result = pull(place)
        assert not result.complete
        assert hidden.user_id in following(oa_id)
        assert leaver.user_id not in following(oa_id)
        assert result.removed == 1
        assert result.seen >= 10_000


class Crash(BaseException):
    """The process dies: nothing may catch it."""


async def _start(desk, oa):
    reconcile.start(desk, oa)


async def _work_all(desk):
    while await reconcile.step(desk, "worker"):
        pass


def _patient(monkeypatch):
    from services import pacing

    monkeypatch.setattr(pacing, "APP_PER_MINUTE", 10_000_000)


def _crash_after(monkeypatch, count):
    seen = [0]
    keep = reconcile._keep_page

    def counted(*args):
        keep(*args)
        seen[0] += 1
        if seen[0] == count:
            raise Crash

    monkeypatch.setattr(reconcile, "_keep_page", counted)
    return seen


def test_a_shrunken_list_is_not_believed_at_once(place):
    """A list that lost nearly everybody is checked person by person: it may be Zalo's mistake."""
    for index in range(150):
        follow(place.oa.oa_id, f"9{index:05}", utc_now() - timedelta(days=3))
    result = pull(place)
    assert not result.complete
    assert result.removed == 150  # Zalo knows none of them when asked


def test_a_step_leaves_a_pull_that_another_worker_holds(place):
    """Two workers never read the same page at once."""
    place.run(lambda desk: _start(desk, place.oa))
    FollowerSync.update(lease_owner="other", lease_until=utc_now() + timedelta(seconds=30)).execute()
    assert place.run(lambda desk: reconcile.step(desk, "me")) is False


def test_trouble_puts_the_pull_off_and_loses_nothing(place):
    """A gateway error ends no pull: it goes on a minute later where it was."""
    place.run(lambda desk: _start(desk, place.oa))
    place.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/user", "kind": "http_502", "times": 1})
    assert place.run(lambda desk: reconcile.step(desk, "me")) is True
    sync = FollowerSync.get()
    assert (sync.state, sync.error) == ("running", "PerhapsSent")
    assert sync.lease_until > utc_now()
    FollowerSync.update(lease_until=None).execute()
    place.run(_work_all)
    assert FollowerSync.get().state == "done"


class TestPlan:
    def test_a_small_list_is_read_page_by_page(self):
        """Up to 10,000 people need no parts."""
        plan, today = Plan(), utc_now().date()
        plan.turned(120, today)
        plan.turned(120, today)
        assert plan.parts[0].offset == 100
        plan.turned(120, today)
        assert plan.proves_absence(120)
        assert not plan.proves_absence(119)

    def test_a_list_that_moved_while_it_was_read_proves_nothing(self):
        """When somebody leaves, the next page begins one person too late."""
        plan, today = Plan(), utc_now().date()
        plan.turned(120, today)
        plan.turned(119, today)
        plan.turned(119, today)
        assert not plan.proves_absence(119)

    def test_a_plan_survives_its_row(self):
        """What is stored after a page is all a fresh process needs."""
        plan = Plan([Part("2026-01-01", "2026-02-01", "vip", 50, 70)], 90, False, True)
        assert Plan.load(plan.dump()) == plan


def two_pulls(place):
    """A pull of this OA, and a later one of another OA."""
    other = OfficialAccount.create(oa_id="999", name="B", created_at=utc_now())
    return [place.run(lambda desk, oa=oa: in_thread(reconcile.start, desk, oa)) for oa in (place.oa, other)]


def test_pulls_take_turns(place):
    """A large OA, whose pull lasts an hour, does not keep the others waiting for the whole of it."""
    first, second = two_pulls(place)
    turns = []
    for second_later in range(4):
        now = utc_now() + timedelta(seconds=second_later)
        sync = reconcile._claim(now, "w", None)
        turns.append(sync.id)
        reconcile._release(now, sync, "w")
    assert turns == [first.id, second.id] * 2


def test_a_pull_that_breaks_waits_and_the_next_one_goes_on(place):
    """A defect that one OA's pull meets stops nobody else's."""
    first, second = two_pulls(place)
    FollowerSync.update(segments={"odd": 1}).where(FollowerSync.id == first.id).execute()
    place.run(lambda desk: reconcile.step(desk, "w"))
    assert FollowerSync.get_by_id(first.id).lease_until > utc_now()
    assert reconcile._claim(utc_now(), "w", None).id == second.id
