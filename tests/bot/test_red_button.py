"""/dunghet acts when it arrives, whatever its chat is busy with, and once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from bot.commands import oa as oa_commands
from models import AuditEntry, Role, StaffUpdate, UpdateState
from services import stop_all, updates

LIMIT = 20.0


@pytest.fixture
def busy(desk, monkeypatch):
    """A chat whose lane is held by a check of Zalo until the event is set."""
    gate = asyncio.Event()

    async def slow(*args, **named):
        await gate.wait()

    monkeypatch.setattr(oa_commands.accounts, "refresh_profile", slow)
    person = desk.person(Role.MANAGER, name="Hoa")
    desk.oa()
    person.say("/oa hoa")
    card = person.wait_for("🩺 Kiểm tra")
    person.tap("🩺 Kiểm tra")
    desk.wait_until(lambda: StaffUpdate.select().where(StaffUpdate.state == UpdateState.STARTED).exists())
    person.release = lambda: desk._loop.call_soon_threadsafe(gate.set)
    person.card = card["message_id"]
    yield person
    person.release()


def presses():
    return AuditEntry.select().where(AuditEntry.action == "stop_all.on", AuditEntry.result == "done").count()


def test_everything_stops_while_the_chat_is_busy(desk, busy):
    """The act is not behind the check; the screen is."""
    busy.say("/dunghet")
    desk.wait_until(lambda: stop_all.in_force() is not None)
    assert "Đã dừng" not in busy.last()["text"]
    busy.release()
    busy.wait_for("Đã dừng gửi toàn bộ 1 OA")
    desk.settle()
    assert presses() == 1
    assert not StaffUpdate.select().where(StaffUpdate.state != UpdateState.DONE).exists()


def test_the_button_does_not_wait_either(desk, busy):
    """Tapped on a screen of before."""
    busy.tap_data("1:stop", busy.card, force=True)
    desk.wait_until(lambda: stop_all.in_force() is not None)
    busy.release()
    busy.wait_for("Đã dừng gửi toàn bộ 1 OA")
    desk.settle()
    assert presses() == 1


def test_what_a_manager_let_go_meanwhile_is_not_stopped_again(desk, busy):
    """The press acted when it came; when its screen has its turn, it does not act once more."""
    busy.say("/dunghet")
    desk.wait_until(lambda: stop_all.in_force() is not None)
    stop_all.start_all(desk.desk(), desk.actor())
    busy.release()
    desk.settle()
    assert stop_all.in_force() is None
    assert presses() == 1


def test_a_viewer_and_a_stranger_stop_nothing(desk):
    """The role is asked; what is refused is told and written down in the lane, as ever."""
    viewer, stranger = desk.person(Role.VIEWER), desk.person(None)
    desk.oa()
    viewer.say("/dunghet")
    stranger.say("/dunghet")
    viewer.wait_for("Chuyện gì")
    desk.settle()
    assert stop_all.in_force() is None
    assert presses() == 0


@pytest.mark.parametrize("words", ["/dunghet", "/caidat", "/huy"])
def test_a_forwarded_command_does_not_act(desk, words):
    """Somebody shows a colleague's message to the bot: it is looked up like any pasted text."""
    person = desk.person(Role.MANAGER)
    desk.oa()
    person.say("/start")
    person.wait_for("Hôm nay")
    person.mark()
    told = desk.update_of(person, words)
    body = json.loads(told.payload)
    user = {"id": 1, "is_bot": False, "first_name": "An"}
    body["message"]["forward_origin"] = {"type": "user", "date": 1, "sender_user": user}
    rows = updates.store(desk.clock.now(), desk.desk().box, [replace(told, payload=json.dumps(body))])
    desk._loop.call_soon_threadsafe(desk.bot.poller._enqueue, rows)
    person.wait_for("Tôi không tìm thấy gì")
    desk.settle()
    assert stop_all.in_force() is None
