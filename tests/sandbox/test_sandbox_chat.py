"""The local Zalo's consultation messages, uploads, quotas and history."""

import httpx
import pytest

from sandbox.zalo_side.media import GIF, PDF, PNG

JPG = b"\xff\xd8\xff\xe0" + b"0" * 100
DAY_S = 86_400


def media(**element):
    payload = {"template_type": "media", "elements": [{"media_type": "image", **element}]}
    return {"attachment": {"type": "template", "payload": payload}}


def buttons(*items):
    return {"text": "Chọn", "attachment": {"type": "template", "payload": {"buttons": list(items)}}}


def upload(app, kind, data, name, field="file"):
    url = f"{app.running.base}/openapi/v2.0/oa/upload/{kind}"
    with httpx.Client(trust_env=False) as client:
        return client.post(url, files={field: (name, data)}, headers=app.headers).json()


def form(title="Spa Hoa Mai"):
    element = {"title": title, "subtitle": "Xin thông tin", "image_url": "https://example.com/a.png"}
    payload = {"template_type": "request_user_info", "elements": [element]}
    return {"attachment": {"type": "template", "payload": payload}}


URL_BUTTON = {"title": "Mở web", "type": "oa.open.url", "payload": {"url": "https://example.com"}}
ASK_BUTTON = {"title": "Tư vấn", "type": "oa.query.show", "payload": "#tuvan"}
CALL_BUTTON = {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84901234567"}}


@pytest.mark.parametrize(
    "message",
    [
        {"text": "Xin chào"},
        {"text": "x" * 2000},
        {"text": "trả lời", "quote_message_id": "53f16947ccf25ec84d8d"},
        {"text": "thường", "quote_message_id": ""},
        media(url="https://example.com/a.jpg"),
        {"text": "chú thích", **media(url="https://example.com/a.jpg")},
        media(media_type="gif", url="https://example.com/a.gif", width=10, height=10),
        media(media_type="sticker", attachment_id="83e90e033246db188257"),
        form(),
        buttons(URL_BUTTON, ASK_BUTTON, CALL_BUTTON),
    ],
)
def test_every_documented_form_is_accepted(app, user, message):
    """Answered with message id, user id and the time as a string, and kept in order."""
    answer = app.say(user["user_id"], message)
    assert answer["error"] == 0, answer
    assert len(answer["data"]["message_id"]) == 20
    assert answer["data"]["user_id"] == user["user_id"]
    assert answer["data"]["sent_time"].isdigit()
    accepted = app.running.messages()[-1]
    assert accepted["channel"] == "cs"
    assert accepted["msg_id"] == answer["data"]["message_id"]
    assert accepted["body"]["message"] == message


@pytest.mark.parametrize(
    ("message", "error", "first_word"),
    [
        ({"text": ""}, -201, "text"),
        ({}, -201, "text"),
        ({"text": 5}, -201, "text"),
        ({"text": "x" * 2001}, -201, "text"),
        ({"attachment": {"type": "image", "payload": {}}}, -201, "attachment.type"),
        (media(), -201, "attachment_id"),
        (media(url="https://example.com/a.jpg", attachment_id="x"), -201, "attachment_id"),
        (media(url="javascript:1"), -201, "url"),
        (media(attachment_id="never-uploaded"), -201, "attachment_id"),
        (media(media_type="video", url="https://example.com/a.mp4"), -201, "media_type"),
        (media(media_type="gif", url="https://example.com/a.gif"), -201, "width"),
        (form("x" * 101), -201, "title"),
        (buttons(*[ASK_BUTTON] * 6), -210, "buttons"),
        (buttons(), -201, "buttons"),
        (buttons({**ASK_BUTTON, "title": "x" * 101}), -201, "title"),
        (buttons({**ASK_BUTTON, "payload": "x" * 1001}), -201, "payload"),
        (buttons({**URL_BUTTON, "payload": {}}), -201, "url"),
        (buttons({**URL_BUTTON, "type": "oa.open.door"}), -201, "type"),
        ({"attachment": {"type": "template", "payload": {"template_type": "list"}}}, -233, "message"),
    ],
)
def test_wrong_messages_are_refused_naming_the_field(app, user, message, error, first_word):
    """Nothing refused is counted as sent."""
    answer = app.say(user["user_id"], message)
    assert answer["error"] == error
    assert answer["message"].split()[0] == first_word
    assert app.running.messages() == []


def test_decomposed_vietnamese_counts_as_composed(app, user):
    """macOS writes one letter as two code points."""
    assert app.say(user["user_id"], {"text": "e\u0301" * 2000})["error"] == 0


def test_the_window_closes_after_seven_days(app, user):
    """Following is not enough; a new message opens it again."""
    app.clock(advance_s=8 * DAY_S)
    app.running.post("/_sandbox/tokens/expire", {})
    app.renew()
    assert app.say(user["user_id"], {"text": "a"})["error"] == -230
    app.running.post("/_sandbox/events", {"event": "user_send_text", "user_id": user["user_id"]})
    assert app.say(user["user_id"], {"text": "a"})["error"] == 0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"last_interaction": 0}, -232),
        ({"inactive": True}, -227),
        ({"blocked": True}, -217),
        ({"restricted": True}, -244),
        ({"opted_out": True}, -244),
        ({"capped": True}, -218),
    ],
)
def test_people_who_cannot_be_reached_have_their_numbers(app, user, change, error):
    """One number for each reason."""
    app.person(user_id=user["user_id"], **change)
    assert app.say(user["user_id"], {"text": "a"})["error"] == error


def test_quota_follows_the_age_of_the_interaction(app, user):
    """Free for 48 hours, then the package's allowance, then 55 VND a message."""
    assert app.say(user["user_id"], {"text": "a"})["data"]["quota"] == {"quota_type": "reply"}
    now = app.clock(advance_s=0)["now_ms"]
    app.person(user_id=user["user_id"], last_interaction=now - 3 * DAY_S * 1000)
    app.oa(free_cs_left=1)
    quota = app.say(user["user_id"], {"text": "a"})["data"]["quota"]
    assert (quota["quota_type"], quota["remain"]) == ("sub_quota", "0")
    before = app.oa()["wallet"]["balance"]
    assert "quota" not in app.say(user["user_id"], {"text": "a"})["data"]
    assert app.oa()["wallet"]["balance"] == before - 55
    app.oa(balance=54)
    assert app.say(user["user_id"], {"text": "a"})["error"] == -321
    app.oa(linked_zca=False)
    assert app.say(user["user_id"], {"text": "a"})["error"] == -320


def test_old_quota_numbers_can_be_switched_on(app, user):
    """Before March 2026 the answer counted the free replies."""
    app.oa(old_quota_numbers=True)
    quota = app.say(user["user_id"], {"text": "a"})["data"]["quota"]
    assert quota == {"quota_type": "reply", "remain": "8", "total": "8"}


def test_message_quota_gives_the_last_interaction_as_text(app, user):
    """Epoch milliseconds in a string."""
    data = app.post("/v3.0/oa/quota/message", {"user_id": user["user_id"]})["data"]
    assert data["last_interaction"] == str(user["last_interaction"])
    owner = app.post("/v3.0/oa/quota/message", {"quota_owner": "OA", "quota_type": "sub_quota"})["data"]
    assert owner["asset"][0]["remain"] == 2000


@pytest.mark.parametrize(
    ("kind", "data", "name", "field"),
    [
        ("image", PNG, "a.png", "attachment_id"),
        ("image", JPG, "a.jpg", "attachment_id"),
        ("gif", GIF, "a.gif", "attachment_id"),
        ("file", PDF, "bao-gia.pdf", "token"),
    ],
)
def test_uploads_are_taken_from_the_part_named_file(app, kind, data, name, field):
    """Each answers its own kind of id; another part name is refused."""
    assert upload(app, kind, data, name)["data"][field]
    assert upload(app, kind, data, name, field="upload")["error"] == -201


@pytest.mark.parametrize(
    ("kind", "data", "name", "error"),
    [
        ("image", JPG + b"0" * 1024 * 1024, "a.jpg", -210),
        ("gif", GIF + b"0" * 5 * 1024 * 1024, "a.gif", -210),
        ("image", PDF, "a.jpg", -201),
        ("gif", PNG, "a.gif", -201),
        ("file", b"MZ", "a.exe", -201),
    ],
)
def test_wrong_uploads_are_refused(app, kind, data, name, error):
    """By size and by what the file really is."""
    assert upload(app, kind, data, name)["error"] == error


def test_an_uploaded_image_can_be_sent_for_seven_days(app, user):
    """Afterwards the id has expired."""
    image = media(attachment_id=upload(app, "image", PNG, "a.png")["data"]["attachment_id"])
    assert app.say(user["user_id"], image)["error"] == 0
    app.clock(advance_s=7 * DAY_S)
    app.renew()
    assert app.say(user["user_id"], image) == {"error": -100, "message": "attachment_id was expired"}


def test_an_uploaded_file_is_sent_by_its_token(app, user):
    """And no other kind of id will do."""
    token = upload(app, "file", PDF, "bao-gia.pdf")["data"]["token"]
    message = {"attachment": {"type": "file", "payload": {"token": token}}}
    assert app.say(user["user_id"], message)["error"] == 0
    picture = upload(app, "image", PNG, "a.png")["data"]["attachment_id"]
    message["attachment"]["payload"]["token"] = picture
    assert app.say(user["user_id"], message)["error"] == -201


def test_the_old_message_path_is_shut_for_user_messages(app, user):
    """Version 2 answers -240."""
    body = {"recipient": {"user_id": user["user_id"]}, "message": {"text": "a"}}
    assert app.post("/v2.0/oa/message", body)["error"] == -240


def test_a_body_that_is_no_object_is_refused(app):
    """-201, whatever it is."""
    with httpx.Client(trust_env=False) as client:
        for raw in (b"", b"[]", b"{", b"\xff"):
            answer = client.post(app.running.base + "/openapi/v3.0/oa/message/cs", content=raw, headers=app.headers)
            assert answer.json()["error"] == -201


def test_history_is_newest_first_and_at_most_ten_a_page(app, user):
    """One feed over all people, one conversation for each."""
    app.running.post("/_sandbox/events", {"event": "user_send_text", "user_id": user["user_id"], "text": "shop ơi"})
    app.say(user["user_id"], {"text": "dạ"})
    app.running.post("/_sandbox/events", {"event": "user_send_text", "user_id": "99", "text": "khác"})
    feed = app.get("/v2.0/oa/listrecentchat", {"offset": 0, "count": 10})["data"]
    assert [line["message"] for line in feed] == ["khác", "dạ", "shop ơi"]
    own = app.get("/v2.0/oa/conversation", {"user_id": user["user_id"], "offset": 0, "count": 10})["data"]
    assert [(line["src"], line["message"]) for line in own] == [(0, "dạ"), (1, "shop ơi")]
    assert app.get("/v2.0/oa/listrecentchat", {"offset": 0, "count": 11})["error"] == -210
    assert app.get("/v2.0/oa/listrecentchat", {"offset": 50, "count": 10})["data"] == []


def test_a_template_goes_to_a_user_id(app, user):
    """With this host's error numbers and the price for user ids."""
    known = app.running.ready["templates"][0]
    body = {"user_id": user["user_id"], "template_id": known["template_id"], "template_data": known["sample"]}
    answer = app.post("/v3.0/oa/message/template", body)
    assert answer["data"]["user_id"] == user["user_id"]
    assert app.running.messages()[-1]["channel"] == "uid"
    assert app.post("/v3.0/oa/message/template", {**body, "template_id": "1"})["error"] == -201
    app.running.post(f"/_sandbox/templates/{known['template_id']}", {"by_uid": False})
    assert app.post("/v3.0/oa/message/template", body)["error"] == -249
