"""What arrives at Zalo for every channel and kind, against the form Zalo's documents give it."""

from __future__ import annotations

import pytest
from media_desk import last_body, queue, send, sent

from models import Channel, ConsentSource, Delivery, DeliveryState, Scope, UidMessageApi, ZnsTemplate
from services import consents, contents, templates, uploads
from services.desk import VIETNAM
from tests.sample_files import PDF, moving, picture

S = DeliveryState
BOOKING = {"customer_name": "Nguyễn Thị Lan", "booking_code": "LH-0217", "schedule_time": "09:30 24/11/2026"}
TRANSACTION = """loại: đặt lịch
tiêu đề: Lịch hẹn đã xác nhận
nội dung: Chào bạn, hẹn gặp bạn.
- Mã lịch: LH-01
- Trạng thái: Đã xác nhận (xanh)
nút: [Xem lịch] https://example.vn"""
PROMOTION = """loại: truyền thông
tiêu đề: Ưu đãi thành viên
nội dung: Voucher cho bạn.
- Voucher: VC01"""


def older(shop, answers="alive"):
    """The OA sends in the older free form, and Zalo answers there as told."""
    shop.oa.uid_message_api = UidMessageApi.LEGACY
    shop.oa.save()
    shop.zalo.post("/_sandbox/oas/all", {"old_messages": answers})


def template(shop, template_id="300111"):
    return shop.run(lambda desk: templates.fresh(desk, shop.oa, template_id))


def attachment(payload, **more):
    return {**more, "attachment": {"type": "template", "payload": payload}}


def test_a_text_with_buttons(shop, lan, fan):
    """oa-api.md 5.1: the payload has only the buttons, no template_type."""
    row = sent(shop, lan, contents.text("Chọn một mục\n[Mở web] https://example.vn\n[Tư vấn] #tuvan"), fan)
    assert row.state == S.SENT
    buttons = [
        {"title": "Mở web", "type": "oa.open.url", "payload": {"url": "https://example.vn"}},
        {"title": "Tư vấn", "type": "oa.query.show", "payload": "#tuvan"},
    ]
    message = attachment({"buttons": buttons}, text="Chọn một mục")
    assert last_body(shop) == {"recipient": {"user_id": fan.user_id}, "message": message}


def test_a_picture_by_address(shop, lan, fan):
    """Zalo fetches it itself."""
    sent(shop, lan, contents.image(url="https://example.vn/a.jpg", caption="xem ảnh"), fan)
    media = {"template_type": "media", "elements": [{"media_type": "image", "url": "https://example.vn/a.jpg"}]}
    assert last_body(shop) == {"recipient": {"user_id": fan.user_id}, "message": attachment(media, text="xem ảnh")}


def test_a_picture_of_ours(shop, lan, fan):
    """By the attachment id of its upload."""
    kept = uploads.keep_image(shop.desk(), picture())
    sent(shop, lan, contents.image(upload=kept.name), fan)
    message = last_body(shop)["message"]
    (element,) = message["attachment"]["payload"].pop("elements")
    assert message == attachment({"template_type": "media"})
    assert sorted(element) == ["attachment_id", "media_type"]
    assert element["media_type"] == "image"


def test_a_gif_with_its_size(shop, lan, fan):
    """Zalo demands integers for width and height."""
    kept = uploads.keep_image(shop.desk(), moving((64, 48)))
    row = sent(shop, lan, contents.gif(kept.name, kept.width, kept.height, "vẫy tay"), fan)
    message = last_body(shop)["message"]
    (element,) = message["attachment"]["payload"]["elements"]
    handle = element.pop("attachment_id")
    assert (row.state, row.kind, message["text"]) == (S.SENT, "gif", "vẫy tay")
    assert element == {"media_type": "gif", "width": 64, "height": 48}
    assert handle


def test_a_file_by_its_token(shop, lan, fan):
    """Another type of attachment, no text; the customer sees the name it had."""
    kept = uploads.keep_file(shop.desk(), PDF, "Báo giá.pdf")
    row = sent(shop, lan, contents.file(kept.name, kept.original), fan)
    message = last_body(shop)["message"]
    token = message["attachment"]["payload"].pop("token")
    assert (row.state, bool(token)) == (S.SENT, True)
    assert message == {"attachment": {"type": "file", "payload": {}}}


def test_the_form_that_asks_for_information(shop, lan, fan):
    """request_user_info, one element."""
    row = sent(shop, lan, contents.form("Spa Hoa Mai", "Xin thông tin", "https://example.vn/cover.jpg"), fan)
    element = {"title": "Spa Hoa Mai", "subtitle": "Xin thông tin", "image_url": "https://example.vn/cover.jpg"}
    payload = {"template_type": "request_user_info", "elements": [element]}
    assert row.state == S.SENT
    assert last_body(shop) == {"recipient": {"user_id": fan.user_id}, "message": attachment(payload)}


def test_a_template_to_a_phone(shop, lan):
    """zns.md 1.1: five fields, and no mode for a real one."""
    row = sent(shop, lan, contents.template(template(shop), BOOKING, Channel.ZNS), phone="0912340007")
    assert last_body(shop) == {
        "phone": "84912340007",
        "template_id": "300111",
        "template_data": BOOKING,
        "tracking_id": row.tracking_id,
    }


def test_a_template_to_a_user_id(shop, lan, fan):
    """zns.md 1.5: flat, no tracking id, no mode; priced by user id."""
    found = template(shop)
    row = sent(shop, lan, contents.template(found, BOOKING, Channel.UID), fan)
    assert (row.state, row.price, row.price < found.price_phone) == (S.SENT, found.price_uid, True)
    assert last_body(shop) == {"user_id": fan.user_id, "template_id": "300111", "template_data": BOOKING}
    assert shop.zalo.messages()[-1]["channel"] == "uid"


def test_a_transaction_message_in_the_older_form(shop, lan, fan):
    """oa-api.md 6: elements in order, a coloured status, a button."""
    older(shop)
    kept = uploads.keep_image(shop.desk(), picture("JPEG", (500, 250)))
    content = contents.document(TRANSACTION, banner={"upload": kept.name})
    row = sent(shop, lan, content, fan)
    payload = last_body(shop)["message"]["attachment"]["payload"]
    banner = payload["elements"].pop(0)
    assert (row.state, row.channel, row.kind) == (S.SENT, "transaction", "transaction_booking")
    assert (banner["type"], sorted(banner)) == ("banner", ["attachment_id", "type"])
    assert payload == {
        "template_type": "transaction_booking",
        "language": "VI",
        "elements": [
            {"type": "header", "content": "Lịch hẹn đã xác nhận"},
            {"type": "text", "content": "Chào bạn, hẹn gặp bạn."},
            {"type": "table", "content": [
                {"key": "Mã lịch", "value": "LH-01"},
                {"key": "Trạng thái", "value": "Đã xác nhận", "style": "green"},
            ]},
        ],
        "buttons": [
            {"title": "Xem lịch", "image_icon": "", "type": "oa.open.url", "payload": {"url": "https://example.vn"}},
        ],
    }  # fmt: skip


def test_a_media_message_in_the_older_form(shop, lan, fan):
    """oa-api.md 7: template_type promotion, no language."""
    older(shop)
    row = sent(shop, lan, contents.document(PROMOTION), fan)
    payload = last_body(shop)["message"]["attachment"]["payload"]
    assert (row.state, row.send_class) == (S.SENT, "promotion")
    assert (payload["template_type"], "language" in payload) == ("promotion", False)
    assert [element["type"] for element in payload["elements"]] == ["header", "text", "table"]


@pytest.mark.parametrize(("answers", "code"), [("closed", "-233"), ("gone", "404")])
@pytest.mark.parametrize("raw", [TRANSACTION, PROMOTION])
def test_a_closed_address_explains_the_switch(shop, lan, fan, answers, code, raw):
    """What Zalo answers there since March 2026 nobody knows; either way staff hear of the OA's setting."""
    older(shop, answers)
    row = sent(shop, lan, contents.document(raw), fan)
    assert (row.state, row.error_class, row.error_code) == (S.FAILED, "desk", "older_way_closed")
    assert row.error_message.startswith(code)
    assert row.charged == 0
    assert shop.zalo.messages() == []


def test_the_same_codes_elsewhere_mean_what_they_say(shop, lan, fan):
    """-233 to a consultation message is our mistake, not a closed address."""
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/message/cs", "kind": "error", "code": -233})
    row = sent(shop, lan, contents.text("Chào"), fan)
    assert (row.state, row.error_class, row.error_code) == (S.FAILED, "fix", "-233")


def test_a_switch_while_a_message_waits_stops_it(shop, lan, fan):
    """The OA's way is looked at once more when the message leaves."""
    older(shop)
    row = queue(shop, lan, contents.document(TRANSACTION), fan)
    shop.oa.uid_message_api = UidMessageApi.TEMPLATE
    shop.oa.save()
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_class, row.error_code) == (S.FAILED, "desk", "send.older_way")


def test_a_template_that_cannot_go_by_user_id_is_remembered(shop, lan, fan):
    """-249: Zalo lists nowhere which these are."""
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/message/template", "kind": "error", "code": -249})
    row = sent(shop, lan, contents.template(template(shop), BOOKING, Channel.UID), fan)
    assert (row.state, row.error_code) == (S.FAILED, "-249")
    assert ZnsTemplate.get(ZnsTemplate.template_id == "300111").uid_refused_at == shop.clock.now()


def test_a_template_refused_at_night_is_remembered_and_goes_at_six(shop, lan):
    """-133: which templates it concerns is not listed either."""
    shop.zalo.post("/_sandbox/faults", {"match": "/business/message/template", "kind": "error", "code": -133})
    row = sent(shop, lan, contents.template(template(shop), BOOKING, Channel.ZNS), phone="0912340007")
    local = row.next_attempt_at.astimezone(VIETNAM)
    assert (row.state, row.held_reason, local.hour) == (S.QUEUED, "night", 6)
    assert ZnsTemplate.get(ZnsTemplate.template_id == "300111").night_refused_at == shop.clock.now()


@pytest.mark.parametrize("channel", [Channel.UID, Channel.TRANSACTION, Channel.PROMOTION])
def test_a_passing_trouble_is_tried_again_on_every_channel(shop, lan, fan, channel):
    """-200 twice, then it goes."""
    if channel == Channel.UID:
        content = contents.template(template(shop), BOOKING, channel)
    else:
        older(shop)
        content = contents.document(TRANSACTION if channel == Channel.TRANSACTION else PROMOTION)
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/message", "kind": "error", "code": -200, "times": 2})
    row = queue(shop, lan, content, fan)
    for _ in range(3):
        send(shop)
        shop.advance(minutes=1)
    row = shop.again(row)
    assert (row.state, row.attempt, len(shop.zalo.messages())) == (S.SENT, 3, 1)


@pytest.mark.parametrize("channel", [Channel.UID, Channel.TRANSACTION, Channel.PROMOTION])
@pytest.mark.parametrize("kind", ["lost_answer", "http_502"])
def test_an_unknown_outcome_is_never_sent_again_on_any_channel(shop, lan, fan, channel, kind):
    """Nobody knows whether Zalo took it."""
    if channel == Channel.UID:
        content = contents.template(template(shop), BOOKING, channel)
    else:
        older(shop)
        content = contents.document(TRANSACTION if channel == Channel.TRANSACTION else PROMOTION)
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/message", "kind": kind})
    row = sent(shop, lan, content, fan)
    shop.advance(hours=1)
    assert (send(shop), row.state, row.charged) == (0, S.UNCERTAIN, None)


def test_advertising_that_would_leave_at_night_waits_for_decent_hours(shop, lan, fan):
    """Held with its reason and hour when its turn comes after nine in the evening."""
    older(shop)
    row = queue(shop, lan, contents.document(PROMOTION), fan)
    shop.advance(hours=12, minutes=30)  # 21:30 in Vietnam
    send(shop)
    row = shop.again(row)
    local = row.next_attempt_at.astimezone(VIETNAM)
    assert (row.state, row.held_reason, (local.day, local.hour)) == (S.QUEUED, "night", (24, 8))
    assert Delivery.select().count() == 1
    shop.advance(hours=11)
    send(shop)
    assert shop.again(row).state == S.SENT


def test_who_says_stop_while_advertising_waits_does_not_get_it(shop, lan, fan):
    """Their word came after the yes and before the sending: it ends the message quietly, and costs nothing."""
    older(shop)
    row = queue(shop, lan, contents.document(PROMOTION), fan)
    consents.record(
        consents.Statement(
            fan.user_id, Scope.PROMOTION, given=False, at=shop.clock.now(), source=ConsentSource.CUSTOMER,
            oa_id=shop.oa.oa_id,
        )
    )  # fmt: skip
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_code, row.charged) == (S.SKIPPED, "said_no", 0)
    assert shop.zalo.messages() == []


def test_advertising_is_not_sent_to_somebody_who_turns_out_under_age(shop, lan, fan):
    """Zalo told after the yes."""
    older(shop)
    row = queue(shop, lan, contents.document(PROMOTION), fan)
    type(fan).update(is_sensitive=True).execute()
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_class, row.error_code) == (S.FAILED, "desk", "send.under_age")
