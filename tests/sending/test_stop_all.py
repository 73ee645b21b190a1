"""services/stop_all.py: one press stops every OA, and nothing departs after it returned."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest

import db
from models import AuditEntry, Delivery, DeliveryState, Follower, Notice, OfficialAccount, Role, StaffOa
from services import (
    accounts,
    deliveries,
    departures,
    halts,
    outcomes,
    preflight,
    readiness,
    sending,
    staff,
    stop_all,
)
from services.accounts import NewAccount
from services.audit import CLI, Actor
from services.errors import Conflict, NotAllowed, NotFound, Refusal
from services.readiness import Level
from tests.previews import cs_preview

S = DeliveryState
LIMIT = 60


@pytest.fixture
def lan(shop):
    """An operator: whoever may send may stop."""
    return staff.add(shop.clock.now(), 55, Role.OPERATOR, "Lan")


@pytest.fixture
def hoa(shop):
    """A manager, who lets everything go again."""
    return staff.add(shop.clock.now(), 56, Role.MANAGER, "Hoa")


@pytest.fixture
def fan(shop):
    person = shop.zalo.get("/_sandbox/users")["users"][0]
    now = shop.clock.now()
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id=person["user_id"], display_name="Minh Anh", is_follower=True,
        last_interaction_at=now - timedelta(hours=1), first_seen_at=now,
    )  # fmt: skip


def by(person):
    return Actor(person.name, person, person.telegram_id, 9)


def other_oa(shop, oa_id="2902009009009009009", name="Nha khoa An"):
    return accounts.register(shop.desk(), CLI, NewAccount(oa_id, name, "access-of-an", "refresh-of-an", published=True))


def queued(shop, fan, count=1):
    now = shop.clock.now()
    return [
        Delivery.create(
            oa=shop.oa, channel="cs", kind="text", recipient=fan.user_id, content={"text": f"tin {index}"},
            dedupe_key=deliveries.new_tracking_id(now), tracking_id=deliveries.new_tracking_id(now),
            next_attempt_at=now, created_at=now,
        )
        for index in range(count)
    ]  # fmt: skip


def send(shop, worker="w1"):
    async def whole(desk):
        count = await sending.send_due(desk, worker)
        await asyncio.gather(*sending._flying)
        return count

    return shop.run(whole)


def departed():
    return {row.id for row in Delivery.select().where(Delivery.attempted_at.is_null(False))}


def test_every_oa_stops_and_an_own_reason_stays(shop, lan, hoa):
    """One call, one audit row, one notice to each other manager; calling it again does nothing more."""
    an, tin = other_oa(shop), other_oa(shop, "2902009009009009010", "Gara Tín")
    halts.stop(shop.clock.now(), an, "-115", "no money")
    accounts.remove(shop.desk(), CLI, tin)
    assert stop_all.stop_all(shop.desk(), by(lan)) == 2
    assert stop_all.stop_all(shop.desk(), by(lan)) == 0
    assert [shop.again(oa).stopped_code for oa in (shop.oa, an, tin)] == ["stopall", "-115", ""]
    (entry,) = AuditEntry.select().where(AuditEntry.action == "stop_all.on")
    assert (entry.staff_id, entry.chat_id, entry.message_id, entry.detail) == (55, 55, 9, {"oas": 2})
    (notice,) = Notice.select().where(Notice.kind == "stop_all")
    assert (notice.chat_id, notice.payload["by"], notice.payload["oas"]) == (56, "Lan", 2)
    assert (notice.urgent, notice.payload["at"]) == (True, "09:00 23/11")


def test_nothing_leaves_while_everything_stands_still(shop, lan, hoa, fan):
    """What waits is held, not skipped; a preview is refused with who stopped and when."""
    (row,) = queued(shop, fan)
    stop_all.stop_all(shop.desk(), by(lan))
    send(shop)
    row = shop.again(row)
    assert (row.state, row.held_reason, row.next_attempt_at) == (S.QUEUED, "stopped", None)
    assert sending.release_held(shop.clock.now()) == 0
    with pytest.raises(Refusal) as told:
        cs_preview(shop.desk(), shop.again(shop.oa), fan, "Chào")
    assert (told.value.key, told.value.values["by"]) == ("send.stop_all", "Lan")
    ways = preflight.ways(shop.desk(), shop.again(shop.oa), follower=fan)
    assert {way.refusal.key for way in ways} == {"send.stop_all"}
    assert not shop.zalo.messages()


def test_an_oa_whose_own_stop_was_lifted_stands_still_too(shop, lan, fan):
    """The setting decides, whatever the row of the OA says."""
    (row,) = queued(shop, fan)
    stop_all.stop_all(shop.desk(), by(lan))
    OfficialAccount.update(stopped_at=None, stopped_code="").execute()
    assert sending.release_held(shop.clock.now()) == 0
    send(shop)
    assert shop.again(row).held_reason == "stopped"
    assert not shop.zalo.messages()


def test_a_single_oa_cannot_be_let_go_alone(shop, lan, hoa):
    """The button on a card is refused while everything stands still, whatever the OA's reason."""
    halts.stop(shop.clock.now(), shop.oa, "-115", "no money")
    stop_all.stop_all(shop.desk(), by(lan))
    with pytest.raises(Refusal, match=r"send\.stop_all"):
        halts.resume_sending(shop.desk(), by(hoa), shop.again(shop.oa))
    assert shop.again(shop.oa).stopped_code == "-115"


def test_an_oa_added_later_is_stopped_too_and_goes_with_the_others(shop, lan, hoa):
    """Also one that was removed and comes back."""
    tin = other_oa(shop, "2902009009009009010", "Gara Tín")
    accounts.remove(shop.desk(), CLI, tin)
    stop_all.stop_all(shop.desk(), by(lan))
    an, tin = other_oa(shop), other_oa(shop, "2902009009009009010", "Gara Tín")
    assert [shop.again(oa).stopped_code for oa in (an, tin)] == ["stopall", "stopall"]
    assert stop_all.start_all(shop.desk(), by(hoa)) == 3
    assert [shop.again(oa).stopped_at for oa in (shop.oa, an, tin)] == [None] * 3


def test_the_card_says_it(shop, lan):
    """One broken line with who and when, and no second one about the same stop."""
    stop_all.stop_all(shop.desk(), by(lan))
    lines = readiness.lines(shop.desk(), shop.again(shop.oa))
    stopped = [line for line in lines if line.key in ("stop_all", "stopped")]
    assert [(line.key, line.level, line.values["by"]) for line in stopped] == [("stop_all", Level.BROKEN, "Lan")]


def test_what_waited_goes_when_a_manager_lets_it(shop, lan, hoa, fan):
    """At once, the OA with a reason of its own excepted; the notices say that it is over."""
    held = queued(shop, fan, 3)
    an = other_oa(shop)
    halts.stop(shop.clock.now(), an, "-115", "no money")
    stop_all.stop_all(shop.desk(), by(lan))
    send(shop)
    seen = stop_all.outlook()
    assert (seen.resumes, [oa.name for oa in seen.stay], seen.waiting) == (1, ["Nha khoa An"], 3)
    token, _ = stop_all.ask_start(shop.desk(), hoa)
    shop.advance(minutes=3)
    assert stop_all.accept_start(shop.desk(), by(hoa), token) == 1
    send(shop)
    assert [shop.again(row).state for row in held] == [S.SENT] * 3
    assert shop.again(an).stopped_code == "-115"
    told = {notice.kind: notice for notice in Notice.select().where(Notice.kind.in_(["stop_all", "start_all"]))}
    assert told["stop_all"].payload["over"]["by"] == "Hoa"
    assert not told["stop_all"].urgent
    assert told["start_all"].chat_id == 55  # who pressed it; the manager who let it go saw it on the screen
    entry = AuditEntry.get(AuditEntry.action == "stop_all.off")
    assert (entry.staff_id, entry.detail) == (56, {"oas": 1, "waiting": 3})


def test_the_yes_is_bound_to_this_standstill_and_serves_once(shop, lan, hoa):
    """Pressed anew after the question, the old yes lets nothing go; a second tap and a stranger's neither."""
    stop_all.stop_all(shop.desk(), by(lan))
    token, _ = stop_all.ask_start(shop.desk(), hoa)
    with pytest.raises(NotFound):
        stop_all.accept_start(shop.desk(), by(lan), token)
    stop_all.start_all(shop.desk(), CLI)
    shop.advance(seconds=1)
    stop_all.stop_all(shop.desk(), by(lan))
    with pytest.raises(Conflict, match=r"stop_all\.again"):
        stop_all.accept_start(shop.desk(), by(hoa), token)
    fresh, _ = stop_all.ask_start(shop.desk(), hoa)
    stop_all.accept_start(shop.desk(), by(hoa), fresh)
    with pytest.raises(Conflict, match=r"confirm\.used"):
        stop_all.accept_start(shop.desk(), by(hoa), fresh)
    with pytest.raises(Conflict, match=r"stop_all\.over"):
        stop_all.start_all(shop.desk(), CLI)


def test_who_may_use_some_oas_stops_all_and_starts_none(shop, lan, hoa):
    """Safer wins: one OA is enough to stop all of them, every OA is needed to let them go."""
    an = other_oa(shop)
    for person in (lan, hoa):
        person.every_oa = False
        person.save()
        StaffOa.create(staff=person, oa=shop.oa)
    assert stop_all.stop_all(shop.desk(), by(lan)) == 2
    assert shop.again(an).stopped_code == "stopall"
    with pytest.raises(NotAllowed, match=r"stop_all\.every_oa"):
        stop_all.start_all(shop.desk(), by(hoa))
    assert stop_all.in_force() is not None


def test_a_departure_under_way_is_waited_for(shop, lan, fan, monkeypatch):
    """Who asked before the button was pressed departs; the press returns only after that."""
    (row,) = queued(shop, fan)
    (claimed,) = sending.claim(shop.clock.now(), "w1", 5)
    asked, go_on = threading.Event(), threading.Event()
    real = stop_all.may_depart

    def slow():
        real()
        asked.set()
        assert go_on.wait(LIMIT)

    monkeypatch.setattr(stop_all, "may_depart", slow)
    sender = in_thread(departures._depart, shop.desk(), claimed)
    assert asked.wait(LIMIT)
    presser = in_thread(stop_all.stop_all, shop.desk(), by(lan))
    presser.join(0.5)
    assert presser.is_alive()  # cannot return while the departure is open
    go_on.set()
    for thread in (sender, presser):
        thread.join(LIMIT)
    assert shop.again(row).state == S.SENDING
    assert stop_all.in_force() is not None


def test_a_departure_that_comes_during_the_press_is_refused(shop, lan, fan, monkeypatch):
    """Not committed yet, and yet it counts already."""
    (row,) = queued(shop, fan)
    (claimed,) = sending.claim(shop.clock.now(), "w1", 5)
    pressed, go_on = threading.Event(), threading.Event()

    def slow(*told):
        pressed.set()
        assert go_on.wait(LIMIT)

    monkeypatch.setattr(stop_all, "_tell", slow)
    refusals = []

    def depart():
        try:
            departures._depart(shop.desk(), claimed)
        except Refusal as refusal:
            refusals.append(refusal.key)

    presser = in_thread(stop_all.stop_all, shop.desk(), by(lan))
    assert pressed.wait(LIMIT)
    sender = in_thread(depart)
    sender.join(0.3)
    go_on.set()
    for thread in (presser, sender):
        thread.join(LIMIT)
    assert refusals == ["send.stop_all"]
    assert shop.again(row).state == S.QUEUED


def test_a_second_try_after_a_token_error_is_a_departure_too(shop, lan, fan):
    """The first request was refused by Zalo, so the second is held back like any other."""
    (row,) = queued(shop, fan)
    (claimed,) = sending.claim(shop.clock.now(), "w1", 5)
    departures._depart(shop.desk(), claimed)
    stop_all.stop_all(shop.desk(), by(lan))
    with pytest.raises(Refusal) as refused:
        departures._depart(shop.desk(), claimed)
    outcomes.objected(shop.clock.now(), claimed, refused.value)
    row = shop.again(row)
    assert (row.state, row.held_reason) == (S.QUEUED, "stopped")


def test_nothing_departs_after_the_press_returned(shop, lan, hoa, fan):
    """Three workers at full speed, pressed in the middle, again and again: what departed later is nothing."""
    OfficialAccount.update(requests_per_minute=4000).execute()
    queued(shop, fan, 150)
    over = threading.Event()
    workers = [in_thread(work_on, shop, f"w{index}", over) for index in range(3)]
    try:
        for _ in range(4):
            before = len(departed())
            wait_until(shop, lambda least=before + 8: len(departed()) >= least)
            stop_all.stop_all(shop.desk(), by(lan))
            at_return = departed()
            assert Delivery.select().where(Delivery.state == S.QUEUED).exists()
            wait_until(shop, quiet)
            assert departed() == at_return
            assert len(shop.zalo.messages()) <= len(at_return)
            stop_all.start_all(shop.desk(), by(hoa))
        wait_until(shop, lambda: len(shop.zalo.messages()) == 150)
    finally:
        over.set()
        for worker in workers:
            worker.join(LIMIT)


def quiet():
    """Every worker has tried: nothing is due, nothing under way."""
    now = Delivery.state == S.SENDING
    due = (Delivery.state == S.QUEUED) & Delivery.next_attempt_at.is_null(False)
    return not Delivery.select().where(now | due).exists()


def work_on(shop, name, over):
    async def sending_on(desk):
        while not over.is_set():
            if not await sending.send_due(desk, name):
                await asyncio.sleep(0.01)
        mine = [task for task in sending._flying if task.get_loop() is asyncio.get_running_loop()]
        await asyncio.gather(*mine)

    shop.run(sending_on)


def in_thread(act, *given):
    def connected():
        with db.database.connection_context():
            act(*given)

    thread = threading.Thread(target=connected)
    thread.start()
    return thread


def wait_until(shop, met):
    """Look again and again while the clock of the house goes on; fails after LIMIT seconds."""
    end = time.monotonic() + LIMIT
    while not met():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
        shop.clock.advance(milliseconds=10)
