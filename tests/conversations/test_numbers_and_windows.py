"""Numbers customers write, and the windows that close over somebody who waits."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models import AuditEntry, Contact, Follower
from services import conversation_phones, conversation_warnings, conversations
from services.errors import Conflict
from services.phone_finding import find_phone, mask_phones
from zalo.phone import normalise

OA, ANH = "2902001003004005006", "6503004005006007008"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("số em 0938 123 812 nha", "84938123812"),
        ("+84938.123.812", "84938123812"),
        ("gọi 0938-123-812 hoặc 0901234567", "84938123812"),
        ("mã đơn 123456789012345", None),
        ("giá 1.200.000.000đ", None),
        ("0123456", None),
        ("", None),
    ],
)
def test_a_number_in_words(text, found):
    """However it is written; order codes and prices are none."""
    assert find_phone(text) == found


@given(st.text(max_size=60))
@example("0938123812\n0938123812")
@example("٠٩٣٨١٢٣٨١٢")
def test_any_text_gives_a_number_of_ours_or_none(text):
    """And whoever may not see numbers sees none of those that are found."""
    found = find_phone(text)
    assert found is None or normalise(found) == found
    assert find_phone(mask_phones(text)) is None


def test_a_number_is_kept_with_the_time_of_its_words(chats):
    """The contact behind it is made, and the act is audited, masked."""
    lan = chats.person()
    written = chats.clock.now()
    chats.writes("số em 0938123812")
    chats.clock.advance(hours=1)
    chats.writes("nhớ gọi nha")
    found = conversation_phones.written(chats.follower())
    assert found == ("84938123812", written)
    row = conversation_phones.save(chats.clock.now(), chats.actor(lan), chats.follower(), *found)
    assert (row.phone, row.phone_at, row.phone_rank) == ("84938123812", written, "staff")
    assert Contact.get(Contact.phone == "84938123812").id == row.contact_id
    entry = AuditEntry.get(AuditEntry.action == "customer.number_saved")
    assert "0938123812" not in str(entry.__data__)


def test_another_number_is_asked_about_first(chats):
    """The yes names the number it replaces; a third one that came meanwhile is asked about again."""
    lan = chats.person()
    chats.writes("số em 0938123812")
    Follower.update(phone="84901111111", phone_at=chats.clock.now()).execute()
    save = conversation_phones.save
    now, by, at = chats.clock.now(), chats.actor(lan), chats.clock.now() - timedelta(days=1)
    for replace in ("", "84902222222"):
        with pytest.raises(Conflict) as asked:
            save(now, by, chats.follower(), "84938123812", at, replace=replace)
        assert asked.value.values == {"old": "090***1111", "new": "093***3812"}
    chats.clock.advance(seconds=1)
    row = save(chats.clock.now(), by, chats.follower(), "84938123812", at, replace="84901111111")
    assert (row.phone, row.phone_at) == ("84938123812", chats.clock.now())


def test_a_number_of_an_erased_past_is_not_offered(chats):
    """What they wrote before they had themselves erased is gone."""
    chats.writes("số em 0938123812")
    Follower.update(erased_at=chats.clock.now()).execute()
    assert conversation_phones.written(chats.follower()) is None


def warned(chats):
    return [(row.chat_id, row.payload["end"]) for row in chats.notices(conversation_warnings.NOTICE)]


def test_whoever_still_waits_is_warned_of_once_before_each_window_ends(chats):
    """Two hours before 48 hours, twelve before 7 days; a new line opens new windows."""
    lan = chats.person()
    chats.clock.advance(hours=3)  # noon in Vietnam: the windows end by day
    chats.writes()
    chats.clock.advance(hours=45)
    assert conversation_warnings.warn(chats.clock.now()) == 0
    chats.clock.advance(hours=1, minutes=10)
    assert [conversation_warnings.warn(chats.clock.now()) for _ in range(2)] == [1, 0]
    chats.clock.advance(days=4, hours=23)
    assert [conversation_warnings.warn(chats.clock.now()) for _ in range(2)] == [1, 0]
    assert warned(chats) == [(lan.telegram_id, "free"), (lan.telegram_id, "closed")]
    chats.writes("alo")
    chats.clock.advance(hours=47)
    assert conversation_warnings.warn(chats.clock.now()) == 1


def test_the_taker_alone_is_warned_and_nobody_of_whom_is_answered(chats):
    """Others have their own customers."""
    lan, _ = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.clock.advance(hours=3)
    chats.writes()
    chats.clock.advance(hours=46, minutes=10)
    conversations.take(chats.clock.now(), chats.actor(lan), OA, ANH)
    conversation_warnings.warn(chats.clock.now())
    assert warned(chats) == [(lan.telegram_id, "free")]
    chats.types()
    chats.clock.advance(days=4, hours=23)
    assert conversation_warnings.warn(chats.clock.now()) == 0


def test_what_ends_at_night_is_warned_of_in_the_evening(chats):
    """Nobody is woken at three, and nobody finds out at eight that it was too late."""
    chats.person()
    chats.clock.advance(hours=19)  # 04:00 in Vietnam
    chats.writes()
    chats.clock.advance(hours=39)  # 19:00, nine hours left
    assert conversation_warnings.warn(chats.clock.now()) == 0
    chats.clock.advance(hours=1, minutes=5)
    assert conversation_warnings.warn(chats.clock.now()) == 1
    chats.clock.advance(hours=6)  # 02:00
    assert conversation_warnings.warn(chats.clock.now()) == 0
