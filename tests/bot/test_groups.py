"""Groups and channels: the bot leaves at once, unless the owner allowed that one, and never says a word there."""

from __future__ import annotations

import pytest

from models import AuditEntry, StaffUpdate, TelegramGroup

GROUPS = iter(range(-1_001_000_100_000, -1_001_000_000_000))


@pytest.fixture
def owner(desk):
    found = desk.owner()
    found.say("/start")
    found.wait_for("OA")
    found.mark()
    return found


@pytest.fixture
def group():
    return next(GROUPS)


def statuses(desk, group):
    log = desk.town.get(f"/_sandbox/telegram/log?chat_id={group}")
    return [entry["status"] for entry in log if entry["kind"] == "membership"]


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_the_bot_leaves_at_once_and_tells_the_owner(desk, owner, group, kind):
    """Whoever added it; without a word in the group."""
    desk.person(role=None, name="Tuấn").add_bot(group, "Ca sáng", kind)
    desk.wait_until(lambda: statuses(desk, group)[-1] == "left")
    shown = owner.wait_for("vừa thêm bot vào «Ca sáng»")
    assert "Tuấn" in shown["text"]
    said = desk.town.get(f"/_sandbox/telegram/chat/{group}")["messages"]
    assert not [message for message in said if message["from"] == "bot"]
    desk.wait_until(lambda: TelegramGroup.get(TelegramGroup.chat_id == group).left_at is not None)


def test_an_allowed_group_keeps_the_bot_the_next_time(desk, owner, group):
    """Allowed under the notice; then it stays, answers nobody, and can be made to leave again."""
    tuan = desk.person(role=None, name="Tuấn")
    tuan.add_bot(group, "Ca sáng")
    desk.wait_until(lambda: statuses(desk, group)[-1] == "left")
    owner.wait_for("Cho phép nhóm này")
    owner.tap("Cho phép nhóm này")
    owner.wait_for("Đã cho phép «Ca sáng»")
    tuan.add_bot(group)
    desk.wait_until(lambda: TelegramGroup.get(TelegramGroup.chat_id == group).left_at is None)
    speak(desk, owner, group, "/start")
    owner.say("/start")
    owner.wait_for("OA")
    desk.settle()
    assert statuses(desk, group)[-1] == "member"
    said = desk.town.get(f"/_sandbox/telegram/chat/{group}")["messages"]
    assert not [message for message in said if message["from"] == "bot"]
    assert StaffUpdate.select().where(StaffUpdate.chat_id == group).count() == 0
    owner.say("/caidat")
    owner.wait_for("Ngôn ngữ")
    owner.tap("👥 Nhân viên")
    owner.wait_for("💬 Nhóm · 1")
    owner.tap("💬 Nhóm")
    owner.wait_for("đang ở trong nhóm")
    owner.tap("🚪 Rời Ca sáng")
    owner.wait_for("không ở lại nhóm này nữa")
    desk.wait_until(lambda: statuses(desk, group)[-1] == "left")
    actions = [entry.action for entry in AuditEntry.select().where(AuditEntry.target == str(group))]
    assert actions == ["group.allowed", "group.forbidden"]


def speak(desk, person, group, text):
    desk.town.post("/_sandbox/telegram/say", {"person": person.id, "chat_id": group, "text": text})


def test_a_group_it_was_in_before_is_left_at_the_first_word(desk, owner, group):
    """The joining was missed, or happened before this version."""
    desk.town.post("/_sandbox/telegram/groups", {"id": group, "title": "Cũ"})
    speak(desk, desk.person(role=None), group, "có ai không")
    desk.wait_until(lambda: statuses(desk, group)[-1:] == ["left"])
    owner.wait_for("«Cũ»")


def test_leaving_that_fails_is_tried_again(desk, owner, group):
    """Telegram answers with an error twice; polling goes on, and the group is left in the end."""
    fault = {"kind": "error", "method": "leaveChat", "code": 500, "description": "Internal Server Error", "times": 2}
    desk.town.post("/_sandbox/telegram/faults", fault)
    desk.person(role=None).add_bot(group, "Ca sáng")
    owner.say("/start")
    owner.wait_for("OA")
    assert statuses(desk, group)[-1] == "member"
    desk.wait_until(lambda: statuses(desk, group)[-1] == "left")


def test_thrown_out_before_it_could_leave(desk, owner, group):
    """Nothing to leave any more: that is no error."""
    fault = {"kind": "error", "method": "leaveChat", "code": 502, "description": "Bad Gateway", "times": 1}
    desk.town.post("/_sandbox/telegram/faults", fault)
    tuan = desk.person(role=None)
    tuan.add_bot(group, "Ca sáng")
    tuan.remove_bot(group)
    desk.wait_until(lambda: _left(group))
    assert statuses(desk, group)[-1] == "kicked"


def _left(group):
    row = TelegramGroup.get_or_none(TelegramGroup.chat_id == group)
    return row is not None and row.left_at is not None
