"""services/preflight: what is read from the database, for one person and for thousands, and the calls others make."""

from __future__ import annotations

import logging
from datetime import time, timedelta

import pytest

from db import write
from models import (
    Channel,
    Consent,
    Contact,
    Delivery,
    DeliveryState,
    Follower,
    OfficialAccount,
    SendClass,
    UidMessageApi,
    ZnsTemplate,
)
from services import house, preflight
from services.errors import Refusal
from services.preflight import Answer, Letter, Wanted
from services.preflight.facts import Refused
from services.preflight.windows import Hours

PHONE = "84912340007"
CS = Letter(Channel.CS, "text", SendClass.CARE)
TRACKED = iter(range(1, 1_000_000))


@pytest.fixture
def fan(shop):
    return person(shop, "777", PHONE)


def person(shop, user_id, phone="", oa_id="", **more):
    now = shop.clock.now()
    usual = {
        "display_name": "Bảo", "is_follower": True, "last_interaction_at": now - timedelta(hours=1),
        "first_seen_at": now,
    }  # fmt: skip
    return Follower.create(oa_id=oa_id or shop.oa.oa_id, user_id=user_id, phone=phone, **{**usual, **more})


def delivery(shop, recipient, channel=Channel.ZNS, send_class=SendClass.PROMOTION, state=DeliveryState.SENT, **more):
    number, now = next(TRACKED), shop.clock.now()
    usual = {"oa": shop.oa, "created_at": now, "content": {"template_id": "1"}, "kind": "template"}
    return Delivery.create(
        channel=channel, send_class=send_class, recipient=recipient, state=state, tracking_id=f"t{number}",
        dedupe_key=f"d{number}", **{**usual, **more},
    )  # fmt: skip


def template(shop, template_id="1", tag="TRANSACTION", **more):
    usual = {
        "status": "ENABLE",
        "price_phone": 300,
        "price_uid": 210,
        "synced_at": shop.clock.now(),
        "name": template_id,
    }
    return ZnsTemplate.create(oa=shop.oa, template_id=template_id, tag=tag, **{**usual, **more})


def of(shop, **whom):
    return preflight.facts(shop.desk(), shop.again(shop.oa), **whom).person


def another_oa(shop):
    return OfficialAccount.create(oa_id="999", name="Nha khoa An", created_at=shop.clock.now())


def test_a_phone_alone_finds_the_follower_who_shares_it(shop, fan):
    """Then every way is open; two people with one number are nobody."""
    assert of(shop, phone=PHONE).user_id == "777"
    person(shop, "778", PHONE)
    assert of(shop, phone=PHONE).user_id == ""
    assert of(shop, phone=PHONE, follower=fan).user_id == "777"


def test_a_no_of_anybody_with_the_number_counts_when_only_the_number_is_known(shop, fan):
    """Nobody can tell which of the two reads the message; to the one who said nothing it may go."""
    other = person(shop, "778", PHONE)
    Consent.create(
        recipient="777", oa_id=shop.oa.oa_id, scope="promotion", given=False, source="customer", at=shop.clock.now()
    )
    assert [word.recipient for word in of(shop, phone=PHONE).said] == ["777"]
    assert of(shop, phone=PHONE, follower=other).said == ()


def test_a_follower_brings_their_phone(shop, fan):
    """And a follower of another OA is not reached from this one."""
    assert of(shop, follower=fan).phone == PHONE
    person(shop, "31", "84912340008", oa_id="999")
    assert of(shop, phone="84912340008").user_id == ""


def test_advertising_counts_over_all_oas_for_the_phone_and_every_user_id(shop, fan):
    """A person of three OAs is one person."""
    other = another_oa(shop)
    contact = Contact.create(phone=PHONE, created_at=shop.clock.now())
    person(shop, "31", "", oa_id="999", contact=contact)
    person(shop, "32", PHONE, oa_id="888")
    delivery(shop, PHONE, oa=other)
    delivery(shop, "31", Channel.UID, oa=other)
    delivery(shop, "32", Channel.PROMOTION, oa=other)
    delivery(shop, "777", Channel.UID)
    delivery(shop, "somebody", Channel.UID)
    assert len(of(shop, follower=fan).promoted) == 4
    assert len(of(shop, phone=PHONE).promoted) == 4


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"state": DeliveryState.QUEUED}, True),
        ({"state": DeliveryState.UNCERTAIN}, True),
        ({"state": DeliveryState.SEEN}, True),
        ({"state": DeliveryState.FAILED}, False),
        ({"state": DeliveryState.CANCELLED}, False),
        ({"state": DeliveryState.SKIPPED}, False),
        ({"state": DeliveryState.EXPIRED}, False),
        ({"send_class": SendClass.CARE}, False),
        ({"development": True}, False),
        ({"development": True, "channel": Channel.UID, "recipient": "777"}, True),
    ],
)
def test_only_advertising_that_reached_or_may_reach_counts(shop, fan, more, counts):
    """A development ZNS went to an administrator."""
    delivery(shop, **{"recipient": PHONE, **more})
    assert len(of(shop, follower=fan).promoted) == counts


def test_what_waits_counts_for_the_day_it_leaves_on(shop, fan):
    """Held tonight, sent tomorrow: tomorrow's."""
    tomorrow = shop.clock.now() + timedelta(hours=23)
    delivery(shop, PHONE, state=DeliveryState.QUEUED, next_attempt_at=tomorrow)
    assert of(shop, follower=fan).promoted == (tomorrow,)


def test_what_was_put_off_counts_for_the_day_it_leaves_on(shop, fan):
    """Zalo refused it today until tomorrow: the try of today reached nobody."""
    now = shop.clock.now()
    tomorrow = now + timedelta(days=1)
    delivery(shop, PHONE, state=DeliveryState.QUEUED, attempted_at=now, next_attempt_at=tomorrow)
    assert of(shop, phone=PHONE).promoted == (tomorrow,)


def test_advertising_of_this_month_and_the_last_one_is_read(shop, fan):
    """What was made last month may have left in this one; what is older counts for nothing any more."""
    now = shop.clock.now()
    sent = [now - timedelta(days=days) for days in (5, 22, 53, 54)]
    for at in sent:
        delivery(shop, PHONE, created_at=at, sent_at=at)
    assert of(shop, follower=fan).promoted == tuple(sent[:3])


def test_of_two_that_wait_the_first_goes_and_the_second_waits_on(shop, fan):
    """Judged at sending, no delivery stands in its own way."""
    template(shop, tag="PROMOTION")
    now = shop.clock.now()
    first, second = (delivery(shop, PHONE, state=DeliveryState.QUEUED, next_attempt_at=now) for _ in range(2))
    assert preflight.of_delivery(shop.desk(), first).answer is Answer.YES
    verdict = preflight.of_delivery(shop.desk(), second)
    assert (verdict.answer, verdict.until) == (Answer.LATER, now + timedelta(hours=23))
    Delivery.update(state=DeliveryState.SENT, sent_at=now).where(Delivery.id == second.id).execute()
    assert preflight.of_delivery(shop.desk(), first).answer is Answer.LATER


def test_words_of_the_phone_and_of_the_user_id_are_read(shop, fan):
    """Those of other OAs about a user id are not; those about the business are."""
    now = shop.clock.now()
    for at, (recipient, oa_id) in enumerate([(PHONE, ""), ("777", shop.oa.oa_id), ("777", "999"), (PHONE, "999")]):
        Consent.create(
            recipient=recipient, oa_id=oa_id, scope="promotion", given=False, source="customer",
            at=now + timedelta(seconds=at),
        )  # fmt: skip
    assert [(word.recipient, word.oa_id) for word in of(shop, follower=fan).said] == [
        ("777", shop.oa.oa_id), (PHONE, "")]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "never"),
    [
        ({"profile_at": timedelta(days=1), "is_follower": False}, True),
        ({"profile_at": timedelta(days=1), "is_follower": True}, False),
        ({"profile_at": timedelta(days=8), "is_follower": False}, False),
        ({"is_follower": False}, False),
        ({"profile_at": timedelta(days=1), "is_follower": False, "last_interaction_on": "2026-11-20"}, False),
    ],
)
def test_never_is_what_zalo_said_lately(shop, known, never):
    """A profile without a date, of somebody who does not follow: following would have been an interaction."""
    known = {**known, **({"profile_at": shop.clock.now() - known["profile_at"]} if "profile_at" in known else {})}
    row = person(shop, "55", last_interaction_at=None, **known)
    assert of(shop, follower=row).never is never


def test_a_message_of_another_class_makes_a_relation(shop, fan):
    """For half a year, by ZNS of the same OA that Zalo took."""
    assert of(shop, follower=fan).related_at is None
    delivery(shop, PHONE, send_class=SendClass.CARE, state=DeliveryState.FAILED)
    delivery(shop, PHONE, send_class=SendClass.CARE, oa=another_oa(shop))
    delivery(shop, PHONE, send_class=SendClass.CARE, created_at=shop.clock.now() - timedelta(days=190))
    assert of(shop, follower=fan).related_at is None
    row = delivery(shop, PHONE, send_class=SendClass.TRANSACTION)
    assert of(shop, follower=fan).related_at == row.created_at


def refusal(shop, code="-230", minutes=0, **more):
    at = shop.clock.now() - timedelta(minutes=minutes)
    usual = {"recipient": "777", "channel": Channel.CS, "send_class": SendClass.CARE, "state": DeliveryState.FAILED,
             "error_code": code, "attempted_at": at, "kind": "text", "created_at": at}  # fmt: skip
    return delivery(shop, **{**usual, **more})


def test_zalos_newest_refusal_of_a_consultation_message_is_read(shop, fan):
    """Zalo knows the last interaction better than we do."""
    assert of(shop, follower=fan).refused is None
    refusal(shop, "-232", minutes=5)
    newest = refusal(shop, minutes=2)
    assert of(shop, follower=fan).refused == Refused("-230", newest.attempted_at)


@pytest.mark.parametrize(
    "more",
    [
        {"error_code": "-213"},
        {"channel": Channel.UID},
        {"attempted_at": None},
        {"state": DeliveryState.SENT},
        {"recipient": "778"},
        {"oa": None},
    ],
)
def test_what_is_no_refusal_of_that_kind_does_not_count(shop, fan, more):
    """Other codes and ways, what never left, other people and other OAs."""
    refusal(shop, **{**more, **({"oa": another_oa(shop)} if "oa" in more else {})})
    assert of(shop, follower=fan).refused is None


def test_a_refusal_of_zalo_closes_the_window_until_they_interact_again(shop, fan):
    """The next message to them is not called free; their next line opens it."""
    refusal(shop)
    with pytest.raises(Refusal) as refused:
        preflight.check(shop.desk(), shop.oa, CS, follower=fan)
    assert (refused.value.key, refused.value.code) == ("send.window_refused", "-230")
    shop.clock.advance(minutes=1)
    Follower.update(last_interaction_at=shop.clock.now()).execute()
    assert preflight.check(shop.desk(), shop.oa, CS, follower=shop.again(fan)).answer is Answer.YES


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        (None, Hours(time(8), time(21))),
        ({"from": "09:30", "to": "20:00"}, Hours(time(9, 30), time(20))),
        ({"from": "05:00", "to": "23:30"}, Hours(time(7), time(22))),
        ({"from": "20:00", "to": "09:00"}, Hours(time(8), time(21))),
        ({"from": "morgens", "to": 7}, Hours(time(8), time(21))),
    ],
)
def test_the_owners_hours_stay_within_seven_and_ten(shop, value, hours):
    """What cannot be read is the default."""
    with write():
        house.put(shop.clock.now(), preflight.PROMOTION_HOURS, value)
    assert preflight.promotion_hours() == hours


def queries(caplog, work):
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger="peewee"):
        work()
    return len([record for record in caplog.records if record.name == "peewee"])


def test_thousands_are_read_by_as_many_queries_as_one(shop, fan, caplog):
    """A handful."""
    some = [Wanted(f"8491{number:07d}", person(shop, str(number), f"8491{number:07d}")) for number in range(300)]
    one = queries(caplog, lambda: preflight.facts(shop.desk(), shop.oa, follower=fan))
    many = queries(caplog, lambda: preflight.facts_of(shop.desk(), shop.oa, some))
    assert many <= one + 1 <= 11
    assert preflight.facts_of(shop.desk(), shop.oa, []) == []


def test_many_are_judged_as_each_alone(shop, fan):
    """The bulk and the single reading agree."""
    delivery(shop, PHONE)
    refusal(shop)
    wanted = [Wanted(PHONE), Wanted("", fan), Wanted("84900000001"), Wanted("", person(shop, "1", ""))]
    together = preflight.facts_of(shop.desk(), shop.oa, wanted)
    alone = [preflight.facts(shop.desk(), shop.oa, phone=each.phone, follower=each.follower) for each in wanted]
    assert together == alone


def test_the_ways_are_open_first_and_cheapest_first(shop, fan):
    """Free, then by price; what opens tomorrow, then what is closed, each with its reason."""
    template(shop)
    template(shop, "2", price_phone=200, price_uid=140)
    template(shop, "3", "PROMOTION", price_phone=250, price_uid=175)
    delivery(shop, PHONE)
    found = preflight.ways(shop.desk(), shop.again(shop.oa), follower=fan)
    shown = [(way.letter.channel, way.letter.kind, way.answer, way.price) for way in found]
    assert shown[:4] == [
        (Channel.CS, "text", Answer.YES, 0),
        (Channel.CS, "form", Answer.YES, 0),
        (Channel.UID, "template", Answer.YES, 140),
        (Channel.ZNS, "template", Answer.YES, 200),
    ]
    later = [(way.letter.channel, way.letter.promotes, way.refusal.key) for way in found if way.answer is Answer.LATER]
    assert later == [(Channel.UID, True, "send.person_today"), (Channel.ZNS, True, "send.person_today")]
    assert {way.refusal.key for way in found[6:]} == {"send.older_way"}


def test_the_ways_to_a_number_nobody_knows(shop):
    """ZNS, and why not the rest."""
    template(shop)
    found = preflight.ways(shop.desk(), shop.again(shop.oa), phone="84900000001")
    assert [way.letter.channel for way in found if way.answer is Answer.YES] == [Channel.ZNS]
    assert {way.refusal.key for way in found[1:]} == {"way.no_user", "send.older_way"}


def test_an_oa_that_keeps_to_the_older_form_has_the_other_ways(shop, fan):
    """The setting of the OA decides."""
    template(shop)
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    found = preflight.ways(shop.desk(), shop.again(shop.oa), follower=fan)
    by = {way.letter.channel: way for way in found}
    assert by[Channel.TRANSACTION].answer is by[Channel.PROMOTION].answer is Answer.YES
    assert by[Channel.UID].refusal.key == "send.template_way"


def test_a_check_raises_the_no_and_returns_the_rest(shop, fan):
    """LATER comes back with its moment: the row waits for it."""
    assert preflight.check(shop.desk(), shop.oa, CS, follower=fan).answer is Answer.YES
    row = template(shop, tag="PROMOTION")
    shop.clock.advance(hours=14)
    letter = Letter(Channel.ZNS, "template", SendClass.PROMOTION, row)
    verdict = preflight.check(shop.desk(), shop.oa, letter, phone=PHONE)
    assert (verdict.answer, verdict.held, verdict.until) == (
        Answer.LATER, "night", shop.clock.now() + timedelta(hours=9))  # fmt: skip
    OfficialAccount.update(published=False).execute()
    with pytest.raises(Refusal) as refused:
        preflight.check(shop.desk(), shop.again(shop.oa), CS, follower=fan)
    assert refused.value.key == "send.paused"
