"""A person's past and card, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import (
    ChatMessage,
    ConsentSource,
    Conversation,
    Delivery,
    DeliveryState,
    Follower,
    OfficialAccount,
    Role,
    Scope,
)
from services import consents, deliveries, past, staff
from services.consents import Statement

OA, USER, PHONE = "2902001003004005006", "6503004005006007008", "84901234567"


@pytest.fixture
def oa(database, clock):
    return OfficialAccount.create(oa_id=OA, name="Hoa Mai", created_at=clock.now())


@pytest.fixture
def lan(oa, clock):
    return Follower.create(oa_id=OA, user_id=USER, phone=PHONE, first_seen_at=clock.now())


def line(clock, minutes, text, **more):
    at = clock.now() - timedelta(minutes=minutes)
    row = {"oa_id": OA, "msg_id": f"m{text}", "user_id": USER, "inbound": True, "kind": "text", "text": text, "at": at}
    return ChatMessage.create(**{**row, **more})


def sent(clock, oa, minutes, recipient=USER, **more):
    at = clock.now() - timedelta(minutes=minutes)
    row = {
        "oa": oa, "channel": "cs", "kind": "text", "recipient": recipient, "content": {"text": f"s{minutes}"},
        "state": DeliveryState.SENT, "dedupe_key": f"{oa.id}{recipient}{minutes}", "created_at": at,
        "tracking_id": deliveries.new_tracking_id(at),
    }  # fmt: skip
    return Delivery.create(**{**row, **more})


def told(page):
    return [each.message.text if each.message else each.delivery.content["text"] for each in page.rows]


def test_pages_join_without_a_gap_and_without_a_repetition(clock, oa, lan):
    """Messages and deliveries, to the user id and to the phone."""
    for minutes in range(0, 40, 4):
        line(clock, minutes, f"l{minutes}")
        sent(clock, oa, minutes + 1)
        sent(clock, oa, minutes + 2, PHONE)
    first = past.of_follower(oa, lan)
    second = past.of_follower(oa, lan, first.older)
    assert (len(first.rows), len(second.rows), second.older) == (15, 15, None)
    expected = [f"{kind}{at + step}" for at in range(0, 40, 4) for kind, step in (("l", 0), ("s", 1), ("s", 2))]
    assert told(first) + told(second) == expected


def test_our_message_and_its_echo_are_one_line(clock, oa, lan):
    """What somebody typed in Zalo's own tool has no delivery, and stays; so does another OA's message of that id."""
    sent(clock, oa, 3, msg_id="e1")
    line(clock, 3, "s3", msg_id="e1", inbound=False)
    line(clock, 2, "gõ tay", msg_id="e2", inbound=False, admin_id="9")
    other = OfficialAccount.create(oa_id="777", name="Khác", created_at=clock.now())
    sent(clock, other, 1, msg_id="e2")
    assert told(past.of_follower(oa, lan)) == ["gõ tay", "s3"]


def test_a_number_has_the_past_of_the_oas_asked_for(clock, oa, lan):
    """And of no other."""
    other = OfficialAccount.create(oa_id="777", name="Khác", created_at=clock.now())
    sent(clock, oa, 3, PHONE)
    sent(clock, other, 5, PHONE)
    assert told(past.of_phone([oa, other], PHONE)) == ["s3", "s5"]
    assert told(past.of_phone([oa], PHONE)) == ["s3"]
    assert past.of_phone([], PHONE).rows == []


def test_the_card_names_who_entered_what_and_who_looks_after_them(clock, oa, lan):
    """Also somebody who has left."""
    staff.add(clock.now(), 55, Role.OPERATOR, "Hoa")
    consents.record(Statement(PHONE, Scope.ALL, False, clock.now(), ConsentSource.STAFF, staff_id=55))
    Conversation.create(oa_id=OA, user_id=USER, taken_by=56)
    card = past.card(oa, lan)
    assert (card.keeper, card.names, card.tags) == (56, {55: "Hoa"}, [])
    assert [word.scope for word in card.said] == ["all"]
