"""services/chores.py: what the clock has done."""

from datetime import timedelta

import pytest

import clock as clock_module
from models import (
    ClockTick,
    Confirmation,
    Counter,
    FollowerSync,
    Notice,
    OaToken,
    OfficialAccount,
    Role,
    StaffUpdate,
    ZnsTemplate,
)
from services import chores, staff, ticks
from services.desk import Work
from services.loop import LoopThread


@pytest.fixture
def manager(shop):
    return staff.add(shop.clock.now(), 55, Role.MANAGER)


def test_newcomers_are_read_once(shop):
    """Profile, templates, quota, and the start of the first pull."""
    assert shop.run(chores.look_at_newcomers) == 1
    assert shop.run(chores.look_at_newcomers) == 0
    oa = shop.again(shop.oa)
    assert oa.profile["oa_id"] == oa.oa_id
    assert oa.zns_quota["quality_48h"]
    assert (FollowerSync.select().count(), ZnsTemplate.select().count()) == (1, 6)
    assert Work.SYNC in shop.nudges


def test_due_tokens_are_renewed_and_others_left_alone(shop):
    """At 40 % of the life left."""
    assert shop.run(chores.renew_tokens) == 0
    shop.advance(hours=16)
    assert shop.run(chores.renew_tokens) == 1
    assert OaToken.get().generation == 1


def test_one_oa_in_trouble_does_not_keep_the_others_waiting(shop, manager):
    """A dead one is told of; the chore goes on and ends well."""
    shop.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    shop.advance(hours=16)
    assert shop.run(chores.renew_tokens) == 1
    assert [row.kind for row in Notice.select()] == ["needs_reauth"]
    assert shop.run(chores.refresh_profiles) == 0


def test_the_nightly_look_starts_pulls_and_reads_templates(shop):
    """For every connected OA."""
    assert shop.run(chores.reconcile_all) == 1
    assert (FollowerSync.select().count(), ZnsTemplate.select().count()) == (1, 6)


@pytest.mark.parametrize(
    ("hour", "silent", "told"),
    [(11, 3, True), (11, 2, False), (10, 12, False), (11, 12, True), (23, 12, False), (5, 12, False)],
)
def test_silence_is_told_by_day_only(shop, manager, hour, silent, told):
    """Three hours of the day without an event; a shop's night is no silence."""
    shop.clock.moment = shop.clock.moment.replace(hour=(hour - 7) % 24, day=23 if hour >= 7 else 22)
    OfficialAccount.update(last_event_at=shop.clock.now() - timedelta(hours=silent)).execute()
    assert [shop.run(chores.warn_of_silence) for _ in range(2)] == [int(told), 0]


def test_an_oa_that_never_had_an_event_is_not_called_silent(shop, manager):
    """Its card says that none came yet."""
    assert shop.run(chores.warn_of_silence) == 0


def test_old_traces_are_forgotten_and_open_work_is_kept(shop, manager):
    """Handled updates, spent confirmations and old ticks go after a week; what still waits stays."""
    old = shop.clock.now() - timedelta(days=8)
    for number, state in enumerate(("done", "new")):
        StaffUpdate.create(update_id=number, payload="", state=state, received_at=old)
    ClockTick.create(job="tokens", slot=old)
    Confirmation.create(token="t", staff=manager, kind="x", payload={}, created_at=old, expires_at=old)
    for number, state in enumerate(("sent", "queued")):
        Notice.create(chat_id=number, kind="x", ref="", payload={}, state=state, created_at=old - timedelta(days=30))
    assert shop.run(chores.purge) == 4
    assert StaffUpdate.get().state == "new"
    assert Notice.get().state == "queued"


def test_a_failing_job_is_counted_and_does_not_end_the_clock(shop):
    """The tick keeps its error; the next slot is tried again."""

    async def broken(desk):
        raise RuntimeError("no")

    loop = LoopThread("test")
    loop.start()
    job = clock_module.Job("broken", lambda now: ticks.every(timedelta(minutes=1), now), broken)
    assert clock_module.run_job(shop.desk(), loop, job)
    assert not clock_module.run_job(shop.desk(), loop, job)
    shop.advance(minutes=1)
    assert clock_module.run_job(shop.desk(), loop, job)
    loop.close(5)
    assert {tick.error for tick in ClockTick.select()} == {"RuntimeError"}
    assert Counter.get(Counter.name == "clock_job_failed").value == 2


def test_every_job_of_the_clock_has_a_slot_of_its_own():
    """Names are unique: they are the key of the turns."""
    names = [job.name for job in clock_module.JOBS]
    assert len(names) == len(set(names))
