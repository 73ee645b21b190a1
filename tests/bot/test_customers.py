"""The customer list, its search, the card, the number shown for ten minutes, and the files."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

from openpyxl import load_workbook

from models import AuditEntry, Follower, Notice, NoticeState, OfficialAccount, Role, Staff


def test_pages_filter_and_search(desk, words):
    """Eight on a page, ▶️ turns it, the filter leaves out who unfollowed, the search needs no accents."""
    person = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    for number in range(11):
        desk.follower(f"Khách {number}", phone="", is_follower=number != 3)
    person.say("/khach")
    first = person.wait_for("1/2")
    assert "Khách 10" in first["text"]
    person.tap("▶️")
    person.wait_for("2/2")
    person.tap(words("button.only_f"))
    person.wait_for("· 10")
    person.say("/khach khach 7")
    person.wait_for("👤 Khách 7")


def test_the_second_page_of_a_search_is_still_the_search(desk):
    """What was searched travels with the buttons."""
    person = desk.person()
    desk.oa()
    for number in range(10):
        desk.follower(f"Nguyễn Thị Hường {number}", phone="")
    desk.follower("Bảo", phone="")
    person.say("/khach hường")
    person.wait_for("10 người")
    person.tap("▶️")
    shown = person.wait_for("2/2")
    assert "10 người" in shown["text"]


def test_a_pasted_number_opens_the_card_with_the_number_masked(desk, words):
    """Somebody who pastes a number sees whose it is."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower()
    person.say("0909 998 812")
    card = person.wait_for("👤 Trần Minh Anh")
    assert "090***8812" in card["text"]
    assert "0909998812" not in card["text"].replace(" ", "")
    assert card["protect_content"]


def test_a_number_nobody_has_offers_a_zns(desk, words):
    """The choice is on one button."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say("0388 123 456")
    person.wait_for("038 812 3456")
    person.tap(words("button.zns_to"))
    person.wait_for(words("zns.ask_template"))


def test_the_number_is_shown_for_ten_minutes_and_written_down(desk):
    """An audit row without the number; afterwards the same message is masked again."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("0909998812")
    card = person.wait_for("👁 Hiện số")
    person.tap("👁", wait=True)
    shown = person.wait_for("090 999 8812")
    entry = AuditEntry.get(AuditEntry.action == "customer.number_shown")
    assert (entry.staff_id, entry.target) == (person.id, "090***8812")
    person.mark()
    desk.advance(minutes=10, seconds=1)
    hidden = person.wait_for("090***8812")
    assert card["message_id"] == shown["message_id"] == hidden["message_id"]


def test_a_screen_opened_meanwhile_is_not_overwritten(desk):
    """Whoever went on to the list keeps the list."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("0909998812")
    person.wait_for("👁 Hiện số")
    person.tap("👁", wait=True)
    person.tap("🏠", wait=True)
    person.wait_for("Hôm nay")
    desk.advance(minutes=11)
    desk.drain()
    assert "Hôm nay" in person.last()["text"]


def test_without_the_right_no_number_is_shown(desk):
    """Neither the button nor its data works, and the file is masked."""
    person = desk.person()
    Staff.update(sees_numbers=False).where(Staff.telegram_id == person.id).execute()
    desk.oa()
    row = desk.follower()
    person.say("0909998812")
    card = person.wait_for("👤 Trần Minh Anh")
    assert "Hiện số" not in str(card["keyboard"])
    person.tap_data(f"1:k.number:{row.id}", card["message_id"], force=True)
    person.wait_for("chưa được xem số")
    person.say("/khach")
    person.wait_for("1 người")
    person.tap("📥 CSV")
    file = person.wait_for(lambda message: message["file"])
    assert "090***8812" in person.download(file).decode("utf-8-sig")


def test_the_csv_opens_in_a_spreadsheet_and_runs_nothing(desk, words):
    """Headers in the person's language, phones with their zero, a name that begins with = is text."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower('=HYPERLINK("http://x")', phone="84909998812")
    person.say("/khach")
    person.wait_for("👤")
    person.tap("📥 CSV")
    file = person.wait_for(lambda message: message["file"])
    assert file["protect_content"]
    header, row = list(csv.reader(io.StringIO(person.download(file).decode("utf-8-sig"))))
    assert header[0] == words("column.user_id")
    assert row[1].startswith("'=HYPERLINK")
    assert row[6] == "0909998812"


def test_the_spreadsheet_has_everybody(desk):
    """XLSX with one row a customer; the export is audited with its size."""
    person = desk.person()
    desk.oa()
    for number in range(25):
        desk.follower(f"Khách {number}", phone="")
    person.say("/khach")
    person.wait_for("25 người")
    person.tap("📥 Excel")
    file = person.wait_for(lambda message: message["file"])
    sheet = load_workbook(io.BytesIO(person.download(file)), read_only=True).worksheets[0]
    assert len(list(sheet.rows)) == 26
    assert AuditEntry.get(AuditEntry.action == "customer.export").detail == {"rows": 25}


def test_tester_mark_on_and_off(desk):
    """Managers only; both are audited."""
    person = desk.person()
    desk.oa()
    row = desk.follower()
    person.say("0909998812")
    person.wait_for("Cho nhận tin thử")
    person.tap("🧪")
    person.wait_for("🧪 nhận tin thử")
    assert Follower.get_by_id(row.id).tester
    person.tap("🧪")
    desk.wait_until(lambda: not Follower.get_by_id(row.id).tester)


def test_somebody_without_a_name_or_a_word_is_still_shown(desk):
    """Zalo does not always tell a name: the end of the id stands for it."""
    person = desk.person()
    desk.oa()
    row = desk.follower("", phone="", last_interaction_at=None, is_follower=None)
    person.say("/khach")
    person.wait_for(f"Khách …{row.user_id[-4:]}")
    person.tap("Khách …")
    card = person.wait_for("Chưa nhắn cho OA")
    assert "chưa rõ có quan tâm không" in card["text"]


def test_last_words_are_dated_as_people_say_it(desk):
    """Minutes ago in the list, today and yesterday on the card."""
    person = desk.person()
    desk.oa()
    desk.follower(last_interaction_at=desk.clock.now() - timedelta(minutes=4))
    person.say("/khach")
    person.wait_for("4 phút trước")
    person.tap("Trần Minh Anh")
    person.wait_for("hôm nay 08:56")


def test_a_number_on_a_deleted_message_brings_no_card_back(desk):
    """The person took the message away: nothing is left to hide, and nothing new is shown."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("0909998812")
    person.wait_for("👁 Hiện số")
    person.tap("👁", wait=True)
    shown = person.wait_for("090 999 8812")
    desk.delete(person, shown["message_id"])
    desk.advance(minutes=11)
    desk.drain()
    desk.wait_until(lambda: Notice.get(Notice.kind == "hide_number").state == NoticeState.SENT)
    assert not [message for message in person.chat() if message["from"] == "bot" and not message["deleted"]]


def test_a_list_stays_with_the_oa_it_shows(desk):
    """Another OA is chosen meanwhile: pages, filters and files of the first one's list are still the first one's."""
    person = desk.person(Role.OPERATOR)
    first = desk.oa()
    desk.follower("Minh Anh", phone="")
    other = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)
    person.say("/oa hoa mai")
    person.wait_for(first.oa_id)
    person.say("/khach")
    listed = person.wait_for("1 người")
    person.say("/oa gara")
    person.wait_for(other.oa_id)
    person.tap("📥 CSV", listed["message_id"])
    file = person.wait_for(lambda message: message["file"])
    assert "Minh Anh" in person.download(file).decode("utf-8-sig")
    assert AuditEntry.get(AuditEntry.action == "customer.export").oa_id == first.oa_id
    person.tap("❤️ Đang quan tâm", listed["message_id"])
    assert "Spa Hoa Mai" in person.wait_for("Minh Anh")["text"]


def test_buttons_of_before_mean_the_oa_worked_with(desk):
    """Keyboards made when they named no OA still work; what is no list at all counts as old."""
    person = desk.person()
    desk.oa()
    desk.follower("Minh Anh", phone="")
    person.say("/khach")
    listed = person.wait_for("1 người")["message_id"]
    person.tap_data("1:kh:a:minh:0", listed, force=True)
    person.wait_for("Minh Anh")
    person.tap_data("1:k.file:csv", listed, force=True)
    person.wait_for(lambda message: message["file"])
    for data in ("1:kh:x:0", "1:kh:a.x:0", "1:kh:a.999:0", "1:kh:.:0", "1:k.file:pdf", "1:k.file:csv:999"):
        answer = person.tap_data(data, listed, wait=True, force=True)
        assert answer["text"] == "Màn hình này đã cũ, tôi mở lại bản mới."


def test_a_file_telegram_would_not_take_is_refused_in_words(desk, monkeypatch):
    """Over 50 MB: what it is and what to do, and no file."""
    monkeypatch.setattr("bot.files.MAX_UPLOAD", 10)
    person = desk.person()
    desk.oa()
    person.say("/khach")
    person.wait_for("0 người")
    person.tap("📥 CSV")
    person.wait_for("50 MB")
    assert not [message for message in person.chat() if message["file"]]
