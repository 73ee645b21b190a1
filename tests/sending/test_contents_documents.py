"""services/documents.py: media and transaction messages from `key: value` lines."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Channel, SendClass
from services import contents, document_words, documents, placeholders
from services.errors import Invalid
from services.placeholders import Recipient
from texts import load
from zalo import buttons, message_rules, messages
from zalo import documents as wire_documents
from zalo.documents import PROMOTION, STYLES, TRANSACTIONS

LAN = Recipient(name="Lan", phone="84901234567", oa="Spa Hoa Mai", called="Lan")
ORDER = """loại: đơn hàng
ngôn ngữ: VI
tiêu đề (trái): Trạng thái đơn hàng
nội dung (trái): • Cảm ơn bạn.
• Chi tiết:
- Mã khách hàng: F-001
- Trạng thái: Đang giao (vàng)
- Giá tiền: 250,000đ
giữa: Xin cảm ơn!
nút: [Kiểm tra lộ trình] https://oa.zalo.me/home
nút: [Xem lại giỏ hàng] #gio
biểu tượng: mặc định
nút: [Tổng đài] tel:0901234567"""


def wire(raw: str, banner: dict[str, str] | None = None, **handles: str) -> dict[str, Any]:
    content = placeholders.fill(contents.document(raw, banner=banner), LAN)
    contents.check(content)
    found: dict[str, Any] = contents.body(content.data, content.kind, "42", handles)["message"]["attachment"]["payload"]
    return found


def refused(raw: str, **named: Any) -> tuple[str, Any]:
    """The key of the error, and its line."""
    with pytest.raises(Invalid) as caught:
        contents.document(raw, **named)
    return caught.value.key, caught.value.values.get("line")


def test_a_transaction_message_becomes_the_form_that_zalo_takes() -> None:
    """Compared with the sample of both SDKs."""
    content = contents.document(ORDER)
    assert (content.channel, content.kind, content.send_class) == (
        Channel.TRANSACTION, "transaction_order", SendClass.TRANSACTION
    )  # fmt: skip
    assert wire(ORDER, {"upload": "b.png"}, **{"b.png": "img"}) == {
        "template_type": "transaction_order",
        "language": "VI",
        "elements": [
            {"type": "banner", "attachment_id": "img"},
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
        ],
        "buttons": [
            {
                "title": "Kiểm tra lộ trình",
                "image_icon": "",
                "type": "oa.open.url",
                "payload": {"url": "https://oa.zalo.me/home"},
            },
            {"title": "Xem lại giỏ hàng", "image_icon": "default", "type": "oa.query.show", "payload": "#gio"},
            {"title": "Tổng đài", "image_icon": "", "type": "oa.open.phone", "payload": {"phone_code": "84901234567"}},
        ],
    }


def test_english_words_without_accents_and_capitals_do_too() -> None:
    """One language or the other, or both."""
    raw = """TYPE: Booking
Language: english
IMAGE: https://example.vn/a.png
title: Your booking
center: Dear {name}
- Booking code: LH-01
- Status: Confirmed (Green)
button: [Open] https://example.vn"""
    found = wire(raw)
    assert (found["template_type"], found["language"]) == ("transaction_booking", "EN")
    assert found["elements"] == [
        {"type": "banner", "image_url": "https://example.vn/a.png"},
        {"type": "header", "content": "Your booking"},
        {"type": "text", "align": "center", "content": "Dear Lan"},
        {
            "type": "table",
            "content": [
                {"key": "Booking code", "value": "LH-01"},
                {"key": "Status", "value": "Confirmed", "style": "green"},
            ],
        },
    ]
    assert wire("loai: don hang\ntieu de: x\n- Mã đơn: 1")["template_type"] == "transaction_order"


def test_a_media_message_is_advertising_and_has_no_language() -> None:
    """Its table needs no code."""
    content = contents.document("loại: truyền thông\ntiêu đề: Ưu đãi\n- Voucher: VC01")
    assert (content.channel, content.kind, content.send_class) == (
        Channel.PROMOTION, "promotion", SendClass.PROMOTION
    )  # fmt: skip
    assert "language" not in content.data["document"]
    assert refused("loại: truyền thông\nngôn ngữ: VI\ntiêu đề: x") == ("document.language_promotion", 2)


def test_every_kind_has_a_name_in_both_languages_and_its_own_word() -> None:
    """What the bot writes it can read."""
    for kind in (PROMOTION, *TRANSACTIONS):
        name = document_words.word("type", kind)
        assert documents.read(f"loại: {name}").kind == kind
        assert documents.read(f"type: {kind.removeprefix('transaction_')}").kind == kind
    assert len(document_words.type_names()) == 14


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("kind", [PROMOTION, *TRANSACTIONS])
def test_the_sample_of_every_kind_is_right(language: str, kind: str) -> None:
    """Staff copy it and change the words."""
    sample = load()[language].raw(f"sample.{kind}")
    content = contents.document(sample)
    assert content.kind == kind
    assert wire(sample)["elements"]


@pytest.mark.parametrize(
    ("raw", "key", "line"),
    [
        ("tiêu đề: x", "document.no_type", None),
        ("", "document.no_type", None),
        ("loại: quà tặng\ntiêu đề: x", "document.type", 1),
        ("loại: đơn hàng\nngôn ngữ: FR", "document.language", 2),
        ("loại: đơn hàng\ntiêu dè x: y", "document.word", 2),
        ("loại: đơn hàng\nloại: đơn hàng", "document.twice", 2),
        ("loại: đơn hàng\nxin chào", "document.stray", 2),
        ("loại: đơn hàng\ntiêu đề: x\n- Mã đơn 1", "document.row_shape", 3),
        ("loại: đơn hàng\ntiêu đề (trên): x", "align.unknown", 2),
        ("loại: đơn hàng\ntiêu đề: x\n- Mã: 1\n- Trạng thái: Xong (tím)", "row.style_unknown", 4),
        ("loại: đơn hàng\nnút: Xem https://a.vn", "button.shape", 2),
        ("loại: đơn hàng\nnút: [Gọi] tel:12", "button.phone", 2),
        ("loại: đơn hàng\nbiểu tượng: default", "document.icon_alone", 2),
        ("loại: đơn hàng\ntiêu đề: x", "table.no_code", None),
        ("loại: đơn hàng\ntiêu đề: x\n- Giá: 1", "table.no_code", None),
        ("loại: đơn hàng\n- Mã: 1", "document.empty", None),
        (f"loại: đơn hàng\n- Mã: 1\ntiêu đề: {'x' * 101}", "header.long", 3),
        ("loại: đơn hàng\n- Mã: 1\ntiêu đề: x\ntiêu đề: y", "header.too_many", None),
        (f"loại: đơn hàng\ntiêu đề: x\nnội dung: a\nnội dung: {'x' * 251}\n- Mã: 1", "paragraph.long", 4),
        ("loại: đơn hàng\ntiêu đề: x\nnội dung:\n- Mã: 1", "paragraph.empty", 3),
        (f"loại: đơn hàng\ntiêu đề: x\n- Mã: 1\n- {'k' * 36}: 1", "row.key_long", 4),
        (f"loại: đơn hàng\ntiêu đề: x\n- Mã: 1\n- Giá: {'v' * 101}", "row.value_long", 4),
        ("loại: đơn hàng\ntiêu đề: x\n- Mã:", "row.value_empty", 3),
        ("loại: đơn hàng\ntiêu đề: x\n- : 1", "row.key_empty", 3),
        (f"loại: đơn hàng\ntiêu đề: x\n- Mã: 1\nnút: [{'t' * 36}] #a", "button.title_long", 4),
        ("loại: đơn hàng\ntiêu đề: x\n- Mã: 1" + "\nnút: [a] #a" * 5, "buttons.too_many", None),
        ("loại: đơn hàng\ntiêu đề: x\n- Mã: 1\nảnh: a.png", "banner.url", 4),
        ("loại: đơn hàng\ntiêu đề: {nmae}\n- Mã: 1", "placeholder.unknown", None),
    ],
)
def test_each_broken_rule_names_itself_and_its_line(raw: str, key: str, line: int | None) -> None:
    """Where there is a line to name."""
    assert refused(raw) == (key, line)


def test_a_banner_is_written_or_sent_never_both() -> None:
    """Exactly one of address and upload."""
    raw = "loại: truyền thông\ntiêu đề: x"
    assert wire(raw, {"url": "https://a.vn/b.png"})["elements"][0]["image_url"] == "https://a.vn/b.png"
    assert refused(f"{raw}\nảnh: https://a.vn/b.png", banner={"upload": "a.png"}) == ("banner.twice", 3)
    content = contents.document(raw, banner={"upload": "a.png"})
    assert contents.uploads(content.data) == {"a.png": "image"}


def test_a_line_that_looks_like_a_key_begins_with_a_stroke() -> None:
    """Sentences, addresses and lists go on without one."""
    raw = "loại: truyền thông\nnội dung: Mời bạn\n| Giờ: 8h\nhttps://example.vn\n\n• Chỗ: quận 1"
    (text,) = wire(raw)["elements"]
    assert text["content"] == "Mời bạn<br>Giờ: 8h<br>https://example.vn<br>• Chỗ: quận 1"


def test_the_title_leads_and_all_rows_are_one_table() -> None:
    """Whatever order they were written in."""
    raw = "loại: truyền thông\n- A: 1\nnội dung: x\n- B: 2\ntiêu đề: t"
    assert [element["type"] for element in wire(raw)["elements"]] == ["header", "table", "text"]
    assert len(wire(raw)["elements"][1]["content"]) == 2


def test_a_colour_in_another_row_is_text() -> None:
    """Only a status has a colour; a shirt may be green."""
    (_, table) = wire("loại: đơn hàng\ntiêu đề: x\n- Mã: 1\n- Áo: Sơ mi (xanh)\n- Trạng thái: Xong (một phần)")[
        "elements"
    ]
    assert table["content"][1:] == [
        {"key": "Áo", "value": "Sơ mi (xanh)"},
        {"key": "Trạng thái", "value": "Xong (một phần)"},
    ]


def test_limits_count_what_the_person_will_read() -> None:
    """Filled in, a row may be too long for one and not for another."""
    content = contents.document("loại: đơn hàng\ntiêu đề: x\n- Mã: " + "v" * 95 + "{name}")
    contents.check(placeholders.fill(content, LAN))
    with pytest.raises(Invalid) as caught:
        contents.check(placeholders.fill(content, Recipient(name="Nguyễn Thị Lan")))
    assert (caught.value.key, caught.value.values["row"]) == ("row.value_long", "Mã")


def test_what_was_frozen_can_be_typed_again() -> None:
    """For [Edit] and [Send again]."""
    filled = placeholders.fill(contents.document(ORDER), LAN)
    typed = contents.typed(filled.kind, filled.data)
    assert placeholders.fill(contents.document(typed), LAN).data == filled.data


def test_every_rule_of_zalo_has_words_in_both_languages() -> None:
    """What a builder refuses, staff can read."""
    sources = [messages, buttons, wire_documents, message_rules]
    rules = {rule for module in sources for rule in re.findall(r'"([a-z_]+\.[a-z_]+)"', inspect.getsource(module))}
    rules -= {button for button in rules if button.startswith("oa.")}
    assert len(rules) > 30
    for texts in load().values():
        assert not [rule for rule in rules if f"error.{rule}.what" not in texts or f"error.{rule}.do" not in texts]


def test_the_page_about_messages_shows_what_is_true() -> None:
    """Its samples are right, and every kind, colour and placeholder stands in it."""
    page = (Path(__file__).parents[2] / "docs/messages.md").read_text(encoding="utf-8")
    text, document = re.findall(r"```\n(.+?)\n```", page, re.DOTALL)
    assert len(contents.text(text).data["buttons"]) == 5
    assert wire(document)["template_type"] == "transaction_booking"
    rows = set(re.findall(r"^\|[^|]+\| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE))
    for kind in (PROMOTION, *TRANSACTIONS):
        assert (document_words.word("type", kind), kind.removeprefix("transaction_")) in rows
    for colour in STYLES:
        assert f"`{document_words.word('style', colour)}` (`{colour}`)" in page
    assert all(f"{{{name}}}" in page for name in placeholders.NAMES)


WHOLE = ["loại: đơn hàng", "tiêu đề: x", "- Mã: 1"]
LINES = st.sampled_from(
    [
        *ORDER.split("\n"), "loại: truyền thông", "ảnh: https://a.vn/b.png", "| Giờ: 8h", "- Status: x (red)",
        "- a: (đỏ)", "nội dung: {name} {{x}}", "nút: [a] sms:0901234567 b", "giữa:", "tiêu đề (phải): z",
        "- Áo (xanh): x (y) (xanh)", "- Trạng thái: (đỏ) (xanh)", "biểu tượng: https://a.vn/i.png", "xin chào", "",
    ]
)  # fmt: skip


@given(st.sampled_from([WHOLE, []]), st.lists(LINES | st.text(max_size=40), max_size=8))
def test_any_lines_are_a_document_or_an_error_with_a_key(whole: list[str], lines: list[str]) -> None:
    """And what passed can be typed again and is the same."""
    try:
        filled = placeholders.fill(contents.document("\n".join([*whole, *lines])), LAN)
        contents.check(filled)
    except Invalid as error:
        assert "." in error.key  # noqa: PT017
        return
    again = placeholders.fill(contents.document(contents.typed(filled.kind, filled.data)), LAN)
    assert (again.kind, again.data) == (filled.kind, filled.data)
