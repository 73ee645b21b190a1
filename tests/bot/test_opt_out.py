"""/tuchoi, the refusal on a card, and what staff do about a customer's own word."""

from __future__ import annotations

import json

import pytest

from db import to_ms
from models import AuditEntry, Consent, ConsentSource, Draft, Notice, Role, Scope, Staff
from services import consents, form_answers, inbox
from services.consents import Statement
from zalo.events import parse

PHONE = "84909998812"


def arrive(desk, row, name, **more):
    """An event of this customer, stored and applied."""
    body = {
        "app_id": desk.settings.zalo_app_id, "event_name": name, "sender": {"id": row.user_id},
        "recipient": {"id": row.oa_id}, "timestamp": str(to_ms(desk.clock.now())), **more,
    }  # fmt: skip
    raw = json.dumps(body).encode()
    event = parse(raw, to_ms(desk.clock.now()))
    inbox.store([(event.dedupe_key, body["app_id"], row.oa_id, name, raw, "{}", to_ms(desk.clock.now()))])
    while inbox.apply_batch(desk.desk()):
        pass


def says(desk, row, text):
    arrive(desk, row, "user_send_text", message={"msg_id": f"m{text}", "text": text})


def opened(desk, *people):
    """Telegram lets a bot write only to people who opened it."""
    for person in people:
        person.say("/start")
    desk.settle()
    for person in people:
        person.wait_for("Spa Hoa Mai")


def standing():
    return {(row.recipient, row.scope): row.given for row in Consent.select()}


def test_a_number_is_entered_and_opened_again(desk, words):
    """What is known is shown first; opening again asks; all of it is audited."""
    person = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    person.say("/tuchoi 0909 998 812")
    first = person.wait_for(words("opt_out.nothing"))
    assert "090 999 8812" in first["text"]
    person.tap(words("button.no_promotion"))
    person.wait_for(words("consent.no_promotion"))
    assert standing() == {(PHONE, "promotion"): False}
    person.tap(words("button.no_message"))
    person.wait_for(words("consent.no_all"))
    person.tap(words("button.reopen"))
    asked = person.wait_for(words("opt_out.reopen_care"))
    assert asked["protect_content"]
    person.tap(words("button.reopen_yes"))
    person.wait_for(words("opt_out.nothing"))
    assert set(standing().values()) == {None}
    actions = [entry.action for entry in AuditEntry.select().where(AuditEntry.staff_id == person.id)]
    assert actions == ["customer.opted_out", "customer.opted_out", "customer.reopened"]


def test_without_a_number_it_says_how(desk, words):
    """And a number that is none gets the four parts."""
    person = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    person.say("/optout")
    person.wait_for("0901234567")
    person.say("/optout 12")
    person.wait_for(words("error.head_what"))
    assert not Consent.select().exists()


def test_the_number_may_follow_in_the_next_message(desk, words):
    """Asked for it, the bot takes the next number typed; a wrong one is asked for again."""
    person = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    person.say("/tuchoi")
    person.wait_for(words("opt_out.ask"))
    person.say("12")
    assert words("opt_out.ask") in person.wait_for(words("error.head_what"))["text"]
    person.say("0909 998 812")
    shown = person.wait_for(words("opt_out.nothing"))
    assert "090 999 8812" in shown["text"]
    assert not Draft.select().exists()


def test_a_viewer_may_not(desk):
    """It changes who is written to."""
    viewer = desk.person(Role.VIEWER)
    desk.oa()
    viewer.say("/tuchoi 0909998812")
    viewer.wait_for("dành cho")


def test_each_word_shows_when_and_from_whom(desk, words):
    """Zalo's refusal, the customer's own word, a colleague's entry."""
    person = desk.person(Role.OPERATOR, language=words.language)
    oa, row = desk.oa(), desk.follower()
    now = desk.clock.now()
    lan = Staff.get(Staff.telegram_id == desk.person(Role.OPERATOR, name="Lan").id)
    mine = {"oa_id": oa.oa_id}
    consents.record(Statement(row.user_id, Scope.CARE, False, now, ConsentSource.ZALO, **mine, code="-244"))
    said = {"msg_id": "m", "text": "DỪNG"}
    consents.record(Statement(PHONE, Scope.PROMOTION, False, now, ConsentSource.CUSTOMER, evidence=said))
    consents.record(Statement(PHONE, Scope.ALL, False, now, ConsentSource.STAFF, staff_id=lan.telegram_id))
    person.say("/khach 0909998812")
    card = person.wait_for("👤 Trần Minh Anh")
    assert all(word in card["text"] for word in ("-244", "DỪNG", "Lan"))


def test_a_customers_word_is_told_with_an_undo(desk, words):
    """Told at once, edited when the confirmation left, undone by a tap that every colleague sees."""
    hoa, mai = (desk.person(Role.OPERATOR, language=words.language, name=name) for name in ("Hoa", "Mai"))
    desk.oa()
    row = desk.follower()
    opened(desk, hoa, mai)
    says(desk, row, "DỪNG!")
    desk.drain()
    told = hoa.wait_for("DỪNG!")
    assert words("opt_out.answered") in told["text"]
    assert told["protect_content"]
    hoa.tap(words("button.stop_everything"))
    hoa.wait_for("⛔ Hoa")
    assert standing()[(row.user_id, "all")] is False
    hoa.tap(words("button.not_meant"))
    hoa.wait_for("↩️ Hoa")
    desk.drain()
    mai.wait_for("↩️ Hoa")
    assert set(standing().values()) == {None}


def test_an_unclear_word_asks_and_the_answer_stops_advertising(desk, words):
    """Or only shows the way to the customer."""
    hoa = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    row = desk.follower()
    opened(desk, hoa)
    says(desk, row, "hủy giúp em")
    desk.drain()
    hoa.wait_for("hủy giúp em")
    hoa.tap(words("button.cancel_visit"))
    hoa.wait_for("📅 Hoa")
    assert not Consent.select().exists()
    says(desk, row, "hủy hết đi")
    desk.drain()
    hoa.wait_for("hủy hết đi")
    hoa.tap(words("button.no_more"))
    hoa.wait_for("🛑 Hoa")
    assert standing()[(row.user_id, "promotion")] is False


def test_a_word_said_again_since_is_not_undone(desk):
    """The four parts say so."""
    hoa = desk.person(Role.OPERATOR)
    desk.oa()
    row = desk.follower()
    opened(desk, hoa)
    says(desk, row, "dừng")
    desk.drain()
    hoa.wait_for("«dừng»")
    desk.advance(minutes=1)
    says(desk, row, "stop")
    hoa.tap("↩️ Không phải")
    hoa.wait_for("một lần nữa")
    assert standing()[(row.user_id, "promotion")] is False


def test_a_button_of_somebody_elses_notice_is_old(desk):
    """A notice belongs to the chat it stands in."""
    hoa, mai = desk.person(Role.OPERATOR), desk.person(Role.OPERATOR)
    desk.oa()
    opened(desk, hoa, mai)
    says(desk, desk.follower(), "dừng")
    desk.drain()
    hoa.wait_for("«dừng»")
    mai.wait_for("«dừng»")
    other = Notice.get(Notice.chat_id == mai.id, Notice.kind == "opted_out")
    hoa.tap_data(f"1:oo.undo:{other.id}", hoa.last()["message_id"], force=True)
    hoa.wait_for("Màn hình này đã cũ")
    assert False in standing().values()


@pytest.mark.parametrize("data", ["oo:x1", "oo:p12", "oo.no:k{row}:care", "oo.no:k{row}", "oo.undo:99", "oo:k"])
def test_odd_data_changes_nothing(desk, data):
    """Made by hand, or by an older version."""
    person = desk.person(Role.OPERATOR)
    desk.oa()
    row = desk.follower()
    person.say("/khach")
    message = person.wait_for("1 người")["message_id"]
    person.tap_data(f"1:{data.format(row=row.id)}", message, force=True, wait=True)
    desk.settle()
    assert not Consent.select().exists()
    assert "mã tra cứu" not in person.last()["text"]


def test_the_answer_to_a_form_is_shown_to_operators(desk, words):
    """With what was filled in, the number masked, and the way to the card."""
    hoa = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    row = desk.follower(phone="")
    opened(desk, hoa)
    info = {"name": "Trần Lan", "phone": "84901234567", "user_dob": "30/10/1999", "gender": "Nữ",
            "full_address": {"user_city": "Hồ Chí Minh", "user_address": "Đường số 13"}}  # fmt: skip
    arrive(desk, row, "user_submit_info", info=info)
    assert Notice.get(Notice.chat_id == hoa.id).kind == form_answers.NOTICE
    desk.drain()
    told = hoa.wait_for("Trần Lan")
    assert all(word in told["text"] for word in ("30/10/1999", "Đường số 13, Hồ Chí Minh", "090***4567"))
    hoa.tap(words("button.open_customer"))
    card = hoa.wait_for("👤 Trần Minh Anh")
    assert "Đường số 13, Hồ Chí Minh" in card["text"]
