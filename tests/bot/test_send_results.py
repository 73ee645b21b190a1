"""What follows a preview: tests, refusals with another way taken, taking back, and messages found by their id."""

from __future__ import annotations

from datetime import timedelta

import pytest
from labels import label_of

from models import (
    AuditEntry,
    Delivery,
    DeliveryState,
    Draft,
    Follower,
    OfficialAccount,
    Origin,
    Rating,
    Role,
    Staff,
    Watch,
)
from services import deliveries, test_phones
from services.audit import CLI

WHO = "0909998812"
LINE = f'/zns {WHO} 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"'


@pytest.fixture
def person(desk, words):
    """Somebody who sends, with an OA and one customer."""
    desk.oa()
    desk.follower()
    return desk.person(language=words.language)


def eleven_days_ago(desk):
    Follower.update(last_interaction_at=desk.clock.now() - timedelta(days=11)).execute()


def test_a_zns_goes_to_the_test_numbers_first(desk, person, words, story):
    """To whom is said, the test leaves in development mode, and the preview stays for the real one."""
    oa = OfficialAccount.get()
    test_phones.add(desk.desk(), CLI, oa, "0901234567")
    person.say(LINE)
    preview = person.wait_for(words("zns.preview_title"))
    person.tap(words("button.test_me"))
    told = person.wait_for(words("testing.told_zns"))
    assert "090***4567" in told["text"]
    desk.work()
    desk.drain()
    result = person.wait_for(words("state.sent"))
    story(person)
    assert words("delivery.free_test") in result["text"]
    body = desk.town.messages()[-1]["body"]
    assert (body["phone"], body["mode"]) == ("84901234567", "development")
    row = Delivery.get()
    assert (row.origin, row.development) == (Origin.TEST, True)
    assert AuditEntry.get(AuditEntry.action == "message.tested").staff_id == person.id
    person.tap(preview["keyboard"][0][0]["text"], preview["message_id"])
    person.wait_for(words("state.queued"))
    assert Delivery.select().where(Delivery.origin == Origin.SINGLE).count() == 1


def test_without_test_numbers_the_way_to_them_is_shown(person, words):
    """Nothing leaves, the preview stays as it is."""
    person.say(LINE)
    preview = person.wait_for(words("zns.preview_title"))
    person.tap(words("button.test_me"))
    told = person.wait_for(words("error.test.no_phones.do"))
    assert told["message_id"] != preview["message_id"]
    assert Delivery.select().count() == 0


def test_a_test_that_costs_money_asks_first(desk, person, words):
    """Outside the 48 free hours a test to a Zalo user is a real message with a price."""
    Follower.update(tester=True, last_interaction_at=desk.clock.now() - timedelta(days=3)).execute()
    person.say(f"/gui {WHO} Chào chị")
    person.wait_for(words("send.preview_title"))
    person.tap(words("button.test_me"))
    asked = person.wait_for(words("testing.costs"))
    assert Delivery.select().count() == 0
    person.tap(label_of(asked, words("button.test_paid")))
    person.wait_for(words("testing.told_oa"))
    assert Delivery.get().origin == Origin.TEST
    person.wait_for(lambda m: words("send.preview_title") in m["text"])


def test_another_way_keeps_what_was_typed(desk, person, words):
    """From the refusal to a template and back to the words, which are still there."""
    person.say("/zns 0388123456")
    person.wait_for(words("zns.ask_template"))
    eleven_days_ago(desk)
    person.say(f"/gui {WHO} Chào anh")
    shown = person.wait_for(words("refusal.title_cs"))
    assert "210" in label_of(shown, words("button.way_uid"))
    person.tap(label_of(shown, words("button.way_uid")))
    person.wait_for(words("zns.ask_template"))
    person.tap("Xác nhận lịch hẹn")
    for value in ("Lan", "LH-1", "09:30 24/11/2026"):
        person.wait_for("/3")
        person.say(value)
    shown = person.wait_for(words("preview.title_uid"))
    person.tap(shown["keyboard"][0][0]["text"])
    person.wait_for(words("state.queued"))
    assert Delivery.get().channel == "uid"


def test_tell_me_when_they_write(desk, person, words):
    """The wish is kept with the words, and the form is over."""
    eleven_days_ago(desk)
    person.say(f"/gui {WHO} Chào anh")
    person.wait_for(words("refusal.wait"))
    person.tap(words("button.watch"))
    person.wait_for(words("refusal.watching").replace("<b>", ""))
    row = Watch.get()
    assert (row.staff_id, row.user_id) == (person.id, Follower.get().user_id)
    assert row.content["text"] == "Chào anh"
    assert Draft.select().count() == 0


def test_a_draft_is_kept_and_gone_on_with(desk, person, words):
    """The desk offers it; what stood against it may be over by then."""
    eleven_days_ago(desk)
    person.say(f"/gui {WHO} Chào anh")
    person.wait_for(words("refusal.title_cs"))
    person.tap(words("button.keep_draft"))
    shown = person.wait_for(words("refusal.draft_kept"))
    Follower.update(last_interaction_at=desk.clock.now()).execute()
    person.tap(label_of(shown, words("button.go_on")))
    assert "Chào anh" in person.wait_for(words("send.preview_title"))["text"]


def test_no_waiting_is_offered_where_writing_changes_nothing(desk, words):
    """A paused OA is no matter of the customer."""
    desk.oa(published=False)
    desk.follower()
    person = desk.person(language=words.language)
    person.say(f"/gui {WHO} Chào anh")
    shown = person.wait_for(words("refusal.title_cs"))
    assert words("refusal.wait") not in shown["text"]
    assert not [b for row in shown["keyboard"] for b in row if b["text"] == words("button.watch")]


def test_what_waits_can_be_taken_back(desk, person, words):
    """On its own message, audited; nothing leaves any more."""
    person.say(f"/gui {WHO} Chào chị")
    person.wait_for(words("send.preview_title"))
    person.tap("✅")
    person.wait_for(words("state.queued"))
    person.tap(words("button.take_back"))
    person.wait_for(words("state.cancelled"))
    before = len(desk.town.messages())
    desk.work()
    assert len(desk.town.messages()) == before
    assert Delivery.get().state == DeliveryState.CANCELLED
    entry = AuditEntry.get(AuditEntry.action == "message.cancelled")
    assert (entry.staff_id, entry.chat_id) == (person.id, person.id)


def test_what_has_left_cannot_be_taken_back(desk, person, words):
    """Said over the button; the message shows how far it got."""
    person.say(f"/gui {WHO} Chào chị")
    person.wait_for(words("send.preview_title"))
    person.tap("✅")
    shown = person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    data = f"1:d.stop:{Delivery.get().id}"
    answer = person.tap_data(data, shown["message_id"], wait=True, force=True)
    assert words("delivery.left_already") in answer["text"]
    assert Delivery.get().state == DeliveryState.SENT


def test_advertising_at_night_says_when_it_goes(desk, person, words):
    """The preview, the yes and the result name the morning; the button is there to stop it."""
    person.say("/zns 0388123456")
    person.wait_for(words("zns.ask_template"))
    desk.advance(hours=13)
    person.say(f"/zns {WHO} 300114 customer_name=Lan voucher_code=A1 end_date=31/12/2026")
    shown = person.wait_for(words("preview.later"))
    assert "08:00" in shown["text"]
    person.tap(shown["keyboard"][0][0]["text"])
    waiting = person.wait_for(words("state.queued"))
    assert words("held.night") in waiting["text"]
    assert "08:00" in waiting["text"]
    assert label_of(waiting, words("button.take_back"))
    assert desk.work() == 0


@pytest.mark.parametrize("which", ["tracking_id", "msg_id"])
def test_an_id_that_is_pasted_opens_its_message(desk, person, words, which):
    """Ours, and Zalo's."""
    person.say(f"/gui {WHO} Chào chị")
    person.wait_for(words("send.preview_title"))
    person.tap("✅")
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    person.say(getattr(Delivery.get(), which))
    shown = person.wait_for(words("state.sent"))
    assert "Chào chị" in shown["text"]
    assert "Trần Minh Anh" in shown["text"]


def test_a_seen_message_says_so_with_its_times(desk, person, words):
    """Sent, delivered and seen on one line, free within the window."""
    person.say(f"/gui {WHO} Chào chị")
    preview = person.wait_for(words("send.preview_title"))
    person.tap("✅")
    person.wait_for(words("state.queued"))
    desk.work()
    row = Delivery.get()
    deliveries.arrived(desk.clock.now(), row.id, desk.clock.now())
    deliveries.looked_at(desk.clock.now(), row.id, desk.clock.now())
    desk.drain()
    shown = person.wait_for(words("state.seen"))
    assert shown["message_id"] == preview["message_id"]
    assert words("delivery.free") in shown["text"]


def test_what_failed_is_written_again_with_the_same_words(desk, person, words):
    """Braces and buttons of the first message come back as they were meant."""
    desk.town.post(
        "/_sandbox/faults", {"match": "/openapi/v3.0/oa/message/cs", "kind": "error", "code": -201, "times": 1}
    )
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_cs")))
    person.wait_for(words("send.ask_content"))
    person.say("Giá {{từ}} 50%\n[Gọi] tel:0901234567")
    person.wait_for(words("send.preview_title"))
    person.tap("✅")
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.failed"))
    person.tap(words("button.resend"))
    shown = person.wait_for(words("send.preview_title"))
    assert "Giá {từ} 50%" in shown["text"]
    assert words("letter.button_call") in shown["text"]


def test_money_is_hidden_from_those_who_may_not_see_it(desk, person, words):
    """Ways, template list, preview and result name no price."""
    Staff.update(sees_money=False).where(Staff.telegram_id == person.id).execute()
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    assert "210" not in shown["text"]
    person.say(LINE)
    shown = person.wait_for(words("zns.preview_title"))
    assert "324" not in shown["text"]
    assert "324" not in str(shown["keyboard"])


def test_a_viewer_sends_nothing(desk, words):
    """Neither by command nor by a button they got hold of."""
    desk.oa()
    viewer = desk.person(Role.VIEWER, language=words.language)
    viewer.say(f"/gui {WHO} Chào")
    viewer.wait_for(words("error.role.operator.what"))
    viewer.send_document("a.csv", b"a,b\n1,2\n")
    viewer.wait_for(words("error.role.operator.what"))


def test_what_the_customer_said_stands_under_the_message(desk, person, words):
    """Stars and words, on the message they belong to."""
    person.say(f"/gui {WHO} Chào chị")
    person.wait_for(words("send.preview_title"))
    person.tap("✅")
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    row = Delivery.get()
    values = {"oa_id": OfficialAccount.get().oa_id, "msg_id": row.msg_id, "rate": 4, "note": "nhân viên <3"}
    Rating.create(**values, feedbacks=["Thân thiện"], at=desk.clock.now())
    person.say(row.tracking_id)
    shown = person.wait_for("⭐⭐⭐⭐")
    assert "nhân viên <3 · Thân thiện" in shown["text"]
