"""Numbers in what customers write stay masked wherever their words stand, for staff who may see none."""

from __future__ import annotations

import pytest
from customer_lines import says, started

from db import to_ms
from models import Delivery, Staff
from services import deliveries, ratings
from services.ratings import Rated

WORDS = "hủy giúp em lịch mai, số em 0938123812"
MASKED = "093***3812"


@pytest.fixture
def oa(desk):
    return desk.oa()


@pytest.fixture
def lan(desk, oa):
    person = started(desk)
    Staff.update(sees_numbers=False).where(Staff.telegram_id == person.id).execute()
    return person


def test_on_the_card_and_in_the_past(desk, lan):
    """The last lines of a chat, and all of them."""
    anh = desk.follower("Minh Anh")
    says(desk, anh, "số em 0938123812")
    lan.say("/khach minh anh")
    card = lan.wait_for("số em")["text"]
    lan.tap_data(f"1:k.past:{anh.id}:0", lan.last()["message_id"], force=True)
    past = lan.wait_for(lambda seen: "số em" in seen["text"] and seen["text"] != card)["text"]
    for text in (card, past):
        assert MASKED in text
        assert "0938123812" not in text


def test_in_the_question_about_an_unclear_word(desk, lan):
    """Hủy with other words."""
    says(desk, desk.follower("Minh Anh"), WORDS)
    text = lan.wait_for("Khách hủy lịch hay")["text"]
    assert MASKED in text
    assert "0938123812" not in text


def test_in_the_words_of_a_rating(desk, oa, lan):
    """In the alert, and under the message itself."""
    now = desk.clock.now()
    Delivery.create(
        oa=oa, channel="zns", kind="template", recipient="84909998812", msg_id="m1", state="delivered",
        content={"template_id": "300113", "params": {}}, dedupe_key="k", created_at=now, sent_at=now,
        tracking_id=deliveries.new_tracking_id(now), delivered_at=now, chat_id=lan.id,
    )  # fmt: skip
    ratings.record(now, [Rated(oa.oa_id, "m1", "", 2, "gọi em số 0938123812", (), to_ms(now))])
    desk.drain()
    for title in ("2 sao", "⭐⭐"):
        text = lan.wait_for(lambda seen, title=title: title in seen["text"] and "gọi em" in seen["text"])["text"]
        assert MASKED in text
        assert "0938123812" not in text
