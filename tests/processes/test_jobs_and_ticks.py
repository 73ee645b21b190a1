"""jobs.py without a consumer, services/loop.py and services/ticks.py."""

import asyncio
import pickle
import subprocess
import sys
import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

import db
from models import ClockTick
from services import ticks
from services.desk import VIETNAM, Desk, Work
from services.loop import LoopThread

ROOT = Path(__file__).parents[2]


@pytest.fixture
def jobs(environment, monkeypatch, tmp_path):
    """The module, imported with a complete environment, as huey's consumer does."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    sys.modules.pop("jobs", None)
    import jobs

    yield jobs
    jobs.huey.storage.close()
    sys.modules.pop("jobs", None)


@pytest.fixture
def loop():
    made = LoopThread("test")
    made.start()
    yield made
    if not made._closing:
        made.close(5)


def test_tasks_lie_in_the_queue_as_json_without_data(jobs):
    """Never pickle; and nothing about a person or an OA."""
    jobs.nudge(Work.SEND)
    (raw,) = jobs.huey.storage.enqueued_items()
    assert raw.startswith(b'["')
    assert b"jobs.send_due" in raw
    task = jobs.huey.dequeue()
    assert (task.name, task.args, task.kwargs) == ("send_due", (), {})


def test_a_pickle_in_the_queue_is_not_loaded(jobs):
    """Whoever can write to the queue cannot run code here."""
    jobs.huey.storage.enqueue(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError):  # noqa: PT011 - of any kind: it is not JSON
        jobs.huey.dequeue()


def test_every_kind_of_work_has_a_task(jobs):
    """A nudge for each of them finds one."""
    for work in Work:
        jobs.nudge(work)
    names = {"drain_inbox", "send_due", "fetch_profiles", "sync_step", "connect_oas", "tell_staff"}
    assert {jobs.huey.dequeue().name for _ in Work} == names


def test_a_queue_nobody_works_off_does_not_grow_without_end(jobs):
    """The sweep will find the work; a million tasks would only fill the disk."""
    for _ in range(jobs.FULL_QUEUE + 20):
        jobs.nudge(Work.INBOX)
    assert jobs.huey.pending_count() == jobs.FULL_QUEUE


def test_a_nudge_never_raises(jobs):
    """A broken queue costs seconds, never the request that nudged."""

    def broken():
        raise OSError("no queue")

    nudge = jobs.Nudger(dict.fromkeys(Work, broken), lambda: 0)
    nudge(Work.SEND)
    nudge(Work.SEND)


def test_nudges_that_come_while_one_is_sent_become_one_more(jobs):
    """None is lost: what happened after the first was put into the queue is told by the second."""
    begun, go_on, sent = threading.Event(), threading.Event(), []

    def slow():
        sent.append(1)
        begun.set()
        assert go_on.wait(10)

    nudge = jobs.Nudger({Work.SEND: slow}, lambda: 0)
    first = threading.Thread(target=nudge, args=(Work.SEND,))
    first.start()
    assert begun.wait(10)
    for _ in range(5):
        nudge(Work.SEND)
    go_on.set()
    first.join(10)
    assert len(sent) == 2


def test_what_breaks_in_one_part_of_the_sweep_does_not_stop_the_others(jobs, database, clock, monkeypatch):
    """Events that cannot be drained keep no message from leaving, and a lease that cannot end no receipt."""
    done = []

    def broken(*_):
        raise ValueError("a defect")

    machine = jobs.Machine()
    machine._desk = Desk(settings=None, box=None, zalo=None, now=clock.now)
    monkeypatch.setattr(machine, "drain_inbox", broken)
    monkeypatch.setattr(jobs.sending, "end_leases", broken)
    monkeypatch.setattr(jobs.sending, "release_held", lambda now: done.append("held"))
    monkeypatch.setattr(jobs.receipts, "sweep", lambda now: done.append("receipts"))
    machine._loop = type("Loop", (), {"pump": lambda self, name, step: done.append(name)})()
    machine._sweep()
    assert done == ["held", "receipts", "tokens", "send", "profiles", "sync", "connect", "tell", "unanswered"]


def test_importing_the_clock_reads_no_environment():
    """Only jobs.py acts when it is imported."""
    script = "import os; os.environ.clear(); import clock; print('fine')"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "fine\n"


def test_a_pump_repeats_until_nothing_is_left(loop):
    """True means: there is more."""
    left, done = [3], threading.Event()

    async def step():
        left[0] -= 1
        if not left[0]:
            done.set()
        return left[0]

    loop.pump("a", step)
    assert done.wait(10)
    assert left == [0]


def test_a_pump_runs_once_at_a_time_and_looks_again_when_asked(loop):
    """Asked for while it runs: one more look, not one more pump."""
    begun, go_on, looked = threading.Event(), threading.Event(), []
    again = threading.Event()

    async def step():
        looked.append(1)
        begun.set()
        if len(looked) == 2:
            again.set()
        await asyncio.to_thread(go_on.wait, 10)

    loop.pump("a", step)
    assert begun.wait(10)
    for _ in range(5):
        loop.pump("a", step)
    go_on.set()
    assert again.wait(10)
    loop.close(5)
    assert len(looked) == 2


def test_a_step_that_breaks_ends_only_its_own_pump(loop):
    """The next sweep starts it again."""
    ran = threading.Event()

    async def broken():
        raise RuntimeError

    async def step():
        ran.set()

    loop.pump("a", broken)
    loop.pump("b", step)
    assert ran.wait(10)


def test_closing_lets_work_end_and_cancels_what_does_not(loop):
    """Within the grace; the last act comes after both."""
    ended, begun = [], threading.Barrier(3)

    async def quick():
        await asyncio.to_thread(begun.wait, 10)
        await asyncio.sleep(0.05)
        ended.append("quick")

    async def endless():
        await asyncio.to_thread(begun.wait, 10)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def last():
        ended.append("last")

    loop.pump("quick", quick)
    loop.pump("endless", endless)
    begun.wait(10)
    loop.close(0.5, last)
    assert ended == ["quick", "cancelled", "last"]
    loop.pump("quick", quick)


def test_of_many_clocks_one_takes_each_slot(database, clock):
    """A UNIQUE row decides."""
    slot, won, gate = ticks.every(timedelta(minutes=1), clock.now()), [], threading.Barrier(6)

    def contender():
        gate.wait()
        won.append(ticks.take(clock.now(), "tokens", slot))
        db.database.close()

    threads = [threading.Thread(target=contender) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won) == [0] * 5 + [1]
    ticks.end(clock.now(), "tokens", slot, 1, "KeyError")
    assert ClockTick.get().error == "KeyError"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 23, 2, 29, tzinfo=VIETNAM), datetime(2026, 11, 22, 2, 30, tzinfo=VIETNAM)),
        (datetime(2026, 11, 23, 2, 30, tzinfo=VIETNAM), datetime(2026, 11, 23, 2, 30, tzinfo=VIETNAM)),
        (datetime(2026, 11, 22, 20, 0, tzinfo=UTC), datetime(2026, 11, 23, 2, 30, tzinfo=VIETNAM)),
    ],
)
def test_a_daily_slot_is_the_latest_one(now, expected):
    """By the clocks of Vietnam, so that a clock that was down makes up for it."""
    assert ticks.daily(time(2, 30), now) == expected


def test_slots_of_a_period_are_the_same_for_every_clock():
    """Whole multiples since 1970, not since the start of the process."""
    at = datetime(2026, 11, 23, 9, 17, 42, tzinfo=UTC)
    assert ticks.every(timedelta(minutes=15), at) == datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
    assert ticks.every(timedelta(hours=3), at) == datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def entered(clock, minutes):
    """How many times the slot was entered, looking every minute; entering never comes to an end by itself."""
    slot = ticks.daily(time(2, 30), clock.now())
    found = []
    for _ in range(minutes):
        found.append(ticks.take(clock.now(), "reconcile", slot))
        clock.advance(minutes=1)
    return [(minute, attempt) for minute, attempt in enumerate(found) if attempt]


def test_a_slot_whose_clock_was_killed_is_entered_again_three_times(database, clock):
    """A nightly job must not wait for the next night; nor is it repeated for ever."""
    assert entered(clock, 100) == [(0, 1), (11, 2), (22, 3), (33, 4)]


def test_a_slot_that_failed_is_entered_again_after_a_pause_and_a_good_one_never(database, clock):
    """Up to three times, and only until it went well."""
    slot = ticks.daily(time(2, 30), clock.now())
    assert ticks.take(clock.now(), "reconcile", slot) == 1
    ticks.end(clock.now(), "reconcile", slot, 1, "OperationalError")
    assert ticks.take(clock.advance(minutes=5), "reconcile", slot) == 0
    assert ticks.take(clock.advance(seconds=1), "reconcile", slot) == 2
    assert ClockTick.get().error == ""
    ticks.end(clock.now(), "reconcile", slot, 2)
    assert entered(clock, 60) == []


def test_a_slow_job_that_was_overtaken_does_not_speak_for_the_one_after_it(database, clock):
    """Its clock was only slow, not dead: how the second entering went is for the second to say."""
    slot = ticks.daily(time(2, 30), clock.now())
    ticks.take(clock.now(), "reconcile", slot)
    assert ticks.take(clock.advance(minutes=11), "reconcile", slot) == 2
    ticks.end(clock.now(), "reconcile", slot, 1, "Late")
    assert (ClockTick.get().done_at, ClockTick.get().error) == (None, "")


def test_of_many_clocks_one_enters_a_slot_again(database, clock):
    """The number of its enterings decides."""
    slot, won, gate = ticks.daily(time(2, 30), clock.now()), [], threading.Barrier(6)
    ticks.take(clock.now(), "reconcile", slot)
    clock.advance(minutes=11)

    def contender():
        gate.wait()
        won.append(ticks.take(clock.now(), "reconcile", slot))
        db.database.close()

    threads = [threading.Thread(target=contender) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(won) == [0] * 5 + [2]


def test_a_slot_taken_before_the_update_counts_from_its_time(database, clock):
    """Rows of the version before know nothing of when they were taken."""
    slot = ticks.daily(time(2, 30), clock.now())
    ClockTick.create(job="reconcile", slot=slot)
    assert ticks.take(clock.now(), "reconcile", slot) == 2
