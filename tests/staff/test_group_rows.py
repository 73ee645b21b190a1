"""services/groups.py: the bot stays only where an owner allowed it."""

import pytest

from models import AuditEntry, Notice, TelegramGroup
from services import groups
from services.errors import NotFound

GROUP = -1_001_000_000_001


def enter(place, chat=GROUP, title="Ca sáng"):
    groups.entered(place.clock.now(), chat, title, 9, "Tuấn")
    return TelegramGroup.get(TelegramGroup.chat_id == chat)


def test_a_group_nobody_allowed_is_to_be_left_and_told_of(place):
    """Until the leaving is noted; the owners hear of it once a day."""
    boss = place.owner()
    row = enter(place)
    assert [group.chat_id for group in groups.unwelcome()] == [GROUP]
    groups.left(place.clock.now(), GROUP)
    assert groups.unwelcome() == []
    enter(place)
    (notice,) = place.told(boss, "group_added")
    assert notice.payload == {"group": row.id, "title": "Ca sáng", "by": "Tuấn"}
    place.clock.advance(days=1, minutes=1)
    enter(place)
    assert len(place.told(boss, "group_added")) == 2


def test_an_allowed_group_keeps_the_bot(place):
    """From the next time on; forbidding it makes the bot leave."""
    boss = place.owner()
    row = enter(place)
    groups.left(place.clock.now(), GROUP)
    groups.allow(place.desk(), place.by(boss), row.id)
    enter(place)
    assert groups.unwelcome() == []
    assert [group.title for group in groups.allowed(0, 8)[0]] == ["Ca sáng"]
    groups.allow(place.desk(), place.by(boss), row.id, False)
    assert [group.chat_id for group in groups.unwelcome()] == [GROUP]
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)] == [
        "group.allowed",
        "group.forbidden",
    ]


def test_a_group_that_grows_keeps_its_leave(place):
    """Telegram gives a supergroup another number."""
    boss = place.owner()
    row = enter(place, chat=-5)
    groups.allow(place.desk(), place.by(boss), row.id)
    groups.moved(place.clock.now(), -5, GROUP)
    assert [(group.chat_id, group.allowed) for group in TelegramGroup.select()] == [(GROUP, True)]
    groups.moved(place.clock.now(), -77, -78)
    assert TelegramGroup.select().count() == 1


def test_at_most_five_notices_an_hour(place):
    """Somebody makes groups by the dozen."""
    boss = place.owner()
    for number in range(12):
        enter(place, chat=GROUP - number)
    assert len(place.told(boss, "group_added")) == 5
    place.clock.advance(hours=1, minutes=1)
    enter(place, chat=GROUP - 100)
    assert len(place.told(boss, "group_added")) == 6


def test_words_in_a_group_show_that_the_bot_is_there(place):
    """A group it was in before, or whose joining was missed, is left too; one just left is not entered again."""
    groups.present(place.clock.now(), GROUP, "Cũ")
    assert [group.chat_id for group in groups.unwelcome()] == [GROUP]
    groups.left(place.clock.now(), GROUP)
    groups.present(place.clock.now(), GROUP, "Cũ")
    assert groups.unwelcome() == []


def test_a_group_nobody_knows_cannot_be_allowed(place):
    """A forged number is no group."""
    boss = place.owner()
    with pytest.raises(NotFound):
        groups.allow(place.desk(), place.by(boss), 99)
    assert Notice.select().count() == 0
