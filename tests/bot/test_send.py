"""Messages to followers: who first, how second, text and images, refusals."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models import ChatMessage, Delivery, Follower, Staff
from sandbox.telegram.person import labels
from sandbox.zalo_side.media import JPG, PDF
from services import deliveries, drafts
from services.drafts import Form


@pytest.fixture
def environment(environment):
    """Pictures behind addresses are the local Zalo's own."""
    return {**environment, "MEDIA_ALLOW_PRIVATE": "true"}


def test_a_text_from_the_name_to_seen(desk, words, story):
    """Several people fit, one is chosen, a way, a text; then sent, delivered and seen on the preview's message."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower("Lan Anh")
    desk.follower("Lan Hương", phone="84912345678")
    person.say("/start")
    person.wait_for("Spa Hoa Mai")
    person.tap(words("button.send"))
    person.wait_for(words("send.ask_who"))
    person.say("lan")
    person.wait_for(words("send.which"))
    person.tap("Lan Hương")
    ways = person.wait_for(words("send.possible"))
    assert "091***5678" in ways["text"]
    person.tap(f"1 {words('button.way_cs')}")
    person.wait_for(words("send.ask_content"))
    person.say("Chào chị <3 & hẹn gặp")
    preview = person.wait_for(words("send.preview_title"))
    assert "Chào chị <3 & hẹn gặp" in preview["text"]
    assert words("mode.live") in preview["text"]
    person.tap(words("button.yes"))
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    row = Delivery.get()
    deliveries.arrived(desk.clock.now(), row.id, desk.clock.now())
    person.wait_for(words("state.delivered"))
    deliveries.looked_at(desk.clock.now(), row.id, desk.clock.now())
    seen = person.wait_for(words("state.seen"))
    story(person)
    assert seen["message_id"] == preview["message_id"]
    assert desk.town.messages()[-1]["body"]["message"]["text"] == "Chào chị <3 & hẹn gặp"


@pytest.mark.parametrize("who", ["0909998812", "+84 909 998 812", '"Trần Minh Anh"', "{user_id}"])
def test_one_line_finds_by_phone_name_or_id(desk, who):
    """Straight to the preview of the text behind it."""
    person = desk.person()
    desk.oa()
    minh = desk.follower()
    person.say(f"/gui {who.format(user_id=minh.user_id)} Chào chị")
    shown = person.wait_for("Xem trước tin tư vấn")
    assert "Chào chị" in shown["text"]
    assert "090***8812" in shown["text"]


def test_a_photo_with_no_form_open_asks_for_whom(desk, words):
    """The picture and its caption are kept while the person is named; its bytes reach Zalo."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower()
    person.send_photo(JPG, "Bảng giá")
    person.wait_for(words("send.ask_who_image"))
    person.say("0909998812")
    shown = person.wait_for(words("send.preview_title"))
    assert words("letter.image") in shown["text"]
    assert "Bảng giá" in shown["text"]
    person.tap(words("button.yes"))
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    assert Delivery.get().kind == "image"


def test_an_image_by_its_address(desk):
    """A pasted address of an image becomes an image, the rest its caption; Zalo fetches it itself."""
    person = desk.person()
    desk.oa()
    desk.follower()
    address = f"{desk.town.base}/_sandbox/media/gia.jpg"
    person.say("/gui 0909998812")
    person.wait_for("Gửi được lúc này")
    person.tap("1 💬")
    person.wait_for("Gửi gì?")
    person.say(f"{address} Bảng giá")
    person.wait_for(f"🖼 {address}")
    person.tap("✅")
    person.wait_for("đang chờ")
    assert Delivery.get().content == {"text": "Bảng giá", "image": {"url": address}}


def test_an_image_by_its_address_in_one_line(desk):
    """As in the form: a picture with its caption, and not a text with an address."""
    person = desk.person()
    desk.oa()
    desk.follower()
    address = f"{desk.town.base}/_sandbox/media/gia.jpg"
    person.say(f"/gui 0909998812 {address} Bảng giá")
    person.wait_for(f"🖼 {address}")
    person.tap("✅")
    person.wait_for("đang chờ")
    assert Delivery.get().content == {"text": "Bảng giá", "image": {"url": address}}


def test_after_seven_days_the_refusal_names_what_else_reaches_the_person(desk, words):
    """Four parts, the text is kept, and a ZNS is offered with one tap."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower("Quốc Bảo", last_interaction_at=desk.clock.now() - timedelta(days=11))
    person.say("/zns 0909998812")
    person.wait_for(words("zns.ask_template"))
    person.say("/gui 0909998812 Chào anh")
    shown = person.wait_for(words("refusal.title_cs"))
    assert "Quốc Bảo" in shown["text"]
    assert words("error.send.window_closed.do") in shown["text"]
    assert words("refusal.others") in shown["text"]
    assert words("refusal.wait") in shown["text"]
    numbered = next(label for label in labels(shown) if words("button.way_zns") in label)
    person.tap(numbered)
    person.wait_for(words("zns.ask_template"))
    assert Delivery.select().count() == 0


def test_once_the_person_writes_the_same_text_goes(desk):
    """Try again needs no retyping."""
    person = desk.person()
    desk.oa()
    bao = desk.follower("Quốc Bảo", last_interaction_at=desk.clock.now() - timedelta(days=11))
    person.say("/gui 0909998812 Chào anh")
    person.wait_for("Chưa gửi được tin tư vấn")
    Follower.update(last_interaction_at=desk.clock.now()).where(Follower.id == bao.id).execute()
    person.tap("🔁 Thử lại")
    shown = person.wait_for("Xem trước tin tư vấn")
    assert "Chào anh" in shown["text"]
    assert ChatMessage.select().count() == 0


def test_in_test_mode_only_testers_get_messages(desk, words):
    """A follower who is no tester is refused with the way out; after the mark the preview says test."""
    person = desk.person(language=words.language)
    desk.oa(testing=True)
    desk.follower()
    person.say("/gui 0909998812 Chào")
    person.wait_for(words("error.send.not_tester.do"))
    person.say("0909998812")
    person.wait_for(words("button.tester_on"))
    person.tap(words("button.tester_on"))
    person.wait_for(words("card.tester"))
    person.say("/gui 0909998812 Chào")
    person.wait_for(words("preview.test_cs"))


def test_a_number_nobody_has_can_still_get_a_zns(desk, words):
    """Said in one line, and the ZNS form begins with that number."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say("/gui 0388123456 Chào")
    person.wait_for(words("zns.ask_template"))
    assert any("038 812 3456" in message["text"] for message in person.chat())


def test_nobody_of_that_name(desk, words):
    """Not found is said, and the same question asked again."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say("/gui Hoàng Tử")
    shown = person.wait_for(words("error.follower.none.what"))
    assert words("send.ask_who") in shown["text"]


def test_a_text_over_the_limit_is_refused_with_both_numbers(desk):
    """2.000 characters are Zalo's limit."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("/gui 0909998812 " + "x" * 2001)
    shown = person.wait_for("2.001 ký tự")
    assert "2.000" in shown["text"]
    assert Delivery.select().count() == 0


def test_editing_goes_back_to_the_text(desk):
    """The preview's edit button asks for the content again; the new one is previewed."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("/gui 0909998812 Chào chị")
    person.wait_for("Xem trước tin tư vấn")
    person.tap("✏️")
    person.wait_for("Gửi gì?")
    person.say("Chào anh")
    assert "Chào anh" in person.wait_for("Xem trước tin tư vấn")["text"]


def test_a_file_with_no_form_open_asks_for_whom(desk, words):
    """Kept while the person is named; its name and size stand in the preview."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower()
    person.send_document("bang-gia.pdf", PDF)
    person.wait_for(words("send.ask_who_file"))
    person.say("0909998812")
    shown = person.wait_for(words("send.preview_title"))
    assert "bang-gia.pdf" in shown["text"]


def test_a_place_becomes_a_link_to_a_map(desk, words):
    """Zalo's API takes no locations from an OA."""
    person = desk.person(language=words.language)
    desk.oa()
    desk.follower()
    person.send_location(10.7769, 106.7009)
    person.wait_for(words("send.ask_who"))
    person.say("0909998812")
    shown = person.wait_for(words("send.preview_title"))
    assert "https://www.google.com/maps?q=10.776900,106.700900" in shown["text"]


def test_a_form_from_before_an_update_goes_on(desk):
    """What was open when the desk was updated lacks what came with the new version."""
    person = desk.person()
    oa, fan = desk.oa(), desk.follower()
    who = Staff.get(Staff.telegram_id == person.id)
    data = {"oa": oa.id, "text": "Chào chị", "image": None, "person": fan.id, "found": []}
    drafts.save(desk.clock.now(), desk.desk().box, who, Form("send", "preview", {**data, "parked": True}, None))
    person.say("/start")
    person.wait_for("Hôm nay")
    person.tap("▶️ Làm tiếp")
    assert "Chào chị" in person.wait_for("Xem trước tin tư vấn")["text"]


def test_a_template_to_an_unknown_number_is_a_zns(desk, words):
    """The line names a template; nobody here has the number, so it goes by phone."""
    person = desk.person(language=words.language)
    desk.oa()
    person.say('/gui 0388123456 mẫu 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"')
    assert "LH1" in person.wait_for(words("zns.preview_title"))["text"]
