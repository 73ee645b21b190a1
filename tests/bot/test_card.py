"""The card of a customer with everything on it, their past page by page, and a number that is no customer's."""

from __future__ import annotations

import csv
import io
import threading
from datetime import timedelta

from db import database
from models import (
    ChatMessage,
    ConsentSource,
    Conversation,
    Delivery,
    DeliveryState,
    OfficialAccount,
    Rating,
    Role,
    Scope,
    Staff,
    StaffOa,
)
from services import consents, deliveries, past, phones
from services.consents import Statement

PHONE = "84909998812"
NUMBER = "0909998812"


def message(desk, row, text, minutes, **more):
    at = desk.clock.now() - timedelta(minutes=minutes)
    given = {"msg_id": f"m{text}", "inbound": True, "kind": "text", "told_at": at, "stored_at": at, **more}
    return ChatMessage.create(oa_id=row.oa_id, user_id=row.user_id, text=text, at=at, **given)


def delivery(desk, oa, recipient, minutes, **more):
    at = desk.clock.now() - timedelta(minutes=minutes)
    content = {"template_id": "300111", "template_name": "Lịch hẹn", "params": {}}
    row = {
        "oa": oa, "channel": "zns", "kind": "template", "recipient": recipient, "content": content,
        "state": DeliveryState.DELIVERED, "dedupe_key": f"{recipient}{minutes}{oa.id}", "price": 300, "charged": 300,
        "vat_percent": 8, "tracking_id": deliveries.new_tracking_id(at), "created_at": at, "sent_at": at,
        "delivered_at": at,
    }  # fmt: skip
    return Delivery.create(**{**row, **more})


def test_everything_known_about_a_customer_is_on_the_card(desk, words):
    """Form, refusal, rating, keeper, under age, free window, the last of the past."""
    person = desk.person(Role.MANAGER, language=words.language)
    oa, now = desk.oa(), desk.clock.now()
    told = {"name": "Trần Lan", "phone": PHONE, "address": "1 Lê Lợi", "ward": "Bến Nghé", "birthday": "1999-10-30"}
    row = desk.follower(is_sensitive=True, shared_info=told, shared_at=now)
    lan = desk.person(Role.OPERATOR, name="Thu")
    Conversation.create(oa_id=row.oa_id, user_id=row.user_id, taken_by=lan.id)
    Rating.create(oa_id=row.oa_id, msg_id="z", recipient=PHONE, rate=2, note="chờ lâu quá", at=now)
    consents.record(Statement(PHONE, Scope.PROMOTION, False, now, ConsentSource.CUSTOMER, evidence={"text": "DỪNG"}))
    message(desk, row, "mai còn chỗ không", 5)
    delivery(desk, oa, PHONE, 10)
    person.say(f"/khach {NUMBER}")
    text = person.wait_for("👤 Trần Minh Anh")["text"]
    expected = (
        "1 Lê Lợi, Bến Nghé", "30/10/1999", "Trần Lan", "⭐⭐ ", "chờ lâu quá", "Thu", "DỪNG", "mai còn chỗ không",
        "Lịch hẹn", words("state.delivered"), words("card.under_age"), words("card.free"),
    )  # fmt: skip
    assert [word for word in expected if word not in text] == []
    assert NUMBER not in text.replace(" ", "")


def test_a_card_costs_a_query_for_each_kind_of_thing(desk, monkeypatch):
    """However much there is."""
    oa, row = desk.oa(), desk.follower()
    for number in range(40):
        message(desk, row, f"dòng {number}", number)
        delivery(desk, oa, PHONE, number + 0.5)
    account, asked = OfficialAccount.get_by_id(oa.id), []
    plain = database.obj.execute_sql

    def counted(sql, *args, **named):
        if threading.get_ident() == here:
            asked.append(sql)
        return plain(sql, *args, **named)

    here = threading.get_ident()
    monkeypatch.setattr(database.obj, "execute_sql", counted)
    card = past.card(account, row)
    assert [each.delivery.oa.name for each in card.past.rows if each.delivery]
    assert len(card.past.rows) == 3
    assert len(asked) <= 8


def test_the_past_is_merged_by_time_fifteen_a_page(desk, words):
    """Both sides, our own messages once, the next page where this one ended though more arrives meanwhile."""
    person = desk.person(Role.OPERATOR, language=words.language)
    oa, row = desk.oa(), desk.follower()
    for number in range(12):
        message(desk, row, f"khách {number:02d}", 2 * number + 2)
        delivery(
            desk, oa, row.user_id, 2 * number + 3, channel="cs", kind="text", content={"text": f"shop {number:02d}"}
        )
    delivery(desk, oa, row.user_id, 1, channel="cs", kind="text", content={"text": "một lần"}, msg_id="echo")
    message(desk, row, "một lần", 1, msg_id="echo", inbound=False)
    message(desk, row, "từ điện thoại", 0.5, msg_id="typed", inbound=False, admin_id="9")
    person.say(f"/khach {NUMBER}")
    person.wait_for("👤 Trần Minh Anh")
    person.tap(words("button.history"))
    first = person.wait_for(words("past.title"))
    assert first["text"].count("một lần") == 1
    assert words("past.typed_at_zalo") in first["text"]
    assert ("khách 06" in first["text"], "khách 07" in first["text"]) == (True, False)
    assert first["text"].index("khách 00") < first["text"].index("shop 00") < first["text"].index("khách 01")
    assert first["protect_content"]
    message(desk, row, "vừa mới", 0, msg_id="new")
    person.tap(words("button.older"))
    second = person.wait_for("shop 11")
    assert ("shop 06" in second["text"], "khách 06" in second["text"]) == (True, False)
    assert words("button.older") not in str(second["keyboard"])


def test_a_number_nobody_has_shows_what_it_got_from_any_oa(desk, words):
    """With OA, state and cost; its refusals; the way to a ZNS and to a refusal."""
    person = desk.person(Role.OPERATOR, language=words.language)
    first = desk.oa()
    other = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)
    Staff.update(current_oa=first).execute()
    delivery(desk, first, "84388123456", 10)
    delivery(desk, other, "84388123456", 20, state=DeliveryState.FAILED, charged=0)
    for ask in ("/khach 0388 123 456", "0388123456"):
        person.say(ask)
        text = person.wait_for("038 812 3456")["text"]
        assert all(word in text for word in ("Gara Tín", "Spa Hoa Mai", words("state.failed"), "324"))
    person.tap(words("button.opt_out"))
    person.wait_for(words("opt_out.nothing"))


def test_what_a_number_got_from_a_closed_oa_or_for_how_much_is_not_shown_to_everybody(desk):
    """Single OAs only, and no money for whoever may not see it."""
    person = desk.person(Role.OPERATOR)
    first = desk.oa()
    other = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", created_at=desk.clock.now(), published=True)
    delivery(desk, first, "84388123456", 10)
    delivery(desk, other, "84388123456", 20)
    row = Staff.get(Staff.telegram_id == person.id)
    Staff.update(every_oa=False, sees_money=False).where(Staff.id == row.id).execute()
    StaffOa.create(staff=row, oa=first)
    person.say("0388123456")
    text = person.wait_for("038 812 3456")["text"]
    assert "Spa Hoa Mai" in text
    assert "Gara Tín" not in text
    assert "324" not in text


def test_a_long_past_of_a_number_has_pages(desk):
    """The later ones show the number masked: it was not typed just now."""
    person = desk.person(Role.OPERATOR)
    oa = desk.oa()
    for number in range(17):
        delivery(desk, oa, "84388123456", number)
    person.say("0388123456")
    person.wait_for("038 812 3456")
    person.tap("⏬ Cũ hơn")
    second = person.wait_for(phones.mask("84388123456"))
    assert second["text"].count("Lịch hẹn") == 2


def test_odd_moments_are_old_keyboards(desk):
    """Data of a page is a number of this century."""
    person = desk.person(Role.OPERATOR)
    desk.oa()
    row = desk.follower()
    person.say("/khach")
    listed = person.wait_for("1 người")["message_id"]
    for data in (f"k.past:{row.id}:999999999999999999", f"k.past:{row.id}", "ph.past:84388123456:x", "k.past:99:0"):
        answer = person.tap_data(f"1:{data}", listed, wait=True, force=True)
        assert answer["text"] == "Màn hình này đã cũ, tôi mở lại bản mới."


def test_forgotten_and_odd_contents_are_still_lines(desk):
    """Every kind there is, without its content too."""
    person = desk.person(Role.OPERATOR)
    oa, row = desk.oa(), desk.follower(phone="")
    contents = [
        ("text", {"forgotten": True}), ("image", {"text": "", "image": {"url": "x"}}), ("gif", {"gif": {}}),
        ("file", {"file": {"name": "báo giá.pdf"}}), ("form", {"form": {"title": "Thông tin của bạn"}}),
        ("promotion", {"document": {}}), ("transaction_billing", {"document": {}}), ("something_new", {}),
    ]  # fmt: skip
    for number, (kind, content) in enumerate(contents):
        delivery(desk, oa, row.user_id, number, channel="cs", kind=kind, content=content)
    person.say("/khach minh anh")
    person.wait_for("👤 Trần Minh Anh")
    person.tap("🕘 Lịch sử")
    text = person.wait_for("🕘 Lịch sử với")["text"]
    for words in ("nội dung đã xóa", "báo giá.pdf", "Thông tin của bạn", "something new"):
        assert words in text


def test_the_file_of_customers_has_a_column_for_consent(desk, words):
    """What stands, with its date; nothing where nothing was said."""
    person = desk.person(Role.OPERATOR, language=words.language)
    desk.oa()
    desk.follower()
    desk.follower("Khách Im Lặng", phone="")
    said = Statement(PHONE, Scope.PROMOTION, False, desk.clock.now(), ConsentSource.CUSTOMER)
    consents.record(said)
    person.say("/khach")
    person.wait_for("👤")
    person.tap("📥 CSV")
    file = person.wait_for(lambda message: message["file"])
    header, one, two = list(csv.reader(io.StringIO(person.download(file).decode("utf-8-sig"))))
    assert header[-1] == words("column.consent")
    assert one[-1].startswith(words("consent.no_promotion"))
    assert "2026" in one[-1]
    assert two[-1] == ""
