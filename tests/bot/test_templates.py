"""/mau: the list, the card, the wording, the test, the test numbers; and the alerts about templates."""

from __future__ import annotations

import pytest

from models import AuditEntry, Delivery, OfficialAccount, Role, Staff, ZnsTemplate
from services import notices

LAN, WORDING = "Nguyễn Thị Lan", "Xin chào <customer_name>, mã <booking_code>."


@pytest.fixture
def oa(desk):
    return desk.oa()


def card_of(person, template="300111"):
    person.say(f"/mau {template}")
    return person.wait_for(f"· {template}")


def test_the_list_and_the_card(desk, oa, words):
    """Sendable ones first, with state and quality; the card explains parameters, buttons and price."""
    person = desk.person(Role.MANAGER, language=words.language)
    person.say("/templates")
    listed = person.wait_for("Xác nhận lịch hẹn")["text"]
    assert listed.index("Xác nhận lịch hẹn") < listed.index("Nhắc lịch tái khám")
    assert "❌" in listed
    card = card_of(person)["text"]
    assert "customer_name" in card
    assert LAN in card
    assert words("tpl_button.2") in card
    assert ("300đ" if words.language == "vi" else "300 VND") in card
    assert words("tpl.body_missing")[:20] in card
    rejected = card_of(person, "300115")["text"]
    assert words("tpl_status.REJECT") in rejected
    assert "tham số định danh" in rejected


def test_a_template_is_found_by_words_of_its_name(desk, oa):
    """Without accents."""
    person = desk.person(Role.VIEWER)
    person.say("/mau lich hen")
    person.wait_for("· 300111")


def test_who_sees_no_money_sees_no_price(desk, oa):
    """Neither in the list nor on the card; a viewer has no button that sends."""
    person = desk.person(Role.VIEWER)
    Staff.update(sees_money=False).where(Staff.telegram_id == person.id).execute()
    person.say("/mau")
    assert "300đ" not in person.wait_for("Xác nhận lịch hẹn")["text"]
    card = card_of(person)
    assert "300đ" not in card["text"]
    labels = [button["text"] for row in card["keyboard"] for button in row]
    assert not [label for label in labels if "Gửi" in label]


def test_a_template_nobody_has_is_said(desk, oa, words):
    """With what to do."""
    person = desk.person(language=words.language)
    person.say("/mau 424242")
    person.wait_for("424242")


def test_a_manager_pastes_the_wording_once(desk, oa):
    """A wrong mark is asked again, the missing one is named, sample values show it; then it can be dropped."""
    person = desk.person(Role.MANAGER)
    card_of(person)
    person.tap("📝 Lời văn")
    person.wait_for("Dán nguyên lời văn")
    person.say("Chào <tên>")
    person.wait_for("không có ô tên")
    person.say(WORDING)
    shown = person.wait_for("Lời văn chưa có ô")
    assert f"Xin chào {LAN}, mã LH-0217." in shown["text"]
    assert "schedule_time" in shown["text"]
    assert ZnsTemplate.get(ZnsTemplate.template_id == "300111").body == ""
    person.tap("✅ Lưu lời văn")
    person.wait_for("đọc từ Zalo")
    assert ZnsTemplate.get(ZnsTemplate.template_id == "300111").body == WORDING
    assert f"Xin chào {LAN}" in card_of(person)["text"]
    person.tap("📝 Lời văn")
    person.wait_for("Bỏ lời văn")
    person.tap("🗑 Bỏ lời văn")
    person.wait_for("không cho biết lời văn")
    desk.settle()
    done = [entry.action for entry in AuditEntry.select() if entry.action.startswith("template.body")]
    assert done == ["template.body_set", "template.body_removed"]


def test_test_numbers_are_entered_masked_and_taken_out(desk, oa):
    """Several at once, each normalised; a wrong one is asked again."""
    person = desk.person(Role.MANAGER)
    person.say("/oa hoa mai")
    person.wait_for("🧪 Số thử")
    person.tap("🧪 Số thử")
    person.wait_for("Chưa có số thử")
    person.tap("➕ Thêm số")
    person.wait_for("Số nào nhận tin thử")
    person.say("02838220000")
    person.wait_for("máy bàn")
    person.say("0901234567\n+84 907 654 321")
    shown = person.wait_for("090***4567")["text"]
    assert "0901234567" not in shown
    assert OfficialAccount.get_by_id(oa.id).test_phones == ["84901234567", "84907654321"]
    person.tap("🗑 090***4567", wait=True)
    desk.wait_until(lambda: OfficialAccount.get_by_id(oa.id).test_phones == ["84907654321"])


def test_a_test_goes_to_the_test_numbers_in_development_mode(desk, oa):
    """Asked first, with sample values and the numbers; nothing of the wallet is spent."""
    person = desk.person(Role.OPERATOR)
    card_of(person)
    person.tap("🧪 Gửi thử")
    person.wait_for("Chưa có số thử")
    OfficialAccount.update(test_phones=["84901234567"]).execute()
    card_of(person)
    person.tap("🧪 Gửi thử")
    asked = person.wait_for("Tới các số thử: 090***4567")
    assert LAN in asked["text"]
    assert "-127" in asked["text"]
    assert not Delivery.select().exists()
    person.tap("🧪 Gửi thử từ")
    desk.wait_until(lambda: Delivery.select().exists())
    row = Delivery.get()
    assert (row.development, row.origin, row.recipient) == (True, "test", "84901234567")
    assert row.content["params"]["customer_name"] == LAN


def test_an_alert_about_a_template_leads_to_it(desk, oa, words):
    """The reason, what to do, and a button that opens the card beside the alert."""
    person = desk.person(Role.MANAGER, language=words.language)
    person.say("/start")
    person.wait_for("Spa Hoa Mai")
    card_of(person, "300115")
    row = ZnsTemplate.get(ZnsTemplate.template_id == "300115")
    payload = {"oa_id": oa.oa_id, "template": row.id}
    notices.post(desk.clock.now(), person.id, "template_rejected", "x", payload)
    desk.drain()
    told = person.wait_for("tham số định danh")
    assert row.name in told["text"]
    person.tap(words("button.template"))
    person.wait_for("· 300115")
