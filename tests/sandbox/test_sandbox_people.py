"""What people send to the sandbox's OA and what they do with messages that came."""

import base64
import hashlib
import json

import httpx
import pytest

from sandbox.zalo_side.media import AAC, GIF, JPG, MP4, PDF

KINDS = ("image", "gif", "link", "audio", "video", "sticker", "location", "business_card", "file")


def sent(app, user, kind, **order):
    """The message of one event that the user sends."""
    spec = {"event": f"user_send_{kind}", "user_id": user["user_id"], "wait": True, **order}
    return app.running.post("/_sandbox/events", spec)["sent"][0]["body"]["message"]


def fetched(url):
    with httpx.Client(trust_env=False) as client:
        answer = client.get(url)
    return answer.headers["Content-Type"], answer.content


def ask(app, user, path, **order):
    return app.running.post(f"/_sandbox/{path}", {"user_id": user["user_id"], "wait": True, **order})


def form():
    element = {"title": "Spa Hoa Mai", "subtitle": "Xin thông tin", "image_url": "https://example.com/a.png"}
    payload = {"template_type": "request_user_info", "elements": [element]}
    return {"attachment": {"type": "template", "payload": payload}}


BUTTONS = [
    {"title": "Xem lịch", "type": "oa.query.show", "payload": "#lich"},
    {"title": "Ẩn", "type": "oa.query.hide", "payload": "#an"},
    {"title": "Mở web", "type": "oa.open.url", "payload": {"url": "https://example.vn"}},
    {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84901234567"}},
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_keys_of_recorded_traffic(hooked, user, kind):
    """attachments before text before msg_id, payload before type."""
    message = sent(hooked, user, kind)
    (attachment,) = message["attachments"]
    assert list(attachment) == ["payload", "type"]
    assert [name for name in message if name != "text"] == ["attachments", "msg_id"]
    assert attachment["type"] == ("link" if kind == "business_card" else kind)


@pytest.mark.parametrize(
    ("kind", "media_type", "data"),
    [
        ("image", "image/jpeg", JPG),
        ("gif", "image/gif", GIF),
        ("audio", "audio/aac", AAC),
        ("video", "video/mp4", MP4),
        ("file", "application/pdf", PDF),
    ],
)
def test_the_media_can_be_fetched(hooked, user, kind, media_type, data):
    """From the sandbox, as what they are."""
    payload = sent(hooked, user, kind)["attachments"][0]["payload"]
    assert fetched(payload["url"]) == (media_type, data)


def test_own_media_are_sent_and_served(hooked, user):
    """A file with its size as text, its digest, and an address without an ending."""
    data = b"stt,ten\r\n1,Lan\r\n"
    message = sent(hooked, user, "file", file_name="khách.csv", data=base64.b64encode(data).decode(), text="đây ạ")
    payload = message["attachments"][0]["payload"]
    assert (payload["size"], payload["name"], payload["type"]) == (str(len(data)), "khách.csv", "csv")
    assert payload["checksum"] == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert "." not in payload["url"].rpartition("/")[2]
    assert fetched(payload["url"])[1] == data
    assert message["text"] == "đây ạ"


def test_a_place_a_card_and_a_link_carry_what_was_ordered(hooked, user):
    """Coordinates are texts; the card's phone stands in a JSON text; a link repeats its address."""
    place = sent(hooked, user, "location", latitude=10.5, longitude=106.25, text="Cafe A")
    assert place["attachments"][0]["payload"] == {"coordinates": {"latitude": "10.5", "longitude": "106.25"}}
    card = sent(hooked, user, "business_card", phone="84912340007", name="Cô Ba")
    assert json.loads(card["attachments"][0]["payload"]["description"])["phone"] == "84912340007"
    assert card["text"] == "Cô Ba"
    link = sent(hooked, user, "link", url="https://example.vn/a")
    assert (link["text"], link["attachments"][0]["payload"]["url"]) == ("https://example.vn/a",) * 2


def test_several_pictures_come_in_one_event(hooked, user):
    """And what was sent as a GIF file is a file of type gif, as recorded."""
    assert len(sent(hooked, user, "image", pictures=3)["attachments"]) == 3
    payload = sent(hooked, user, "file", file_name="vui.gif")["attachments"][0]["payload"]
    assert (payload["type"], fetched(payload["url"])[1]) == ("gif", GIF)


def test_what_the_desk_uploads_is_what_people_see(hooked, user, receiver):
    """The echo's address serves the uploaded bytes."""
    url = f"{hooked.running.base}/openapi/v2.0/oa/upload/image"
    with httpx.Client(trust_env=False) as client:
        answer = client.post(url, files={"file": ("a.jpg", JPG)}, headers=hooked.headers).json()
    element = {"media_type": "image", "attachment_id": answer["data"]["attachment_id"]}
    payload = {"template_type": "media", "elements": [element]}
    assert hooked.say(user["user_id"], {"attachment": {"type": "template", "payload": payload}})["error"] == 0
    echo = next(each.body for each in receiver.wait_for(1) if each.body["event_name"] == "oa_send_image")
    assert fetched(echo["message"]["attachments"][0]["payload"]["url"]) == ("image/jpeg", JPG)


def test_uploads_end_after_five_thousand_a_month(app):
    """-211, until the next month."""
    app.clock(set="2026-11-24T12:00:00+07:00")
    app.oa(upload_total=1)
    url = f"{app.running.base}/openapi/v2.0/oa/upload/image"

    def upload():
        with httpx.Client(trust_env=False) as client:
            return client.post(url, files={"file": ("a.jpg", JPG)}, headers=app.headers).json()["error"]

    assert [upload(), upload()] == [0, -211]
    app.clock(set="2026-12-01T00:00:00+07:00")
    assert upload() == 0


def test_a_colleague_in_zalos_own_tool_is_named(hooked, user):
    """By admin_id in the sender, which own messages never have."""
    order = {"event": "oa_send_text", "user_id": user["user_id"], "admin_id": "7700800900100200300", "text": "Dạ"}
    body = hooked.running.post("/_sandbox/events", {**order, "wait": True})["sent"][0]["body"]
    assert body["sender"] == {"id": hooked.oa_id, "admin_id": "7700800900100200300"}


@pytest.mark.parametrize(("shape", "place"), [("new", "full_address"), ("old", "address")])
def test_a_person_answers_the_form_that_came(hooked, user, shape, place):
    """In either shape; nobody answers a form that never came."""
    assert "no message with such a form" in ask(hooked, user, "answer_form")["error"]
    assert hooked.say(user["user_id"], form())["error"] == 0
    body = ask(hooked, user, "answer_form", shape=shape)["sent"][0]["body"]
    assert (body["event_name"], body["sender"]["id"]) == ("user_submit_info", user["user_id"])
    assert place in body["info"]
    typed = {"name": "Lan", "phone": "0912345678"}
    assert ask(hooked, user, "answer_form", info=typed)["sent"][0]["body"]["info"] == typed


def test_the_answer_may_come_with_zalos_stock_sentence(hooked, user, receiver):
    """One integration says so."""
    hooked.say(user["user_id"], form())
    ask(hooked, user, "answer_form", also_text=True)
    texts = [each.body for each in receiver.delivered if each.body["event_name"] == "user_send_text"]
    assert len(texts) == 1


@pytest.mark.parametrize(("title", "text"), [("Xem", "#lich"), ("Ẩn", "#an")])
def test_a_query_button_comes_back_as_the_persons_text(hooked, user, title, text):
    """Shown in the chat or hidden, for the OA it is the same, and it opens the window again."""
    message = {"text": "Chọn", "attachment": {"type": "template", "payload": {"buttons": BUTTONS}}}
    hooked.say(user["user_id"], message)
    body = ask(hooked, user, "tap", title=title)["sent"][0]["body"]
    assert (body["event_name"], body["message"]["text"]) == ("user_send_text", text)


@pytest.mark.parametrize(("title", "effect"), [("Mở", "oa.open.url"), ("Gọi", "oa.open.phone")])
def test_the_other_buttons_make_no_event_and_are_no_interaction(hooked, user, title, effect):
    """Nobody hears that a page was opened or a number dialled."""
    message = {"text": "Chọn", "attachment": {"type": "template", "payload": {"buttons": BUTTONS}}}
    hooked.say(user["user_id"], message)
    done = ask(hooked, user, "tap", title=title)
    assert (done["effect"], done["events"]) == (effect, 0)
    assert hooked.person(user_id=user["user_id"])["last_interaction"] == user["last_interaction"]
    assert "no message with such a button" in ask(hooked, user, "tap", title="Không có")["error"]


def test_a_message_can_be_answered_by_its_id(hooked, user):
    """recipient.message_id stands for whoever wrote it; an unknown one is -201, and so is a stale quote if told so."""
    msg_id = sent(hooked, user, "text", text="Còn lịch không?")["msg_id"]
    body = {"recipient": {"message_id": msg_id}, "message": {"text": "Còn ạ", "quote_message_id": "0" * 20}}
    assert hooked.post("/v3.0/oa/message/cs", body)["data"]["user_id"] == user["user_id"]
    hooked.oa(stale_quotes_refused=True)
    assert hooked.post("/v3.0/oa/message/cs", body)["message"] == "quote_message_id is invalid!"
    body["message"]["quote_message_id"] = msg_id
    assert hooked.post("/v3.0/oa/message/cs", body)["error"] == 0
    body["recipient"]["message_id"] = "0" * 20
    assert hooked.post("/v3.0/oa/message/cs", body)["message"] == "message_id is invalid!"


@pytest.mark.parametrize(
    ("button", "name"),
    [
        ({"title": "Mở", "type": "oa.open.url", "payload": {"url": "example.vn"}}, "url"),
        ({"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "gọi"}}, "phone_code"),
        ({"title": "Nhắn", "type": "oa.open.sms", "payload": {"phone_code": "84901234567"}}, "content"),
    ],
)
def test_a_button_needs_a_payload_that_works(app, user, button, name):
    """-201 naming it."""
    answer = app.say(
        user["user_id"], {"text": "x", "attachment": {"type": "template", "payload": {"buttons": [button]}}}
    )
    assert (answer["error"], answer["message"]) == (-201, f"{name} is invalid!")


def test_old_and_new_quota_of_one_person(app, user):
    """v2.0 answers the same numbers in its own form."""
    new = app.post("/v3.0/oa/quota/message", {"user_id": user["user_id"]})["data"]["promotion"]
    old = app.post("/v2.0/oa/quota/message", {"user_id": user["user_id"], "type": "promotion"})["data"]
    assert (old["remain"], old["total"]) == (new["monthly_remain"], new["monthly_total"])
    assert app.post("/v2.0/oa/quota/message", {})["data"] == {"type": "active", "remain": 2000, "total": 2000}


def test_the_preview_page_shows_the_sample(app):
    """Plain HTML; 404 for a stranger."""
    url = app.zns_get("/template/info/v2?template_id=300111")["data"]["previewUrl"]
    kind, page = fetched(url)
    assert kind.startswith("text/html")
    assert "<b>LH-0217</b>" in page.decode()
    with httpx.Client(trust_env=False) as client:
        assert client.get(url.replace("300111", "300999")).status_code == 404
