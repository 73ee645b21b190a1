"""What shows a customer cannot be forwarded, however one came to it; a number shown goes away again."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models import AuditEntry, ConsentSource, Delivery, Follower, Notice, Role, Scope, Staff
from services import consents, deliveries
from services.consents import Statement

ROOT = Path(__file__).parents[2] / "bot"
NAME, NUMBER, LOCAL = "Trần Minh Anh", "84909998812", "0909998812"
ZNS = '/zns 0909998812 300111 customer_name="Trần Minh Anh" booking_code=LH1 schedule_time="09:30 24/11/2026"'


def list_(hoa):
    hoa.say("/start")
    hoa.wait_for("Hôm nay")
    hoa.tap("👤 Khách")
    hoa.wait_for(NAME)


def card(hoa):
    list_(hoa)
    hoa.tap(NAME)
    hoa.wait_for("👤 Trần Minh Anh")


def number(hoa):
    card(hoa)
    hoa.tap("👁")
    hoa.wait_for("090 999 8812")


def marked(hoa):
    card(hoa)
    hoa.tap("🧪")
    hoa.wait_for("nhận tin thử")


def pasted_number(hoa):
    hoa.say("0388 123 456")
    hoa.wait_for("038 812 3456")


def found(hoa):
    hoa.say("/khach minh anh")
    hoa.wait_for(NAME)


def choice(hoa):
    hoa.say("/gui minh")
    hoa.wait_for("Trần Minh Đức")


def ways(hoa):
    card(hoa)
    hoa.tap("📨")
    hoa.wait_for("Gửi được lúc này")


def content(hoa):
    ways(hoa)
    hoa.tap("1")
    hoa.wait_for("Gửi cho Trần Minh Anh")


def cs_preview(hoa):
    hoa.say(f"/gui {LOCAL} Chào chị")
    hoa.wait_for("Xem trước")


def cs_result(hoa):
    cs_preview(hoa)
    hoa.tap("✅")
    hoa.wait_for("đang chờ")


def refused(hoa):
    person = Follower.get()
    now = datetime(2096, 1, 1, tzinfo=UTC)
    no = Statement(person.user_id, Scope.ALL, False, now, ConsentSource.ZALO, oa_id=person.oa_id, code="-217")
    consents.record(no)
    hoa.say(f"/gui {LOCAL} Chào chị")
    hoa.wait_for("từ chối nhận loại tin")


def zns_form(hoa):
    hoa.say("/start")
    hoa.wait_for("Hôm nay")
    hoa.tap("🧾")
    hoa.wait_for("số")
    hoa.say(LOCAL)
    hoa.wait_for("Xác nhận")
    hoa.tap("Xác nhận")
    hoa.wait_for("Ô 1")


def zns_preview(hoa):
    hoa.say(ZNS)
    hoa.wait_for("Xem trước ZNS")


def zns_fields(hoa):
    zns_preview(hoa)
    hoa.tap("✏️")
    hoa.wait_for("customer_name")


def zns_result(hoa):
    zns_preview(hoa)
    hoa.tap("✅")
    hoa.wait_for("đang chờ")


def resend(hoa):
    cs_result(hoa)
    row = Delivery.get()
    deliveries.move(row.created_at, row.id, "sending")
    deliveries.unknown(row.created_at, row.id)
    hoa.wait_for("Một tin chưa rõ kết quả")
    hoa.tap("🔁")
    hoa.wait_for("Vẫn gửi lại")
    hoa.tap("🔁 Vẫn gửi lại")
    hoa.wait_for("đang chờ")


def file(hoa):
    list_(hoa)
    hoa.tap("📥 CSV")
    hoa.wait_for(lambda message: message["file"])


def audit_list(hoa):
    number(hoa)
    hoa.say("/nhatky")
    hoa.wait_for("090***8812")
    hoa.tap("1")
    hoa.wait_for("customer.number_shown")


def erase(hoa):
    Staff.update(role=Role.OWNER).where(Staff.telegram_id == hoa.id).execute()
    card(hoa)
    hoa.tap("🧹")
    hoa.wait_for("🧹")


SCREENS = (
    list_, card, number, marked, pasted_number, found, choice, ways, content, cs_preview, cs_result, refused, zns_form,
    zns_preview, zns_fields, zns_result, resend, file, audit_list, erase,
)  # fmt: skip


@pytest.mark.parametrize("show", SCREENS, ids=lambda show: show.__name__.rstrip("_"))
def test_what_shows_a_customer_cannot_be_forwarded(desk, show):
    """Whether it came as a new message or took the place of one that may be forwarded."""
    hoa = desk.person(Role.MANAGER)
    desk.oa()
    desk.follower()
    desk.follower("Trần Minh Đức", phone="")
    show(hoa)
    desk.settle()
    shown = [message for message in hoa.chat() if message["from"] == "bot" and names_a_customer(message)]
    assert shown
    assert not [message["text"] for message in shown if not message["protect_content"]]


def names_a_customer(message) -> bool:
    text = f"{message['text']} {message['keyboard']}"
    return bool(message["file"]) or any(sign in text for sign in ("Trần Minh", "8812", "0388 123", "038 812"))


def test_one_message_stands_where_one_was(desk):
    """The list takes the place of the desk, and from there on everything is edited in place."""
    hoa = desk.person(Role.MANAGER)
    desk.oa()
    desk.follower()
    hoa.say("/start")
    home = hoa.wait_for("Hôm nay")
    hoa.tap("👤 Khách")
    listed = hoa.wait_for(NAME)
    hoa.wait_until_deleted(home["message_id"])
    hoa.tap(NAME)
    assert hoa.wait_for("👤 Trần Minh Anh")["message_id"] == listed["message_id"]
    hoa.tap("🏠")
    assert hoa.wait_for("Hôm nay")["message_id"] == listed["message_id"]


def test_a_number_goes_away_though_the_bot_was_started_again(house):
    """Shown before, hidden after: what was promised stands in a row."""
    hoa = house.person(Role.MANAGER)
    house.oa()
    house.follower()
    house.start()
    number(hoa)
    shown = hoa.last()
    assert AuditEntry.get(AuditEntry.action == "customer.number_shown").message_id == shown["message_id"]
    house.settle()
    house.stop()
    house.advance(minutes=10, seconds=1)
    hoa.mark()
    house.start()
    hidden = hoa.wait_for("090***8812")
    assert hidden["message_id"] == shown["message_id"]
    assert "090 999 8812" not in str(hoa.chat())


def test_a_number_that_could_not_be_shown_is_written_down_and_hidden_all_the_same(desk):
    """Telegram's answer came too late to be known: perhaps it stands there."""
    hoa = desk.person(Role.MANAGER)
    desk.oa()
    desk.follower()
    card(hoa)
    desk.town.post("/_sandbox/telegram/faults", {"method": "editMessageText", "kind": "502", "times": 9})
    hoa.tap("👁", wait=True)
    desk.settle()
    assert AuditEntry.get(AuditEntry.action == "customer.number_shown").staff_id == hoa.id
    assert "090 999 8812" not in str(hoa.chat())
    assert Notice.get(Notice.kind == "hide_number").payload == {"row": Follower.get(Follower.phone == NUMBER).id}


def test_a_tap_that_failed_leaves_the_number_to_be_hidden(desk):
    """Whoever left the card, and Telegram did not show where to: the number goes at its time."""
    hoa = desk.person(Role.MANAGER)
    desk.oa()
    desk.follower()
    number(hoa)
    shown = hoa.last()
    desk.town.post("/_sandbox/telegram/faults", {"method": "editMessageText", "kind": "502", "times": 2})
    hoa.tap("🏠", wait=True)
    desk.settle()
    assert "090 999 8812" in str(hoa.chat())
    hoa.mark()
    desk.advance(minutes=10, seconds=1)
    assert hoa.wait_for("090***8812")["message_id"] == shown["message_id"]
    assert "090 999 8812" not in str(hoa.chat())


def test_every_screen_about_customers_says_so():
    """Screens made in the files about customers and messages are protected, one by one."""
    files = ("customers", "send", "zns", "refusal", "resend", "erase", "audit")
    open_ones = {"ask_who", "ask_phone", "choose_oa", "choose_who", "choose_kind", "erase_begun"}
    for name in files:
        tree = ast.parse((ROOT / "screens" / f"{name}.py").read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if getattr(call.func, "id", "") == "Screen" and function.name not in open_ones:
                    protects = any(word.arg == "protect" for word in call.keywords)
                    assert protects, f"{name}.{function.name}"
