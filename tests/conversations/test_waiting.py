"""Who waits follows from the lines, in whatever order they arrive."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from db import to_ms
from models import Channel, ChatMessage, Conversation, Delivery, DeliveryState, Origin
from services import conversation_list, conversations, deliveries
from services.conversation_list import Which
from services.errors import Conflict, NotAllowed, NotFound

OA = "2902001003004005006"
ANH, BAO = "6503004005006007008", "6503004005006007009"


def test_whoever_writes_waits_since_the_first_line_nobody_answered(chats):
    """Later lines change what is shown, not since when."""
    first = chats.clock.now()
    chats.writes("Shop ơi")
    chats.clock.advance(seconds=30)
    chats.writes("mai còn chỗ không, số em 0938 123 812")
    talk = chats.talk()
    assert (talk.waiting_since, talk.last_inbound_at) == (first, chats.clock.now())
    assert talk.last_text.startswith("mai còn")
    assert talk.has_phone


def test_an_answer_typed_in_zalos_own_tool_ends_the_waiting(chats):
    """The echo carries an admin id: a person answered. Our own echo carries none and ends nothing."""
    chats.writes()
    chats.clock.advance(seconds=10)
    chats.take_in(chats.event("oa_send_text", text="tin tự động"))
    assert chats.talk().waiting_since is not None
    chats.types()
    assert chats.talk().waiting_since is None


def test_a_line_after_the_answer_waits_again(chats):
    """Since that line, and the number of before is forgotten."""
    chats.writes("số em 0938123812")
    chats.clock.advance(minutes=1)
    chats.types()
    chats.clock.advance(minutes=1)
    chats.writes("cảm ơn")
    talk = chats.talk()
    assert talk.waiting_since == chats.clock.now()
    assert not talk.has_phone


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_gives_the_same_row(chats, seed):
    """Zalo promises no order, and repeats; in batches of any size."""
    start = chats.clock.now()
    chats.clock.advance(hours=1)
    steps = [("user_send_text", 0), ("oa_send_text", 10), ("user_send_text", 20), ("user_send_text", 30),
             ("oa_send_text", 25), ("user_send_text", 40)]  # fmt: skip
    events = [
        chats.event(name, at=start + timedelta(seconds=at), admin="7" if name[0] == "o" else "", text=f"dòng {at}")
        for name, at in steps
    ]
    mixed = random.Random(seed)
    events += mixed.sample(events, 3)
    mixed.shuffle(events)
    while events:
        size = mixed.randint(1, 3)
        chats.take_in(*events[:size])
        events = events[size:]
    talk = chats.talk()
    assert talk.waiting_since == start + timedelta(seconds=30)
    assert talk.last_inbound_at == start + timedelta(seconds=40)
    assert talk.last_outbound_at == start + timedelta(seconds=25)
    assert talk.last_text == "dòng 40"


def test_messages_of_before_this_version_make_nobody_wait(chats):
    """Old lines without a conversation row stay the past; only what comes from now on counts."""
    old = chats.clock.now() - timedelta(days=90)
    ChatMessage.create(oa_id=OA, msg_id="old", user_id=ANH, inbound=True, kind="text", text="xưa", at=old, told_at=old)
    chats.writes("nay")
    assert chats.talk().waiting_since == chats.clock.now()


def test_only_one_of_two_takes_a_customer(chats):
    """The other is told the name, and may not give away what is not theirs."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes()
    conversations.take(chats.clock.now(), chats.actor(lan), OA, ANH)
    with pytest.raises(Conflict) as refused:
        conversations.take(chats.clock.now(), chats.actor(hoa), OA, ANH)
    assert (refused.value.key, refused.value.values["name"]) == ("inbox.taken", "Lan")
    with pytest.raises(Conflict):
        conversations.give_back(chats.clock.now(), chats.actor(hoa), OA, ANH)
    with pytest.raises(Conflict):
        conversations.hand_over(chats.clock.now(), chats.actor(hoa), OA, ANH, hoa)


def test_the_longest_waiting_is_taken_first_and_never_twice(chats):
    """Two people who tap at once get two customers; the third finds nobody."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes(user=BAO)
    chats.clock.advance(minutes=1)
    chats.writes(user=ANH)
    now = chats.clock.now()
    assert conversations.take_longest(now, chats.actor(lan), [OA]).user_id == BAO
    assert conversations.take_longest(now, chats.actor(hoa), [OA]).user_id == ANH
    with pytest.raises(NotFound):
        conversations.take_longest(now, chats.actor(hoa), [OA])


def test_a_customer_nobody_heard_from_for_a_day_is_free_again(chats):
    """Whoever took them and went home does not keep them from the others."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes()
    conversations.take(chats.clock.now(), chats.actor(lan), OA, ANH)
    chats.clock.advance(hours=25)
    conversations.take(chats.clock.now(), chats.actor(hoa), OA, ANH)
    assert chats.talk().taken_by == hoa.telegram_id


def test_done_does_not_sweep_away_a_line_nobody_saw(chats):
    """The customer wrote again between the screen and the tap."""
    lan = chats.person()
    chats.writes()
    seen = to_ms(chats.clock.now())
    chats.clock.advance(seconds=5)
    chats.writes("à mà thôi")
    with pytest.raises(Conflict, match=r"inbox\.wrote_again"):
        conversations.done(chats.clock.now(), chats.actor(lan), OA, ANH, seen)
    conversations.done(chats.clock.now(), chats.actor(lan), OA, ANH, to_ms(chats.clock.now()))
    talk = chats.talk()
    assert (talk.waiting_since, talk.taken_by, talk.done_by) == (None, None, lan.telegram_id)
    chats.clock.advance(seconds=5)
    chats.writes("còn một việc")
    assert chats.talk().waiting_since == chats.clock.now()


def test_a_line_that_was_under_way_while_done_was_tapped_still_waits(chats):
    """Zalo's event of a second ago arrives after the tap: nobody has seen that line."""
    lan = chats.person()
    chats.writes()
    seen = chats.clock.now()
    chats.clock.advance(seconds=10)
    conversations.done(chats.clock.now(), chats.actor(lan), OA, ANH, to_ms(seen))
    late = seen + timedelta(seconds=8)
    chats.take_in(chats.event("user_send_text", at=late, text="chờ đã"))
    assert chats.talk().waiting_since == late


def test_a_customer_is_handed_only_to_somebody_who_may_use_the_oa(chats):
    """Viewers, strangers to the OA and people who left cannot have them; a manager may give away what others hold."""
    lan, boss = chats.person(name="Lan"), chats.person(name="Hoa")
    boss.role = "manager"
    boss.save()
    viewer = chats.person(name="Kế toán")
    viewer.role = "viewer"
    viewer.save()
    chats.writes()
    conversations.take(chats.clock.now(), chats.actor(lan), OA, ANH)
    with pytest.raises(NotAllowed):
        conversations.hand_over(chats.clock.now(), chats.actor(lan), OA, ANH, viewer)
    conversations.hand_over(chats.clock.now(), chats.actor(boss), OA, ANH, boss)
    assert chats.talk().taken_by == boss.telegram_id
    assert [row.chat_id for row in chats.notices(conversations.HANDED_OVER)] == []
    conversations.hand_over(chats.clock.now(), chats.actor(boss), OA, ANH, lan)
    assert [row.chat_id for row in chats.notices(conversations.HANDED_OVER)] == [lan.telegram_id]


def delivery(chats, origin, **facts):
    now = chats.clock.now()
    values = {"channel": Channel.CS, "kind": "text", "origin": origin, "recipient": ANH, "content": {"text": "Dạ"}}
    return Delivery.create(
        **{**values, **facts}, oa=chats.oa, dedupe_key=f"{origin}{facts}", tracking_id=deliveries.new_tracking_id(now),
        created_at=now, state=DeliveryState.SENDING, staff_id=7_100_000_001, attempted_at=now,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("origin", "counts"), [(Origin.REPLY, True), (Origin.SINGLE, True), (Origin.AUTOMATIC, False), (Origin.TEST, False)]
)
def test_what_counts_as_the_answer(chats, origin, counts):
    """A person's message counts once Zalo took it; what OA Desk sends by itself does not."""
    chats.writes()
    chats.clock.advance(seconds=20)
    row = delivery(chats, origin)
    assert chats.talk().waiting_since is not None
    deliveries.answered(chats.clock.now(), row.id, "sent-1", None)
    assert (chats.talk().waiting_since is None) is counts


def test_an_answer_that_failed_is_none(chats):
    """The customer still waits."""
    chats.writes()
    chats.clock.advance(seconds=20)
    row = delivery(chats, Origin.REPLY)
    deliveries.move(chats.clock.now(), row.id, DeliveryState.FAILED)
    assert chats.talk().waiting_since is not None


def test_a_line_written_while_the_answer_was_under_way_still_waits(chats):
    """Staff had not seen it when they wrote."""
    chats.writes()
    chats.clock.advance(seconds=20)
    row = delivery(chats, Origin.REPLY)
    chats.clock.advance(seconds=1)
    chats.writes("với cả size M nha")
    deliveries.answered(chats.clock.now(), row.id, "sent-1", chats.clock.now() + timedelta(seconds=1))
    assert chats.talk().waiting_since == chats.clock.now()


def test_the_lists_of_the_inbox(chats):
    """Longest first; mine, those whose free window ends soon, and what is done stand apart."""
    lan = chats.person()
    chats.writes(user=BAO)
    chats.clock.advance(hours=43)
    chats.writes(user=ANH)
    now, me = chats.clock.now(), lan.telegram_id

    def listed(which):
        rows, total = conversation_list.page(now, me, [OA], which, 0, 10)
        assert total == len(rows)
        return [row.person.user_id for row in rows]

    assert listed(Which.WAITING) == [BAO, ANH]
    assert listed(Which.SOON) == [BAO]
    conversations.take(now, chats.actor(lan), OA, BAO)
    assert (listed(Which.WAITING), listed(Which.MINE)) == ([ANH], [BAO])
    assert conversation_list.waiting([OA]) == (2, now - timedelta(hours=43))
    conversations.done(now, chats.actor(lan), OA, BAO, to_ms(now))
    assert (listed(Which.DONE), listed(Which.MINE)) == ([BAO], [])
    counts = conversation_list.counts(now, me, [OA])
    assert (counts.waiting, counts.mine, counts.soon, counts.longest) == (1, 0, 0, now)
    assert conversation_list.page(now, me, [], Which.WAITING, 0, 10) == ([], 0)


def test_every_move_is_audited(chats):
    """Who took, gave back, handed over and ended."""
    from models import AuditEntry

    lan = chats.person()
    chats.writes()
    now, by = chats.clock.now(), chats.actor(lan)
    conversations.take(now, by, OA, ANH)
    conversations.give_back(now, by, OA, ANH)
    conversations.hand_over(now, by, OA, ANH, lan)
    conversations.done(now, by, OA, ANH, to_ms(now))
    entries = list(AuditEntry.select().order_by(AuditEntry.id))
    assert [row.action.removeprefix("conversation.") for row in entries] == [
        "taken", "given_back", "handed_over", "done",
    ]  # fmt: skip
    assert {(row.oa_id, row.staff_id, row.target) for row in entries} == {
        (OA, lan.telegram_id, f"follower {chats.follower().id}")
    }
    assert Conversation.select().count() == 1


def test_of_ones_own_customers_those_who_wait_stand_first(chats):
    """Whoever was answered already comes after them, on either database."""
    lan = chats.person()
    for number, user in enumerate(("65000001", "65000002", "65000003")):
        chats.writes(user=user)
        chats.clock.advance(minutes=1)
        conversations.take(chats.clock.now(), chats.actor(lan), OA, user)
        if number == 1:
            chats.types(user=user)
    lines, total = conversation_list.page(chats.clock.now(), lan.telegram_id, [OA], Which.MINE, 0, 6)
    assert [line.person.user_id for line in lines] == ["65000001", "65000003", "65000002"]
    assert total == 3
