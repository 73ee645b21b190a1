"""A ZNS to one phone: guided and in one line, refused, confirmed, delivered."""

from __future__ import annotations

import pytest

from bot.commands.sending import read_send_line, read_zns_line
from models import Confirmation, Delivery, DeliveryState, OfficialAccount
from services import accounts, deliveries

LINE = '/zns 0901234567 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"'


def test_guided_from_the_number_to_the_receipt(desk, words, story):
    """Number, template, one question a field, preview, yes; the preview's own message becomes result and receipt."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say("/zns")
    person.wait_for(words("zns.ask_phone"))
    person.say("0901234567")
    person.wait_for(words("zns.ask_template"))
    person.tap("Xác nhận lịch hẹn")
    for value in ("Lan", "LH-0217", "09:30 24/11/2026"):
        person.wait_for("/3")
        person.say(value)
    preview = person.wait_for(words("zns.preview_title"))
    assert "84901234567" in preview["text"]
    assert words("mode.live") in preview["text"]
    assert "324" in preview["keyboard"][0][0]["text"]
    assert "Spa Hoa Mai" in preview["keyboard"][0][0]["text"]
    person.tap(words("button.yes_money"))
    person.wait_for(words("state.queued"))
    assert desk.work() == 1
    sent = person.wait_for(words("state.sent"))
    row = Delivery.get()
    deliveries.arrived(desk.clock.now(), row.id, desk.clock.now())
    received = person.wait_for(words("state.delivered"))
    story(person)
    assert preview["message_id"] == sent["message_id"] == received["message_id"]
    assert "090***4567" in received["text"]
    assert words("state.seen") not in received["text"]


def test_one_line_is_enough(desk, words):
    """All in one line goes straight to the preview; nothing leaves before the yes."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say(LINE)
    person.wait_for(words("zns.preview_title"))
    assert Delivery.select().count() == 0
    person.tap(words("button.yes_money"))
    person.wait_for(words("state.queued"))
    row = Delivery.get()
    assert row.content["params"] == {
        "customer_name": "Lan",
        "booking_code": "LH1",
        "schedule_time": "09:30 24/11/2026",
    }


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (LINE.replace("0901234567", "02438251234"), "error.phone.landline"),
        (LINE.replace("0901234567", "+14155550123"), "error.phone.foreign"),
        (LINE.replace("0901234567", "19001234"), "error.phone.service"),
        (LINE.replace("300111", "999999"), "error.template.unknown"),
        (LINE.replace(" booking_code=LH1", ""), "error.param.missing"),
        (LINE.replace("LH1", "L" * 31), "error.param.too_long"),
        (LINE + " colour=red", "error.param.unknown"),
    ],
)
def test_wrong_input_is_refused_in_four_parts_before_anything_is_sent(desk, words, line, key):
    """What, lost, do, code; only the wrong thing is asked again, and no row that could leave is written."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say(line)
    shown = person.wait_for(words(f"{key}.what"))
    for part in ("head_what", "head_lost", "head_do"):
        assert words(f"error.{part}") in shown["text"]
    assert key.removeprefix("error.") in shown["text"]
    assert words("error.nothing_lost") in shown["text"]
    assert Delivery.select().count() == 0


def test_after_a_refused_field_only_that_field_is_asked(desk):
    """The rest of the line is kept: one answer leads to the preview."""
    person = desk.person()
    desk.oa()
    person.say(LINE.replace("LH1", "L" * 31))
    person.wait_for("booking_code?")
    person.say("LH1")
    person.wait_for("Xem trước ZNS")


def test_a_double_tap_sends_once(desk):
    """Two taps on the same yes are one message."""
    person = desk.person()
    desk.oa()
    person.say(LINE)
    shown = person.wait_for("Xem trước ZNS")
    data = shown["keyboard"][0][0]["data"]
    person.tap_data(data, shown["message_id"])
    person.tap_data(data, shown["message_id"], wait=True, force=True)
    desk.settle()
    assert Delivery.select().count() == 1


def test_a_paused_oa_refuses_with_the_way_out(desk, words):
    """Nothing leaves from an OA that is not published, and the screen says who can change that."""
    person = desk.person(language=words.language)
    desk.oa(published=False)
    person.say(LINE)
    shown = person.wait_for(words("refusal.title_zns"))
    assert words("mode.paused") in shown["text"]
    assert words("error.send.paused.do") in shown["text"]


def test_test_mode_says_so_on_preview_and_result(desk, words):
    """🧪 stands on the preview, on its button and on the result, and nothing is charged."""
    person = desk.person(language=words.language)
    desk.oa(testing=True)
    person.say(LINE)
    preview = person.wait_for(words("preview.test_zns"))
    assert words("mode.test") in preview["text"]
    person.tap(words("button.yes_test"))
    shown = person.wait_for(words("state.queued"))
    assert words("mode.test") in shown["text"]
    assert Delivery.get().development


def test_a_preview_from_before_a_change_of_mode_is_made_anew(desk):
    """The OA was switched to test after the preview: the yes does not count, the new preview says test."""
    person, oa = desk.person(), desk.oa()
    person.say(LINE)
    person.wait_for("Xem trước ZNS")
    accounts.set_flags(desk.desk(), desk.actor(), OfficialAccount.get_by_id(oa.id), testing=True)
    person.tap("✅")
    person.wait_for("Gửi thử từ")
    assert Delivery.select().count() == 0


def test_a_preview_of_yesterday_is_made_anew(desk):
    """After 30 minutes the same content is previewed again with today's facts."""
    person = desk.person()
    desk.oa()
    person.say(LINE)
    person.wait_for("Xem trước ZNS")
    desk.advance(minutes=31)
    person.tap("✅")
    shown = person.wait_for("quá 30 phút")
    assert "Xem trước ZNS" in shown["text"]
    person.tap("✅")
    person.wait_for("đang chờ")


def test_what_zalo_refuses_is_explained_on_the_result(desk, words):
    """Zalo's code, in words, with what to do, on the message of the preview."""
    person = desk.person(language=words.language)
    desk.oa()
    fault = {"match": "/business/message/template", "kind": "error", "code": -118, "times": 1}
    desk.town.post("/_sandbox/faults", fault)
    person.say(LINE)
    person.wait_for(words("zns.preview_title"))
    person.tap(words("button.yes_money"))
    person.wait_for(words("state.queued"))
    desk.work()
    shown = person.wait_for(words("state.failed"))
    assert words("code.zns.-118.what") in shown["text"]
    assert words("code.zns.-118.do") in shown["text"]
    assert "-118" in shown["text"]


def test_a_code_nobody_knows_shows_what_zalo_said(desk):
    """The raw code and Zalo's own words, as text and not as markup."""
    person = desk.person()
    desk.oa()
    fault = {
        "match": "/business/message/template",
        "kind": "error",
        "code": -9876,
        "message": "<b>new</b> rule",
        "times": 1,
    }
    desk.town.post("/_sandbox/faults", fault)
    person.say(LINE)
    person.wait_for("Xem trước ZNS")
    person.tap("✅")
    person.wait_for("đang chờ")
    desk.work()
    assert 'Zalo -9876 "<b>new</b> rule"' in person.wait_for("mã lạ")["text"]


def test_an_unknown_outcome_is_never_sent_again_without_a_warning(desk):
    """A lost answer shows as unknown; sending again asks first and then is a message of its own."""
    person = desk.person()
    desk.oa()
    desk.town.post("/_sandbox/faults", {"match": "/business/message/template", "kind": "lost_answer", "times": 1})
    person.say(LINE)
    person.wait_for("Xem trước ZNS")
    person.tap("✅")
    person.wait_for("đang chờ")
    desk.work()
    person.wait_for("chưa rõ kết quả")
    person.tap("🔁 Gửi lại")
    person.wait_for("Vẫn gửi lại?")
    assert Delivery.select().count() == 1
    person.tap("🔁 Vẫn gửi lại")
    person.wait_for("đang chờ")
    first, second = Delivery.select().order_by(Delivery.id)
    assert (first.state, second.resend_of_id) == (DeliveryState.UNCERTAIN, first.id)


def test_an_old_yes_to_sending_again_is_void_when_the_mode_changed(desk):
    """Asked while testing, where nothing costs; by the time of the tap the OA sends for real."""
    person = desk.person()
    oa = desk.oa(testing=True)
    desk.town.post("/_sandbox/faults", {"match": "/business/message/template", "kind": "lost_answer", "times": 1})
    person.say(LINE)
    person.wait_for("Xem trước ZNS")
    person.tap("🧪")
    person.wait_for("đang chờ")
    desk.work()
    person.wait_for("chưa rõ kết quả")
    person.tap("🔁 Gửi lại")
    person.wait_for("Vẫn gửi lại?")
    accounts.set_flags(desk.desk(), desk.actor(), oa, testing=False)
    person.tap("🔁 Vẫn gửi lại")
    person.wait_for("confirm.oa_changed")
    assert Delivery.select().count() == 1


def test_cancel_drops_the_form_and_sends_nothing(desk, words):
    """The button and the command both do."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say(LINE)
    person.wait_for(words("zns.preview_title"))
    person.tap(words("button.cancel"))
    person.wait_for(words("cancel.done"))
    person.say("/huy")
    person.wait_for(words("cancel.nothing"))
    assert Delivery.select().count() == 0


def test_leaving_a_form_keeps_it(desk):
    """Another command in between loses nothing: the desk offers to go on."""
    person = desk.person()
    desk.oa()
    person.say("/zns 0901234567")
    person.wait_for("Chọn mẫu tin")
    person.tap("Xác nhận lịch hẹn")
    person.wait_for("customer_name?")
    person.say("/start")
    person.wait_for("Hôm nay")
    person.tap("▶️ Làm tiếp")
    person.wait_for("customer_name?")
    person.say("Lan")
    person.wait_for("booking_code?")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('0901234567 300111 a="x y" b=2', ("0901234567", "300111", {"a": "x y", "b": "2"})),
        ("090 123 4567 300111", ("0901234567", "300111", {})),
        ("0901234567 300111 a=“Lan Anh” b='c d'", ("0901234567", "300111", {"a": "Lan Anh", "b": "c d"})),
        ("+84 90 123 45 67", ("+84901234567", "", {})),
        ("+84 90 123 45 67 300111", ("+84901234567", "300111", {})),
        ("19001234 300111", ("19001234", "300111", {})),
        ("0901234567", ("0901234567", "", {})),
    ],
)
def test_reading_a_zns_line(line, expected):
    """Quotes of any kind, spaces inside numbers; what is no number is left for the phone rule to refuse."""
    assert read_zns_line(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("0901234567 Chào chị", ("0901234567", "Chào chị")),
        ("090 123 4567 Chào chị", ("090 123 4567", "Chào chị")),
        ("2512523625412515001 Chào", ("2512523625412515001", "Chào")),
        ('"Lan Hương" Chào chị', ("Lan Hương", "Chào chị")),
        ("Lan Hương", ("Lan Hương", "")),
        ("0901234567", ("0901234567", "")),
    ],
)
def test_reading_a_send_line(line, expected):
    """A number, an id or a name in quotes, and what follows is the text."""
    assert read_send_line(line) == expected


def test_no_confirmation_is_asked_twice_for_one_screen(desk):
    """Each preview has its own token, bound to the person."""
    first, second = desk.person(), desk.person()
    desk.oa()
    first.say(LINE)
    shown = first.wait_for("Xem trước ZNS")
    second.say("/start")
    other = second.wait_for("Hôm nay")
    answer = second.tap_data(shown["keyboard"][0][0]["data"], other["message_id"], wait=True, force=True)
    second.wait_for("không phải của bạn")
    assert answer["answered"]
    assert Confirmation.get().used_at is None
