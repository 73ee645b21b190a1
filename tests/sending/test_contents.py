"""services/contents.py and services/placeholders.py: from what staff type to what leaves."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import Channel, SendClass, ZnsTemplate
from services import contents, placeholders
from services.contents import Content
from services.errors import Invalid
from services.placeholders import Recipient

LAN = Recipient(name="Lan", phone="84901234567", oa="Spa Hoa Mai", called="Chị Lan")


def refused(make: Any, *args: Any, **named: Any) -> tuple[str, dict[str, Any]]:
    """The key of the error and its values."""
    with pytest.raises(Invalid) as caught:
        make(*args, **named)
    return caught.value.key, caught.value.values


def leaves(content: Content, person: Recipient = LAN, **handles: str) -> dict[str, Any]:
    filled = placeholders.fill(content, person)
    contents.check(filled)
    return contents.body(filled.data, filled.kind, "42", handles)


def text_of(raw: str, person: Recipient = LAN) -> str:
    found: str = leaves(contents.text(raw), person)["message"]["text"]
    return found


def test_the_last_lines_of_a_text_are_its_buttons() -> None:
    """All five types, as staff write them."""
    content = contents.text(
        "Chọn một mục\n\n[Mở web] https://example.vn/a?b=1\n[Gọi] tel:0901 234 567\n"
        "[Nhắn tin] sms:0901234567 DK 50k\n[Xem lịch] #lich\n[Ẩn] !#lich"
    )
    assert (content.channel, content.kind, content.send_class) == (Channel.CS, "text", SendClass.CARE)
    assert content.data["text"] == "Chọn một mục"
    assert [button["type"] for button in content.data["buttons"]] == [
        "oa.open.url", "oa.open.phone", "oa.open.sms", "oa.query.show", "oa.query.hide"
    ]  # fmt: skip
    assert [button["payload"] for button in content.data["buttons"]] == [
        {"url": "https://example.vn/a?b=1"},
        {"phone_code": "84901234567"},
        {"content": "DK 50k", "phone_code": "84901234567"},
        "#lich",
        "#lich",
    ]
    assert leaves(content)["message"]["attachment"]["payload"] == {"buttons": content.data["buttons"]}


@pytest.mark.parametrize("raw", ["[QC] Giảm 20%", "Xem [1] nhé", "[Mở] example.vn", "[] https://example.vn x"])
def test_brackets_that_lead_nowhere_are_text(raw: str) -> None:
    """Advertising begins with [QC]."""
    assert contents.text(raw).data == {"text": raw}


def test_lines_above_the_last_ones_are_text() -> None:
    """Only what stands at the end are buttons."""
    content = contents.text("[A] https://a.vn\nxin chào\n[B] https://b.vn")
    assert content.data["text"] == "[A] https://a.vn\nxin chào"
    assert len(content.data["buttons"]) == 1


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("", "text.empty"),
        ("[Mở web] https://example.vn", "text.empty"),
        ("x" * 2001, "text.too_long"),
        ("x\n" + "[a] #a\n" * 6, "buttons.too_many"),
        (f"x\n[{'t' * 101}] #a", "button.title_long"),
        ("x\n[a] #" + "y" * 1000, "button.payload_long"),
        ("x\n[a] sms:0901234567 " + "y" * 161, "button.sms_long"),
        ("x\n[a] tel:12", "button.phone"),
        ("x\n[] #a", "button.title_empty"),
        ("Chào {tne}", "placeholder.unknown"),
        ("Chào {name", "placeholder.brace"),
        ("x\n[a] #{nmae}", "placeholder.unknown"),
    ],
)
def test_each_broken_rule_of_a_text_has_a_key_of_its_own(raw: str, key: str) -> None:
    """At once, before anybody is asked who it is for."""
    assert refused(contents.text, raw)[0] == key


def test_two_thousand_characters_are_counted_after_nfc() -> None:
    """Decomposed letters count once."""
    raw = unicodedata.normalize("NFD", "ế" * 2000)
    assert contents.text(raw).data["text"] == "ế" * 2000
    assert refused(contents.text, raw + "x") == ("text.too_long", {"length": 2001, "limit": 2000})


def test_a_long_placeholder_does_not_make_a_text_too_long() -> None:
    """What counts is what it becomes for the person."""
    content = contents.text("x" * 1995 + "{xung_ho|anh/chị}")
    assert refused(leaves, content) == ("text.too_long", {"length": 2002, "limit": 2000})
    assert len(leaves(content, Recipient(address_as="cô"))["message"]["text"]) == 1997


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        ("Chào {name}!", "Chào Lan!"),
        ("Chào {ten}!", "Chào Lan!"),
        ("Chào {Tên}!", "Chào Lan!"),
        ("Số {phone}, {sdt}", "Số 0901234567, 0901234567"),
        ("{oa} xin chào", "Spa Hoa Mai xin chào"),
        ("Chào {xung_ho|anh/chị} {name}", "Chào anh/chị Lan"),
        ("Chào {xưng hô|bạn}", "Chào bạn"),
        ("Chào{xung_ho|}", "Chào"),
        ("mã {{name}} và }}{{", "mã {name} và }{"),
        ("{{{name}}}", "{Lan}"),
    ],
)
def test_placeholders_become_the_persons_own_words(raw: str, sent: str) -> None:
    """In either language, with or without accents; a doubled brace is a brace."""
    assert text_of(raw) == sent


def test_a_value_of_the_person_comes_before_the_fallback() -> None:
    """And is not read again: a name in braces stays a name."""
    assert text_of("Chào {xung_ho|anh/chị} {name}", Recipient(name="{oa}", address_as="chị")) == "Chào chị {oa}"


def test_a_placeholder_without_value_and_fallback_names_the_person() -> None:
    """Refused in the preview, not sent with a hole in it."""
    content = contents.text("Chào {xung_ho} {name}")
    assert refused(leaves, content) == ("placeholder.empty", {"name": "xung_ho", "user": "Chị Lan"})


def test_placeholders_work_in_buttons_captions_forms_and_parameters() -> None:
    """In addresses they are encoded."""
    content = contents.text("x\n[{name}] https://example.vn/?ten={name}\n[Hỏi] #{sdt}")
    body = leaves(content, Recipient(name="Lan Anh&", phone="84901234567"))
    first, second = body["message"]["attachment"]["payload"]["buttons"]
    assert (first["title"], first["payload"]) == ("Lan Anh&", {"url": "https://example.vn/?ten=Lan%20Anh%26"})
    assert second["payload"] == "#0901234567"
    assert leaves(contents.image(upload="p", caption="Của {name}"), p="id")["message"]["text"] == "Của Lan"
    form = contents.form("Chào {name}", "Xin {xung_ho|anh/chị} thông tin", "https://example.vn/a.jpg")
    assert leaves(form)["message"]["attachment"]["payload"]["elements"][0]["title"] == "Chào Lan"
    named = contents.template(a_template(), {"name": "{name}", "url": "{oa}"}, Channel.UID)
    assert leaves(named)["template_data"] == {"name": "Lan", "url": "Spa Hoa Mai"}


def a_template(tag: str = "TRANSACTION") -> ZnsTemplate:
    return ZnsTemplate(template_id="123456", name="Lịch hẹn", tag=tag)


@pytest.mark.parametrize(
    ("tag", "send_class"),
    [
        ("TRANSACTION", SendClass.TRANSACTION),
        ("IN_TRANSACTION", SendClass.TRANSACTION),
        ("CUSTOMER_CARE", SendClass.CARE),
        ("PROMOTION", SendClass.PROMOTION),
    ],
)
def test_the_tag_of_a_template_decides_its_class(tag: str, send_class: SendClass) -> None:
    """By phone and by user id alike."""
    for channel in (Channel.ZNS, Channel.UID):
        assert contents.template(a_template(tag), {}, channel).send_class == send_class


def test_a_writer_may_mark_a_text_as_advertising() -> None:
    """By the sign that advertising begins with, or by saying so; nothing else of it changes."""
    content = contents.text("Giảm 20%")
    assert contents.advertising(content) == Content(Channel.CS, "text", SendClass.PROMOTION, content.data)
    assert contents.text("[qc] Giảm 20%").send_class == SendClass.PROMOTION
    assert contents.image(upload="p", caption="[QC] Giảm").send_class == SendClass.PROMOTION
    assert contents.text("Xem [QC] Giảm").send_class == SendClass.CARE


def test_a_text_can_answer_a_message() -> None:
    """A picture cannot: no sample has it."""
    assert leaves(contents.quoting(contents.text("Dạ"), "m1"))["message"] == {"text": "Dạ", "quote_message_id": "m1"}
    picture = contents.image(url="https://example.vn/a.jpg")
    assert contents.quoting(picture, "m1") == picture


def test_pictures_and_files_leave_by_the_handle_of_their_upload() -> None:
    """The body is made when Zalo has them."""
    picture, moving, paper = contents.image(upload="p.jpg"), contents.gif("g.gif", 3, 2), contents.file("f", "Giá.pdf")
    assert [contents.uploads(made.data) for made in (picture, moving, paper)] == [
        {"p.jpg": "image"}, {"g.gif": "gif"}, {"f": "file"}
    ]  # fmt: skip
    handles = {"p.jpg": "a1", "g.gif": "a2", "f": "t3"}
    elements = [
        contents.body(made.data, made.kind, "42", handles)["message"]["attachment"]["payload"]["elements"]
        for made in (picture, moving)
    ]
    assert elements == [
        [{"media_type": "image", "attachment_id": "a1"}],
        [{"media_type": "gif", "attachment_id": "a2", "width": 3, "height": 2}],
    ]
    sent = contents.body(paper.data, "file", "42", handles)["message"]
    assert sent == {"attachment": {"type": "file", "payload": {"token": "t3"}}}
    assert contents.uploads(contents.text("x").data) == {}


def test_an_upload_nobody_gave_a_handle_for_does_not_leave() -> None:
    """Zalo would answer -201."""
    with pytest.raises(contents.InvalidMessage):
        contents.body(contents.image(upload="p.jpg").data, "image", "42", {})


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: contents.image(), "image.url_invalid"),
        (lambda: contents.image(upload="a", url="https://a.vn/b.jpg"), "image.url_invalid"),
        (lambda: contents.image(url="a.jpg"), "image.url_invalid"),
        (lambda: contents.image(upload="a", caption="x" * 2001), "text.too_long"),
        (lambda: contents.gif("a", 0, 5), "gif.size"),
        (lambda: contents.file("", "a.pdf"), "upload.missing"),
        (lambda: contents.form("x" * 101, "y", "https://a.vn/b.jpg"), "form.title_long"),
        (lambda: contents.form("x", "y", "b.jpg"), "form.image"),
    ],
)
def test_each_broken_rule_of_the_other_kinds_has_a_key_of_its_own(make: Any, key: str) -> None:
    """Named after the field."""
    assert refused(make)[0] == key


def test_what_was_frozen_can_be_typed_again() -> None:
    """For [Edit] and [Send again]: braces doubled, buttons as lines."""
    raw = "Chào {{bạn}}\n[Mở web] https://example.vn\n[Gọi] tel:84901234567\n[Nhắn] sms:84901234567 DK\n[A] #a\n[B] !#b"
    filled = placeholders.fill(contents.text(raw), LAN)
    assert contents.typed("text", filled.data) == raw
    assert contents.typed("file", {"file": {"upload": "f", "name": "a"}}) == ""


@given(st.text(max_size=300))
def test_any_text_is_a_content_or_an_error_with_a_key(raw: str) -> None:
    """And what passed leaves as it is, and is read again as the same."""
    try:
        content = contents.text(raw)
        filled = placeholders.fill(content, LAN)
        contents.check(filled)
    except Invalid as error:
        assert "." in error.key  # noqa: PT017
        return
    contents.body(filled.data, "text", "42", {})
    again = placeholders.fill(contents.text(contents.typed("text", filled.data)), LAN)
    assert again.data == filled.data


BUTTON = st.tuples(
    st.text(st.characters(exclude_characters="[]\n\r", exclude_categories=["C", "Z"]), min_size=1, max_size=20),
    st.sampled_from(["https://example.vn/a", "tel:0901234567", "sms:0901234567 a b", "#lich", "!#lich hen"]),
)


@given(st.lists(BUTTON, max_size=5), st.text("abc {}ế\n", min_size=1, max_size=60).filter(lambda text: text.strip()))
def test_buttons_and_text_survive_being_typed_again(buttons: list[tuple[str, str]], wording: str) -> None:
    """Whatever their words are."""
    lines = [placeholders.escaped(wording), *(f"[{placeholders.escaped(t)}] {target}" for t, target in buttons)]
    filled = placeholders.fill(contents.text("\n".join(lines)), LAN)
    assert len(filled.data.get("buttons", [])) == len(buttons)
    assert placeholders.fill(contents.text(contents.typed("text", filled.data)), LAN).data == filled.data
