"""Every kind of message through the bot: written, previewed, sent, and compared with the form Zalo documents."""

from __future__ import annotations

import pytest
from labels import label_of

from models import Delivery, Follower, OfficialAccount, UidMessageApi
from sandbox.zalo_side.media import GIF, JPG, PDF
from services import stop_all

WHO = "0909998812"


@pytest.fixture
def environment(environment):
    """Pictures behind addresses are the local Zalo's own."""
    return {**environment, "MEDIA_ALLOW_PRIVATE": "true"}


@pytest.fixture
def person(desk, words):
    """Somebody who sends, with an OA and one customer."""
    desk.oa()
    desk.follower()
    return desk.person(language=words.language)


def write(person, words, way, what=""):
    """Who, then the way; then the words of a consultation message if there are any."""
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words(f"button.way_{way}")))
    if what:
        person.wait_for(words("send.ask_content"))
        person.say(what)


def send(desk, person, words, title):
    """The preview with this title, its yes, and the body that reached Zalo."""
    shown = person.wait_for(words(title))
    person.tap(shown["keyboard"][0][0]["text"])
    person.wait_for(words("state.queued"))
    desk.work()
    person.wait_for(words("state.sent"))
    return shown["text"], desk.town.messages()[-1]["body"]


def recipient():
    return {"user_id": Follower.get().user_id}


def test_a_text_with_buttons(desk, person, words, story):
    """Five buttons written as the last lines, shown with what they do; the body has no template_type (oa-api 5.1)."""
    lines = (
        "Chào {name}\n[Mở web] https://example.vn\n[Gọi] tel:0901234567\n"
        "[Nhắn tin] sms:0901234567 Em hỏi giá\n[Xem lịch] #lich\n[Ẩn] !#lich"
    )
    write(person, words, "cs", lines)
    shown, body = send(desk, person, words, "send.preview_title")
    story(person)
    assert "Chào Trần Minh Anh" in shown
    assert words("letter.button_call") in shown
    assert body == {
        "recipient": recipient(),
        "message": {
            "text": "Chào Trần Minh Anh",
            "attachment": {
                "type": "template",
                "payload": {
                    "buttons": [
                        {"title": "Mở web", "type": "oa.open.url", "payload": {"url": "https://example.vn"}},
                        {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84901234567"}},
                        {
                            "title": "Nhắn tin",
                            "type": "oa.open.sms",
                            "payload": {"content": "Em hỏi giá", "phone_code": "84901234567"},
                        },
                        {"title": "Xem lịch", "type": "oa.query.show", "payload": "#lich"},
                        {"title": "Ẩn", "type": "oa.query.hide", "payload": "#lich"},
                    ]
                },
            },
        },
    }


def test_a_photo_sent_to_the_bot(desk, person, words):
    """Kept, uploaded, and sent by its attachment id in the media template."""
    write(person, words, "cs")
    person.wait_for(words("send.ask_content"))
    person.send_photo(JPG, "Bảng giá")
    shown, body = send(desk, person, words, "send.preview_title")
    assert words("letter.image") in shown
    assert "KB" in shown
    element = body["message"]["attachment"]["payload"]["elements"][0]
    assert body["message"]["text"] == "Bảng giá"
    assert body["message"]["attachment"]["payload"]["template_type"] == "media"
    assert set(element) == {"media_type", "attachment_id"}
    assert element["media_type"] == "image"


def test_the_address_of_a_picture(desk, person, words):
    """Looked at before the preview, then given to Zalo as an address."""
    address = f"{desk.town.base}/_sandbox/media/gia.jpg"
    write(person, words, "cs", f"{address} Bảng giá")
    _, body = send(desk, person, words, "send.preview_title")
    payload = {"template_type": "media", "elements": [{"media_type": "image", "url": address}]}
    attachment = {"type": "template", "payload": payload}
    assert body == {"recipient": recipient(), "message": {"text": "Bảng giá", "attachment": attachment}}


@pytest.mark.parametrize("by_address", [True, False])
def test_a_gif(desk, person, words, by_address):
    """With its size in pixels, which Zalo demands; by its address, or as a file that stayed a GIF."""
    write(person, words, "cs")
    person.wait_for(words("send.ask_content"))
    if by_address:
        person.say(f"{desk.town.base}/_sandbox/media/vui.gif")
    else:
        person.send_document("vui.gif", GIF)
    shown, body = send(desk, person, words, "send.preview_title")
    assert words("letter.gif") in shown
    element = body["message"]["attachment"]["payload"]["elements"][0]
    assert (element["media_type"], element["width"], element["height"]) == ("gif", 1, 1)
    assert element["attachment_id"]


def test_a_file(desk, person, words):
    """By its token, without a text; the preview shows name and size."""
    write(person, words, "cs")
    person.wait_for(words("send.ask_content"))
    person.send_document("bang-gia.pdf", PDF)
    shown, body = send(desk, person, words, "send.preview_title")
    assert "📎 bang-gia.pdf · 1 KB" in shown
    attachment = body["message"]["attachment"]
    assert body["message"].keys() == {"attachment"}
    assert attachment["type"] == "file"
    assert list(attachment["payload"]) == ["token"]


def test_the_form_that_asks_for_details(desk, person, words, story):
    """One question each; title and words taken as proposed, the picture from the OA's own."""
    cover = "https://example.vn/cover.jpg"
    OfficialAccount.update(form_image=cover).execute()
    write(person, words, "form")
    shown = person.wait_for("1/3")
    person.tap(label_of(shown, words("button.take_proposal")))
    person.wait_for("2/3")
    person.say("Để lại số, em gọi lại ngay")
    shown = person.wait_for("3/3")
    assert cover in shown["text"]
    person.tap(label_of(shown, words("button.take_proposal")))
    _, body = send(desk, person, words, "preview.title_form")
    story(person)
    payload = body["message"]["attachment"]["payload"]
    assert payload["template_type"] == "request_user_info"
    (element,) = payload["elements"]
    assert element["subtitle"] == "Để lại số, em gọi lại ngay"
    assert element["image_url"] == cover
    assert "Spa Hoa Mai" in element["title"]


def test_the_forms_picture_is_proposed_from_the_oas_cover(person, words):
    """Asked of Zalo when it is not known yet; the cover's address goes as it is."""
    write(person, words, "form")
    for at in (1, 2):
        person.wait_for(f"{at}/3")
        person.tap(words("button.take_proposal"))
    assert "https://example.com/cover.jpg" in person.wait_for("3/3")["text"]
    person.tap(words("button.take_proposal"))
    person.wait_for(words("preview.title_form"))


def test_a_template_to_a_zalo_user(desk, person, words, story):
    """Guided as a ZNS is, cheaper, by user id; the body is flat (oa-api 6.1)."""
    person.say("/zns 0388123456")  # reads the templates once
    person.wait_for(words("zns.ask_template"))
    write(person, words, "uid")
    person.wait_for(words("zns.ask_template"))
    person.tap("Xác nhận lịch hẹn")
    for value in ("Lan", "LH-0217", "09:30 24/11/2026"):
        person.wait_for("/3")
        person.say(value)
    shown, body = send(desk, person, words, "preview.title_uid")
    story(person)
    assert "210" in shown
    assert body == {
        "user_id": Follower.get().user_id,
        "template_id": "300111",
        "template_data": {"customer_name": "Lan", "booking_code": "LH-0217", "schedule_time": "09:30 24/11/2026"},
    }


def test_a_template_in_one_line(desk, person, words):
    """Person, template and fields at once lead to the preview."""
    person.say(f'/gui {WHO} mau 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"')
    shown = person.wait_for(words("preview.title_uid"))
    assert "LH1" in shown["text"]
    assert Delivery.select().count() == 0


@pytest.mark.parametrize("given", ["", " customer_name=Lan", " customer_name=Lan colour=red"])
def test_a_way_that_is_closed_is_told_before_any_field_is_asked(desk, person, words, given):
    """Whatever is missing or wrong in the line: nobody fills in what cannot leave."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    person.say(f"/gui {WHO} mau 300111{given}")
    shown = person.wait_for(words("refusal.title_uid"))
    assert words("refusal.others") in shown["text"]
    assert words("zns.ask_param") not in shown["text"]
    person.mark()
    OfficialAccount.update(uid_message_api=UidMessageApi.TEMPLATE).execute()
    person.tap(words("button.try_again"))
    person.wait_for("/3")


def test_a_template_chosen_by_button_after_everything_stopped(desk, person, words):
    """The refusal stands in place of the first field; the managers' way out of it is a tap away."""
    person.say(f"/zns {WHO}")
    person.wait_for(words("zns.ask_template"))
    stop_all.stop_all(desk.desk(), desk.actor())
    person.tap("Xác nhận lịch hẹn")
    shown = person.wait_for(words("refusal.title_zns"))
    assert "send.stop_all" in shown["text"]
    assert words("zns.ask_param") not in shown["text"]


@pytest.mark.parametrize("kind", ["transaction", "promotion"])
def test_a_document_in_the_older_form(desk, person, words, kind, story):
    """Written as lines, previewed with its table and buttons, and sent to the older address."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    desk.town.post("/_sandbox/oas/all", {"old_messages": "alive"})
    desk.town.post("/_sandbox/users", {"user_id": Follower.get().user_id, "is_follower": True})
    write(person, words, kind)
    shown = person.wait_for(words("document.sample"))
    assert "LH-0217" in shown["text"] or "VIP20" in shown["text"]
    person.say(words.t.raw(f"document.sample_{kind}"))
    text, body = send(desk, person, words, f"preview.title_{kind}")
    story(person)
    desk.town.post("/_sandbox/oas/all", {"old_messages": "closed"})
    assert "Trần Minh Anh" in text
    payload = body["message"]["attachment"]["payload"]
    assert payload["template_type"] == ("promotion" if kind == "promotion" else "transaction_booking")
    assert [element["type"] for element in payload["elements"]] == ["header", "text", "table", "text"]
    assert ("language" in payload) == (kind == "transaction")
    assert payload["buttons"][0]["type"] == "oa.open.url"
    if kind == "transaction":
        assert payload["elements"][2]["content"][-1]["style"] == "green"


def test_every_kind_of_transaction_message_has_a_sample_of_its_own(desk, person, words):
    """Tapped, copied, sent back: the preview follows."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    write(person, words, "transaction")
    shown = person.wait_for(words("document.sample"))
    assert "LH-0217" in shown["text"]
    person.tap(label_of(shown, words("document_kind.transaction_order")))
    shown = person.wait_for("DH-0217")
    person.say(words.t.raw("sample.transaction_order"))
    assert "DH-0217" in person.wait_for(words("preview.title_transaction"))["text"]


def test_an_oa_that_sends_by_template_explains_the_older_way(desk, person, words):
    """The ways name the reason; there is no button that leads nowhere."""
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.not_now"))
    assert words("way.older_off") in shown["text"]
    assert not [b for row in shown["keyboard"] for b in row if words("button.way_transaction") in b["text"]]


def test_the_way_is_switched_while_a_document_is_written(desk, person, words):
    """The question gives way to what changed, and to the way that is open."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    write(person, words, "transaction")
    person.wait_for(words("document.sample"))
    OfficialAccount.update(uid_message_api=UidMessageApi.TEMPLATE).execute()
    person.say(words.t.raw("document.sample_transaction"))
    shown = person.wait_for(words("document.switched_off").strip())
    assert label_of(shown, words("button.oa_settings"))
    person.tap(label_of(shown, words("button.way_uid")))
    person.wait_for(words("zns.ask_template"))
    assert Delivery.select().count() == 0


def test_a_zns_to_a_customer_found_by_name(desk, person, words):
    """The number comes from the customer, masked; the body has the number as Zalo takes it."""
    person.say("/zns 0388123456")
    person.wait_for(words("zns.ask_template"))
    write(person, words, "zns")
    shown = person.wait_for(words("zns.ask_template"))
    assert "090***8812" in shown["text"]
    person.tap("Xác nhận lịch hẹn")
    for value in ("Lan", "LH-0217", "09:30 24/11/2026"):
        person.wait_for("/3")
        person.say(value)
    _, body = send(desk, person, words, "zns.preview_title")
    assert body["phone"] == "84909998812"
    assert body["template_id"] == "300111"
    assert body["tracking_id"] == Delivery.get().tracking_id
