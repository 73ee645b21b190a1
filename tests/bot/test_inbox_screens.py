"""Customers' words reach staff, and /cho shows who waits and what can be done."""

from __future__ import annotations

import socket
import time

import pytest
from customer_lines import says, started, talk, told, writes

from models import ChatMessage, Contact, Delivery, Follower, FollowerTag, Notice, Role, Staff
from sandbox.telegram.person import labels
from services import conversation_warnings, conversations, telling, watches
from services.audit import Actor

CARD = '{"phone":"84900000000","qrCodeUrl":"https://qr-talk.zdn.vn/x.jpg"}'


@pytest.fixture
def environment(environment):
    """What customers send lies at the local Zalo's own addresses."""
    return {**environment, "MEDIA_ALLOW_PRIVATE": "true"}


@pytest.fixture
def lan(desk):
    desk.oa()
    return started(desk)


@pytest.fixture
def anh(desk, lan):
    return desk.follower("Minh Anh")


def test_a_customers_words_with_what_matters(desk, words, story):
    """Name, tags, OA, how long an answer is free, the words as they are, the number in them, and the buttons."""
    desk.oa()
    lan = started(desk, language=words.language)
    anh = desk.follower("Minh <Anh>")
    FollowerTag.create(oa_id=anh.oa_id, user_id=anh.user_id, name="vip", present=True, changed_at=desk.clock.now())
    writes(desk, anh, "Shop ơi <3 mai còn chỗ 9h không")
    says(desk, anh, "số em 0938 123 812")
    seen = lan.wait_for("Minh <Anh>")
    story(lan)
    for part in ("vip", "Spa Hoa Mai", "47:59", "<3 mai còn chỗ 9h không", "0938 123 812", words("chat.has_number")):
        assert part in seen["text"]
    assert seen["protect_content"]
    assert labels(seen) == [
        words(f"button.in_{name}") for name in ("take", "number", "zns", "card", "open", "done")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "message", "shown"),
    [
        ("location", {"text": "Cafe A", "attachments": [{"type": "location", "payload": {"coordinates": {
            "latitude": "10.7923119", "longitude": "106.7820651"}}}]}, "Cafe A"),
        ("location", {"attachments": [{"type": "location", "payload": {"coordinates": {"latitude": "x\" onclick=",
            "longitude": "1e999"}}}]}, "[vị trí]"),
        ("business_card", {"text": "Chị Ba", "attachments": [{"type": "link", "payload": {
            "description": CARD, "url": "https://zalo.me/x"}}]}, "danh thiếp: Chị Ba · 090 000 0000"),
        ("link", {"text": "xem https://example.com/a", "attachments": [{"type": "link", "payload": {
            "url": "https://example.com/a"}}]}, "xem https://example.com/a"),
        ("audio", {}, "[ghi âm]"),
        ("hologram", {}, "[hologram]"),
        ("sticker", {"attachments": [{"type": "sticker", "payload": {"id": "1"}}]}, "[nhãn dán]"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_said_in_words(desk, lan, anh, kind, message, shown):
    """Places with a map, contacts with their number; a kind nobody knows by its name."""
    writes(desk, anh, kind=kind, **message)
    told(desk)
    seen = lan.wait_for("Minh Anh")
    assert shown in seen["text"]
    links = [mark["url"] for mark in seen["entities"] if mark["type"] == "text_link"]
    assert links == (["https://www.google.com/maps?q=10.792312,106.782065"] if shown == "Cafe A" else [])


@pytest.mark.parametrize(
    ("kind", "claimed", "file", "shown"),
    [
        ("image", "image", "a.jpg", "photo"),
        ("gif", "gif", "a.gif", "animation"),
        ("video", "video", "v.mp4", "video"),
        ("audio", "audio", "v.aac", "document"),
        ("sticker", "sticker", "s.png", "photo"),
        ("file", "file", "gia.pdf", "document"),
    ],
)
def test_files_follow_as_what_they_are(desk, lan, anh, kind, claimed, file, shown):
    """Fetched by the bot, after the words, protected; a voice Telegram cannot play is a plain file."""
    payload = {"url": f"{desk.town.base}/_sandbox/media/{file}", "name": file}
    writes(desk, anh, kind=kind, attachments=[{"type": claimed, "payload": payload}])
    told(desk)
    seen = lan.wait_for(lambda message: message["file"] is not None)
    assert seen["file"]["kind"] == shown
    assert seen["protect_content"]
    assert "Minh Anh" in seen["text"]
    assert len(lan.download(seen)) == seen["file"]["size"] > 0


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/a.jpg", "ftp://example.com/a.jpg", "/_sandbox/nowhere", "/_sandbox/messages"]
)
def test_what_cannot_be_fetched_is_said_without_its_link(desk, lan, anh, address):
    """And the next message comes all the same."""
    url = f"{desk.town.base}{address}" if address.startswith("/") else address
    writes(desk, anh, kind="image", attachments=[{"type": "image", "payload": {"url": url}}])
    told(desk)
    seen = lan.wait_for("Không lấy được tệp này")
    assert url not in str(seen)
    says(desk, anh, "alo")
    lan.wait_for("alo")


def test_an_old_line_shows_its_time(desk, lan, anh):
    """Zalo brought it hours late."""
    says(desk, anh, "sáng giờ chưa ai trả lời", back=180)
    assert "hôm nay 06:00" in lan.wait_for("sáng giờ")["text"]


def test_a_colleagues_answer_in_zalos_tool_is_shown_as_such(desk, lan, anh):
    """And nobody waits any more."""
    says(desk, anh)
    lan.wait_for("Minh Anh")
    lan.mark()
    says(desk, anh, "Dạ còn ạ", admin="7700800900100200300")
    assert "trả lời trên Zalo: Dạ còn ạ" in lan.wait_for("Dạ còn ạ")["text"]
    assert talk(anh).waiting_since is None


def test_numbers_are_masked_for_whoever_may_not_see_them(desk, lan, anh):
    """In words and in contact cards."""
    Staff.update(sees_numbers=False).where(Staff.telegram_id == lan.id).execute()
    writes(desk, anh, "số em 0938123812")
    writes(desk, anh, "Ba", kind="business_card", attachments=[{"type": "link", "payload": {"description": CARD}}])
    told(desk)
    seen = lan.wait_for("số em")["text"]
    assert "093***3812" in seen
    assert "090***0000" in seen
    assert "0938123812" not in seen


def test_a_long_story_fits_into_one_message(desk, lan, anh):
    """Telegram takes 4096 characters; the rest is counted."""
    for _ in range(4):
        writes(desk, anh, "<&>" * 600)
    told(desk)
    assert "dòng nữa" in lan.wait_for("<&>")["text"]


def test_taking_shows_on_everybodys_message(desk, lan, anh):
    """The second tap is told who was faster; further words go to the taker alone."""
    hoa = started(desk, name="Hoa")
    says(desk, anh)
    mine, hers = lan.wait_for("Minh Anh"), hoa.wait_for("Minh Anh")
    lan.tap("🙋 Nhận khách")
    desk.settle()
    desk.drain()
    assert "bạn đang phụ trách" in lan.wait_for("bạn đang phụ trách")["text"]
    seen = hoa.wait_for("Lan đang phụ trách")
    assert seen["message_id"] == hers["message_id"]
    assert "🙋 Nhận khách" not in labels(seen)
    hoa.tap_data(f"1:in.take:{anh.id}:n", hers["message_id"], force=True)
    hoa.wait_for("Lan vừa nhận khách này trước bạn")
    hoa.mark()
    says(desk, anh, "còn đó không")
    lan.wait_for("còn đó không")
    assert all("còn đó không" not in message["text"] for message in hoa.chat())
    assert mine["message_id"] != lan.last()["message_id"]


def test_done_from_the_message(desk, lan, anh):
    """It says so; a line that came meanwhile is not swept away."""
    says(desk, anh)
    first = lan.wait_for("Minh Anh")
    says(desk, anh, "với cả size M")
    lan.wait_for("size M")
    lan.tap("✔️ Xong", first["message_id"])
    lan.wait_for("khách vừa nhắn thêm")
    assert talk(anh).waiting_since is not None
    lan.tap_data(f"1:in.done:{anh.id}:{int(talk(anh).last_inbound_at.timestamp() * 1000)}:n", 1, force=True)
    desk.settle()
    desk.drain()
    lan.wait_for("✔️ đã xong")
    assert talk(anh).waiting_since is None


def test_who_waits_longest_first(desk, words, story):
    """Colours by time, the number's mark, and one tap to the longest waiting."""
    desk.oa()
    lan = started(desk, language=words.language)
    for name, text, minutes in (("Hoài", "", 12), ("Minh Anh", "số em 0938123812 nha", 6), ("Bảo", "alo", 2)):
        person = desk.follower(name)
        writes(desk, person, text, kind="text" if text else "image")
        desk.advance(minutes=minutes - {12: 6, 6: 2, 2: 0}[minutes])
    desk.advance(minutes=10)
    lan.say("/cho")
    seen = lan.wait_for("Hoài")
    story(lan)
    body = seen["text"]
    assert body.index("Hoài") < body.index("Minh Anh") < body.index("Bảo")
    assert [sign in body for sign in ("🔴", "🟠", "📱")] == [True, True, True]
    assert words("chat.kind_image") in body
    lan.tap(words("button.in_next"))
    lan.wait_for(words("chat.yours"))
    lan.tap(words("button.back"))
    assert "Hoài" not in lan.wait_for("Bảo")["text"]
    lan.tap(words("button.in_m"))
    lan.wait_for("Hoài")


def test_the_desk_says_who_waits(desk, lan, anh):
    """With the longest waiting, and the button leads there."""
    writes(desk, anh)
    desk.advance(minutes=18)
    lan.say("/start")
    assert "1 khách đang chờ, lâu nhất 18 phút" in lan.wait_for("Cần bạn xử lý")["text"]
    lan.tap("💬 Khách chờ · 1")
    lan.wait_for("18 phút")


def test_handing_over_tells_the_colleague(desk, lan, anh):
    """Who opens the conversation from there."""
    hoa = started(desk, name="Hoa")
    viewer = started(desk, Role.VIEWER, name="Kế toán")
    says(desk, anh)
    lan.wait_for("Minh Anh")
    lan.tap("💬 Mở hội thoại")
    lan.wait_for("✍️ Trả lời")
    lan.tap("➡️ Giao cho")
    shown = labels(lan.wait_for("cho ai?"))
    assert "Hoa" in shown
    assert "Kế toán" not in shown
    lan.tap("Hoa")
    lan.wait_for("Hoa đang phụ trách")
    desk.drain()
    hoa.wait_for("Lan giao Minh Anh cho bạn")
    assert not any("Minh Anh" in message["text"] for message in viewer.chat())


def test_a_number_is_saved_with_one_tap(desk, lan):
    """From the message; another number that is there already is shown and asked about."""
    anh, bao = desk.follower("Minh Anh", phone=""), desk.follower("Bảo", phone="84901111111")
    says(desk, anh, "số em 0938123812")
    lan.wait_for("0938123812")
    lan.tap("💾 Lưu số")
    lan.wait_for("✍️ Trả lời")
    assert Follower.get_by_id(anh.id).phone == "84938123812"
    assert Contact.select().where(Contact.phone == "84938123812").exists()
    says(desk, bao, "số mới 0977000111")
    lan.wait_for("số mới")
    lan.tap("💾 Lưu số")
    asked = lan.wait_for("đã có số 090***1111")
    assert "097***0111" in asked["text"]
    lan.tap("✅ Dùng")
    lan.wait_for("✍️ Trả lời")
    assert Follower.get_by_id(bao.id).phone == "84977000111"


def test_a_conversation_shows_both_directions(desk, lan, anh):
    """What they wrote, what we sent with its state; our own echo is no second line."""
    says(desk, anh, "còn chỗ không")
    first = lan.wait_for("còn chỗ không")
    lan.say("Dạ còn ạ", reply_to=first["message_id"])
    lan.wait_for("🕘 đang gửi")
    desk.work()
    sent = Delivery.get()
    ChatMessage.create(
        oa_id=anh.oa_id, msg_id=sent.msg_id, user_id=anh.user_id, inbound=False, kind="text", text="Dạ còn ạ",
        at=desk.clock.now(), told_at=desk.clock.now(),
    )  # fmt: skip
    lan.say("/cho")
    lan.wait_for("Khách chờ")
    lan.tap_data(f"1:in.c:{anh.id}", lan.last()["message_id"], force=True)
    body = lan.wait_for("Dạ còn ạ")["text"]
    assert body.count("Dạ còn ạ") == 1
    assert body.index("còn chỗ không") < body.index("Dạ còn ạ")


def test_a_window_that_ends_is_said_with_the_way_to_answer(desk, lan, anh):
    """And not any more when somebody answered before the bot came to it."""
    writes(desk, anh, "alo")
    desk.advance(hours=46, minutes=10)
    desk.advance(hours=1)
    conversation_warnings.warn(desk.clock.now())
    desk.drain()
    lan.wait_for("vẫn chờ trả lời")
    lan.tap("✍️ Trả lời")
    lan.wait_for("Gõ câu trả lời")


def test_the_customer_who_was_waited_for(desk, lan, anh):
    """What was kept is a preview with one tap."""
    person = Staff.get(Staff.telegram_id == lan.id)
    watches.add(desk.clock.now(), person, anh.oa_id, anh.user_id, {"way": "cs", "text": "Dạ bên em có rồi ạ"})
    says(desk, anh, "alo")
    lan.wait_for("Bạn đã dặn báo")
    lan.tap("📨 Gửi")
    assert "Dạ bên em có rồi ạ" in lan.wait_for("Xem trước")["text"]


def test_an_oa_that_was_closed_meanwhile_is_not_shown(desk, lan, anh):
    """The notice was posted before; nothing of it reaches the chat, nor its buttons later."""
    writes(desk, anh, "chuyện kín")
    desk.advance(seconds=5)
    Staff.update(every_oa=False).where(Staff.telegram_id == lan.id).execute()
    conversations.take(desk.clock.now(), _actor(lan), anh.oa_id, anh.user_id)
    telling.tell(desk.clock.now())
    desk.drain()
    desk.wait_until(lambda: not Notice.select().where(Notice.state == "queued").exists())
    assert not any("chuyện kín" in message["text"] for message in lan.chat())


def _actor(person):
    return Actor(person.first_name, Staff.get(Staff.telegram_id == person.id))


def test_ten_files_of_a_silent_host_hold_nobody_up_ten_times(desk, lan, anh):
    """They are fetched together; the words of another customer come in the time of one."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg"
        bao = desk.follower("Bảo")
        writes(desk, anh, kind="image", attachments=[{"type": "image", "payload": {"url": url}}] * 5)
        writes(desk, bao, "còn tôi thì sao")
        begin = time.monotonic()
        told(desk)
        desk.wait_until(lambda: not Notice.select().where(Notice.state == "queued").exists())
    assert time.monotonic() - begin < 12
    assert sum("Không lấy được tệp này" in message["text"] for message in lan.chat()) == 5
    lan.wait_for("còn tôi thì sao")
