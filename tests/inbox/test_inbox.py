"""From a stored event to the tables."""

from __future__ import annotations

from datetime import timedelta

import pytest
from inbox_events import OA, T0, USER, chat, drain, follow, info, received, row, seen, tag, take_in

from db import from_ms, to_ms
from models import (
    ChatMessage,
    Contact,
    Follower,
    FollowerTag,
    InboxEvent,
    InboxState,
    Notice,
    OfficialAccount,
    Receipt,
    Role,
)
from services import followers, inbox, staff
from services.desk import Work
from services.events import text_hash


def person():
    return followers.get(OA, USER)


def test_a_follow_makes_a_follower(inbox_desk, nudges):
    """One follow event is enough for the list, and asks for the profile."""
    take_in(inbox_desk, follow("follow", T0))
    assert person().is_follower is True
    assert person().follow_at == from_ms(T0)
    assert person().last_interaction_at == from_ms(T0)
    assert person().profile_wanted
    assert Work.PROFILES in nudges


def test_the_newer_fact_wins_whatever_comes_first(inbox_desk):
    """A late "follow" of the past does not bring somebody back who has left."""
    take_in(inbox_desk, follow("unfollow", T0 + 5))
    take_in(inbox_desk, follow("follow", T0))
    assert person().is_follower is False


def test_of_one_millisecond_the_later_name_wins(inbox_desk):
    """Ties break the same way in any order."""
    take_in(inbox_desk, follow("unfollow", T0))
    take_in(inbox_desk, follow("follow", T0))
    assert person().is_follower is False


def test_a_message_makes_nobody_a_follower(inbox_desk):
    """Who writes may not follow; we do not claim to know."""
    take_in(inbox_desk, chat("user_send_text", "m1", T0, text="xin chào"))
    assert person().is_follower is None
    assert person().last_interaction_at == from_ms(T0)
    message = ChatMessage.get()
    assert (message.inbound, message.kind, message.text) == (True, "text", "xin chào")


def test_attachments_are_kept(inbox_desk):
    """An image stays an image with its address, whatever else Zalo says about it."""
    picture = {"payload": {"url": "https://f4.photo.talk.zdn.vn/1/a.jpg", "thumbnail": ""}, "type": "image"}
    take_in(inbox_desk, chat("user_send_image", "m1", T0, attachments=[picture, "odd"]))
    message = ChatMessage.get()
    assert message.attachments == [{"kind": "image", "url": "https://f4.photo.talk.zdn.vn/1/a.jpg"}]
    assert (message.kind, message.text) == ("image", "")


def test_a_time_far_in_the_future_counts_as_now(inbox_desk, clock):
    """A wrong clock somewhere must not make a fact unbeatable."""
    take_in(inbox_desk, follow("follow", to_ms(clock.now()) + 11 * 60_000))
    assert person().follow_at == clock.now()
    clock.advance(seconds=5)
    take_in(inbox_desk, follow("unfollow", to_ms(clock.now())))
    assert person().is_follower is False


@pytest.mark.parametrize(
    "name",
    ["user_send_sticker", "user_send_future_kind", "user_asking_product"],
)
def test_interactions_move_the_window(inbox_desk, name):
    """Everything a person sends opens the window for answers, kinds of tomorrow included."""
    take_in(inbox_desk, chat(name, "m1", T0))
    assert person().last_interaction_at == from_ms(T0)


@pytest.mark.parametrize("name", ["user_click_chatnow", "user_call_oa"])
def test_flat_interactions_move_the_window(inbox_desk, name):
    """These name the person without a message."""
    take_in(inbox_desk, {"oa_id": OA, "user_id": USER, "event_name": name, "timestamp": str(T0)})
    assert person().last_interaction_at == from_ms(T0)


def test_an_echo_is_kept_and_is_no_interaction(inbox_desk):
    """What the OA sent is part of the chat, but opens no window."""
    take_in(inbox_desk, chat("oa_send_text", "m1", T0, text="Chào bạn "))
    assert person().last_interaction_at is None
    assert ChatMessage.get().inbound is False
    receipt = Receipt.get()
    assert (receipt.kind, receipt.user_id, receipt.text_hash) == ("echo", USER, text_hash("Chào bạn"))


def test_groups_are_no_chats_with_the_oa(inbox_desk):
    """A member of a group is no contact of the OA, and the group is no person."""
    body = chat("user_send_group_text", "m1", T0, text="hello all") | {"oa_id": OA, "recipient": {"id": "g-1"}}
    take_in(inbox_desk, body)
    assert not Follower.select().exists()
    assert not ChatMessage.select().exists()
    assert InboxEvent.get().state == InboxState.DONE


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Nguyễn Thị Đào", "phone": "0901 234 567", "city": "Huế"},
        {"name": "Nguyễn Thị Đào", "phone": 84901234567, "full_address": {"user_city": "Huế"}},
    ],
    ids=["old", "new"],
)
def test_both_shapes_of_shared_information_are_read(inbox_desk, fields):
    """Zalo's two forms give one record, a phone in Zalo's form, a contact, and a name to search by."""
    take_in(inbox_desk, info(T0, **fields))
    assert person().shared_info["city"] == "Huế"
    assert person().phone == "84901234567"
    assert person().contact == Contact.get(Contact.phone == "84901234567")
    assert followers.find(OA, "dao nguyen") == [person()]


def test_a_later_form_without_a_phone_keeps_the_phone(inbox_desk):
    """People do not lose their number by filling in another form."""
    take_in(inbox_desk, info(T0, phone="0901234567", name="Lan"), info(T0 + 5, name="Lan Anh"))
    assert person().phone == "84901234567"
    assert person().shared_info == {"name": "Lan Anh"}


def test_chat_receipts(inbox_desk):
    """Received and seen are kept by message; the first time counts."""
    take_in(inbox_desk, seen(["m1", "m2"], T0 + 9), received("m1", T0 + 7), seen(["m1"], T0 + 20))
    rows = {(row.msg_id, row.kind): row.at for row in Receipt.select()}
    assert rows == {
        ("m1", "delivered"): from_ms(T0 + 7),
        ("m1", "seen"): from_ms(T0 + 9),
        ("m2", "seen"): from_ms(T0 + 9),
    }
    assert not Follower.select().where(Follower.is_follower).exists()


def test_zns_receipts_carry_the_time_on_the_phone(inbox_desk):
    """The receipt of a ZNS has our tracking id and when it really arrived; the phone is no user."""
    body = received("z1", T0 + 9000, "84901234567", tracking_id="order-1", delivery_time=str(T0))
    take_in(inbox_desk, body, headers={"X-ZEvent-Server": "ZNS"})
    receipt = Receipt.get()
    assert (receipt.tracking_id, receipt.at, receipt.user_id) == ("order-1", from_ms(T0), "")
    assert not Follower.select().exists()


def test_a_nonsense_delivery_time_is_not_believed(inbox_desk):
    """A number no clock can show falls back to the time of the event."""
    take_in(inbox_desk, received("z1", T0, "84901234567", tracking_id="x", delivery_time="9" * 30))
    assert Receipt.get().at == from_ms(T0)


def test_tags_and_their_tombstones(inbox_desk):
    """A removed tag stays removed for everybody tagged before, and can be given again after."""
    take_in(inbox_desk, tag("remove_tag", "vip", T0 + 50))
    take_in(inbox_desk, tag("add_user_to_tag", "vip", T0, [USER]))
    assert followers.tags_of(OA, [USER]) == {USER: []}
    assert followers.tags(OA) == []
    take_in(inbox_desk, tag("add_user_to_tag", "vip", T0 + 90, [USER]))
    assert followers.tags_of(OA, [USER]) == {USER: ["vip"]}
    assert followers.tags(OA) == ["vip"]
    take_in(inbox_desk, tag("remove_user_from_tag", "vip", T0 + 95, [USER]))
    assert followers.tags_of(OA, [USER]) == {USER: []}
    assert FollowerTag.select().count() == 1


def test_unknown_events_are_kept_and_change_nothing(inbox_desk):
    """What we have no use for today may be of use tomorrow."""
    take_in(inbox_desk, {"event_name": "user_dances", "oa_id": OA, "timestamp": str(T0), "user_id": USER})
    assert InboxEvent.get().state == InboxState.DONE
    assert not Follower.select().exists()


def test_events_of_an_unregistered_oa_wait_for_it(inbox_desk, clock):
    """Nothing is lost when the OA is registered after its events came."""
    take_in(inbox_desk, follow("follow", T0, oa="77"))
    assert InboxEvent.get().state == InboxState.WAITING
    assert not Follower.select().exists()
    OfficialAccount.create(oa_id="77", name="Later", created_at=clock.now())
    assert inbox.adopt_waiting("77") == 1
    drain(inbox_desk)
    assert followers.get("77", USER).is_follower


def test_events_that_missed_the_registration_are_found_again(inbox_desk, clock):
    """Set waiting in the very moment its OA was registered, an event is picked up by the next idle round."""
    take_in(inbox_desk, follow("follow", T0, oa="77"))
    OfficialAccount.create(oa_id="77", name="Later", created_at=clock.now())
    drain(inbox_desk)
    assert followers.get("77", USER).is_follower


def test_seen_events_read_the_other_way_round(inbox_desk):
    """Should a seen event ever name the user as sender, it still belongs to our OA."""
    body = seen(["m1"], T0) | {"sender": {"id": USER}, "recipient": {"id": OA}}
    take_in(inbox_desk, body)
    assert Receipt.get().oa_id == OA


def test_the_oa_remembers_when_it_was_heard_last(inbox_desk, clock):
    """Silence is measured by when events arrive, not by what they say."""
    take_in(inbox_desk, follow("follow", T0))
    assert OfficialAccount.get(OfficialAccount.oa_id == OA).last_event_at == clock.now()


class TestFailing:
    @pytest.fixture(autouse=True)
    def poison(self, monkeypatch):
        """Applying an event about `poison` fails, as a bug or a broken row would."""
        real = inbox.write_facts

        def write(now, facts):
            if any(person.user_id == "poison" for person in facts.people):
                raise RuntimeError("secret content")
            real(now, facts)

        monkeypatch.setattr(inbox, "write_facts", write)

    def test_one_bad_event_does_not_stop_the_others(self, inbox_desk):
        """A failing batch is redone one by one."""
        take_in(inbox_desk, follow("follow", T0, "a"), follow("follow", T0, "poison"), follow("follow", T0, "b"))
        assert {row.user_id for row in Follower.select()} == {"a", "b"}
        bad = InboxEvent.get(InboxEvent.state != InboxState.DONE)
        assert (bad.state, bad.attempts, bad.error) == (InboxState.NEW, 1, "RuntimeError")

    def test_after_eight_times_it_is_dead_and_staff_hear_of_it(self, inbox_desk, clock):
        """Longer and longer waits, then a person must look; a replay gives it eight more tries."""
        staff.add(clock.now(), 1, Role.MANAGER)
        take_in(inbox_desk, follow("follow", T0, "poison"))
        waits = []
        while InboxEvent.get().state == InboxState.NEW:
            event = InboxEvent.get()
            waits.append(event.next_attempt_at - clock.now())
            assert inbox.apply_batch(inbox_desk) == 0
            clock.moment = event.next_attempt_at
            assert inbox.apply_batch(inbox_desk) == 1
        assert waits == sorted(waits)
        assert (len(waits), InboxEvent.get().attempts) == (7, 8)
        assert waits[-1] > timedelta(hours=1)
        notice = Notice.get()
        assert (notice.kind, notice.payload["event"]) == ("inbox_dead", InboxEvent.get().id)
        assert "secret" not in str(InboxEvent.get().error)
        assert inbox.replay_dead(clock.now()) == 1
        assert (InboxEvent.get().state, InboxEvent.get().attempts) == (InboxState.NEW, 0)


def test_a_replay_changes_nothing(inbox_desk, clock):
    """Facts do not add up: applied twice is applied once."""
    take_in(inbox_desk, follow("follow", T0), chat("user_send_text", "m1", T0, text="a"))
    before = list(Follower.select().dicts())
    assert inbox.replay(clock.now(), [event.id for event in InboxEvent.select()]) == 2
    drain(inbox_desk)
    assert list(Follower.select().dicts()) == before
    assert ChatMessage.select().count() == 1


def test_a_batch_is_bounded(inbox_desk):
    """The worker takes a batch at a time, oldest first."""
    inbox.store([row(follow("follow", T0, str(number)), inbox_desk.now()) for number in range(7)])
    assert [inbox.apply_batch(inbox_desk, 3) for _ in range(4)] == [3, 3, 1, 0]


def test_iterate_streams_without_bodies(inbox_desk):
    """The command line can list any number of events."""
    take_in(inbox_desk, follow("follow", T0), follow("follow", T0, oa="77"))
    assert [event.state for event in inbox.iterate()] == ["done", "waiting"]
    assert [event.oa_id for event in inbox.iterate("waiting")] == ["77"]
