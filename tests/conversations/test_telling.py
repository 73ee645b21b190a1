"""Staff are told of every line, once: several within seconds as one message, whatever happens to the workers."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

import db
from db import to_ms
from models import ChatMessage, Follower, Notice, OaState, Role, StaffOa, Watch
from services import conversations, followers, inbox, telling, watches
from services.errors import NotFound
from services.telling import ATTACHMENT

OA = "2902001003004005006"
ANH, BAO = "6503004005006007008", "6503004005006007009"
ROOT = Path(__file__).parents[2]
# Claims what is due, posts one notice, and dies without a word before the transaction ends.
DIES = """
import os, signal, sys
from datetime import datetime, timezone
import db
from services import notices, telling
db.open_database(sys.argv[1])
real, calls = notices.post, []
def post(*args, **kwargs):
    real(*args, **kwargs)
    calls.append(1)
    if len(calls) == 1:
        os.kill(os.getpid(), signal.SIGKILL)
notices.post = post
telling.tell(db.from_ms(int(sys.argv[2])))
"""


def test_lines_within_five_seconds_are_one_message(chats):
    """Not before the five seconds are over; the next line is a message of its own."""
    lan = chats.person()
    chats.writes("Shop ơi")
    chats.clock.advance(seconds=3)
    chats.writes("mai còn chỗ không")
    assert chats.tell() == 0
    chats.clock.advance(seconds=2)
    assert chats.tell() == 1
    chats.writes("à 9h nhé")
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.told(lan) == [["Shop ơi", "mai còn chỗ không"], ["à 9h nhé"]]
    assert chats.tell() == 0


def test_two_customers_at_once_are_two_messages(chats):
    """Whoever writes at the same moment is not mixed up."""
    lan = chats.person()
    chats.writes("một", user=ANH)
    chats.writes("hai", user=BAO)
    chats.clock.advance(seconds=5)
    assert chats.tell() == 2
    assert sorted(chats.told(lan)) == [["hai"], ["một"]]


def test_operators_who_may_use_the_oa_are_told_and_nobody_else(chats):
    """Viewers look on; an OA that is closed to somebody stays closed."""
    lan, viewer = chats.person(Role.OPERATOR), chats.person(Role.VIEWER)
    elsewhere, here = chats.person(Role.MANAGER), chats.person(Role.OPERATOR)
    for person in (elsewhere, here):
        person.every_oa = False
        person.save()
    StaffOa.create(staff=here, oa=chats.oa)
    chats.writes()
    chats.clock.advance(seconds=5)
    chats.tell()
    assert {row.chat_id for row in chats.notices()} == {lan.telegram_id, here.telegram_id}
    assert viewer.telegram_id not in {row.chat_id for row in Notice.select()}


def test_once_taken_only_the_taker_is_told(chats):
    """Until it is given back, or the taker may not use the OA any more."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes()
    conversations.take(chats.clock.now(), chats.actor(lan), OA, ANH)
    chats.clock.advance(seconds=5)
    chats.tell()
    assert [row.chat_id for row in chats.notices()] == [lan.telegram_id]
    lan.active = False
    lan.save()
    chats.writes("có ai không")
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.told(hoa) == [["có ai không"]]


def test_an_event_that_comes_twice_is_told_once(chats):
    """Zalo repeats, and somebody replays the inbox: the line is there already."""
    lan = chats.person()
    event = chats.event("user_send_text", text="Shop ơi")
    chats.take_in(event)
    chats.clock.advance(seconds=5)
    chats.tell()
    chats.take_in(event)
    inbox.replay(chats.clock.now(), [1])
    while inbox.apply_batch(chats.desk):
        pass
    chats.clock.advance(seconds=30)
    assert chats.tell() == 0
    assert chats.told(lan) == [["Shop ơi"]]


def test_what_comes_to_light_after_a_week_wakes_nobody(chats):
    """It stands in the conversation; younger late lines are told."""
    lan = chats.person()
    old, late = chats.clock.now() - timedelta(days=8), chats.clock.now() - timedelta(hours=9)
    chats.take_in(chats.event("user_send_text", at=old, text="tuần trước"))
    chats.take_in(chats.event("user_send_text", BAO, at=late, text="sáng nay"))
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.told(lan) == [["sáng nay"]]
    assert not ChatMessage.select().where(ChatMessage.told_at.is_null()).exists()


def test_somebody_who_writes_without_end_is_gathered(chats):
    """200 lines in a minute become a handful of messages, and none is lost."""
    lan = chats.person()
    for number in range(200):
        chats.writes(f"dòng {number}")
        chats.tell()
        chats.clock.advance(milliseconds=300)
    chats.clock.advance(seconds=30)
    chats.tell()
    told = chats.told(lan)
    assert [text for notice in told for text in notice] == [f"dòng {number}" for number in range(200)]
    assert len(told) <= 7


def test_a_colleagues_answer_in_zalos_tool_is_told_and_our_own_echo_is_not(chats):
    """In its place between the customer's lines."""
    lan = chats.person()
    chats.writes("còn không")
    chats.clock.advance(seconds=1)
    chats.take_in(chats.event("oa_send_text", text="tin của chính OA Desk"))
    chats.types("Dạ còn")
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.told(lan) == [["còn không", "Dạ còn"]]


def test_what_we_sent_does_not_hold_their_answer_back(chats):
    """Three messages to a customer within a minute are no burst of theirs."""
    lan = chats.person()
    for number in range(4):
        chats.take_in(chats.event("oa_send_text", text=f"tin {number}"))
        chats.clock.advance(seconds=2)
    chats.writes("dạ em nhận rồi")
    chats.clock.advance(seconds=5)
    assert chats.tell() == 1
    assert chats.told(lan) == [["dạ em nhận rồi"]]


def test_an_erased_past_is_not_told(chats):
    """Neither when the erasure came before the telling, nor when it came before the notice was shown."""
    lan = chats.person()
    chats.writes("của BAO", user=BAO)
    chats.writes("chuyện riêng")
    Follower.update(erased_at=chats.clock.now()).where(Follower.user_id == ANH).execute()
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.told(lan) == [["của BAO"]]
    Follower.update(erased_at=chats.clock.now()).where(Follower.user_id == BAO).execute()
    assert chats.told(lan) == [[]]


def test_every_file_follows_the_words(chats):
    """One notice for each thing to fetch; a place, a contact and a link are words."""
    chats.person()
    picture = {"type": "image", "payload": {"url": "https://f4.photo.talk.zdn.vn/1/a.jpg"}}
    chats.take_in(
        chats.event("user_send_image", attachments=[picture, picture], text="hai tấm"),
        chats.event("user_send_location", attachments=[{"type": "location", "payload": {"coordinates": {}}}]),
        chats.event("user_send_link", attachments=[{"type": "link", "payload": {"url": "https://example.com"}}]),
        chats.event("user_send_sticker", attachments=[{"type": "sticker", "payload": {"id": "1"}}]),
        chats.event("user_send_audio"),
    )
    chats.clock.advance(seconds=5)
    chats.tell()
    assert [row.payload["at"] for row in chats.notices(ATTACHMENT)] == [0, 1]
    assert len(chats.told()[0]) == 5


def test_two_workers_never_tell_the_same_line(chats):
    """Both see it due; one of them gets it."""
    lan = chats.person()
    for number in range(12):
        chats.writes(f"khách {number}", user=f"65030040050060070{number:02}")
    chats.clock.advance(seconds=5)
    now, begin, told = chats.clock.now(), threading.Barrier(2), []

    def work() -> None:
        with db.database.connection_context():
            begin.wait()
            told.append(telling.tell(now))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 12
    assert sorted(chats.told(lan)) == sorted([f"khách {number}"] for number in range(12))


def test_a_worker_that_is_killed_between_claim_and_notice_loses_nothing(chats, database_url):
    """SIGKILL inside the transaction: nothing is claimed, nothing posted; the next worker tells it, once."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes("đừng mất tôi")
    chats.clock.advance(seconds=5)
    db.database.close()
    script = [sys.executable, "-c", DIES, database_url, str(to_ms(chats.clock.now()))]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    died = subprocess.run(script, env=environment, cwd=ROOT, capture_output=True, timeout=60)
    assert died.returncode == -9, died.stderr.decode()
    assert Notice.select().count() == 0
    assert chats.tell() == 1
    assert chats.told(lan) == chats.told(hoa) == [["đừng mất tôi"]]
    assert chats.tell() == 0


def test_who_waits_for_a_customer_is_told_once(chats):
    """With what was kept; the next line says nothing more. The others hear of the line as ever."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    watches.add(chats.clock.now(), lan, OA, ANH, {"text": "Dạ bên em còn ạ"})
    for _ in range(2):
        chats.clock.advance(minutes=5)
        chats.writes()
        chats.clock.advance(seconds=5)
        chats.tell()
    assert [row.chat_id for row in chats.notices(watches.WROTE)] == [lan.telegram_id]
    assert len(chats.told(hoa)) == 2
    kept = watches.kept(chats.clock.now(), lan, Watch.get().id)
    assert kept.content == {"text": "Dạ bên em còn ạ"}
    with pytest.raises(NotFound, match=r"watch\.gone"):
        watches.kept(chats.clock.now(), hoa, kept.id)


def test_a_watch_of_a_month_ago_is_over(chats):
    """Nobody is told, and its button leads nowhere."""
    lan = chats.person()
    row = watches.add(chats.clock.now(), lan, OA, ANH, {"text": "Dạ"})
    chats.clock.advance(days=31)
    chats.writes()
    chats.clock.advance(seconds=5)
    chats.tell()
    assert chats.notices(watches.WROTE) == []
    with pytest.raises(NotFound, match=r"watch\.gone"):
        watches.kept(chats.clock.now(), lan, row.id)


def test_what_becomes_of_a_conversation_shows_on_its_newest_message(chats):
    """The notice of everybody who was told is queued again, in the same place."""
    lan, hoa = chats.person(name="Lan"), chats.person(name="Hoa")
    chats.writes()
    chats.clock.advance(seconds=5)
    chats.tell()
    Notice.update(state="sent", message_id=5).execute()
    telling.retell(chats.clock.now(), chats.follower())
    rows = chats.notices()
    assert {(row.chat_id, row.state, row.version) for row in rows} == {
        (lan.telegram_id, "queued", 2), (hoa.telegram_id, "queued", 2),
    }  # fmt: skip
    assert telling.meant(lan.telegram_id, 5) == chats.follower().id
    assert telling.meant(lan.telegram_id, 6) is None


def test_nothing_is_told_of_an_oa_that_was_removed(chats):
    """Its events wait; nobody is bothered."""
    chats.person()
    chats.oa.state = OaState.REMOVED
    chats.oa.save()
    chats.writes()
    chats.clock.advance(seconds=5)
    assert chats.tell() == 0
    assert followers.page(OA).total == 0


def test_a_step_of_the_worker_tells_what_is_due_and_then_has_nothing_to_do(chats):
    """As the loop of a worker asks: something, then nothing."""
    lan = chats.person()
    assert asyncio.run(telling.step(chats.desk)) == 0
    chats.writes()
    chats.clock.advance(seconds=5)
    assert [asyncio.run(telling.step(chats.desk)) for _ in range(2)] == [1, 0]
    assert chats.told(lan) == [["Shop ơi"]]
