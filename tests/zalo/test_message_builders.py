"""Every body compared with the form Zalo's pages and SDKs have, and every limit with one too many."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zalo import buttons, documents, messages
from zalo.documents import Banner
from zalo.messages import InvalidMessage

HEADER = {"type": "header", "content": "Chào"}
CODE_ROW = {"key": "Mã lịch", "value": "LH-01"}
TABLE = {"type": "table", "content": [CODE_ROW]}
URL_BUTTON = buttons.open_url("Xem", "https://example.vn")


def rule(make: Any, *args: Any, **named: Any) -> tuple[str, dict[str, Any]]:
    """The rule that was broken, and its values."""
    with pytest.raises(InvalidMessage) as caught:
        make(*args, **named)
    return caught.value.rule, caught.value.values


def payload(body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = body["message"]["attachment"]["payload"]
    return found


def transaction(*elements: Any, **named: Any) -> dict[str, Any]:
    return documents.transaction("42", "transaction_order", [HEADER, *elements], **named)


def test_a_text_with_buttons_has_no_template_type() -> None:
    """The form seen in production code: only `buttons` in the payload."""
    under = [
        buttons.open_url("Mở web", "https://example.vn"),
        buttons.query("Tư vấn", "#tuvan"),
        buttons.open_phone("Gọi", "0901234567"),
    ]
    assert messages.text("42", "Chọn một mục", buttons=under) == {
        "recipient": {"user_id": "42"},
        "message": {
            "text": "Chọn một mục",
            "attachment": {
                "type": "template",
                "payload": {
                    "buttons": [
                        {"title": "Mở web", "type": "oa.open.url", "payload": {"url": "https://example.vn"}},
                        {"title": "Tư vấn", "type": "oa.query.show", "payload": "#tuvan"},
                        {"title": "Gọi", "type": "oa.open.phone", "payload": {"phone_code": "84901234567"}},
                    ]
                },
            },
        },
    }


def test_the_other_two_buttons() -> None:
    """A question hidden in the chat, and an SMS."""
    assert buttons.query("Ẩn", "#lich", hidden=True)["type"] == "oa.query.hide"
    assert buttons.open_sms("Nhắn", "0901 234 567", "DK") == {
        "title": "Nhắn",
        "type": "oa.open.sms",
        "payload": {"content": "DK", "phone_code": "84901234567"},
    }


def test_a_gif_has_its_size() -> None:
    """Width and height are required, as whole numbers."""
    element = {"media_type": "gif", "attachment_id": "abc", "width": 320, "height": 200}
    assert messages.gif("42", "abc", 320, 200, "vui") == {
        "recipient": {"user_id": "42"},
        "message": {
            "text": "vui",
            "attachment": {"type": "template", "payload": {"template_type": "media", "elements": [element]}},
        },
    }
    assert rule(messages.gif, "42", "abc", 0, 200)[0] == "gif.size"


def test_a_file_goes_by_its_token_and_without_a_text() -> None:
    """Another kind of attachment than pictures have."""
    assert messages.file("42", "tok") == {
        "recipient": {"user_id": "42"},
        "message": {"attachment": {"type": "file", "payload": {"token": "tok"}}},
    }


def test_the_form_that_asks_for_information() -> None:
    """One element, of limited length."""
    address = "https://example.vn/a.jpg"
    assert messages.request_info("42", "Cửa hàng", "Xin thông tin", address) == {
        "recipient": {"user_id": "42"},
        "message": {
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "request_user_info",
                    "elements": [{"title": "Cửa hàng", "subtitle": "Xin thông tin", "image_url": address}],
                },
            }
        },
    }
    assert rule(messages.request_info, "42", "x" * 101, "y", address) == (
        "form.title_long",
        {"length": 101, "limit": 100},
    )
    assert rule(messages.request_info, "42", "x", "y" * 501, address)[0] == "form.subtitle_long"
    assert rule(messages.request_info, "42", " ", "y", address)[0] == "form.title_empty"
    assert rule(messages.request_info, "42", "x", "", address)[0] == "form.subtitle_empty"
    assert rule(messages.request_info, "42", "x", "y", "example.vn")[0] == "form.image"


def test_a_template_to_a_user_id_is_flat() -> None:
    """No `recipient` around it, no tracking id."""
    assert messages.template("42", "123456", {"customer": "Lan"}) == {
        "user_id": "42",
        "template_id": "123456",
        "template_data": {"customer": "Lan"},
    }


def test_a_transaction_message_as_the_sdk_sends_it() -> None:
    """Banner, header, texts, table with a colour, and buttons with pictures."""
    elements = [
        {"type": "header", "align": "left", "content": "Trạng thái đơn hàng"},
        {"type": "text", "align": "left", "content": "• Cảm ơn bạn.<br>• Chi tiết:"},
        {
            "type": "table",
            "content": [
                {"key": "Mã khách hàng", "value": "F-001"},
                {"key": "Trạng thái", "value": "Đang giao", "style": "yellow"},
                {"key": "Giá tiền", "value": "250,000đ"},
            ],
        },
        {"type": "text", "align": "center", "content": "Xin cảm ơn!"},
    ]
    under = [
        {
            "title": "Kiểm tra lộ trình",
            "image_icon": "",
            "type": "oa.open.url",
            "payload": {"url": "https://oa.zalo.me/home"},
        },
        {"title": "Xem lại giỏ hàng", "image_icon": "default", "type": "oa.query.show", "payload": "xem giỏ"},
        {"title": "Tổng đài", "image_icon": "", "type": "oa.open.phone", "payload": {"phone_code": "84123456789"}},
    ]
    made = documents.transaction("5890786666176031372", "transaction_order", elements, under, banner=Banner("", "img"))
    assert made == {
        "recipient": {"user_id": "5890786666176031372"},
        "message": {
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "transaction_order",
                    "language": "VI",
                    "elements": [{"type": "banner", "attachment_id": "img"}, *elements],
                    "buttons": under,
                },
            }
        },
    }


def test_a_promotion_message_as_the_sdk_sends_it() -> None:
    """No language, and no row needs a code."""
    elements = [
        {"type": "header", "content": "Ưu đãi thành viên"},
        {"type": "text", "align": "left", "content": "Voucher …"},
        {
            "type": "table",
            "content": [{"key": "Voucher", "value": "VC01"}, {"key": "Hạn sử dụng", "value": "30/12/2025"}],
        },
        {"type": "text", "align": "center", "content": "Áp dụng toàn quốc"},
    ]
    under = [{**buttons.query("Liên hệ", "#tuvan", hidden=True), "image_icon": ""}]
    made = documents.promotion("42", elements, under, banner=Banner("https://example.vn/a.png"))
    assert payload(made) == {
        "template_type": "promotion",
        "elements": [{"type": "banner", "image_url": "https://example.vn/a.png"}, *elements],
        "buttons": under,
    }


def test_all_thirteen_kinds_and_no_other() -> None:
    """The list of both SDKs."""
    assert len(documents.TRANSACTIONS) == 13
    for kind in documents.TRANSACTIONS:
        assert payload(documents.transaction("42", kind, [HEADER, TABLE]))["template_type"] == kind
    assert rule(documents.transaction, "42", "transaction_gift", [HEADER, TABLE])[0] == "document.type"
    assert rule(transaction, TABLE, language="FR")[0] == "document.language"


def test_six_buttons_are_one_too_many() -> None:
    """Five under a text, four under a document."""
    assert rule(messages.text, "42", "x", buttons=[URL_BUTTON] * 6) == ("buttons.too_many", {"count": 6, "limit": 5})
    assert rule(transaction, TABLE, buttons=[URL_BUTTON] * 5) == ("buttons.too_many", {"count": 5, "limit": 4})
    assert len(payload(transaction(TABLE, buttons=[URL_BUTTON] * 4))["buttons"]) == 4


def test_a_title_of_101_characters() -> None:
    """The error names the button and the limit, 35 under a document."""
    long = buttons.open_url("x" * 101, "https://example.vn")
    broken, values = rule(messages.text, "42", "x", buttons=[URL_BUTTON, long])
    assert (broken, values["number"], values["length"], values["limit"]) == ("button.title_long", 2, 101, 100)
    assert messages.text("42", "x", buttons=[buttons.open_url("x" * 100, "https://example.vn")])
    assert rule(transaction, TABLE, buttons=[buttons.query("x" * 36, "#a")])[1]["limit"] == 35


@pytest.mark.parametrize(
    ("button", "broken"),
    [
        (buttons.open_url(" ", "https://example.vn"), "button.title_empty"),
        (buttons.open_url("x", "example.vn"), "button.url"),
        (buttons.query("x", ""), "button.payload_empty"),
        (buttons.query("x", "y" * 1001), "button.payload_long"),
        (buttons.open_sms("x", "0901234567", "y" * 161), "button.sms_long"),
        ({"title": "x", "type": "oa.open.phone", "payload": {"phone_code": "0901234567"}}, "button.phone"),
        ({"title": "x", "type": "oa.open.phone", "payload": "84901234567"}, "button.phone"),
        ({"title": "x", "type": "oa.open.app", "payload": ""}, "button.type"),
    ],
)
def test_each_rule_of_a_button_is_an_error_of_its_own(button: dict[str, Any], broken: str) -> None:
    """Named after the field, with the number of the button."""
    found, values = rule(messages.text, "42", "x", buttons=[button])
    assert (found, values["number"]) == (broken, 1)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("0901234567", "84901234567"),
        ("+84 90 123 45 67", "84901234567"),
        ("028 3822 1234", "842838221234"),
        ("1900 1234", "19001234"),
    ],
)
def test_phone_numbers_of_buttons_are_brought_into_zalos_form(written: str, code: str) -> None:
    """Mobile and land-line numbers with 84; hotlines as they are dialled."""
    assert buttons.open_phone("Gọi", written)["payload"] == {"phone_code": code}


def test_a_number_nobody_can_dial_is_refused() -> None:
    """Before it stands under a message."""
    assert rule(buttons.open_phone, "Gọi", "12")[0] == "button.phone"


def test_a_picture_of_a_button_is_an_address_an_id_or_default() -> None:
    """Anything else with a slash in it is a mistyped address."""
    assert rule(transaction, TABLE, buttons=[{**URL_BUTTON, "image_icon": "a/b.png"}])[0] == "button.icon"
    for icon in ("", "default", "abc123", "https://example.vn/i.png"):
        (button,) = payload(transaction(TABLE, buttons=[{**URL_BUTTON, "image_icon": icon}]))["buttons"]
        assert button["image_icon"] == icon
    assert "image_icon" not in messages.text("42", "x", buttons=[{**URL_BUTTON, "image_icon": "default"}])["message"][
        "attachment"
    ]["payload"]["buttons"][0]  # fmt: skip


@pytest.mark.parametrize(
    ("elements", "broken"),
    [
        ([{"type": "header", "content": "x" * 101}, TABLE], "header.long"),
        ([{"type": "header", "content": ""}, TABLE], "header.empty"),
        ([HEADER, HEADER, TABLE], "header.too_many"),
        ([HEADER, {"type": "text", "content": "x" * 251}, TABLE], "paragraph.long"),
        ([HEADER, {"type": "text", "content": " "}, TABLE], "paragraph.empty"),
        ([HEADER, *([{"type": "text", "content": "x"}] * 3), TABLE], "texts.too_many"),
        ([HEADER, TABLE, TABLE], "table.too_many"),
        ([{"type": "header", "content": "x", "align": "top"}, TABLE], "align.unknown"),
        ([HEADER, {"type": "list"}], "element.type"),
        ([TABLE], "document.empty"),
        ([HEADER], "table.no_code"),
    ],
)
def test_each_rule_of_a_document_is_an_error_of_its_own(elements: list[Any], broken: str) -> None:
    """Named after the part of the message."""
    assert rule(documents.transaction, "42", "transaction_order", elements)[0] == broken


def test_a_promotion_has_longer_texts_and_shorter_keys() -> None:
    """1,000 characters instead of 250; 25 instead of 35."""
    long = [HEADER, {"type": "text", "content": "x" * 1000}]
    assert documents.promotion("42", long)
    assert rule(documents.promotion, "42", [HEADER, {"type": "text", "content": "x" * 1001}])[0] == "paragraph.long"
    assert documents.promotion("42", [HEADER, *([{"type": "text", "content": "x"}] * 3)])  # no page names a number
    assert rule(documents.promotion, "42", [HEADER, rows(("k" * 26, "v"))])[0] == "row.key_long"
    assert rule(documents.promotion, "42", [HEADER, rows(*([("Quà", "x")] * 6))])[0] == "table.free_rows"


def rows(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"type": "table", "content": [{"key": key, "value": value} for key, value in pairs]}


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ({"key": "k" * 36, "value": "v"}, "row.key_long"),
        ({"key": "", "value": "v"}, "row.key_empty"),
        ({"key": "Giá", "value": "v" * 101}, "row.value_long"),
        ({"key": "Giá", "value": ""}, "row.value_empty"),
        ({"key": "Giá", "value": "1", "style": "green"}, "row.style_where"),
        ({"key": "Trạng thái", "value": "x", "style": "purple"}, "row.style_unknown"),
    ],
)
def test_each_rule_of_a_row_is_an_error_of_its_own(row: dict[str, str], broken: str) -> None:
    """With the number of the row, so that staff find it."""
    found, values = rule(transaction, {"type": "table", "content": [CODE_ROW, row]})
    assert (found, values["number"]) == (broken, 2)


@pytest.mark.parametrize("style", ["green", "blue", "yellow", "red", "grey"])
@pytest.mark.parametrize("key", ["Trạng thái", "Status"])
def test_a_status_may_have_one_of_five_colours(key: str, style: str) -> None:
    """In either language."""
    table = {"type": "table", "content": [CODE_ROW, {"key": key, "value": "x", "style": style}]}
    assert payload(transaction(table))["elements"][1] == table


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("Mã lịch", True), ("mã đơn", True), ("Mã", True),
        ("Order Code", True), ("Code", True), ("Customer Name", True),
        ("Tên khách hàng", True), ("Barcode", True), ("MÃ ĐƠN", True), ("Ngày", False), ("Khách hàng", False),
    ],
)  # fmt: skip
def test_which_rows_say_whose_matter_it_is(key: str, names: bool) -> None:
    """One such row is mandatory in a transaction message."""
    assert documents.names_the_matter(key) is names
    if not names:
        assert rule(transaction, rows((key, "x")))[0] == "table.no_code"
    else:
        assert transaction(rows((key, "x")))


def test_five_rows_of_ones_own_beside_those_zalo_knows() -> None:
    """Code, name and status do not count."""
    known = [("Mã đơn", "1"), ("Tên khách hàng", "Lan"), ("Trạng thái", "Xong")]
    assert transaction(rows(*known, *([("Giá", "1")] * 5)))
    assert rule(transaction, rows(*known, *([("Giá", "1")] * 6))) == ("table.free_rows", {"count": 6, "limit": 5})


def test_a_banner_is_an_address_or_an_upload_never_both() -> None:
    """Nor neither."""
    for banner in (Banner(), Banner("https://example.vn/a.png", "abc")):
        assert rule(transaction, TABLE, banner=banner)[0] == "banner.source"
    assert rule(transaction, TABLE, banner=Banner("a.png"))[0] == "banner.url"


def test_an_error_holds_numbers_but_no_words_of_the_message() -> None:
    """It may end up in a log."""
    with pytest.raises(InvalidMessage) as caught:
        messages.text("42", "x", buttons=[buttons.open_url("bí mật" * 20, "https://example.vn")])
    assert "bí mật" not in str(caught.value)
    assert "button.title_long" in str(caught.value)


@given(st.text(max_size=60))
def test_a_phone_of_a_button_is_dialled_or_refused(text: str) -> None:
    """Whatever is typed: a button that may leave, or the one error."""
    try:
        button = buttons.open_phone("x", text)
    except InvalidMessage as error:
        broken = error.rule
    else:
        broken = "button.phone"
        assert buttons.checked([button], buttons.UNDER_TEXT) == [button]
    assert broken == "button.phone"
