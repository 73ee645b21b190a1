"""services/messages/: one preview for every kind, the yes, the answer, the test, our own short answers."""

from datetime import timedelta
from typing import Any

import pytest

from models import (
    Channel,
    Confirmation,
    Delivery,
    DeliveryState,
    Follower,
    FollowerTag,
    OfficialAccount,
    Origin,
    SendClass,
    UidMessageApi,
    ZnsTemplate,
)
from services import contents, messages, templates
from services.desk import Work
from services.errors import Conflict, Invalid, NotFound, Refusal
from services.messages import recipients

PARAMS = {"customer_name": "{name}", "order_code": "LH-0217", "order_date": "09:30 24/11/2026"}
BOOKING = """loại: đặt lịch
tiêu đề: Lịch hẹn
nội dung: Chào {name}
- Mã lịch: LH-01
- Trạng thái: Đã xác nhận (xanh)
nút: [Xem] https://example.vn"""
OFFER = "loại: truyền thông\ntiêu đề: Ưu đãi\nnội dung: Giảm 20% cho {xung_ho|anh/chị} {name}"


@pytest.fixture
def fan(shop):
    """A follower who wrote an hour ago."""
    now = shop.clock.now()
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id="4219935181909378657", display_name="Minh Anh", is_follower=True,
        last_interaction_at=now - timedelta(hours=1), first_seen_at=now,
    )  # fmt: skip


@pytest.fixture
def template(shop):
    return shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))


def values(template: ZnsTemplate, **changes: str) -> dict[str, str]:
    return {rule["name"]: {**PARAMS, **changes}.get(rule["name"], "1") for rule in template.params}


def look(shop, content, **whom: Any) -> messages.Preview:
    return messages.preview(shop.desk(), shop.again(shop.oa), content, **whom)


def accepted(shop, lan, found, message=6):
    desk = shop.desk()
    return messages.accept(desk, lan, messages.ask(desk, lan, found), 5, message)


def older_form(shop):
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).where(OfficialAccount.id == shop.oa.id).execute()


def oa_becomes(shop, **changes: Any):
    OfficialAccount.update(**changes).where(OfficialAccount.id == shop.oa.id).execute()


def test_a_text_is_filled_in_and_free_within_48_hours(shop, fan):
    """The preview shows what the person will read."""
    found = look(shop, contents.text("Chào {xung_ho|anh/chị} {name}\n[Xem] https://example.vn"), follower=fan)
    assert found.content.data["text"] == "Chào anh/chị Minh Anh"
    assert (found.channel, found.price, found.total, found.goes_at) == (Channel.CS, 0, 0, None)
    assert found.verdict.free_until == shop.clock.now() + timedelta(hours=47)
    assert (found.phone, found.template, found.params, found.timeout, found.body) == ("", None, {}, None, "")


def test_after_48_hours_a_text_has_its_price_with_vat(shop, fan):
    """55 VND, never refused before the seventh day."""
    shop.advance(hours=72)
    found = look(shop, contents.text("Chào"), follower=fan)
    assert (found.price, found.vat_percent, found.total) == (55, 8, 59)


def test_a_zns_has_template_timeout_price_and_the_last_one(shop, lan, template):
    """All that the screen of product.md 4.4 shows."""
    Follower.create(
        oa_id=shop.oa.oa_id, user_id="7", display_name="Lan", phone="84912340007", first_seen_at=shop.clock.now()
    )
    content = contents.template(template, values(template), Channel.ZNS)
    found = look(shop, content, phone="0912340007")
    assert (found.phone, found.recipient, found.follower) == ("84912340007", "84912340007", None)
    assert (found.template, found.params["customer_name"]) == (template, "Lan")
    assert (found.price, found.total) == (template.price_phone, (template.price_phone * 108 + 50) // 100)
    assert found.timeout == timedelta(milliseconds=template.timeout_ms)
    assert found.last_same is None
    row = accepted(shop, lan, found)
    at = shop.clock.now()
    Delivery.update(state=DeliveryState.DELIVERED, sent_at=at).where(Delivery.id == row.id).execute()
    assert look(shop, content, phone="+84 912 340 007").last_same == at


def test_a_template_by_user_id_costs_less_and_names_the_follower(shop, lan, fan, template):
    """The same content, another channel."""
    found = look(shop, contents.template(template, values(template), Channel.UID), follower=fan)
    assert (found.channel, found.recipient, found.price) == (Channel.UID, fan.user_id, template.price_uid)
    row = accepted(shop, lan, found)
    assert (row.channel, row.kind, row.recipient, row.recipient_name) == ("uid", "template", fan.user_id, "Minh Anh")
    assert row.content["params"]["customer_name"] == "Minh Anh"
    assert (row.price, row.vat_percent, row.timeout_ms) == (template.price_uid, 8, template.timeout_ms)


@pytest.mark.parametrize(
    ("raw", "channel", "kind", "send_class"),
    [
        (BOOKING, Channel.TRANSACTION, "transaction_booking", SendClass.TRANSACTION),
        (OFFER, Channel.PROMOTION, "promotion", SendClass.PROMOTION),
    ],
)
def test_documents_go_by_the_older_way_of_an_oa_that_uses_it(shop, lan, fan, raw, channel, kind, send_class):
    """And are refused, with their reason, where it does not."""
    with pytest.raises(Refusal) as caught:
        look(shop, contents.document(raw), follower=fan)
    assert caught.value.key == "send.older_way"
    older_form(shop)
    row = accepted(shop, lan, look(shop, contents.document(raw), follower=fan))
    assert (row.channel, row.kind, row.send_class) == (channel, kind, send_class)
    assert "Minh Anh" in str(row.content["document"]["elements"])
    assert contents.body(row.content, row.kind, row.recipient, {})["recipient"] == {"user_id": fan.user_id}


def test_advertising_in_the_evening_waits_for_the_morning(shop, lan, fan):
    """The row says until when, and why."""
    older_form(shop)
    shop.advance(hours=13)  # 22:00
    found = look(shop, contents.document(OFFER), follower=fan)
    assert found.goes_at is not None
    row = accepted(shop, lan, found)
    assert (row.state, row.next_attempt_at, row.held_reason) == (DeliveryState.QUEUED, found.goes_at, "night")


def test_a_text_marked_as_advertising_waits_too(shop, lan, fan):
    """Care goes at any hour."""
    shop.advance(hours=13)
    assert look(shop, contents.text("Giảm 20%"), follower=fan).goes_at is None
    found = look(shop, contents.text("[QC] Giảm 20%"), follower=fan)
    assert found.goes_at is not None
    assert accepted(shop, lan, found).send_class == SendClass.PROMOTION


def test_a_template_rejected_since_the_list_was_read_is_refused(shop, lan, template):
    """In the preview, and again at the yes."""
    content = contents.template(template, values(template, customer_name="Lan"), Channel.ZNS)
    desk = shop.desk()
    token = messages.ask(desk, lan, look(shop, content, phone="0912340007"))
    ZnsTemplate.update(status="REJECT").where(ZnsTemplate.id == template.id).execute()
    for again in (lambda: look(shop, content, phone="0912340007"), lambda: messages.accept(desk, lan, token, 5, 6)):
        with pytest.raises(Refusal) as caught:
            again()
        assert caught.value.key == "template.not_sendable"
    assert Delivery.select().count() == 0


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (lambda t: contents.text("x" * 1999 + "{name}"), "text.too_long"),
        (lambda t: contents.text("Chào {xung_ho}"), "placeholder.empty"),
        (lambda t: contents.template(t, {"nobody": "x"}, Channel.UID), "param.unknown"),
        (lambda t: contents.template(t, {}, Channel.UID), "param.missing"),
    ],
)
def test_what_turns_out_wrong_for_the_person_names_field_and_rule(shop, fan, template, content, key):
    """After the placeholders are filled in."""
    with pytest.raises(Invalid) as caught:
        look(shop, content(template), follower=fan)
    assert caught.value.key == key


def test_an_upload_that_is_gone_is_missed_before_the_yes(shop, fan):
    """Not by the sender."""
    with pytest.raises(NotFound) as caught:
        look(shop, contents.image(upload="0" * 64 + ".jpg"), follower=fan)
    assert caught.value.key == "image.gone"


def test_the_yes_sends_what_was_shown_though_the_person_changed_their_name(shop, lan, fan):
    """Frozen, and never read again: a name in braces stays as it was."""
    Follower.update(display_name="{oa}").where(Follower.id == fan.id).execute()
    found = look(shop, contents.text("Chào {name}"), follower=shop.again(fan))
    desk = shop.desk()
    token = messages.ask(desk, lan, found)
    Follower.update(display_name="Khác").where(Follower.id == fan.id).execute()
    assert messages.accept(desk, lan, token, 5, 6).content["text"] == "Chào {oa}"


def test_a_yes_that_would_cost_more_than_was_said_is_not_spent(shop, lan, fan):
    """The free window ended while the question stood there."""
    desk = shop.desk()
    shop.advance(hours=46, minutes=50)
    token = messages.ask(shop.desk(), lan, look(shop, contents.text("Chào"), follower=fan))
    shop.advance(minutes=15)
    with pytest.raises(Conflict) as caught:
        messages.accept(desk, lan, token, 5, 6)
    assert (caught.value.key, caught.value.values) == ("confirm.dearer", {"before": 0, "price": 55})
    assert Confirmation.get().used_at is None


def test_two_taps_are_one_message_of_any_kind(shop, lan, fan, template):
    """The second shows the first one's row."""
    desk = shop.desk()
    found = look(shop, contents.template(template, values(template), Channel.UID), follower=fan)
    token = messages.ask(desk, lan, found)
    assert messages.accept(desk, lan, token, 5, 6) == messages.accept(desk, lan, token, 5, 6)
    assert Delivery.select().count() == 1


def test_what_failed_is_sent_again_whatever_its_kind(shop, lan, fan):
    """With its own frozen content, checked anew."""
    older_form(shop)
    row = accepted(shop, lan, look(shop, contents.document(BOOKING), follower=fan))
    Delivery.update(state=DeliveryState.FAILED).where(Delivery.id == row.id).execute()
    made = messages.resend(shop.desk(), lan, row.id, 5, 7)
    assert (made.kind, made.content, made.send_class, made.resend_of) == (row.kind, row.content, row.send_class, row)
    assert made.tracking_id != row.tracking_id


def test_a_test_sent_again_stays_a_test(shop, lan, template):
    """Though the OA is live, and a real one would be charged."""
    oa_becomes(shop, test_phones=["84912340001"])
    content = contents.template(template, values(template), Channel.ZNS)
    (row,) = messages.test(shop.desk(), lan, shop.again(shop.oa), content, 5, 6)
    Delivery.update(state=DeliveryState.FAILED).where(Delivery.id == row.id).execute()
    made = messages.resend(shop.desk(), lan, row.id, 5, 7)
    assert (made.development, made.origin) == (True, Origin.TEST)


def test_an_answer_leaves_at_once_and_only_once(shop, lan, fan):
    """The same Telegram message is the same answer."""
    desk, oa = shop.desk(), shop.again(shop.oa)
    rows = [messages.reply(desk, lan, oa, fan, contents.text("Dạ còn ạ"), 5, 99) for _ in range(2)]
    assert rows[0] == rows[1]
    row = rows[0]
    assert (row.origin, row.state, row.staff_id, row.chat_id) == (Origin.REPLY, DeliveryState.QUEUED, 55, 5)
    assert row.chat_message_id is None
    assert Work.SEND in shop.nudges


def test_an_answer_that_costs_money_asks_first(shop, lan, fan):
    """The bot shows a preview instead."""
    shop.advance(hours=72)
    with pytest.raises(Conflict) as caught:
        messages.reply(shop.desk(), lan, shop.again(shop.oa), fan, contents.text("Dạ"), 5, 99)
    assert (caught.value.key, caught.value.values) == ("reply.costs", {"price": 55, "user": "Minh Anh"})
    shop.advance(hours=200)
    with pytest.raises(Refusal):
        messages.reply(shop.desk(), lan, shop.again(shop.oa), fan, contents.text("Dạ"), 5, 99)
    assert Delivery.select().count() == 0


def test_a_zns_is_tested_on_the_numbers_of_the_oa(shop, lan, template):
    """In development mode; tapping twice sends once, and what failed goes again."""
    desk = shop.desk()
    content = contents.template(template, values(template), Channel.ZNS)
    with pytest.raises(Refusal) as caught:
        messages.test(desk, lan, shop.again(shop.oa), content, 5, 6)
    assert caught.value.key == "test.no_phones"
    oa_becomes(shop, test_phones=["84912340001", "84912340002"])
    oa = shop.again(shop.oa)
    rows = messages.test(desk, lan, oa, content, 5, 6)
    assert [(row.recipient, row.origin, row.development) for row in rows] == [
        ("84912340001", Origin.TEST, True), ("84912340002", Origin.TEST, True)
    ]  # fmt: skip
    assert rows[0].content["params"]["customer_name"] == "[name]"
    assert messages.test(desk, lan, oa, content, 5, 6) == rows
    Delivery.update(state=DeliveryState.FAILED).where(Delivery.id == rows[0].id).execute()
    again = messages.test(desk, lan, oa, content, 5, 6)
    assert again[0] != rows[0]
    assert again[1] == rows[1]


def test_an_oa_message_is_tested_on_its_testers(shop, lan, fan, template):
    """What costs money is asked first."""
    desk, oa = shop.desk(), shop.again(shop.oa)
    with pytest.raises(Refusal) as caught:
        messages.test(desk, lan, oa, contents.text("Chào"), 5, 6)
    assert caught.value.key == "test.no_testers"
    Follower.update(tester=True).where(Follower.id == fan.id).execute()
    (row,) = messages.test(desk, lan, oa, contents.text("Chào {xung_ho}"), 5, 6)
    assert (row.recipient, row.content["text"], row.development) == (fan.user_id, "Chào [xung_ho]", False)
    paid = contents.template(template, values(template), Channel.UID)
    with pytest.raises(Conflict) as asked:
        messages.test(desk, lan, oa, paid, 5, 6)
    assert (asked.value.key, asked.value.values["count"]) == ("test.costs", 1)
    assert messages.test(desk, lan, oa, paid, 5, 6, paid=True)[0].kind == "template"


def test_a_test_that_would_go_tomorrow_is_refused_today(shop, lan, fan):
    """Nobody waits for it overnight."""
    Follower.update(tester=True).where(Follower.id == fan.id).execute()
    shop.advance(hours=13)
    with pytest.raises(Refusal) as caught:
        messages.test(shop.desk(), lan, shop.again(shop.oa), contents.advertising(contents.text("x")), 5, 6)
    assert caught.value.key == "send.hours"
    assert Delivery.select().count() == 0


def test_our_own_answer_goes_once_and_only_where_it_is_free_and_live(shop, fan):
    """Braces in it are braces."""
    desk, oa = shop.desk(), shop.again(shop.oa)
    row = messages.automatic(desk, oa, fan, "Đã ngưng {x}", "stop:1")
    assert row is not None
    assert (row.origin, row.content, row.staff_id, row.chat_id) == (
        Origin.AUTOMATIC,
        {"text": "Đã ngưng {x}"},
        None,
        None,
    )
    assert messages.automatic(desk, oa, fan, "Đã ngưng {x}", "stop:1") == row
    shop.advance(hours=72)
    assert messages.automatic(desk, oa, fan, "Đã ngưng", "stop:2") is None
    shop.advance(hours=200)
    assert messages.automatic(desk, oa, fan, "Đã ngưng", "stop:3") is None
    for changes in ({"testing": True}, {"published": False}):
        oa_becomes(shop, **changes)
        assert messages.automatic(desk, shop.again(shop.oa), fan, "Đã ngưng", "stop:4") is None
    assert Delivery.select().count() == 1


@pytest.mark.parametrize(
    ("nickname", "address_as", "name"),
    [
        ("chị Lan", "chị", "Lan"),
        ("Chị Lan", "chị", "Lan"),
        ("anh Minh", "anh", "Minh"),
        ("Anh Thư", "", "Anh Thư"),
        ("Cô giáo Hà", "cô", "giáo Hà"),
        ("Lan VIP", "", "Lan VIP"),
        ("chị", "", "chị"),
        ("", "", "Nguyễn Lan"),
    ],
)
def test_how_a_person_is_addressed(shop, fan, nickname, address_as, name):
    """By the nickname staff gave; "Anh" with a capital may be a given name."""
    fan.nickname, fan.shared_info = nickname, {"name": "Nguyễn Lan"}
    reader = recipients.of(shop.oa, fan)
    assert (reader.address_as, reader.name) == (address_as, name)


def test_a_number_two_people_share_names_neither(shop, fan):
    """Nobody can tell whose phone it is: the name of the one is not told to the other."""
    for user_id, name in (("1", "Lan"), ("2", "Minh")):
        Follower.create(
            oa_id=shop.oa.oa_id, user_id=user_id, display_name=name, phone="84912340007", first_seen_at=shop.clock.now()
        )
    assert recipients.of(shop.oa, None, "84912340007").name == ""


def test_a_tag_of_the_oa_tells_how_a_person_is_addressed(shop, fan):
    """Where no nickname does."""
    FollowerTag.create(
        oa_id=fan.oa_id, user_id=fan.user_id, name="Chị", present=True, changed_at=shop.clock.now(), rank=""
    )
    assert recipients.of(shop.oa, fan).address_as == "chị"
