"""services.notices.alert while nobody is there to be told, and services.staff.enter_owner, which ends that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import Counter, Notice, NoticeState, Role, Staff
from services import notices, staff

LOST = {"oa_id": "290", "code": -14014}


@pytest.fixture
def desk(office, serve):
    serve()
    return office()


def test_what_nobody_is_there_to_hear_is_counted_and_mailed(desk, post):
    """An OA entered by the command line, and an owner who never wrote to the bot: silence was all there was."""
    now = desk.clock.now()
    assert notices.alert(now, "needs_reauth", "290:1", LOST) == 0
    assert Counter.get(Counter.name == "notices.nobody").value == 1
    assert notices.claim(now, "bot") == []  # the bot has no chat to send it to
    desk.clock.advance(minutes=11)
    assert desk.send() == 1
    assert len(post.letters) == 1
    desk.clock.advance(minutes=11)
    notices.alert(desk.clock.now(), "needs_reauth", "290:1", LOST)
    assert desk.send() == 0  # the same matter is written once


def test_what_is_not_urgent_writes_no_letter(desk, post):
    """It is counted all the same."""
    notices.alert(desk.clock.now(), "reconnected_late", "1", {"oa_id": "290"})
    desk.clock.advance(minutes=11)
    assert desk.send() == 0
    assert Counter.get(Counter.name == "notices.nobody").value == 1


def test_who_comes_later_is_told_after_all(desk, post):
    """A letter to nobody is not the first time that something was told."""
    now = desk.clock.now()
    assert not notices.alert_once(now, "renewal_failing", "1", LOST)
    staff.add(now, 55, Role.MANAGER)
    assert notices.alert_once(now, "renewal_failing", "1", LOST)
    assert not notices.alert_once(now, "renewal_failing", "1", LOST)


def test_the_owner_of_the_environment_is_told_before_they_ever_wrote(desk):
    """Entered at the bot's start, and with an OA by the command line; entering again changes nothing."""
    now = desk.clock.now()
    staff.enter_owner(now, None)
    assert Staff.select().count() == 0
    for _ in range(2):
        staff.enter_owner(now, 7001002003)
    assert (Staff.get().role, Staff.get().active, Staff.get().last_seen_at) == (Role.OWNER, True, None)
    assert notices.alert(now, "needs_reauth", "1", LOST) == 1
    assert Notice.get().state == NoticeState.QUEUED
    known = staff.recognise(now + timedelta(hours=1), 7001002003, "Hoa", 7001002003)
    assert known is not None
    assert (known.name, Staff.get().name) == ("Hoa", "Hoa")


def test_the_owner_stays_the_owner_whatever_the_table_says(desk):
    """The environment decides."""
    now = desk.clock.now()
    staff.add(now, 7001002003, Role.VIEWER, "Hoa")
    Staff.update(active=False, removed_at=now).execute()
    staff.enter_owner(now, 7001002003)
    assert (Staff.get().role, Staff.get().active, Staff.get().removed_at) == (Role.OWNER, True, None)
