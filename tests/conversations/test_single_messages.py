"""A consultation message by /gui to somebody who waits: whoever sends it looks after them, as with a reply."""

from __future__ import annotations

import pytest

from models import OaToken, OfficialAccount
from services import contents, conversations, messages

OA, ANH = "2902001003004005006", "6503004005006007008"


@pytest.fixture
def live(chats):
    """An OA that sends, and a customer who wrote to it."""
    OfficialAccount.update(published=True).execute()
    now = chats.clock.now()
    OaToken.create(oa=chats.oa, access="-", refresh="-", access_expires_at=now, changed_at=now)
    chats.writes()
    return chats


def sends(chats, person):
    """The preview and its yes."""
    oa = OfficialAccount.get()
    found = messages.preview(chats.desk, oa, contents.text("Dạ còn ạ"), follower=chats.follower())
    return messages.accept(chats.desk, person, messages.ask(chats.desk, person, found), person.telegram_id, 7)


def test_whoever_writes_to_somebody_who_waits_looks_after_them(live):
    """From the yes on."""
    lan = live.person(name="Lan")
    sends(live, lan)
    assert live.talk().taken_by == lan.telegram_id


def test_a_colleague_who_looks_after_them_keeps_them(live):
    """The message leaves all the same: its preview was confirmed."""
    lan, hoa = live.person(name="Lan"), live.person(name="Hoa")
    conversations.take(live.clock.now(), live.actor(hoa), OA, ANH)
    assert sends(live, lan).staff_id == lan.telegram_id
    assert live.talk().taken_by == hoa.telegram_id


def test_who_does_not_wait_is_taken_by_nobody(live):
    """A message out of the blue is no answer."""
    live.clock.advance(seconds=5)
    live.types()
    sends(live, live.person(name="Lan"))
    assert live.talk().taken_by is None
