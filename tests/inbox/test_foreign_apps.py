"""Events of several Zalo apps: only the one that speaks for an OA is believed about it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from inbox_events import OA, T0, USER, chat, follow, take_in

from models import ChatMessage, Counter, Follower, InboxEvent, InboxState, OfficialAccount
from services import acceptance, inbox
from zalo.signature import sign

OTHER = "4999999999999999999"


def by(app_id, body):
    return body | {"app_id": app_id}


def test_an_event_of_another_app_is_kept_and_not_applied(inbox_desk):
    """Signed well by an app that is not the OA's: done, counted, marked, and without effect."""
    take_in(inbox_desk, by(OTHER, follow("follow", T0)))
    event = InboxEvent.get()
    assert (event.state, event.error) == (InboxState.DONE, "foreign_app")
    assert Follower.select().count() == 0
    assert Counter.get(Counter.name == "webhook.foreign_app").value == 1
    assert OfficialAccount.get().last_event_at is None


def test_each_oa_is_told_by_its_own_app(inbox_desk, clock):
    """An OA of a second app takes that app's events, and not the first one's."""
    second = "2902001003004005007"
    OfficialAccount.create(oa_id=second, name="Nha khoa An", app_id=OTHER, created_at=clock.now())
    take_in(
        inbox_desk,
        by(OTHER, chat("user_send_text", "m1", T0, oa=second, text="của An")),
        chat("user_send_text", "m2", T0 + 1, oa=second, text="không phải của An"),
        chat("user_send_text", "m3", T0 + 2, text="của Hoa Mai"),
    )
    assert {row.msg_id for row in ChatMessage.select()} == {"m1", "m3"}


def test_what_the_old_app_brought_before_the_move_still_counts(inbox_desk, clock):
    """An OA moves to another app while events wait: none of them is lost, later ones of the old app are foreign."""
    moved = clock.now() + timedelta(minutes=1)
    OfficialAccount.update(app_id=OTHER, app_since=moved).execute()
    take_in(inbox_desk, follow("follow", T0))
    assert Follower.get(Follower.user_id == USER).is_follower is True
    clock.advance(minutes=2)
    take_in(inbox_desk, follow("unfollow", T0 + 5))
    assert Follower.get(Follower.user_id == USER).is_follower is True


def test_what_the_old_app_repeats_after_the_move_counts_for_two_hours(inbox_desk, clock, settings):
    """Zalo repeats what it could not deliver for nearly two hours; what a third app brings is foreign all the time."""
    own, third = settings.zalo_app_id, "4888888888888888888"
    OfficialAccount.update(app_id=OTHER, app_since=clock.now(), previous_app_id=own).execute()
    clock.advance(minutes=119)
    take_in(inbox_desk, by(third, chat("user_send_text", "m0", T0, text="lạ")))
    take_in(inbox_desk, chat("user_send_text", "m1", T0 + 1, text="gửi lại"))
    take_in(inbox_desk, by(OTHER, chat("user_send_text", "m2", T0 + 2, text="mới")))
    clock.advance(minutes=1)
    take_in(inbox_desk, chat("user_send_text", "m3", T0 + 3, text="muộn quá"))
    assert {row.msg_id for row in ChatMessage.select()} == {"m1", "m2"}


def test_both_apps_of_the_move_tell_a_message_once(inbox_desk, clock, settings):
    """An OA that granted both sends each event by both: the second copy adds nothing."""
    OfficialAccount.update(app_id=OTHER, app_since=clock.now(), previous_app_id=settings.zalo_app_id).execute()
    told = chat("user_send_text", "m1", T0, text="xin chào")
    take_in(inbox_desk, told)
    take_in(inbox_desk, by(OTHER, told))
    assert [row.text for row in ChatMessage.select()] == ["xin chào"]


@pytest.mark.parametrize("first", ["", OTHER])
def test_the_copy_of_another_app_does_not_take_the_place_of_ours(inbox_desk, settings, first):
    """An OA that granted two apps tells both the same: in either order the message is there once."""
    own = settings.zalo_app_id
    secrets = {own: ("a" * 20,), OTHER: ("b" * 20,)}
    for app_id in (OTHER, own) if first else (own, OTHER):
        raw = json.dumps(by(app_id, chat("user_send_text", "m1", T0, text="xin chào"))).encode()
        headers = {acceptance.SIGNATURE: sign(app_id, raw, str(T0), secrets[app_id][0])}
        verdict = acceptance.check(secrets, own, raw, headers, inbox_desk.now())
        inbox.store([verdict.row])
    while inbox.apply_batch(inbox_desk):
        pass
    assert [row.text for row in ChatMessage.select()] == ["xin chào"]
    assert sorted(row.error for row in InboxEvent.select()) == ["", "foreign_app"]
    assert OfficialAccount.get(OfficialAccount.oa_id == OA).last_event_at is not None
