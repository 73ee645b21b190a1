"""Strangers get silence; the owners hear of them, boundedly, and can let them in or never hear of them again."""

from __future__ import annotations

import pytest

from bot import access, intake
from models import AuditEntry, Notice, Role, Staff, StaffUpdate, Stranger
from services import strangers


@pytest.fixture
def owner(desk):
    found = desk.owner()
    found.say("/start")
    found.wait_for("OA")
    return found


def test_the_owner_is_told_and_lets_the_stranger_in(desk, owner):
    """By one button and a role; the newcomer is greeted and can work."""
    desk.oa()
    tuan = desk.person(role=None, name="Tuấn")
    owner.mark()
    tuan.say("/start")
    shown = owner.wait_for(f"Tuấn (id {tuan.id}) vừa mở bot nhưng chưa được mời")
    owner.tap("Mời làm nhân viên", shown["message_id"])
    chosen = owner.wait_for("Cho Tuấn vào làm gì?")
    assert "👑" not in str(chosen["keyboard"])
    owner.tap("📨 Gửi tin")
    owner.wait_for("Tuấn đã vào")
    tuan.wait_for("Chào Tuấn, bạn là nhân viên gửi tin")
    row = Staff.get(Staff.telegram_id == tuan.id)
    assert (row.role, row.invited_by) == (Role.OPERATOR, owner.id)
    assert AuditEntry.get(AuditEntry.action == "staff.joined").target == str(tuan.id)


def test_an_ignored_stranger_is_no_news_until_that_is_undone(desk, owner):
    """Under 🚪 Người lạ the owner finds them again."""
    tuan = desk.person(role=None, name="Tuấn")
    owner.mark()
    tuan.say("/start")
    owner.wait_for("chưa được mời")
    owner.tap("Bỏ qua")
    owner.wait_for("không báo về Tuấn nữa")
    desk.advance(days=2)
    tuan.say("/start")
    desk.wait_until(lambda: strangers.get(tuan.id).last_seen_at == desk.clock.now())
    assert Notice.select().where(Notice.kind == "stranger").count() == 1
    owner.tap("🔔 Tuấn")
    owner.wait_for("🔕 Tuấn")
    assert strangers.get(tuan.id).ignored_at is None


def test_what_strangers_write_is_kept_nowhere(desk, owner):
    """A row says that they were there, never what they wrote; no update of theirs is stored."""
    tuan = desk.person(role=None, name="Tuấn")
    tuan.say("mật khẩu của tôi là 123456")
    desk.wait_until(lambda: Stranger.select().count() == 1)
    assert "123456" not in str(list(Stranger.select().dicts())) + str(list(Notice.select().dicts()))
    assert StaffUpdate.select().where(StaffUpdate.chat_id == tuan.id).count() == 0
    assert [message["from"] for message in tuan.chat()] == ["person"]


def test_a_flood_of_one_stranger_is_one_write_a_minute(house, monkeypatch):
    """Two hundred updates in two batches: one note of the person; the next minute another one."""
    noted = []
    monkeypatch.setattr(strangers, "seen", lambda now, names: noted.append(dict(names)))
    desk, door = house.desk(), access.Door()
    tuan = house.person(role=None, name="Tuấn")
    batch = [update(house, tuan, "x") for _ in range(100)]
    for _ in range(2):
        assert intake.keep(office(desk), door, batch) == []
    assert noted == [{tuan.id: "Hoa"}]
    house.clock.advance(minutes=1)
    intake.keep(office(desk), door, batch)
    assert len(noted) == 2


def test_what_cannot_be_noted_stops_nobody(house, monkeypatch):
    """Staff's updates of the same batch are stored all the same."""

    def broken(now, names):
        raise RuntimeError("no room")

    monkeypatch.setattr(strangers, "seen", broken)
    lan, tuan = house.person(Role.VIEWER), house.person(role=None)
    rows = intake.keep(office(house.desk()), access.Door(), [update(house, tuan, "x"), update(house, lan, "/start")])
    assert [row.chat_id for row in rows] == [lan.id]


def office(desk):
    from types import SimpleNamespace

    return SimpleNamespace(desk=desk)


def update(house, person, text):
    import json

    from telegram import Update

    return Update.de_json(json.loads(house.update_of(person, text).payload))


def test_a_removed_person_is_not_announced_as_a_stranger(desk, owner):
    """The owner removed them and knows."""
    lan = desk.person(Role.OPERATOR, name="Lan")
    Staff.update(active=False).where(Staff.telegram_id == lan.id).execute()
    lan.say("/start")
    friend = desk.person()
    friend.say("/start")
    friend.wait_for("OA")
    desk.settle()
    assert Stranger.select().count() == 0
    assert [message["from"] for message in lan.chat()] == ["person"]


def test_forged_numbers_of_strangers_are_old_screens(desk, owner):
    """Only somebody who wrote can be let in by a tap, and nobody as an owner."""
    tuan = desk.person(role=None, name="Tuấn")
    owner.mark()
    tuan.say("/start")
    shown = owner.wait_for("chưa được mời")
    owner.tap_data("1:st.admit:424242:viewer", shown["message_id"], force=True)
    owner.wait_for("Người lạ đã mở bot")
    owner.tap_data(f"1:st.admit:{tuan.id}:owner", shown["message_id"], force=True)
    owner.wait_for("Màn hình này đã cũ")
    assert Staff.select().where(Staff.telegram_id.in_([424242, tuan.id])).count() == 0
