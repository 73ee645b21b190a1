"""Who gets an answer, and who gets none."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import structlog.testing

from bot import access
from models import Role, Staff, StaffUpdate
from services import staff


def test_a_stranger_gets_no_answer_and_leaves_no_trace(desk):
    """Words, taps and photos of somebody nobody entered are dropped before they are stored."""
    stranger, friend = desk.person(role=None, name="Lạ"), desk.person()
    stranger.say("/start")
    stranger.say("0901234567")
    friend.say("/start")
    friend.wait_for("Chào")
    desk.settle()
    assert [message["from"] for message in stranger.chat()] == ["person", "person"]
    assert stranger.commands() == []
    assert StaffUpdate.select().where(StaffUpdate.chat_id == stranger.id).count() == 0


def test_the_owner_of_the_settings_is_known_at_once(desk):
    """TELEGRAM_OWNER_ID may begin with an empty table of staff."""
    owner = desk.owner()
    owner.say("/start")
    owner.wait_for("Thêm OA")
    assert Staff.get(Staff.telegram_id == owner.id).role == Role.OWNER


def test_while_no_owner_is_set_start_tells_the_log_the_number(house, environment):
    """That is how somebody learns what to configure; the person still gets no answer."""
    house.settings = house.settings.model_copy(update={"telegram_owner_id": None})
    with structlog.testing.capture_logs() as logged:
        house.start()
        newcomer = house.person(role=None)
        newcomer.say("/start")
        house.wait_until(lambda: any(entry.get("telegram_id") == str(newcomer.id) for entry in logged))
    house.stop()
    assert [message["from"] for message in newcomer.chat()] == ["person"]


def test_a_text_of_blanks_is_no_defect(house):
    """Whatever a stranger sends while no owner is set, the updates behind it must be fetched."""
    house.settings = house.settings.model_copy(update={"telegram_owner_id": None})
    update = SimpleNamespace(message=SimpleNamespace(text="\N{NO-BREAK SPACE}"))
    with structlog.testing.capture_logs() as logged:
        access.tell_unknown_owner(house.desk(), access.Sender(1, "Lạ", 1), update)
    assert logged == []


def test_a_name_with_signs_no_database_takes_is_cleaned(database, clock):
    """Half of an emoji, or a NUL, in the name of somebody who may use the bot."""
    staff.add(clock.now(), 9, Role.VIEWER)
    assert staff.recognise(clock.now(), 9, "A\ud83d\0", None).name == "A\ufffd\ufffd"


def test_a_dismissed_person_is_a_stranger(desk):
    """Whoever is no longer active gets silence, also on old buttons."""
    person = desk.person()
    person.say("/start")
    shown = person.wait_for("Chào")
    Staff.update(active=False).where(Staff.telegram_id == person.id).execute()
    person.tap_data("1:oas:0", shown["message_id"], force=True)
    friend = desk.person()
    friend.say("/start")
    friend.wait_for("Chào")
    desk.settle()
    assert person.last()["message_id"] == shown["message_id"]


@pytest.mark.parametrize(
    ("role", "command", "answer"),
    [
        (Role.VIEWER, "/gui", "nhân viên gửi tin"),
        (Role.VIEWER, "/khach", "nhân viên gửi tin"),
        (Role.OPERATOR, "/gui", "Gửi cho ai?"),
    ],
)
def test_a_command_beyond_the_role_is_refused_in_four_parts(desk, role, command, answer):
    """A viewer is told who may, not left in silence."""
    desk.oa()
    person = desk.person(role)
    person.say(command)
    shown = person.wait_for(answer)
    assert ("Làm gì:" in shown["text"]) == (role == Role.VIEWER)


def test_a_button_beyond_the_role_is_refused_too(desk):
    """Buttons are checked when tapped, not only when drawn: an operator cannot switch sending on."""
    oa = desk.oa(published=False)
    person = desk.person(Role.OPERATOR)
    person.say("/oa")
    shown = person.wait_for("1 OA")
    person.tap_data(f"1:oa.mode:{oa.id}:{oa.revision}:live", shown["message_id"], force=True)
    person.wait_for("dành cho quản lý")
    assert not type(oa).get_by_id(oa.id).published


def test_the_menu_follows_role_and_language(desk):
    """A viewer's menu has no sending in it; changing the language changes the menu."""
    viewer, operator = desk.person(Role.VIEWER), desk.person(Role.OPERATOR)
    for person in (viewer, operator):
        person.say("/start")
        person.wait_for("OA")
    assert [entry["command"] for entry in viewer.commands()] == ["start", "mau", "oa", "caidat", "trogiup"]
    assert "gui" in [entry["command"] for entry in operator.commands()]
    operator.say("/caidat")
    operator.wait_for("Ngôn ngữ")
    operator.tap("🇬🇧")
    operator.wait_for("Language")
    assert "send" in [entry["command"] for entry in operator.commands()]
    assert {"command": "start", "description": "My desk"} in operator.commands()
