"""One bot polls: stored before acknowledged, one holder of the lease, troubles survived."""

from __future__ import annotations

from datetime import timedelta

import pytest
import structlog.testing

from bot.polling import LEASE
from models import Lease, Notice
from services import leases

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


def test_a_second_bot_stands_by_and_takes_over(house):
    """While the lease is held nobody else polls; when its holder ends, the standby answers."""
    leases.take(house.clock.now(), LEASE, "another-process", timedelta(seconds=30))
    person = house.person()
    house.start()
    person.say("/start")
    assert not house.bot.poller.polling.is_set()
    leases.release(LEASE, "another-process")
    person.wait_for("Chào")


def test_a_holder_that_died_is_replaced_when_its_lease_ends(house):
    """kill -9 releases nothing; thirty seconds later somebody else polls."""
    leases.take(house.clock.now(), LEASE, "killed", timedelta(seconds=30))
    person = house.person()
    house.start()
    person.say("/start")
    house.advance(seconds=31)
    person.wait_for("Chào")


def test_a_clean_stop_gives_the_lease_back(desk):
    """The next bot starts at once."""
    desk.wait_until(lambda: desk.bot.poller.polling.is_set())
    desk.stop()
    assert Lease.get(Lease.name == LEASE).until is None


def test_a_stranger_with_the_token_raises_an_alarm_and_polling_goes_on(house):
    """Conflict while holding the lease: logged, the owner told once a day, and staff still answered."""
    owner = house.owner()
    owner.say("/start")
    with structlog.testing.capture_logs() as logged:
        house.start()
        owner.wait_for("OA")
        house.town.post("/_sandbox/telegram/faults", {"kind": "conflict", "method": "getUpdates", "times": 1})
        owner.wait_for("BotFather", timeout=20)
        owner.say("/start")
        owner.wait_for("OA", timeout=20)
    house.stop()
    assert [
        entry for entry in logged if entry["log_level"] == "error" and "polls with this bot token" in entry["event"]
    ]
    assert Notice.select().where(Notice.kind == "token_stranger").count() == 1


def test_telegram_down_is_survived(desk):
    """What people wrote meanwhile is answered when Telegram is back."""
    person = desk.person()
    desk.town.post("/_sandbox/telegram/faults", {"kind": "down", "method": "getUpdates", "times": 2})
    person.say("/start")
    person.wait_for("Chào", timeout=20)


def test_chats_do_not_wait_for_each_other(desk):
    """One chat's answer hangs at Telegram; another person is answered at once."""
    slow, quick = desk.person(), desk.person()
    desk.town.post(
        "/_sandbox/telegram/faults",
        {"kind": "slow", "delay_ms": 3000, "method": "sendMessage", "chat_id": slow.id, "times": 1},
    )
    slow.say("/start")
    quick.say("/start")
    quick.wait_for("Chào")
    assert all(message["from"] == "person" for message in slow.chat())
    slow.wait_for("Chào")


def test_one_chat_is_handled_in_order(desk):
    """Ten messages are answered ten times, the last one last."""
    person = desk.person()
    for number in range(10):
        person.say(f"-11{number}")
    desk.wait_until(lambda: sum(message["from"] == "bot" for message in person.chat()) == 10)
    answers = [message["text"].split("\n")[0] for message in person.chat() if message["from"] == "bot"]
    assert answers == [f"Mã Zalo -11{number}" for number in range(10)]


def test_an_unforeseen_error_gives_the_person_its_number(desk, monkeypatch):
    """Six signs on the screen, in the log and in the row; never silence."""
    from bot import routes
    from models import StaffUpdate

    async def broken(turn, rest):
        raise RuntimeError("a defect")

    monkeypatch.setitem(routes.COMMAND_ROUTES, "help", broken)
    person = desk.person()
    person.say("/help")
    shown = person.wait_for("mã tra cứu")
    reference = shown["text"].split("mã tra cứu ")[-1][:6]
    desk.wait_until(lambda: StaffUpdate.select().where(StaffUpdate.state == "failed").exists())
    assert StaffUpdate.get(StaffUpdate.state == "failed").error == f"{reference} RuntimeError"
    person.say("/start")
    person.wait_for("Chào Hoa")
