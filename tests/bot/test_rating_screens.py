"""The alert of an unhappy customer: write to them, show the number, handled; stars under the message."""

from __future__ import annotations

from datetime import timedelta

import pytest

from db import to_ms
from models import AuditEntry, Delivery, Notice, Rating, Role, Staff
from services import deliveries, ratings
from services.ratings import Rated

PHONE = "84909998812"


@pytest.fixture
def oa(desk):
    return desk.oa()


@pytest.fixture
def message(desk, oa):
    """A ZNS that was delivered."""
    now = desk.clock.now()
    return Delivery.create(
        oa=oa, channel="zns", kind="template", recipient=PHONE, content={"template_id": "300113", "params": {}},
        dedupe_key="k", tracking_id=deliveries.new_tracking_id(now), msg_id="m1", state="delivered", created_at=now,
        sent_at=now, delivered_at=now,
    )  # fmt: skip


@pytest.fixture
def lan(desk, oa):
    """An operator who has opened the bot."""
    person = desk.person(Role.OPERATOR, name="Lan")
    person.say("/start")
    person.wait_for("Spa Hoa Mai")
    return person


def rate(desk, oa, stars=2, note="chờ lâu quá"):
    ratings.record(desk.clock.now(), [Rated(oa.oa_id, "m1", "", stars, note, (), to_ms(desk.clock.now()))])
    desk.drain()
    return Rating.get()


def test_the_alert_names_stars_words_and_a_masked_number(desk, oa, message, lan):
    """And is not to be forwarded."""
    rate(desk, oa)
    told = lan.wait_for("2 sao")
    assert "090***8812" in told["text"]
    assert "«chờ lâu quá»" in told["text"]
    assert told["protect_content"]


def test_the_number_is_shown_for_ten_minutes_and_written_down(desk, oa, message, lan):
    """As on the customer's card."""
    rate(desk, oa)
    lan.wait_for("2 sao")
    lan.tap("📞 Hiện số")
    lan.wait_for("090 999 8812")
    entry = AuditEntry.get(AuditEntry.action == "customer.number_shown")
    assert (entry.staff_id, entry.target, entry.oa_id) == (lan.id, "090***8812", oa.oa_id)
    lan.mark()
    desk.advance(minutes=10, seconds=1)
    desk.drain()
    assert "090 999 8812" not in lan.wait_for("090***8812")["text"]


def test_who_may_not_see_numbers_is_offered_none(desk, oa, message, lan):
    """Nor gets one by an old button."""
    Staff.update(sees_numbers=False).where(Staff.telegram_id == lan.id).execute()
    row = rate(desk, oa)
    told = lan.wait_for("2 sao")
    assert "📞" not in str(told["keyboard"])
    lan.tap_data(f"1:rate.number:{row.id}", told["message_id"], force=True)
    lan.wait_for("số điện thoại")
    assert not AuditEntry.select().where(AuditEntry.action == "customer.number_shown", AuditEntry.result == "done")


def test_handled_is_seen_by_everybody(desk, oa, message, lan):
    """The second one learns who was first."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    hoa.say("/start")
    hoa.wait_for("Spa Hoa Mai")
    row = rate(desk, oa)
    hoa.wait_for("2 sao")
    lan.wait_for("2 sao")
    lan.tap("✔️ Đã xử lý")
    lan.wait_for("Lan đã xử lý")
    desk.drain()
    seen = hoa.wait_for("Lan đã xử lý")
    hoa.tap_data(f"1:rate.done:{row.id}", seen["message_id"], force=True)
    desk.settle()
    assert Rating.get().handled_by == lan.id
    assert AuditEntry.select().where(AuditEntry.action == "rating.handled", AuditEntry.result == "done").count() == 1


def test_writing_to_a_follower_shows_every_way(desk, oa, message, lan):
    """By the phone they shared; the alert stays as it is."""
    desk.follower(phone=PHONE)
    rate(desk, oa)
    lan.wait_for("2 sao")
    lan.tap("💬 Nhắn khách")
    lan.wait_for("Trần Minh Anh")
    assert Notice.select().where(Notice.kind == "low_rating").exists()


def test_writing_to_a_number_is_a_zns(desk, oa, message, lan):
    """Nobody follows with this number: only the template is asked."""
    rate(desk, oa)
    lan.wait_for("2 sao")
    lan.tap("💬 Nhắn khách")
    lan.wait_for("Chọn mẫu tin")


def test_a_rating_of_an_unknown_message_cannot_be_answered(desk, oa, lan):
    """It did not leave from here."""
    row = rate(desk, oa)
    told = lan.wait_for("2 sao")
    assert "💬" not in str(told["keyboard"])
    lan.tap_data(f"1:rate.write:{row.id}", told["message_id"], force=True)
    lan.wait_for("không rõ đánh giá này của ai")


def test_the_message_shows_its_stars(desk, oa, message, lan):
    """The screen of the delivery is drawn again."""
    Delivery.update(chat_id=lan.id).execute()
    rate(desk, oa, 5, "rất ưng")
    assert "rất ưng" in lan.wait_for("⭐")["text"]


def test_the_card_and_the_list_of_ratings(desk, oa, lan):
    """Average, figures by stars, the last words."""
    now = desk.clock.now()
    for number, stars in enumerate((5, 5, 4, 2)):
        at = now - timedelta(minutes=number)
        Rating.create(
            oa_id=oa.oa_id, msg_id=f"r{number}", template_id="300113", rate=stars, note=f"lời {number}", at=at
        )
    lan.say("/mau 300113")
    assert "4,0/5" in lan.wait_for("· 300113")["text"]
    lan.tap("⭐ Đánh giá")
    shown = lan.wait_for("Đánh giá của mẫu")["text"]
    assert "lời 3" in shown
    lan.tap("2 ⭐")
    lan.wait_for("2 sao")
