"""services/ratings.py and rating_pull.py: stars and words, joined with their messages, and told where they are few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from db import to_ms
from models import AuditEntry, Delivery, Notice, Rating, ZnsTemplate
from services import chores, rating_pull, ratings, templates
from services.audit import Actor
from services.errors import NotFound
from services.ratings import Rated


@pytest.fixture
def feedback(shop: Any, event: Any) -> Any:
    """A `user_feedback` event."""

    def give(rate: Any = 2, **message: Any) -> None:
        at = str(to_ms(shop.clock.now()))
        usual = {"rate": rate, "note": "chờ lâu quá", "feedbacks": ["Nhân viên thân thiện"], "submit_time": at}
        event("user_feedback", message={**usual, **message})

    return give


@pytest.fixture
def known(shop: Any) -> None:
    """All templates read."""
    shop.run(lambda desk: templates.sync(desk, shop.oa))


def at_zalo(shop: Any, rate: int, **spec: Any) -> None:
    """A rating the sandbox keeps for rating/get; its webhook goes nowhere."""
    at = to_ms(shop.clock.now()) - 1000  # the sandbox's clock runs, ours stands
    order = {"event": "user_feedback", "rate": rate, "template_id": "300113", "at": at, **spec}
    shop.zalo.post("/_sandbox/events", order)


def pull(shop: Any) -> int:
    found: int = shop.run(lambda desk: rating_pull.pull(desk, shop.again(shop.oa)))
    return found


def test_a_rating_finds_its_message_by_either_id(shop: Any, sent: Any, feedback: Any) -> None:
    """Recipient and template come from the delivery; Zalo names only the message."""
    first, second = sent(), sent("84907654321")
    feedback(5, msg_id="unknown", tracking_id=first.tracking_id)
    feedback("4", msg_id=second.msg_id)
    found = {row.delivery_id: row for row in Rating.select()}
    assert (found[first.id].recipient, found[first.id].template_id, found[first.id].rate) == (
        "84901234567",
        "300113",
        5,
    )
    assert (found[second.id].recipient, found[second.id].note) == ("84907654321", "chờ lâu quá")
    assert ratings.of_delivery(second).rate == 4
    assert [row.rate for row in ratings.of_recipient(shop.oa.oa_id, ["84907654321", ""])] == [4]


def test_three_stars_or_less_are_told_at_once_to_operators(shop: Any, lan: Any, sent: Any, feedback: Any) -> None:
    """Those of the OA; four stars are not; a repeated event tells nothing again."""
    for stars in (5, 4, 3, 3):
        feedback(stars, msg_id=f"x{stars}")
    assert [(row.chat_id, row.kind) for row in Notice.select()] == [(66, "low_rating")]
    assert Rating.select().count() == 3


@pytest.mark.parametrize(
    "message",
    [
        {"rate": 0}, {"rate": 6}, {"rate": None}, {"rate": "good"}, {"rate": 2.5}, {"msg_id": None}, {"msg_id": {}},
    ],
)  # fmt: skip
def test_what_is_no_rating_leaves_nothing(shop: Any, lan: Any, feedback: Any, message: dict[str, Any]) -> None:
    """Odd shapes never break the inbox."""
    feedback(**{"msg_id": "m", **message})
    assert not Rating.select().exists()


def test_the_latest_word_counts_whatever_came_first(shop: Any, lan: Any, feedback: Any) -> None:
    """A later, better rating is shown in the message that told of the bad one."""
    now = to_ms(shop.clock.now())
    for rate, at in ((4, now), (2, now - 1000), (1, now - 2000)):
        feedback(rate, msg_id="m", submit_time=str(at))
    assert Rating.get().rate == 4
    assert not Notice.select().exists()
    shop.advance(seconds=5)
    feedback(1, msg_id="m")
    assert (Rating.get().rate, Notice.get().version) == (1, 1)
    shop.advance(seconds=5)
    feedback(5, msg_id="m")
    assert (Rating.get().rate, Notice.get().version) == (5, 2)


def test_an_old_rating_is_kept_and_not_told(shop: Any, lan: Any, feedback: Any) -> None:
    """Nobody is helped by an alert of last week."""
    old = to_ms(shop.clock.now() - timedelta(days=4))
    feedback(1, msg_id="m", submit_time=str(old))
    assert Rating.get().rate == 1
    assert not Notice.select().exists()


def test_a_message_in_a_chat_shows_its_stars(shop: Any, sent: Any, feedback: Any) -> None:
    """The screen of the delivery is drawn again."""
    row = sent(chat_id=66, chat_message_id=7)
    feedback(5, msg_id=row.msg_id)
    notice = Notice.get(Notice.kind == "delivery")
    assert (notice.chat_id, notice.message_id, notice.payload) == (66, 7, {"delivery": row.id})


def test_of_a_forgotten_message_only_the_stars_are_kept(shop: Any, lan: Any, sent: Any, feedback: Any) -> None:
    """Somebody was erased, or the purge was there: their words do not come back."""
    row = sent(recipient="", content={"template_id": "300113", "forgotten": True})
    feedback(1, msg_id=row.msg_id)
    found = Rating.get()
    assert (found.rate, found.note, found.feedbacks, found.recipient) == (1, "", None, "")


def test_somebody_handles_it_once(shop: Any, lan: Any, manager: Any, feedback: Any) -> None:
    """Whoever is second sees who was first; everybody's message is drawn again."""
    feedback(1, msg_id="m")
    (rating,) = Rating.select()
    desk = shop.desk()
    assert ratings.handle(desk, Actor("Lan", lan), rating.id)
    assert not ratings.handle(desk, Actor("Hoa", manager), rating.id)
    assert shop.again(rating).handled_by == 66
    assert [row.version for row in Notice.select()] == [2, 2]
    assert AuditEntry.select().where(AuditEntry.action == "rating.handled").count() == 1
    with pytest.raises(NotFound):
        ratings.handle(desk, Actor("Lan", lan), 999)


@pytest.mark.parametrize("shape", [{}, {"ratings": "old"}, {"rating_method": "POST"}, {"rating_method": "GET"}])
def test_the_daily_look_brings_what_no_event_brought(
    shop: Any, lan: Any, known: None, sent: Any, shape: dict[str, str]
) -> None:
    """In every shape the sources have; twice changes nothing."""
    shop.zalo.post(f"/_sandbox/oas/{shop.oa.oa_id}", shape)
    row = sent()
    at_zalo(shop, 2, msg_id=row.msg_id, note="chưa sạch", feedbacks=["Chờ lâu"])
    at_zalo(shop, 5)
    assert (pull(shop), pull(shop)) == (2, 0)
    mine = ratings.of_delivery(row)
    assert (mine.rate, mine.note, mine.feedbacks, mine.recipient) == (2, "chưa sạch", ["Chờ lâu"], "84901234567")
    assert [notice.kind for notice in Notice.select().where(Notice.chat_id == 66)] == ["low_rating"]
    template = ZnsTemplate.get(ZnsTemplate.template_id == "300113")
    assert template.ratings_until == shop.clock.now()


def test_the_event_and_the_look_are_one_rating(shop: Any, lan: Any, known: None, feedback: Any) -> None:
    """Of a message that is not ours the look adds the template."""
    at = to_ms(shop.clock.now()) - 500
    feedback(2, msg_id="abc", note="Rất hài lòng", submit_time=str(at))
    assert Rating.get().template_id == ""
    at_zalo(shop, 2, msg_id="abc", note="Rất hài lòng", at=at)
    assert pull(shop) == 0
    assert (Rating.select().count(), Rating.get().template_id) == (1, "300113")
    assert Notice.select().count() == 1


def test_many_ratings_come_page_by_page_from_where_the_last_look_ended(shop: Any, known: None) -> None:
    """With an overlap: a rating may show up late."""
    for _ in range(60):
        at_zalo(shop, 5)
    assert pull(shop) == 60
    shop.advance(hours=25)
    late = to_ms(shop.clock.now() - timedelta(hours=26))
    at_zalo(shop, 4, at=late)
    assert pull(shop) == 1
    found = ratings.summary(shop.oa, "300113")
    assert (found.stars, found.count, len(found.latest)) == ({5: 60, 4: 1}, 61, 5)
    assert found.average == pytest.approx(304 / 61)
    assert len(ratings.page(shop.oa, "300113", 56, 8)) == 5


def test_templates_without_ratings_do_not_stop_the_look(shop: Any, known: None) -> None:
    """Zalo refuses another app's template; the next one is read all the same, and the job ends well."""
    gone = ZnsTemplate.create(
        oa=shop.oa, template_id="1", tag="CUSTOMER_CARE", status="ENABLE", synced_at=shop.clock.now()
    )
    at_zalo(shop, 5)
    assert shop.run(chores.pull_ratings) == 1
    assert Rating.select().count() == 1
    assert shop.again(gone).ratings_until is None


def test_whose_rating_it_is(shop: Any, lan: Any, sent: Any, feedback: Any) -> None:
    """By phone or by user id; nobody where the number is masked by now."""
    for recipient, phone in (("84901234567", "84901234567"), ("6503004005006007008", ""), ("090***4567", "")):
        row = Rating(oa_id=shop.oa.oa_id, recipient=recipient)
        assert ratings.person_of(row) == (None, phone)


def test_words_are_forgotten_and_stars_stay(shop: Any, sent: Any, feedback: Any) -> None:
    """For erasure and purge."""
    feedback(1, msg_id=sent().msg_id)
    assert ratings.forget(Rating.recipient == "84901234567") == 1
    assert (Rating.get().note, Rating.get().recipient, Rating.get().rate) == ("", "", 1)


def test_a_rating_needs_an_oa_we_know(shop: Any) -> None:
    """Nothing is kept for others."""
    assert ratings.record(shop.clock.now(), [Rated("9", "m", "", 5, "", (), to_ms(shop.clock.now()))]) == 0
    assert not Delivery.select().exists()
