"""A customer's "dừng" that was confirmed to them waits for nobody; everything else they wrote still does."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from db import to_ms, write
from models import ChatMessage, Delivery, DeliveryState, InboxEvent, OaToken, OfficialAccount, Origin
from services import conversation_list, conversation_warnings, conversations, deliveries, inbox

OA, ANH = "2902001003004005006", "6503004005006007008"


def confirm(chats):
    """Zalo takes what OA Desk answered by itself."""
    for row in Delivery.select().where(Delivery.state == DeliveryState.QUEUED, Delivery.origin == Origin.AUTOMATIC):
        deliveries.move(chats.clock.now(), row.id, DeliveryState.SENDING)
        deliveries.answered(chats.clock.now(), row.id, f"ours-{row.id}", None)


def replay(chats):
    """The same events once more."""
    inbox.replay(chats.clock.now(), [row.id for row in InboxEvent.select()])
    while inbox.apply_batch(chats.desk):
        pass


@pytest.fixture
def live(chats):
    """An OA that is in use, so that it can answer."""
    OfficialAccount.update(published=True).execute()
    now = chats.clock.now()
    OaToken.create(oa=chats.oa, access="-", refresh="-", access_expires_at=now, changed_at=now)
    return chats


def waits(chats):
    return chats.talk().waiting_since


def test_a_confirmed_stop_waits_for_nobody(live):
    """Not in /cho, not on the home screen, and not when the windows end; what they wrote last stays known."""
    live.person()
    live.writes("Dừng!")
    assert waits(live) is not None
    confirm(live)
    assert waits(live) is None
    assert live.talk().last_inbound_at == live.clock.now()
    assert conversation_list.waiting([OA]) == (0, None)
    live.clock.advance(hours=47)
    assert conversation_warnings.warn(live.clock.now()) == 0
    replay(live)
    assert waits(live) is None


def test_a_stop_that_nobody_confirmed_waits(live):
    """An OA that is not in use answers nobody, so a person has to."""
    OfficialAccount.update(published=False).execute()
    live.writes("dừng")
    replay(live)
    assert waits(live) == live.clock.now()


def test_a_confirmation_zalo_refused_is_none(live):
    """The customer was told nothing."""
    live.writes("dừng")
    deliveries.move(live.clock.now(), Delivery.get().id, DeliveryState.FAILED)
    replay(live)
    assert waits(live) == live.clock.now()


def test_a_second_stop_of_the_day_waits_for_nobody_either(live):
    """They are told once a day, and it holds."""
    live.writes("dừng")
    confirm(live)
    live.clock.advance(minutes=5)
    live.writes("stop")
    assert waits(live) is None


def test_the_word_under_a_picture_waits(live):
    """It was not taken for the word, so nobody confirmed it."""
    live.take_in(live.event("user_send_image", text="dừng"))
    live.clock.advance(seconds=5)
    live.writes("dừng")
    confirm(live)
    assert waits(live) == live.clock.now() - timedelta(seconds=5)


def test_the_word_that_brings_advertising_back_still_waits(live):
    """In a chat it may mean an order that is to be picked up."""
    live.writes("dừng")
    confirm(live)
    live.clock.advance(minutes=5)
    live.writes("nhận")
    confirm(live)
    assert waits(live) == live.clock.now()


def test_old_lines_do_not_come_back_when_a_stop_is_confirmed(live):
    """What was written before this version, or ended, stays the past."""
    old = live.clock.now() - timedelta(days=90)
    ChatMessage.create(oa_id=OA, msg_id="old", user_id=ANH, inbound=True, kind="text", text="xưa", at=old, told_at=old)
    live.writes("dừng")
    confirm(live)
    replay(live)
    assert waits(live) is None


def test_what_was_called_done_stays_done(live):
    """A stop after it opens nothing."""
    lan = live.person()
    live.writes("mai còn chỗ không")
    conversations.done(live.clock.now(), live.actor(lan), OA, ANH, to_ms(live.clock.now()))
    live.clock.advance(seconds=5)
    live.writes("dừng")
    confirm(live)
    replay(live)
    assert waits(live) is None


@pytest.mark.parametrize("seed", range(8))
def test_other_lines_wait_in_any_order_of_arrival(live, seed):
    """Before and after the stop; the confirmation comes whenever it comes, and all is applied twice."""
    start, mixed = live.clock.now(), random.Random(seed)
    live.clock.advance(minutes=10)
    steps = [("user_send_text", 0, "Shop ơi"), ("oa_send_text", 10, "Dạ"), ("user_send_text", 20, "dừng"),
             ("user_send_text", 20, "dừng"), ("user_send_text", 30, "à mai còn chỗ không")]  # fmt: skip
    events = [
        live.event(name, at=start + timedelta(seconds=at), admin="7" if name[0] == "o" else "", text=text)
        for name, at, text in steps
    ]
    mixed.shuffle(events)
    while events:
        size = mixed.randint(1, 3)
        live.take_in(*events[:size])
        events = events[size:]
        if mixed.random() < 0.5:
            confirm(live)
    confirm(live)
    replay(live)
    assert waits(live) == start + timedelta(seconds=30)
    with write():
        live.types(at=start + timedelta(seconds=15))
    assert waits(live) == start + timedelta(seconds=30)


@pytest.mark.parametrize("seed", range(4))
def test_an_answer_in_between_leaves_nobody_waiting(live, seed):
    """A question, its answer, a stop: whatever arrives first."""
    start, mixed = live.clock.now(), random.Random(seed)
    live.clock.advance(minutes=10)
    events = [
        live.event("user_send_text", at=start, text="Shop ơi"),
        live.event("oa_send_text", at=start + timedelta(seconds=15), admin="7", text="Dạ"),
        live.event("user_send_text", at=start + timedelta(seconds=20), text="dừng"),
    ]
    mixed.shuffle(events)
    for event in events:
        live.take_in(event)
        confirm(live)
    replay(live)
    assert waits(live) is None
