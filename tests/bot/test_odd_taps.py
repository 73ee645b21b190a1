"""Buttons tapped twice, out of their order or by hand, and texts where a button was expected."""

from __future__ import annotations

import re

import pytest

from models import Invitation, StaffUpdate, UpdateState
from texts.html import Html

LINK = re.compile(r"https://t\.me/\w+\?start=inv_[\w-]+")
OLD = "Màn hình này đã cũ, tôi mở lại bản mới."


def asked_for_a_link(desk, owner):
    desk.oa()
    owner.say("/caidat")
    owner.wait_for("Ngôn ngữ")
    owner.tap("👥 Nhân viên")
    owner.wait_for("👥 Nhân viên")
    owner.tap("➕ Mời")
    owner.wait_for("Mời ai")
    owner.tap("📨 Gửi tin")
    return owner.wait_for("✅ Tạo link")["message_id"]


def test_a_second_tap_leaves_the_invitations_link_alone(desk):
    """The link is shown once: the old button opens the desk on its own message, not over the link."""
    owner = desk.owner()
    questions = asked_for_a_link(desk, owner)
    owner.tap_data("1:f:rights:make", questions)
    link = owner.wait_for(lambda message: bool(LINK.search(message["text"])))
    answer = owner.tap_data("1:f:rights:make", questions, wait=True, force=True)
    assert answer["text"] == OLD
    desk.settle()
    now = {message["message_id"]: message for message in owner.chat() if not message["deleted"]}
    assert LINK.search(now[link["message_id"]]["text"])
    assert link["message_id"] != questions
    assert Invitation.select().count() == 1


@pytest.mark.parametrize("typed", ["page", "page8", "sync", "²"])
def test_what_buttons_say_is_not_typed(desk, typed):
    """At the template step such a word is a template nobody has."""
    person = desk.person()
    desk.oa()
    person.say("/zns 0901234567")
    person.wait_for("Chọn mẫu tin")
    person.say(typed)
    person.wait_for("không có mẫu tin")
    desk.settle()
    assert not StaffUpdate.select().where(StaffUpdate.state == UpdateState.FAILED).exists()


@pytest.mark.parametrize("data", ["send.way:cs", "send.way:zns", "send.way:x", "text.edit", "text.again"])
def test_a_way_without_a_person_is_an_old_button(desk, data):
    """The form still asks for whom: its question stays, nothing breaks."""
    person = desk.person()
    desk.oa()
    person.say("/gui")
    asked = person.wait_for("Gửi cho ai")
    answer = person.tap_data(f"1:{data}", asked["message_id"], wait=True, force=True)
    assert answer["text"] == OLD
    desk.settle()
    assert "Gửi cho ai" in person.last()["text"]
    assert not StaffUpdate.select().where(StaffUpdate.state == UpdateState.FAILED).exists()


def test_a_button_of_an_earlier_form_does_not_move_the_open_one(desk):
    """Two messages are being written one after the other: [Sửa] under the first preview is old."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("/gui 0909998812 Tin thứ nhất")
    first = person.wait_for("Tin thứ nhất")
    person.say("/gui 0909998812 Tin thứ hai")
    person.wait_for("Tin thứ hai")
    for data in ("text.edit", "text.again", "send.way:cs", "zns.edit", "zns.again"):
        answer = person.tap_data(f"1:{data}", first["message_id"], wait=True, force=True)
        assert answer["text"] == OLD


def test_plain_text_before_html_is_escaped_and_html_stays():
    """The sum is HTML whichever side it stands on."""
    found = "a<b " + Html("<b>c</b>")
    assert isinstance(found, Html)
    assert found == "a&lt;b <b>c</b>"
