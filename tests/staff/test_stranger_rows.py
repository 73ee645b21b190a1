"""services/strangers.py: who opens the bot uninvited costs a bounded number of rows and notices."""

import asyncio

import pytest

from models import AuditEntry, Notice, Role, Staff, Stranger
from services import purge, staff, staffing, strangers
from services.errors import NotFound


def told(boss):
    return [
        row.payload["stranger"]
        for row in Notice.select().where(Notice.kind == "stranger", Notice.chat_id == boss.telegram_id)
    ]


def test_a_stranger_is_told_of_once_a_day(place):
    """However often they write, and again the day after."""
    boss = place.owner()
    for _ in range(3):
        strangers.seen(place.clock.now(), {9: "Tuấn"})
        place.clock.advance(hours=2)
    assert told(boss) == [9]
    place.clock.advance(hours=20)
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    assert told(boss) == [9, 9]
    assert Stranger.select().count() == 1


def test_at_most_five_notices_an_hour_and_the_next_one_counts_the_others(place):
    """Twelve come at once: five are told of by name, the other seven as a number when the hour is over."""
    boss, second = place.owner(), place.owner("An")
    for number in range(12):
        strangers.seen(place.clock.now(), {100000 + number: f"S{number}"})
        place.clock.advance(seconds=20)
    assert len(told(boss)) == len(told(second)) == 5
    place.clock.advance(hours=1)
    strangers.seen(place.clock.now(), {200000: "X"})
    last = Notice.select().where(Notice.kind == "stranger").order_by(Notice.id.desc()).get()
    assert (last.payload["stranger"], last.payload["others"]) == (200000, 7)


def test_a_batch_keeps_the_limit_too(place):
    """A hundred strangers in one answer of Telegram."""
    boss = place.owner()
    strangers.seen(place.clock.now(), {300000 + number: "S" for number in range(100)})
    assert len(told(boss)) == 5
    assert Stranger.select().count() == 100


def test_a_flood_keeps_a_thousand_rows(place):
    """The oldest are forgotten, those told to ignore stay."""
    boss = place.owner()
    strangers.seen(place.clock.now(), {1: "I"})
    strangers.ignore(place.desk(), place.by(boss), 1)
    for piece in range(13):
        strangers.seen(place.clock.now(), {400000 + piece * 100 + number: "S" for number in range(100)})
    assert Stranger.select().count() == strangers.MOST_KEPT + 1
    assert strangers.get(1).ignored_at is not None
    assert len(told(boss)) <= 5


def test_a_name_is_cleaned_and_cut(place):
    """Signs no database takes, line breaks, letters that turn the line round, and novels."""
    strangers.seen(place.clock.now(), {9: "A\ud83d\0\nB\u202e" + "x" * 500})
    name = strangers.get(9).name
    assert name.startswith("A\ufffd\ufffd B x")
    assert len(name) == 64


def test_an_ignored_stranger_is_heard_of_no_more_until_that_is_undone(place):
    """For good, and both are written down."""
    boss, desk = place.owner(), place.desk()
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    strangers.ignore(desk, place.by(boss), 9)
    place.clock.advance(days=3)
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    assert told(boss) == [9]
    strangers.ignore(desk, place.by(boss), 9, False)
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    assert told(boss) == [9, 9]
    assert [row.action for row in AuditEntry.select().order_by(AuditEntry.id)] == [
        "stranger.ignored",
        "stranger.heeded",
    ]


def test_an_admitted_stranger_is_staff_with_usual_rights(place):
    """Greeted, gone from the strangers, written down as let in by the owner."""
    boss, desk = place.owner(), place.desk()
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    person = strangers.admit(desk, place.by(boss), 9, Role.OPERATOR)
    assert (person.role, person.sees_numbers, person.sees_money) == (Role.OPERATOR, True, False)
    assert len(place.told(person, "welcome")) == 1
    assert Stranger.select().count() == 0
    with pytest.raises(NotFound):
        strangers.admit(desk, place.by(boss), 9, Role.OWNER)
    assert Staff.get_by_id(person.id).role == Role.OPERATOR


def test_a_dismissed_person_is_no_news(place):
    """The owner knows them; they leave no row and bring no notice."""
    boss, gone = place.owner(), place.person(Role.OPERATOR)
    staffing.remove(place.desk(), place.by(boss), gone)
    strangers.seen(place.clock.now(), {gone.telegram_id: "Lan"})
    assert (told(boss), Stranger.select().count()) == ([], 0)


def test_without_an_owner_nobody_is_told_and_nothing_is_lost(place):
    """The notice comes when there is somebody to tell."""
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    boss = place.owner()
    assert told(boss) == []
    strangers.seen(place.clock.now(), {9: "Tuấn"})
    assert told(boss) == [9]


def test_old_strangers_are_forgotten(place):
    """After a month without a word, unless somebody wanted them ignored: that is for good."""
    boss = place.owner()
    strangers.seen(place.clock.now(), {8: "A", 9: "B"})
    strangers.ignore(place.desk(), place.by(boss), 9)
    place.clock.advance(days=31)
    asyncio.run(purge.run(place.desk(), pause=no_pause))
    assert [row.telegram_id for row in Stranger.select()] == [9]


async def no_pause(seconds):
    """The purge is not made to wait."""


def test_one_tap_opens_no_oa_where_there_are_several(place):
    """Which of them are theirs is the owner's next answer; with one OA there is nothing to ask."""
    boss, now = place.owner(), place.clock.now()
    strangers.seen(now, {31: "Tuấn", 32: "Lan"})
    place.oa("Một")
    assert staff.has_every_oa(strangers.admit(place.desk(), place.by(boss), 31, Role.OPERATOR))
    place.oa("Hai")
    person = strangers.admit(place.desk(), place.by(boss), 32, Role.OPERATOR)
    assert staff.usable_oas(person) == []
    assert not Stranger.select().exists()
