"""An answer reaches the customer it was meant for, whatever the screens around it became meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from customer_lines import says, started

from models import Delivery, Notice
from services import updates


@pytest.fixture
def lan(desk):
    desk.oa()
    return started(desk)


@pytest.fixture
def anh(desk, lan):
    return desk.follower("Minh Anh")


def shown(person, message_id):
    """What stands on that message now."""
    return next(each["text"] for each in person.chat() if each["message_id"] == message_id)


def test_a_refused_tap_leaves_the_customers_words_where_they_are(desk, lan, anh):
    """What is said about the tap comes as a new message: the words stay, and no other screen takes their place."""
    says(desk, anh, "màu xanh còn không")
    first = lan.wait_for("màu xanh")
    says(desk, anh, "với cả size M")
    lan.wait_for("size M")
    lan.tap("✔️ Xong", first["message_id"])
    said = lan.wait_for("khách vừa nhắn thêm")
    assert said["message_id"] != first["message_id"]
    assert "màu xanh" in shown(lan, first["message_id"])


def test_an_old_button_leaves_the_customers_words_where_they_are(desk, lan, anh):
    """A button of another layout opens the desk beside them."""
    says(desk, anh, "màu xanh còn không")
    first = lan.wait_for("màu xanh")
    lan.tap_data("0:in.take:1:n", first["message_id"], force=True)
    said = lan.wait_for("cũ")
    assert said["message_id"] != first["message_id"]
    assert "màu xanh" in shown(lan, first["message_id"])


def test_a_reply_to_another_message_is_not_taken_for_the_question_of_an_answer(desk, lan, anh):
    """[Reply] for one customer is open, and the words answer a message nobody remembers: they go to nobody."""
    bao = desk.follower("Bảo", phone="84909998813")
    says(desk, bao, "alo")
    old = lan.wait_for("alo")
    Notice.delete().execute()
    lan.tap_data(f"1+:in.say:{anh.id}", old["message_id"], force=True)
    lan.wait_for("Trả lời Minh Anh")
    lan.say("9h còn chỗ chị nhé", reply_to=old["message_id"])
    lan.wait_for("không còn biết tin bạn trả lời thuộc khách nào")
    assert Delivery.select().count() == 0


def test_words_typed_long_after_the_question_are_shown_before_they_leave(desk, lan, anh):
    """Who tapped [Reply] and went to lunch may mean something else by the next thing they type."""
    says(desk, anh, "alo")
    seen = lan.wait_for("alo")
    lan.tap_data(f"1+:in.say:{anh.id}", seen["message_id"], force=True)
    lan.wait_for("Trả lời Minh Anh")
    desk.advance(minutes=31)
    lan.say("0901234567")
    assert "0901234567" in lan.wait_for("Xem trước")["text"]
    assert Delivery.select().count() == 0


def test_somebody_elses_words_are_shown_before_they_leave(desk, lan, anh):
    """What is forwarded to the bot is mostly to be looked at, also while [Reply] is open."""
    says(desk, anh, "alo")
    seen = lan.wait_for("alo")
    lan.tap_data(f"1+:in.say:{anh.id}", seen["message_id"], force=True)
    lan.wait_for("Trả lời Minh Anh")
    told = desk.update_of(lan, "Chị Bảo hẹn 9h, số 0901234567")
    body = json.loads(told.payload)
    somebody = {"id": 1, "is_bot": False, "first_name": "An"}
    body["message"]["forward_origin"] = {"type": "user", "date": 1, "sender_user": somebody}
    rows = updates.store(desk.clock.now(), desk.desk().box, [replace(told, payload=json.dumps(body))])
    desk._loop.call_soon_threadsafe(desk.bot.poller._enqueue, rows)
    assert "Chị Bảo hẹn 9h" in lan.wait_for("Xem trước")["text"]
    assert Delivery.select().count() == 0
