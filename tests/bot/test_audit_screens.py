"""/nhatky in the local Telegram: pages, filters, one entry, files, and who may read what."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from models import AuditEntry, ConsentSource, Delivery, Role, Scope, Staff, StaffOa
from services import audit, consents
from services.audit import CLI, MACHINE, Actor
from services.consents import Statement


def write(desk, person, action, at=None, **given):
    row = Staff.get(Staff.telegram_id == person.id)
    audit.record(at or desk.clock.now(), Actor(row.name, row, person.id, 5), action, **given)


def only(desk, person, *oas):
    """The person may use these OAs only."""
    row = Staff.get(Staff.telegram_id == person.id)
    Staff.update(every_oa=False).where(Staff.id == row.id).execute()
    for oa in oas:
        StaffOa.create(staff=row, oa=oa)


def table(person, file):
    return list(csv.reader(io.StringIO(person.download(file).decode("utf-8-sig"), newline="")))


def test_lines_say_when_who_what_where_and_to_whom(desk, words):
    """In words of the reader's language, newest first, numbers masked, not to be forwarded."""
    hoa, lan = desk.person(Role.MANAGER, language=words.language, name="Hoa"), desk.person(Role.OPERATOR, name="Lan")
    oa = desk.oa()
    write(desk, lan, "message.accepted", oa_id=oa.oa_id, target="84909998812")
    write(desk, lan, "oa.mode", oa_id=oa.oa_id, target=oa.name, result="role.manager")
    hoa.say("/nhatky" if words.language == "vi" else "/audit")
    shown = hoa.wait_for(words("audit.message.accepted"))
    refused, sent, added = shown["text"].split("\n")[-3:]
    assert refused.startswith("1. 09:00 · Lan")
    assert words("audit.oa.mode") in refused
    assert words("error.role.manager.what").rstrip(".") in refused
    assert "Spa Hoa Mai" in sent
    assert "090***8812" in sent
    assert "909998812" not in shown["text"]
    assert words("audits.who_cli") in added
    assert words("audit.oa.added") in added
    assert shown["protect_content"]


def test_operators_do_not_read_it(desk):
    """The command is refused, and nothing of it is shown."""
    lan = desk.person(Role.OPERATOR)
    lan.say("/nhatky")
    lan.wait_for("dành cho quản lý")


def test_pages_turn_both_ways(desk):
    """Ten on a page, back to the newest at once."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    for number in range(25):
        write(desk, hoa, "oa.renamed", target=f"tên {number:02}")
    hoa.say("/nhatky")
    assert "tên 24" in hoa.wait_for("tên 15")["text"]
    hoa.tap("▶️")
    assert "tên 14" in hoa.wait_for("tên 05")["text"]
    hoa.tap("▶️")
    last = hoa.wait_for("tên 00")
    assert "▶️" not in str(last["keyboard"])
    hoa.tap("◀️")
    assert "tên 05" in hoa.wait_for("tên 14")["text"]
    hoa.tap("⏮")
    first = hoa.wait_for("tên 24")
    assert "◀️" not in str(first["keyboard"])


def test_filters_by_buttons(desk):
    """OA, person, kind, period, and only what was refused; all of them can be dropped at once."""
    hoa, lan = desk.person(Role.MANAGER, name="Hoa"), desk.person(Role.OPERATOR, name="Lan")
    oa = desk.oa()
    now = desk.clock.now()
    write(desk, lan, "message.accepted", oa_id=oa.oa_id, target="tin mới")
    write(desk, lan, "message.resent", oa_id=oa.oa_id, target="tin cũ", at=now - timedelta(days=3))
    write(desk, hoa, "staff.language", target="việc riêng")
    write(desk, lan, "oa.mode", oa_id=oa.oa_id, target="bị chặn", result="role.manager")
    audit.record(now, MACHINE, "oa.stopped", oa_id=oa.oa_id, target="máy ngưng")
    hoa.say("/nhatky")
    hoa.wait_for("việc riêng")
    hoa.tap("🏢")
    hoa.wait_for("của OA nào?")
    hoa.tap("🏢 Spa Hoa Mai")
    assert "việc riêng" not in hoa.wait_for("tin cũ")["text"]
    hoa.tap("👤 Người")
    hoa.wait_for("việc của ai?")
    hoa.tap("Lan")
    assert "máy ngưng" not in hoa.wait_for("Người: Lan")["text"]
    hoa.tap("🏷")
    hoa.wait_for("loại việc nào?")
    hoa.tap("📨 gửi tin")
    assert "bị chặn" not in hoa.wait_for("Loại: 📨 gửi tin")["text"]
    hoa.tap("Hôm nay")
    assert "tin cũ" not in hoa.wait_for("tin mới")["text"]
    hoa.tap("🧹")
    hoa.wait_for("việc riêng")
    hoa.tap("⛔ Việc bị chặn")
    shown = hoa.wait_for("chỉ việc bị chặn")
    assert "bị chặn · ⛔ không được" in shown["text"]
    assert "tin mới" not in shown["text"]
    hoa.tap("✅ ⛔ Việc bị chặn")
    hoa.wait_for("tin mới")
    hoa.tap("🏷")
    hoa.wait_for("loại việc nào?")
    hoa.tap("⚙️ hệ thống")
    assert "tin mới" not in hoa.wait_for("máy ngưng")["text"]


@pytest.mark.parametrize(
    ("typed", "seen", "hidden"),
    [
        ("/nhatky lan", "tin cũ", "việc của Hoa"),
        ("/nhatky 1", "việc của Hoa", "tin cũ"),
        ("/nhatky lan 1", "tin mới", "tin cũ"),
        ("/nhatky hoa mai", "tin cũ", "việc của Hoa"),
        ("/nhatky ai đó", "Không tìm được đúng một người", "không có gì"),
    ],
)
def test_typed_shortcuts(desk, typed, seen, hidden):
    """A person, an OA, a number of days, or a person and days."""
    hoa, lan = desk.person(Role.MANAGER, name="Hoa"), desk.person(Role.OPERATOR, name="Lan")
    oa = desk.oa()
    now = desk.clock.now()
    write(desk, lan, "message.accepted", oa_id=oa.oa_id, target="tin mới")
    write(desk, lan, "message.resent", oa_id=oa.oa_id, target="tin cũ", at=now - timedelta(days=3))
    write(desk, hoa, "staff.language", target="việc của Hoa")
    hoa.say(typed)
    assert hidden not in hoa.wait_for(seen)["text"]


def test_somebody_of_one_oa_sees_that_oa(desk):
    """Neither the list, nor the choices, nor a forged button, nor the file shows another OA."""
    an, lan = desk.person(Role.MANAGER, name="An"), desk.person(Role.OPERATOR, name="Lan")
    oa = desk.oa()
    only(desk, an, oa)
    write(desk, lan, "oa.renamed", oa_id=oa.oa_id, target="của An")
    write(desk, lan, "oa.renamed", oa_id="2902999", target="của người khác")
    foreign = AuditEntry.get(AuditEntry.oa_id == "2902999")
    an.say("/nhatky")
    shown = an.wait_for("của An")
    assert "của người khác" not in shown["text"]
    an.tap_data(f"1:audit.one:0.0.-.30.0:{foreign.id}", shown["message_id"], force=True)
    assert "của người khác" not in an.wait_for("Màn hình này đã cũ")["text"]
    an.say("/nhatky")
    an.wait_for("của An")
    an.tap("📥 CSV")
    file = an.wait_for(lambda message: message["file"])
    assert "của người khác" not in str(table(an, file))


def test_an_entry_opens_with_all_that_was_kept(desk):
    """From which message, in detail, and the way to the message it was about."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    desk.oa()
    desk.follower()
    hoa.say("/gui 0909998812 Chào chị")
    preview = hoa.wait_for("Xem trước")
    hoa.tap("✅")
    hoa.wait_for("đang chờ")
    hoa.say("/nhatky")
    hoa.wait_for("gửi một tin")
    hoa.tap("1")
    entry = hoa.wait_for("23/11/2026 09:00:00")
    assert f"tin nhắn số {preview['message_id']} " in entry["text"].replace(".", "")
    assert "message.accepted" in entry["text"]
    assert entry["protect_content"]
    hoa.tap("📨 Mở tin")
    result = hoa.wait_for("Chào chị")
    assert result["protect_content"]
    assert result["message_id"] != entry["message_id"]
    hoa.tap("⬅️", entry["message_id"])
    hoa.wait_for("📜 Nhật ký · mọi OA")


def test_what_is_gone_has_no_button(desk):
    """The entry stays, the way to what it was about goes."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    desk.oa()
    row = desk.follower()
    write(desk, hoa, "customer.tester_on", oa_id="2902999", target=f"follower {row.id}")
    hoa.say("/nhatky")
    hoa.wait_for("khách #")
    hoa.tap("1")
    assert "Mở hồ sơ khách" in str(hoa.wait_for("customer.tester_on")["keyboard"])
    row.delete_instance()
    hoa.tap("⬅️")
    hoa.wait_for("khách #")
    hoa.tap("1")
    assert "Mở hồ sơ khách" not in str(hoa.wait_for("customer.tester_on")["keyboard"])


def test_the_file_is_the_present_filter_and_an_entry_itself(desk, words):
    """CSV with headers in the person's language; what would run in a spreadsheet does not; no full number."""
    hoa = desk.person(Role.MANAGER, language=words.language, name="Hoa")
    oa = desk.oa()
    write(desk, hoa, "oa.renamed", oa_id=oa.oa_id, target='=HYPERLINK("http://x")', detail={"phone": "84909998812"})
    write(desk, hoa, "staff.language", target="ngoài lọc")
    hoa.say("/nhatky")
    hoa.wait_for("📜")
    hoa.tap(words("button.audit_kind"))
    hoa.wait_for(words("audits.choose_kind"))
    hoa.tap(words("audits.kind_oa"))
    hoa.wait_for(words("audits.kind_oa"))
    hoa.tap("📥 CSV")
    file = hoa.wait_for(lambda message: message["file"])
    assert file["protect_content"]
    header, *rows = table(hoa, file)
    assert header[0] == words("audits.column_at")
    assert [row[4] for row in rows] == ["oa.added", "oa.renamed"]
    assert rows[1][7].startswith("'=HYPERLINK")
    assert "909998812" not in str(rows)
    entry = AuditEntry.get(AuditEntry.action == "audit.export")
    assert (entry.staff_id, entry.detail["rows"], entry.result) == (hoa.id, 2, "done")


def test_the_spreadsheet_holds_every_row(desk):
    """Written as they are read, however many."""
    hoa = desk.person(Role.MANAGER, name="Hoa")
    for number in range(30):
        write(desk, hoa, "oa.renamed", target=f"tên {number}")
    hoa.say("/nhatky")
    hoa.wait_for("tên 29")
    hoa.tap("📥 Excel")
    file = hoa.wait_for(lambda message: message["file"])
    sheet = load_workbook(io.BytesIO(hoa.download(file)), read_only=True).worksheets[0]
    assert len(list(sheet.rows)) == 31


def test_an_action_without_words_shows_its_code(desk):
    """What an older or newer version wrote is still read."""
    hoa = desk.person(Role.MANAGER)
    audit.record(desk.clock.now(), CLI, "old.action")
    hoa.say("/nhatky")
    hoa.wait_for("old.action")


def test_no_customer_is_named_in_a_refusal(desk):
    """The reason is kept as a key; whom it was about stays out of the audit."""
    hoa = desk.person(Role.MANAGER)
    oa = desk.oa()
    row = desk.follower()
    hoa.say("/gui 0909998812 Chào chị")
    hoa.wait_for("Xem trước")
    now = desk.clock.now()
    refusal = Statement(row.user_id, Scope.ALL, False, now, ConsentSource.ZALO, oa_id=oa.oa_id, code="-217")
    consents.record(refusal)
    hoa.tap("✅")
    hoa.wait_for("từ chối nhận loại tin này")
    entry = AuditEntry.get(AuditEntry.action == "message.accepted")
    assert (entry.result, entry.oa_id, entry.detail, entry.target) == ("send.blocked", oa.oa_id, None, "")
    assert not Delivery.select().exists()
