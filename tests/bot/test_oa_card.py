"""The OA card: modes, editing, removal, and the list of OAs."""

from __future__ import annotations

import pytest

import db
from models import AuditEntry, FollowerSync, OaState, OaToken, OfficialAccount, Role
from services import accounts, halts, modes, readiness
from services.modes import Mode


def open_card(person):
    person.say("/oa hoa mai")
    return person.wait_for("ID")


def test_towards_safer_is_one_tap(desk, words):
    """Live to test only to stopped: no question asked, audited each time."""
    person, oa = desk.person(Role.OPERATOR, language=words.language), desk.oa()
    open_card(person)
    person.tap(words("button.set_test"))
    person.wait_for(f"Spa Hoa Mai · {words('mode.test')}")
    person.tap(words("button.set_paused"))
    person.wait_for(f"Spa Hoa Mai · {words('mode.paused')}")
    assert modes.mode(OfficialAccount.get_by_id(oa.id)) == Mode.PAUSED
    assert AuditEntry.select().where(AuditEntry.action == "oa.mode").count() == 2


def test_towards_sending_needs_a_yes_that_works_once(desk, words):
    """The question names the OA and what follows; a second tap on the same yes changes nothing."""
    person, oa = desk.person(language=words.language), desk.oa(published=False)
    open_card(person)
    person.tap(words("button.set_live"))
    asked = person.wait_for("Spa Hoa Mai", timeout=10)
    yes = asked["keyboard"][0][0]
    assert modes.mode(OfficialAccount.get_by_id(oa.id)) == Mode.PAUSED
    person.tap(yes["text"])
    person.wait_for(f"Spa Hoa Mai · {words('mode.live')}")
    again = person.tap_data(yes["data"], asked["message_id"], wait=True, force=True)
    assert words("error.confirm.used.what")[1:10] in again["text"]
    assert AuditEntry.select().where(AuditEntry.action == "oa.mode").count() == 1


def test_an_operator_sees_only_safer_modes(desk):
    """Switching sending on is not even offered."""
    desk.oa(testing=True)
    person = desk.person(Role.OPERATOR)
    labels = str(open_card(person)["keyboard"])
    assert "Ngưng gửi" in labels
    assert "Gửi thật" not in labels


def test_an_old_card_opens_the_new_one(desk, words):
    """Somebody changed the OA meanwhile: the tap does nothing but say so, and shows the card as it is now."""
    person, oa = desk.person(language=words.language), desk.oa()
    card = open_card(person)
    stop = next(b for row in card["keyboard"] for b in row if b["text"] == words("button.set_paused"))
    accounts.set_flags(desk.desk(), desk.actor(), OfficialAccount.get_by_id(oa.id), testing=True)
    answer = person.tap_data(stop["data"], card["message_id"], wait=True)
    assert answer["text"] == words("old.toast")
    person.wait_for(f"Spa Hoa Mai · {words('mode.test')}")
    assert modes.mode(OfficialAccount.get_by_id(oa.id)) == Mode.TEST


@pytest.mark.parametrize("data", ["0:oa:1", "1:nothing", "1:oa:999", "1:oa:x", "1:oa.mode:1", "garbage", "1:k:"])
def test_a_button_of_another_time_opens_the_desk(desk, data):
    """Whatever an old keyboard sends is answered, never an error."""
    person = desk.person()
    desk.oa()
    person.say("/start")
    shown = person.wait_for("Hôm nay")
    answer = person.tap_data(data, shown["message_id"], wait=True, force=True)
    assert answer["text"] == "Màn hình này đã cũ, tôi mở lại bản mới."
    person.wait_for("Màn hình này đã cũ")


def test_rename_and_describe(desk, words):
    """Both are one question; the card shows the result."""
    person, oa = desk.person(language=words.language), desk.oa()
    open_card(person)
    person.tap(words("button.edit"))
    person.wait_for(words("oa.edit_what"))
    person.tap(words("button.rename"))
    person.wait_for(words("oa_field.ask_name"))
    person.say("Nha khoa An")
    person.wait_for("Nha khoa An")
    person.tap(words("button.edit"))
    person.wait_for(words("oa.edit_what"))
    person.tap(words("button.describe"))
    person.wait_for(words("oa_field.ask_description"))
    person.say("Chị Hoa phụ trách <3")
    person.wait_for("Chị Hoa phụ trách <3")
    row = OfficialAccount.get_by_id(oa.id)
    assert (row.name, row.description) == ("Nha khoa An", "Chị Hoa phụ trách <3")


def test_remove_asks_and_erases_the_tokens(desk, words):
    """After the yes there is no token row; the OA is gone from the list."""
    person, oa = desk.person(language=words.language), desk.oa()
    open_card(person)
    person.tap(words("button.edit"))
    person.wait_for(words("oa.edit_what"))
    person.tap(words("button.remove"))
    person.wait_for(words("oa.ask_remove"))
    person.tap(words("button.remove_yes"))
    person.wait_for(words("oa.removed"))
    assert OfficialAccount.get_by_id(oa.id).state == OaState.REMOVED
    assert OaToken.select().count() == 0


def test_check_asks_zalo_for_everything(desk):
    """Quota, quality and templates stand on the card afterwards."""
    person = desk.person()
    desk.oa()
    open_card(person)
    person.tap("🩺")
    card = person.wait_for("mẫu tin dùng được")
    assert "ZNS hôm nay còn" in card["text"]
    assert "Chất lượng gửi: 48 giờ CAO" in card["text"]


def test_sync_begins_a_pull_of_the_followers(desk):
    """The work is a worker's; the tap is answered at once."""
    person = desk.person()
    desk.oa()
    card = open_card(person)
    button = next(b for row in card["keyboard"] for b in row if b["text"].startswith("🔄"))
    assert "Đang đọc" in person.tap_data(button["data"], card["message_id"], wait=True)["text"]
    assert FollowerSync.select().count() == 1


def test_a_stopped_oa_says_why_and_is_resumed_by_a_manager(desk):
    """The card names Zalo's code; one tap lets it send again."""
    person, oa = desk.person(), desk.oa()
    halts.stop(desk.clock.now(), oa, "-115")
    person.say("/start")
    person.wait_for("-115")
    open_card(person)
    person.tap("▶️ Gửi tiếp")
    desk.wait_until(lambda: OfficialAccount.get_by_id(oa.id).stopped_at is None)


def test_new_tokens_are_pasted_for_an_oa_that_lost_its_connection(desk):
    """Access token checked against the OA, both messages deleted, the OA active again."""
    person, oa = desk.person(), desk.oa()
    OfficialAccount.update(state=OaState.NEEDS_REAUTH).where(OfficialAccount.id == oa.id).execute()
    OaToken.update(state="needs_reauth").where(OaToken.oa == oa.id).execute()
    pair = desk.issue()
    open_card(person)
    person.tap("✏️ Sửa")
    person.wait_for("Sửa gì?")
    person.tap("⌨️ Dán token mới")
    person.wait_for("Dán access token mới")
    first = person.say(pair["access_token"])
    person.wait_for("Dán refresh token mới")
    second = person.say(pair["refresh_token"])
    person.wait_for("Refresh token chưa được thử")
    person.wait_until_deleted(first)
    person.wait_until_deleted(second)
    assert OfficialAccount.get_by_id(oa.id).state == OaState.ACTIVE


def test_a_list_of_many_oas_costs_as_many_reads_as_one_of_two(house, monkeypatch):
    """The number of queries does not grow with the OAs."""
    house.oa()

    def reads():
        asked = []
        real = db.database.obj.execute_sql
        monkeypatch.setattr(db.database.obj, "execute_sql", lambda *a, **k: asked.append(a) or real(*a, **k))
        readiness.lines_of_all(house.desk(), list(OfficialAccount.select()))
        monkeypatch.undo()
        return len(asked)

    def more(numbers):
        for number in numbers:
            OfficialAccount.create(
                oa_id=f"77700011{number}", name=f"OA {number}", created_at=house.clock.now(),
                stopped_at=house.clock.now(), stopped_code=halts.RECONNECTED,
            )  # fmt: skip

    more(range(1))
    few = reads()
    more(range(1, 40))
    assert reads() == few


def test_the_list_puts_trouble_first_and_switches_by_name(desk):
    """/oa with a part of the name, without accents, opens that OA and works with it from then on."""
    person, oa = desk.person(), desk.oa("Nha khoa Ân")
    OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)
    person.say("/oa")
    listed = person.wait_for("2 OA")
    assert listed["text"].index("Gara Tín") < listed["text"].index("Nha khoa Ân")
    person.say("/oa nha khoa an")
    person.wait_for(oa.oa_id)
    person.say("/start")
    person.wait_for("Nha khoa Ân")
