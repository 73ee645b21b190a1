"""The older free-form media and transaction messages, and templates by user id, with every check the facts name."""

from copy import deepcopy

import httpx
import pytest

from sandbox.zalo_side.media import PNG

NOON = "2026-11-24T12:00:00+07:00"
NIGHT = "2026-11-24T22:00:00+07:00"
MEDIA = {
    "template_type": "promotion",
    "elements": [
        {"type": "header", "content": "Ưu đãi thành viên"},
        {"type": "text", "align": "left", "content": "Giảm 20% cho khách quen"},
        {"type": "table", "content": [{"key": "Voucher", "value": "VC01"}]},
        {"type": "text", "align": "center", "content": "Áp dụng toàn quốc"},
    ],
    "buttons": [{"title": "Tham khảo", "image_icon": "", "type": "oa.open.url", "payload": {"url": "https://a.vn"}}],
}
ORDER = {
    "template_type": "transaction_order",
    "language": "VI",
    "elements": [
        {"type": "header", "align": "left", "content": "Trạng thái đơn hàng"},
        {"type": "text", "content": "• Cảm ơn bạn.<br>• Chi tiết:"},
        {
            "type": "table",
            "content": [
                {"key": "Mã khách hàng", "value": "F-001"},
                {"key": "Trạng thái", "value": "Đang giao", "style": "yellow"},
                {"key": "Giá tiền", "value": "250,000đ"},
            ],
        },
    ],
    "buttons": [{"title": "Xem", "image_icon": "default", "type": "oa.query.show", "payload": "xem giỏ"}],
}
PATHS = {"promotion": "/v3.0/oa/message/promotion", "transaction": "/v3.0/oa/message/transaction"}


@pytest.fixture
def open_app(app):
    """At noon, with the older messages alive."""
    app.clock(set=NOON)
    app.oa(old_messages="alive")
    return app


@pytest.fixture
def user(open_app):
    """The first follower, who wrote an hour ago."""
    found = open_app.running.get("/_sandbox/users?count=1")["users"][0]
    hour_ago = open_app.running.get("/_sandbox/state")["clock"]["now_ms"] - 3_600_000
    return open_app.person(user_id=found["user_id"], last_interaction=hour_ago)


def send(app, user, payload, kind=None):
    kind = kind or ("promotion" if payload["template_type"] == "promotion" else "transaction")
    message = {"attachment": {"type": "template", "payload": payload}}
    return app.post(PATHS[kind], {"recipient": {"user_id": user["user_id"]}, "message": message})


def changed(payload, change):
    copy = deepcopy(payload)
    change(copy)
    return copy


def wallet(app):
    return app.running.get("/_sandbox/state")["oas"][0]["wallet"]


def settle(app):
    """Let receipts come, which charge."""
    app.running.post("/_sandbox/clock", {"advance_s": 5})
    for _ in range(200):
        if app.running.get("/_sandbox/state")["counters"]["planned"] == 0:
            return
    raise AssertionError("receipts do not come")


@pytest.mark.parametrize(("shape", "code"), [("closed", -233), ("gone", 404)])
def test_both_addresses_are_closed_unless_told_otherwise(app, shape, code):
    """Nobody knows what they answer since March 2026: -233 by default, an unknown address by a switch."""
    user = app.running.get("/_sandbox/users?count=1")["users"][0]
    assert send(app, user, MEDIA)["error"] == -233
    app.running.post("/_sandbox/oas/all", {"old_messages": shape})
    assert [send(app, user, each)["error"] for each in (MEDIA, ORDER)] == [code, code]
    assert app.running.messages() == []


@pytest.mark.parametrize(("payload", "channel", "price"), [(MEDIA, "promotion", 165), (ORDER, "transaction", 165)])
def test_a_document_is_accepted_and_charged_when_it_arrives(open_app, user, payload, channel, price):
    """As documented, held first and charged with the receipt."""
    answer = send(open_app, user, payload)
    assert answer["error"] == 0, answer
    assert set(answer["data"]) == {"message_id", "user_id", "sent_time"}
    accepted = open_app.running.messages()[-1]
    assert (accepted["channel"], accepted["msg_id"]) == (channel, answer["data"]["message_id"])
    assert accepted["body"]["message"]["attachment"]["payload"] == payload
    assert (wallet(open_app)["held"], wallet(open_app)["charged"]) in ((price, 0), (0, price))
    settle(open_app)
    assert (wallet(open_app)["held"], wallet(open_app)["charged"]) == (0, price)


def rows(count, key="Mục {}"):
    return [{"key": key.format(number), "value": "x"} for number in range(count)]


@pytest.mark.parametrize(
    ("payload", "code", "words"),
    [
        (changed(MEDIA, lambda p: p.update(template_type="transaction_order")), -201, "template_type"),
        (changed(MEDIA, lambda p: p.update(elements=[])), -201, "elements"),
        (changed(MEDIA, lambda p: p["elements"].append({"type": "video"})), -201, "elements.type"),
        (changed(MEDIA, lambda p: p["elements"][0].update(content="x" * 101)), -201, "header.content"),
        (changed(MEDIA, lambda p: p["elements"][0].update(align="top")), -201, "header.align"),
        (changed(MEDIA, lambda p: p["elements"][1].update(content="x" * 1001)), -201, "text.content"),
        (changed(MEDIA, lambda p: p["elements"][1].update(content=" ")), -201, "text.content"),
        (changed(MEDIA, lambda p: p["elements"][2].update(content=rows(6))), -210, "table.content"),
        (changed(MEDIA, lambda p: p["elements"][2]["content"][0].update(key="k" * 26)), -201, "table.content.key"),
        (changed(MEDIA, lambda p: p["elements"].append(p["elements"][0])), -210, "header"),
        (changed(MEDIA, lambda p: p["elements"].insert(0, {"type": "banner"})), -201, "banner.attachment_id"),
        (changed(MEDIA, lambda p: p["buttons"].extend(p["buttons"] * 4)), -210, "buttons"),
        (changed(MEDIA, lambda p: p["buttons"][0].update(title="x" * 36)), -201, "title"),
        (changed(MEDIA, lambda p: p["buttons"][0].update(image_icon="lạ")), -201, "image_icon"),
        (changed(ORDER, lambda p: p.update(language="FR")), -201, "language"),
        (changed(ORDER, lambda p: p.update(template_type="transaction_gift")), -201, "template_type"),
        (changed(ORDER, lambda p: p["elements"][1].update(content="x" * 251)), -201, "text.content"),
        (changed(ORDER, lambda p: p["elements"].extend([p["elements"][1]] * 2)), -210, "text"),
        (changed(ORDER, lambda p: p["elements"].pop()), -201, "table"),
        (changed(ORDER, lambda p: p["elements"][2].update(content=rows(1))), -201, "table.content.key"),
        (changed(ORDER, lambda p: p["elements"][2]["content"].extend(rows(5))), -210, "table.content"),
        (changed(ORDER, lambda p: p["elements"][2]["content"][1].update(style="pink")), -201, "table.content.style"),
        (changed(ORDER, lambda p: p["elements"][2]["content"][2].update(style="red")), -201, "table.content.style"),
        (changed(ORDER, lambda p: p["elements"][2]["content"][0].update(key="k" * 36)), -201, "table.content.key"),
    ],
)
def test_a_wrong_document_is_refused_naming_the_field(open_app, user, payload, code, words):
    """-201 for a wrong field, -210 for too many of something; nothing is accepted."""
    answer = send(open_app, user, payload, "transaction" if "language" in payload else "promotion")
    assert (answer["error"], answer["message"].split(" ")[0]) == (code, words), answer
    assert open_app.running.messages() == []


def test_a_long_table_value_is_refused_as_recorded_live(open_app, user):
    """Word for word."""
    payload = changed(ORDER, lambda p: p["elements"][2]["content"][0].update(value="x" * 101))
    answer = send(open_app, user, payload)
    assert answer == {"error": -201, "message": "table.content.value cannot exceed 100 characters"}


def test_a_banner_may_be_an_upload_for_seven_days(open_app, user):
    """Then it is -100, by the clock."""
    url = f"{open_app.running.base}/openapi/v2.0/oa/upload/image"
    with httpx.Client(trust_env=False) as client:
        found = client.post(url, files={"file": ("b.png", PNG)}, headers=open_app.headers).json()
    banner = {"type": "banner", "attachment_id": found["data"]["attachment_id"]}
    payload = changed(ORDER, lambda p: p["elements"].insert(0, banner))
    assert send(open_app, user, payload)["error"] == 0
    open_app.clock(set="2026-12-01T12:01:00+07:00")
    answer = send(open_app, user, payload)
    assert (answer["error"], answer["message"]) == (-100, "attachment_id was expired")


@pytest.mark.parametrize(
    ("person", "media", "order"),
    [
        ({"is_follower": False}, -213, 0),
        ({"opted_out": True}, -244, -244),
        ({"blocked": True}, -217, -217),
        ({"inactive": True}, -227, -227),
        ({"capped": True}, -218, -218),
        ({"last_interaction": 0}, 0, -232),
        ({"last_interaction": 1_700_000_000_000}, 0, -230),
        ({"refuses": -248}, -248, -248),
    ],
)
def test_who_gets_which_of_them(open_app, user, person, media, order):
    """Media messages need a follower, transaction messages a year; who is closed to both is closed."""
    open_app.person(user_id=user["user_id"], **person)
    assert (send(open_app, user, ORDER)["error"], send(open_app, user, MEDIA)["error"]) == (order, media)


def test_media_rest_at_night_and_come_once_a_day(open_app, user):
    """-234 from 22 o'clock, -218 for the second of a day, and after four in a month."""
    assert [send(open_app, user, MEDIA)["error"] for _ in range(2)] == [0, -218]
    quota = open_app.post("/v3.0/oa/quota/message", {"user_id": user["user_id"]})["data"]["promotion"]
    assert (quota["daily_remain"], quota["monthly_remain"]) == (0, 3)
    open_app.clock(set=NIGHT)
    assert (send(open_app, user, MEDIA)["error"], send(open_app, user, ORDER)["error"]) == (-234, 0)
    for day, code in ((25, 0), (26, 0), (27, 0), (28, -218)):
        open_app.clock(set=f"2026-11-{day}T12:00:00+07:00")
        assert send(open_app, user, MEDIA)["error"] == code


def test_an_oa_may_ask_for_five_hundred_media_messages_a_day(open_app, user):
    """-211 from then on, until midnight."""
    oa = open_app.running.sandbox.world.oas[open_app.oa_id]
    oa.media_today = ("2026-11-24", 500)
    assert send(open_app, user, MEDIA)["error"] == -211
    open_app.clock(set="2026-11-25T12:00:00+07:00")
    assert send(open_app, user, MEDIA)["error"] == 0


def test_without_money_neither_goes_and_an_allowance_goes_first(open_app, user):
    """-321 from an empty wallet; what was bought is used before it, and shown in the answer and by owner."""
    open_app.oa(balance=100)
    assert send(open_app, user, ORDER)["error"] == -321
    open_app.oa(assets=[{"product_type": "transaction", "total": 1, "remain": 1}])
    answer = send(open_app, user, ORDER)
    assert answer["data"]["quota"] == {
        "quota_type": "purchase_quota",
        "remain": "0",
        "owner_type": "OA",
        "owner_id": open_app.oa_id,
    }
    assert send(open_app, user, ORDER)["error"] == -321
    asked = {"quota_owner": "OA", "product_type": "transaction"}
    (asset,) = open_app.post("/v3.0/oa/quota/message", asked)["data"]["asset"]
    assert (asset["quota_type"], asset["total"], asset["remain"]) == ("purchase_quota", 1, 0)


@pytest.mark.parametrize(("container", "read"), [("assets", lambda data: data["assets"]), ("data", lambda data: data)])
def test_the_allowances_come_in_the_container_that_was_chosen(app, container, read):
    """Zalo's documents disagree on it."""
    app.oa(quota_container=container)
    data = app.post("/v3.0/oa/quota/message", {"quota_owner": "OA", "product_type": "cs"})["data"]
    assert [each["quota_type"] for each in read(data)] == ["sub_quota"]


def by_uid(app, user, template_id="300111"):
    sample = next(each["sample"] for each in app.running.ready["templates"] if each["template_id"] == "300111")
    body = {"user_id": user["user_id"], "template_id": template_id, "template_data": sample}
    return app.post("/v3.0/oa/message/template", body)


@pytest.mark.parametrize(
    "changes",
    [{"made_of": "otp"}, {"made_of": "response"}, {"made_of": "journey"}, {"created": 1_765_000_000_000}],
)
def test_some_templates_do_not_go_by_user_id(open_app, user, changes):
    """-249: one-time codes, answer buttons, journeys, and what was approved before 2025-12-10."""
    assert by_uid(open_app, user)["error"] == 0
    open_app.running.post("/_sandbox/templates/300111", changes)
    assert by_uid(open_app, user)["error"] == -249


def test_a_rating_template_goes_by_user_id(open_app, user):
    """Unlike the others that are not plain text."""
    open_app.running.post("/_sandbox/templates/300111", {"made_of": "rating"})
    assert by_uid(open_app, user)["error"] == 0


def test_the_time_of_a_template_message_may_stand_beside_data(open_app, user):
    """Sources disagree on its place."""
    assert by_uid(open_app, user)["data"]["sent_time"].isdigit()
    open_app.oa(uid_sent_time="outside")
    answer = by_uid(open_app, user)
    assert answer["sent_time"].isdigit()
    assert "sent_time" not in answer["data"]


def test_a_message_that_never_arrives_costs_nothing(open_app, user):
    """Whether the phone is off or it came after the template's timeout."""
    open_app.person(user_id=user["user_id"], unreachable=True)
    by_uid(open_app, user)
    settle(open_app)
    assert wallet(open_app)["charged"] == wallet(open_app)["held"] == 0
    open_app.person(user_id=user["user_id"], unreachable=False)
    open_app.running.post("/_sandbox/receipts", {"zns_arrival_s": 7201})
    by_uid(open_app, user)
    settle(open_app)
    assert wallet(open_app)["charged"] == wallet(open_app)["held"] == 0
