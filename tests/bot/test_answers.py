"""A reply to a customer's message is the answer, unless it costs money, may not leave, or somebody else is at it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from customer_lines import says, started, talk

from models import AuditEntry, Delivery, DeliveryState, Draft, Follower, Notice, Origin, Role, Staff
from sandbox.zalo_side.media import GIF, JPG
from services import contents, deliveries, messages

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def lan(desk):
    desk.oa()
    return started(desk)


@pytest.fixture
def anh(desk, lan):
    return desk.follower("Minh Anh")


@pytest.fixture
def wrote(desk, lan, anh):
    """The message in Lan's chat that shows what the customer wrote."""
    says(desk, anh)
    seen = lan.wait_for("Minh Anh")
    lan.mark()
    return seen


def sent(desk):
    """What Zalo was sent last; a second later, because permits are spaced."""
    desk.advance(seconds=1)
    desk.work()
    return desk.town.messages()[-1]["body"]["message"]


def test_a_reply_is_the_answer_and_shows_its_way(desk, lan, anh, wrote, story):
    """Sent at once; one short message tells sent, delivered, seen; nobody waits any more."""
    mine = lan.say("Dạ còn ạ, {name}", reply_to=wrote["message_id"])
    lan.wait_for("🕘 đang gửi")
    assert talk(anh).waiting_since is not None
    assert sent(desk)["text"] == "Dạ còn ạ, Minh Anh"
    state = lan.wait_for("✅")
    row = Delivery.get()
    assert (row.origin, row.dedupe_key, row.recipient) == (Origin.REPLY, f"reply:{lan.id}:{mine}", anh.user_id)
    deliveries.arrived(desk.clock.now(), row.id, desk.clock.now())
    lan.wait_for("📬")
    deliveries.looked_at(desk.clock.now(), row.id, desk.clock.now())
    seen = lan.wait_for("👁")
    story(lan)
    assert state["message_id"] == seen["message_id"]
    assert talk(anh).waiting_since is None
    assert AuditEntry.select().where(AuditEntry.action == "message.replied").count() == 1
    assert "đã trả lời" in lan.wait_for("đã trả lời")["text"]


def test_a_picture_a_gif_a_file_and_a_place_answer_too(desk, lan, anh, wrote):
    """Each as the message Zalo knows; a place as a link to a map."""
    reply = {"reply_to": wrote["message_id"]}
    lan.send_photo(JPG, "Bảng giá", **reply)
    lan.wait_for("đang gửi")
    assert sent(desk)["text"] == "Bảng giá"
    lan.send_animation(GIF, file_name="vui.gif", mime_type="image/gif", **reply)
    lan.wait_for("đang gửi")
    assert sent(desk)["attachment"]["payload"]["elements"][0]["media_type"] == "gif"
    lan.send_document("gia.pdf", PDF, mime_type="application/pdf", **reply)
    lan.wait_for("đang gửi")
    assert sent(desk)["attachment"]["type"] == "file"
    lan.send_location(10.7923119, 106.7820651, **reply)
    lan.wait_for("đang gửi")
    assert sent(desk)["text"] == "https://www.google.com/maps?q=10.792312,106.782065"
    assert [row.state for row in Delivery.select()] == [DeliveryState.SENT] * 4


def test_a_sticker_is_no_answer(desk, lan, anh, wrote):
    """Said at once; nothing left."""
    lan.send_sticker(GIF, reply_to=wrote["message_id"])
    lan.wait_for("không có gì để gửi")
    assert Delivery.select().count() == 0


def test_an_update_handled_twice_answers_once(desk, lan, anh, wrote):
    """The bot was restarted between the answer and its mark: the same Telegram message, the same delivery."""
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("đang gửi")
    row = Delivery.get()
    again = messages.reply(
        desk.desk(), Staff.get(Staff.telegram_id == lan.id), row.oa, anh, contents.text("Dạ còn ạ"), lan.id,
        int(row.dedupe_key.rsplit(":", 1)[1]),
    )  # fmt: skip
    assert again.id == row.id


def test_what_would_cost_money_is_asked_first(desk, lan, anh, wrote):
    """After 48 hours: the preview with its price, the text kept; the yes sends it and answers the customer."""
    Follower.update(last_interaction_at=desk.clock.now() - timedelta(hours=50)).where(Follower.id == anh.id).execute()
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    shown = lan.wait_for("Xem trước")
    assert "Dạ còn ạ" in shown["text"]
    assert Delivery.select().count() == 0


def test_what_may_not_leave_says_why_and_keeps_the_words(desk, lan, anh, wrote):
    """After 7 days: the refusal with what else there is."""
    Follower.update(last_interaction_at=desk.clock.now() - timedelta(days=9)).where(Follower.id == anh.id).execute()
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("7 ngày")
    assert Delivery.select().count() == 0
    desk.wait_until(lambda: Draft.select().count() == 1)


def test_a_customer_somebody_else_looks_after_is_asked_about_first(desk, lan, anh, wrote):
    """Of two answers in the same seconds one goes; the other person is told who was faster, and may still send."""
    hoa = started(desk, name="Hoa")
    says(desk, anh, "alo")
    hers = hoa.wait_for("alo")
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("đang gửi")
    hoa.say("Hết rồi bạn ơi", reply_to=hers["message_id"])
    hoa.wait_for("Lan đang phụ trách Minh Anh")
    hoa.wait_for("Xem trước")
    assert Delivery.select().count() == 1
    hoa.tap("✅")
    desk.wait_until(lambda: Delivery.select().count() == 2)


def test_a_file_with_words_as_a_reply_is_kept(desk, lan, anh, wrote):
    """Zalo's files carry no words: shown with a button that sends the file without them."""
    lan.send_document("gia.pdf", PDF, "Bảng giá", mime_type="application/pdf", reply_to=wrote["message_id"])
    lan.wait_for("file.no_caption")
    lan.tap("📎 Gửi không kèm chữ")
    assert "gia.pdf" in lan.wait_for("Xem trước tin tư vấn")["text"]


def test_reply_button_and_its_question(desk, lan, anh, wrote):
    """[Reply] asks for the words; a wrong answer repeats the question."""
    lan.tap("💬 Mở hội thoại")
    lan.wait_for("✍️ Trả lời")
    lan.tap("✍️ Trả lời")
    lan.wait_for("Gõ câu trả lời")
    lan.say("x" * 2001)
    lan.wait_for("2.000")
    lan.wait_for("Gõ câu trả lời")
    lan.say("Dạ còn ạ")
    lan.wait_for("đang gửi")
    assert sent(desk)["text"] == "Dạ còn ạ"
    assert Draft.select().count() == 0


def test_a_reply_leaves_an_open_form_as_it_is(desk, lan, anh, wrote):
    """Somebody fills a form and answers a customer meanwhile: the words go to the customer."""
    lan.say("/gui")
    lan.wait_for("Gửi cho ai")
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("đang gửi")
    assert sent(desk)["text"] == "Dạ còn ạ"
    assert Draft.get().kind == "send"


def test_a_reply_to_what_became_of_an_answer_is_an_answer(desk, lan, anh, wrote):
    """Whoever goes on under the short message means the same customer."""
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    state = lan.wait_for("đang gửi")
    desk.wait_until(lambda: Notice.select().where(Notice.message_id == state["message_id"]).exists())
    assert sent(desk)["text"] == "Dạ còn ạ"
    lan.say("9h nhé", reply_to=state["message_id"])
    lan.wait_for("đang gửi")
    assert sent(desk)["text"] == "9h nhé"


def test_a_reply_to_a_message_nobody_remembers_is_said(desk, lan, anh, wrote):
    """Nothing is sent to anybody, and the way to the customer is shown."""
    Notice.delete().execute()
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("không còn biết tin bạn trả lời thuộc khách nào")
    assert Delivery.select().count() == 0


def test_whoever_lost_the_role_answers_nobody(desk, lan, anh, wrote):
    """The refusal is in the audit."""
    Staff.update(role=Role.VIEWER).where(Staff.telegram_id == lan.id).execute()
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("dành cho")
    (entry,) = AuditEntry.select().where(AuditEntry.action == "message.replied")
    assert entry.result == "role.operator"
    assert Delivery.select().count() == 0


def test_an_answer_zalo_refuses_says_what_to_do(desk, lan, anh, wrote):
    """The short message becomes the whole result, and the customer still waits."""
    desk.town.post(
        "/_sandbox/faults", {"match": "/openapi/v3.0/oa/message/cs", "kind": "error", "code": -213, "times": 1}
    )
    lan.say("Dạ còn ạ", reply_to=wrote["message_id"])
    lan.wait_for("đang gửi")
    desk.work()
    assert "-213" in lan.wait_for("❌")["text"]
    assert talk(anh).waiting_since is not None
