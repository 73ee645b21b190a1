"""services/deliveries.py and receipts.py: the end is the same whatever the order of the facts."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import Channel, Delivery, DeliveryState, Notice, OfficialAccount, Receipt
from services import deliveries, receipts, sending
from services.events import text_hash

S = DeliveryState
RANK = {S.QUEUED: 0, S.SENDING: 1, S.UNCERTAIN: 1, S.SENT: 2, S.EXPIRED: 2, S.DELIVERED: 3, S.SEEN: 4}
SLOW = [HealthCheck.function_scoped_fixture]


@pytest.fixture
def oa(database, clock):
    return OfficialAccount.create(oa_id="123456", name="A", created_at=clock.now())


def make(clock, oa, channel=Channel.CS, state=S.SENDING, key="k", **values):
    now = clock.now()
    defaults = {
        "kind": "text", "recipient": "777", "content": {"text": "Xin chào"}, "chat_id": 5, "chat_message_id": 6,
        "attempted_at": now, "created_at": now, "lease_owner": "w", "lease_until": now + timedelta(seconds=60),
        "timeout_ms": 7_200_000 if channel == Channel.ZNS else None, "next_attempt_at": now,
    }  # fmt: skip
    tracking = deliveries.new_tracking_id(now)
    return Delivery.create(
        oa=oa, channel=channel, dedupe_key=key, tracking_id=tracking, state=state, **{**defaults, **values}
    )


def report(clock, row, kind, msg_id="m1", after=2.0, **values):
    """Store what Zalo reported, and look for its delivery, as the inbox does."""
    at = row.attempted_at + timedelta(seconds=after)
    extra = {"tracking_id": row.tracking_id} if row.channel == Channel.ZNS and kind == "delivered" else {}
    if kind == "echo":
        extra = {"user_id": row.recipient, "text_hash": text_hash(row.content["text"])}
    Receipt.insert(
        oa_id="123456", msg_id=msg_id, kind=kind, at=at, created_at=clock.now(), **{**extra, **values}
    ).on_conflict_ignore().execute()
    receipts.settle(clock.now(), [("123456", msg_id)])


def answer(clock, row):
    deliveries.answered(clock.now(), row.id, "m1", row.attempted_at + timedelta(seconds=1))
    receipts.settle(clock.now(), [("123456", "m1")])


def sweep(clock, row):
    """The lease ran out, as the sweep sees it."""
    Delivery.update(lease_until=clock.now() - timedelta(seconds=1)).where(
        Delivery.id == row.id, Delivery.state == S.SENDING
    ).execute()
    sending.end_leases(clock.now())
    receipts.sweep(clock.now())


FACTS = {
    "answer": answer,
    "delivered": lambda clock, row: report(clock, row, "delivered"),
    "seen": lambda clock, row: report(clock, row, "seen", after=4),
    "echo": lambda clock, row: report(clock, row, "echo", after=1),
    "sweep": sweep,
}


def outcome(row):
    now = Delivery.get_by_id(row.id)
    return (now.state, now.msg_id, now.delivered_at, now.seen_at)


@settings(max_examples=80, suppress_health_check=SLOW, deadline=None)
@given(order=st.permutations(sorted(FACTS)), repeats=st.lists(st.sampled_from(sorted(FACTS)), max_size=3))
def test_every_order_of_the_facts_about_an_oa_message_ends_seen(oa, clock, order, repeats):
    """Answer, echo, delivered, seen and the end of the lease, in any order, some of them twice."""
    for table in (Receipt, Notice, Delivery):
        table.delete().execute()
    row = make(clock, oa)
    ranks = []
    for name in [*order, *repeats]:
        FACTS[name](clock, row)
        ranks.append(RANK[S(Delivery.get_by_id(row.id).state)])
    assert ranks == sorted(ranks)
    at = row.attempted_at
    assert outcome(row) == (S.SEEN, "m1", at + timedelta(seconds=2), at + timedelta(seconds=4))
    assert Receipt.select().where(Receipt.delivery.is_null()).count() == 0


@settings(max_examples=40, suppress_health_check=SLOW, deadline=None)
@given(order=st.permutations(["answer", "delivered", "sweep"]), late=st.booleans())
def test_every_order_of_the_facts_about_a_zns_ends_the_same(oa, clock, order, late):
    """Delivered in time counts, delivered after the template's timeout is expired; ZNS is never lost in between."""
    for table in (Receipt, Notice, Delivery):
        table.delete().execute()
    row = make(clock, oa, Channel.ZNS, content={"template_id": "1", "params": {}})
    after = 7300.0 if late else 2.0
    for name in order:
        if name == "delivered":
            report(clock, row, "delivered", after=after)
        else:
            FACTS[name](clock, row)
    at = row.attempted_at + timedelta(seconds=after)
    assert outcome(row) == (S.EXPIRED if late else S.DELIVERED, "m1", at, None)


def test_without_an_answer_the_tracking_id_settles_a_zns(oa, clock):
    """Uncertain becomes delivered, and learns its message id."""
    row = make(clock, oa, Channel.ZNS, content={"template_id": "1", "params": {}})
    sweep(clock, row)
    assert outcome(row)[0] == S.UNCERTAIN
    report(clock, row, "delivered", msg_id="m9")
    assert outcome(row)[:2] == (S.DELIVERED, "m9")


def test_an_echo_settles_the_one_message_it_can_belong_to(oa, clock):
    """Same OA, person and text, inside the attempt's window."""
    row = make(clock, oa)
    sweep(clock, row)
    report(clock, row, "echo", msg_id="m5")
    assert outcome(row)[:2] == (S.SENT, "m5")


def test_an_echo_may_be_of_the_resend_that_is_under_way(oa, clock):
    """The first stays uncertain; the answer to the second tells whose echo it was."""
    first = make(clock, oa, key="a")
    sweep(clock, first)
    second = make(clock, oa, key="b")
    report(clock, second, "echo")
    assert outcome(first)[:2] == (S.UNCERTAIN, "")
    answer(clock, second)
    receipts.sweep(clock.now())
    assert [outcome(row)[:2] for row in (first, second)] == [(S.UNCERTAIN, ""), (S.SENT, "m1")]


@pytest.mark.parametrize(("channel", "fact"), [(Channel.CS, "echo"), (Channel.ZNS, "delivered")])
def test_what_was_reported_long_before_the_sender_is_missed_settles_its_message(oa, clock, channel, fact):
    """The machine went down between the receipt and the end of the lease, and came back hours later."""
    row = make(clock, oa, channel, content={"text": "Xin chào"})
    report(clock, row, fact)
    Receipt.update(delivery=None).execute()
    Delivery.update(state=S.SENDING, msg_id="").execute()
    clock.advance(hours=5)
    sending.end_leases(clock.now())
    assert outcome(row)[0] == (S.SENT if fact == "echo" else S.DELIVERED)


def test_an_echo_that_fits_two_messages_settles_neither(oa, clock):
    """Guessing would be worse than asking a person."""
    rows = [make(clock, oa, key=key) for key in "ab"]
    for row in rows:
        sweep(clock, row)
    report(clock, rows[0], "echo", msg_id="m5")
    assert [outcome(row)[0] for row in rows] == [S.UNCERTAIN, S.UNCERTAIN]


@pytest.mark.parametrize(
    "wrong",
    [{"admin_id": "9"}, {"user_id": "778"}, {"text_hash": text_hash("anderes")}, {"after": 600.0}, {"after": -60.0}],
)
def test_an_echo_of_something_else_settles_nothing(oa, clock, wrong):
    """Typed by a person in Zalo's tool, to somebody else, another text, another time."""
    row = make(clock, oa)
    sweep(clock, row)
    report(clock, row, "echo", msg_id="m5", **wrong)
    assert outcome(row)[0] == S.UNCERTAIN


def test_receipts_of_other_tools_stay_unmatched(oa, clock):
    """Most messages of an OA are not ours."""
    row = make(clock, oa)
    report(clock, row, "seen", msg_id="foreign")
    assert outcome(row)[0] == S.SENDING
    assert Receipt.get().delivery is None


def test_an_expired_message_whose_receipt_was_late_is_delivered_after_all(oa, clock):
    """The time of delivery decides, not the time we hear of it."""
    row = make(clock, oa, Channel.ZNS, state=S.EXPIRED, msg_id="m1", content={"template_id": "1", "params": {}})
    report(clock, row, "delivered", after=30)
    assert outcome(row)[0] == S.DELIVERED


@pytest.mark.parametrize(("start", "to"), list(product(DeliveryState, DeliveryState)))
def test_only_the_moves_of_the_table_happen(oa, clock, start, to):
    """A conditional UPDATE: anything else changes nothing and says so."""
    row = make(clock, oa, state=start)
    legal = start in deliveries.MOVES[to]
    assert deliveries.move(clock.now(), row.id, to) == legal
    assert Delivery.get_by_id(row.id).state == (to if legal else start)


def test_no_state_goes_down_and_final_ones_are_final():
    """Nothing leads back from an end, except what turns out to be delivered."""
    for to, starts in deliveries.MOVES.items():
        for start in starts:
            if start in {S.SEEN, S.FAILED, S.SKIPPED, S.CANCELLED}:
                pytest.fail(f"{start} -> {to}")
    assert S.UNCERTAIN not in deliveries.MOVES[S.QUEUED]
    assert S.UNCERTAIN not in deliveries.MOVES[S.SENDING]


def test_every_visible_change_edits_the_message_that_shows_it(oa, clock):
    """One notice for one Telegram message, a new version for each change."""
    row = make(clock, oa)
    for fact in ("answer", "delivered", "seen"):
        FACTS[fact](clock, row)
    (notice,) = Notice.select()
    assert (notice.kind, notice.ref, notice.chat_id, notice.message_id) == ("delivery", str(row.id), 5, 6)
    assert notice.version == 3


def test_an_unknown_outcome_is_told_beside_the_message(oa, clock):
    """A person has to decide, and an edited message alone rings no bell."""
    row = make(clock, oa)
    sweep(clock, row)
    assert sorted(notice.kind for notice in Notice.select()) == ["delivery", "uncertain"]


@pytest.mark.parametrize(
    ("state", "development", "expected"),
    [(S.DELIVERED, False, 324), (S.SEEN, False, 324), (S.DELIVERED, True, 0), (S.EXPIRED, False, 0),
     (S.FAILED, False, 0), (S.SENT, False, None), (S.UNCERTAIN, False, None)],
)  # fmt: skip
def test_only_what_was_delivered_in_time_costs(state, development, expected):
    """300 and 8 % VAT; what nobody knows yet is not counted as nothing."""
    row = Delivery(channel="zns", state=state, development=development, price=300, vat_percent=8)
    assert deliveries.cost(row) == expected


def test_tracking_ids_ascend_and_fit_zalo(clock):
    """Letters and digits, at most 32, later ones after earlier ones."""
    first = deliveries.new_tracking_id(clock.now())
    clock.advance(seconds=1)
    second = deliveries.new_tracking_id(clock.now())
    assert first < second
    assert first.isalnum()
    assert len(first) <= 32
