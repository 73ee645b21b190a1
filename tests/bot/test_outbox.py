"""The road from other processes to Telegram: at least once, the latest state, each chat for itself."""

from __future__ import annotations

import pytest

from models import Delivery, Notice, NoticeState, Role
from services import deliveries, notices

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


def alert(desk, person, number=1):
    notices.post(desk.clock.now(), person.id, "wrong_signatures", f"day:{number}", {"count": number})


def started(desk, **facts):
    person = desk.person(**facts)
    person.say("/start")
    person.wait_for("OA")
    person.mark()
    return person


def test_an_alert_arrives_in_the_persons_language(desk, words):
    """Posted by any process, shown within a second or two."""
    person = desk.person(language=words.language)
    person.say("/start")
    person.wait_for("OA")
    alert(desk, person, 12)
    assert "12" in person.wait_for("OA Secret Key")["text"]


def test_the_next_state_edits_the_same_message(desk):
    """Same chat, kind and reference: one message, edited; the same state twice is no error."""
    person = started(desk)
    alert(desk, person, 3)
    first = person.wait_for("3 sự kiện")
    notices.post(desk.clock.now(), person.id, "wrong_signatures", "day:3", {"count": 4})
    second = person.wait_for("4 sự kiện")
    notices.post(desk.clock.now(), person.id, "wrong_signatures", "day:3", {"count": 4})
    desk.wait_until(lambda: Notice.get().state == NoticeState.SENT)
    assert first["message_id"] == second["message_id"]


def test_a_deleted_message_is_sent_anew(desk):
    """The person deleted the result; the receipt then comes as a new message."""
    person = started(desk)
    alert(desk, person, 3)
    first = person.wait_for("3 sự kiện")
    desk.delete(person, first["message_id"])
    notices.post(desk.clock.now(), person.id, "wrong_signatures", "day:3", {"count": 5})
    second = person.wait_for("5 sự kiện")
    assert second["message_id"] != first["message_id"]


def test_flood_control_of_one_chat_holds_only_that_chat(desk):
    """The other person gets the alert at once; the first one when Telegram allows it."""
    slow, quick = started(desk), started(desk)
    fault = {"kind": "429", "retry_after": 2, "times": 1, "chat_id": slow.id, "method": "sendMessage"}
    desk.town.post("/_sandbox/telegram/faults", fault)
    alert(desk, slow)
    alert(desk, quick)
    quick.wait_for("sự kiện")
    assert "sự kiện" not in slow.last()["text"]
    slow.wait_for("sự kiện")


def test_an_alarm_does_not_wait_for_a_chat_that_is_busy(desk):
    """Whatever holds one chat up, for however long, what is due to others afterwards goes at once."""
    slow, quick = started(desk), started(desk)
    fault = {"kind": "429", "retry_after": 12, "times": 1, "chat_id": slow.id, "method": "sendMessage"}
    desk.town.post("/_sandbox/telegram/faults", fault)
    alert(desk, slow)
    desk.wait_until(lambda: Notice.get(Notice.chat_id == slow.id).lease_until is not None)
    alert(desk, quick)
    quick.wait_for("sự kiện", timeout=6)
    assert "sự kiện" not in slow.last()["text"]


def test_a_blocked_bot_gives_the_notice_up(desk):
    """Forbidden is final: no endless tries, and the row says why."""
    person = started(desk)
    person.block()
    alert(desk, person)
    desk.wait_until(lambda: Notice.get().state == NoticeState.FAILED)
    assert Notice.get().attempts == 0


def test_trouble_at_telegram_is_tried_again(desk):
    """Two bad gateways, then the message: it arrives once the clock allows the next try."""
    person = started(desk)
    desk.town.post("/_sandbox/telegram/faults", {"kind": "502", "times": 2, "chat_id": person.id})
    alert(desk, person)
    desk.wait_until(lambda: Notice.get().attempts == 1)
    desk.advance(seconds=5)
    person.wait_for("sự kiện")


def test_an_alert_outlives_hours_without_telegram(desk):
    """Providers in Vietnam may block it for a day; that an OA needs somebody is told afterwards all the same."""
    person = started(desk)
    fault = {"kind": "502", "times": 1000, "chat_id": person.id}
    desk.town.post("/_sandbox/telegram/faults", fault)
    alert(desk, person)
    Notice.update(attempts=40).execute()
    desk.wait_until(lambda: Notice.get().attempts > 40)
    assert Notice.get().state == NoticeState.QUEUED
    desk.town.delete("/_sandbox/telegram/faults")
    desk.advance(minutes=11)
    person.wait_for("sự kiện")


def test_a_receipt_never_shows_an_older_state(desk):
    """However the outbox and the yes cross, the row's newest state stands at the end."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("/gui 0909998812 Chào")
    person.wait_for("Xem trước")
    person.tap("✅")
    desk.wait_until(lambda: Delivery.select().exists())
    desk.work()
    row = Delivery.get()
    deliveries.looked_at(desk.clock.now(), row.id, desk.clock.now())
    person.wait_for("đã xem")
    desk.settle()
    desk.drain()
    assert "đã xem" in person.last()["text"]


def test_notices_of_every_role_reach_those_who_may_act(desk):
    """An alert for managers goes to managers and the owner, not to operators."""
    operator, manager = started(desk, role=Role.OPERATOR), started(desk)
    notices.alert(desk.clock.now(), "refresh_expiring", "x", {"oa_id": desk.oa().oa_id, "days": 7})
    manager.wait_for("còn 7 ngày")
    assert Notice.select().where(Notice.chat_id == operator.id).count() == 0
