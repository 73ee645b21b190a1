"""What Zalo would refuse is refused before it is sent, by field and rule; only that field is asked again."""

from __future__ import annotations

import pytest
from labels import label_of

from models import Delivery, OfficialAccount, UidMessageApi, ZnsTemplate
from sandbox.zalo_side.media import JPG, MP4

WHO = "0909998812"
LINE = 'customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"'


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


@pytest.fixture(autouse=True)
def nothing_left(desk):
    """Whatever was tried, no row that could leave was written."""
    yield
    assert Delivery.select().count() == 0


def begin(person, words):
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_cs")))
    person.wait_for(words("send.ask_content"))


def refused(person, words, key):
    """The refusal in its parts, with the same question under it."""
    shown = person.wait_for(words("error.head_do"))
    assert f"· {key}" in shown["text"], shown["text"]
    for part in ("head_what", "head_lost"):
        assert words(f"error.{part}") in shown["text"]
    return shown


@pytest.mark.parametrize(
    ("text", "key", "named"),
    [
        ("x" * 2001, "text.too_long", ("2001", "2000")),
        ("Chào\n" + "\n".join(f"[Nút {n}] #n{n}" for n in range(6)), "buttons.too_many", ("6", "5")),
        ("Chào\n[" + "N" * 101 + "] #n", "button.title_long", ("101", "100")),
        ("Chào\n[Gọi] tel:12", "button.phone", ("12",)),
        ("Chào {ai_do}", "placeholder.unknown", ("ai_do",)),
        ("Chào {name", "placeholder.brace", ("{name",)),
        ("Chào {xung_ho}", "placeholder.empty", ("xung_ho",)),
    ],
)
def test_a_text_that_does_not_fit(person, words, text, key, named):
    """The wrong text stands under the question, to be copied and mended; the mended one is previewed."""
    begin(person, words)
    person.say(text)
    shown = refused(person, words, key)
    plain = shown["text"].replace(".", "").replace(",", "")
    for value in named:
        assert value in plain
    assert words("send.before") in shown["text"]
    person.say("Chào chị")
    person.wait_for(words("send.preview_title"))


def test_a_wrong_text_in_one_line_is_asked_for_again(person, words):
    """The person named in the line is kept."""
    person.say(f"/gui {WHO} Chào {{ai_do}}")
    shown = refused(person, words, "placeholder.unknown")
    assert words("send.ask_content") in shown["text"]
    person.say("Chào chị")
    assert "Trần Minh Anh" in person.wait_for(words("send.preview_title"))["text"]


@pytest.mark.parametrize(
    ("name", "data", "key"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0" + b"0" * 400, "image.not_a_picture"),
        ("a.png", b"not a picture at all", "image.not_a_picture"),
        ("a.exe", b"MZ" + b"0" * 100, "file.wrong_type"),
        ("bang-gia.pdf", b"MZ" + b"0" * 100, "file.not_what_it_says"),
        ("vui.mp4", MP4, "gif.is_video"),
    ],
)
def test_a_file_that_zalo_would_not_take(person, words, name, data, key):
    """By its content, not by its name; the question stays."""
    begin(person, words)
    person.send_document(name, data)
    shown = refused(person, words, key)
    assert words("send.ask_content") in shown["text"]
    person.send_photo(JPG)
    person.wait_for(words("send.preview_title"))


def test_a_picture_is_no_answer_to_a_field(person, words):
    """The question stays, and what was filled in before it."""
    person.say(f"/zns {WHO} 300111")
    person.wait_for("1/3")
    person.say("Lan")
    person.wait_for("2/3")
    person.send_photo(JPG)
    shown = refused(person, words, "form.words_wanted")
    assert "2/3" in shown["text"]
    assert "Lan" in shown["text"]


def test_words_with_a_file_are_not_lost_in_silence(person, words):
    """Zalo's file messages carry no text."""
    begin(person, words)
    person.send_document("gia.csv", b"ten,gia\nA,1\n", "Bảng giá")
    shown = refused(person, words, "file.no_caption")
    assert "Bảng giá" in shown["text"]
    assert "gia.csv" in shown["text"]
    person.tap(words("button.without_words"))
    assert "gia.csv" in person.wait_for(words("send.preview_title"))["text"]


@pytest.mark.parametrize("first", [f"/gui {WHO}", ""])
def test_a_file_with_words_is_kept_wherever_it_was_sent(person, words, first):
    """Before the way was chosen, or before anybody was named: one tap sends it without its words."""
    if first:
        person.say(first)
        person.wait_for(words("send.possible"))
    person.send_document("gia.csv", b"ten,gia\nA,1\n", "Bảng giá")
    if not first:
        person.wait_for(words("send.ask_who_file"))
        person.say(WHO)
    refused(person, words, "file.no_caption")
    person.tap(words("button.without_words"))
    assert "gia.csv" in person.wait_for(words("send.preview_title"))["text"]


def test_an_address_in_one_line_that_answers_a_page(desk, person, words):
    """The content is asked for again, what was typed at hand; the person stays."""
    person.say(f"/gui {WHO} {desk.town.base}/trang.jpg Bảng giá")
    shown = person.wait_for(words("error.head_do"))
    assert words("send.ask_content") in shown["text"]
    assert "trang.jpg Bảng giá" in shown["text"]


def test_a_file_over_five_megabytes(person, words):
    """Zalo's limit; both numbers are named."""
    begin(person, words)
    person.send_document("to.csv", b"a,b\n" + b"1,2\n" * 1_400_000)
    refused(person, words, "file.too_big")


def test_an_address_that_answers_a_page(desk, person, words):
    """A page is no picture, whatever its address ends with."""
    begin(person, words)
    person.say(f"{desk.town.base}/trang.jpg")
    shown = person.wait_for(words("error.head_do"))
    assert words("send.ask_content") in shown["text"]
    assert "image.not_a_picture" in shown["text"] or "media." in shown["text"]


@pytest.mark.parametrize(
    ("given", "key", "right"),
    [
        ('schedule_time="24/11/2026 9h30"', "param.date", "09:30 24/11/2026"),
        ('schedule_time="2026-11-25"', "param.date", "25/11/2026"),
        ("booking_code=LH😀", "param.emoji", ""),
    ],
)
def test_a_field_that_does_not_fit(person, words, given, key, right):
    """Only it is asked again; where the right spelling is known, one tap takes it."""
    values = dict(pair.split("=", 1) for pair in LINE.replace("09:30 24", "09:30_24").split(" "))
    name, value = given.split("=", 1)
    line = " ".join(f"{n}={value if n == name else v.replace('_', ' ')}" for n, v in values.items())
    person.say(f"/zns {WHO} 300111 {line}")
    shown = refused(person, words, key)
    assert f"{name}?" in shown["text"]
    if right and right != "09:30 24/11/2026":
        person.tap(label_of(shown, right))
        assert right in person.wait_for(words("zns.preview_title"))["text"]
    else:
        person.say("LH-1" if name == "booking_code" else "09:30 25/11/2026")
        person.wait_for(words("zns.preview_title"))


def test_a_line_break_in_a_field(person, words):
    """What Zalo makes of one is not documented, so it does not leave."""
    person.say(f"/zns {WHO} 300111")
    person.wait_for("1/3")
    person.say("Lan\nAnh")
    shown = refused(person, words, "param.newline")
    assert "1/3" in shown["text"]


def test_a_number_with_separators(person, words):
    """Zalo sets the separators itself; one tap takes the number without them."""
    given = "customer_name=Lan order_code=DH1 order_date=22/11/2026 amount=1.250.000 note=-"
    person.say(f"/zns {WHO} 300112 {given}")
    shown = refused(person, words, "param.number")
    assert "amount?" in shown["text"]
    person.tap(label_of(shown, "1250000"))
    assert "1250000" in person.wait_for(words("zns.preview_title"))["text"]


def test_a_template_rejected_since_the_list_was_fetched(desk, person, words):
    """The preview is not made; the fields are kept for another template."""
    person.say(f"/zns {WHO} 300111 {LINE}")
    person.wait_for(words("zns.preview_title"))
    ZnsTemplate.update(status="REJECT", reason="Sai nội dung").execute()
    person.tap("✅")
    shown = person.wait_for(words("refusal.title_zns"))
    assert "template.not_sendable" in shown["text"]
    person.tap(words("button.edit_text"))
    person.wait_for(words("zns.ask_edit"))


@pytest.mark.parametrize(
    ("lines", "key", "line"),
    [
        ("loại: đặt lịch\ntiêu đề: A\nnội dung: B\n- Ngày: 24/11", "table.no_code", ""),
        ("loại: đặt lịch\ntiêu đề: " + "A" * 101, "header.long", "2"),
        ("loại: đặt lịch\ntiêu đề: A\nnội dung: B\n- Mã lịch: " + "9" * 101, "row.value_long", "4"),
        ("loại: đặt lịch\nmàu: đỏ", "document.word", "2"),
        ("loại: gì đó", "document.type", "1"),
    ],
)
def test_a_document_that_does_not_fit(person, words, lines, key, line):
    """The line is named, the text stands there to be copied, and the mended one is previewed."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_transaction")))
    person.wait_for(words("document.sample"))
    person.say(lines)
    shown = refused(person, words, key)
    assert words("send.before") in shown["text"]
    assert lines.split("\n")[0] in shown["text"]
    if line:
        assert line in shown["text"].split("\n")[0]
    person.say(words.t.raw("document.sample_transaction"))
    person.wait_for(words("preview.title_transaction"))


def test_a_documents_picture_is_an_address_of_a_picture(desk, person, words):
    """Zalo fetches it itself, after the yes: an address that answers a page is found out before."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).execute()
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_transaction")))
    person.wait_for(words("document.sample"))
    raw = "loại: đặt lịch\nảnh: {}\ntiêu đề: A\nnội dung: B\n- Mã lịch: LH-1"
    person.say(raw.format(f"{desk.town.base}/trang.jpg"))
    shown = person.wait_for(words("error.head_do"))
    assert "image.not_a_picture" in shown["text"] or "media." in shown["text"]
    assert words("send.before") in shown["text"]
    person.say(raw.format(f"{desk.town.base}/_sandbox/media/anh.png"))
    person.wait_for(words("preview.title_transaction"))


@pytest.mark.parametrize(
    ("step", "text", "key"), [(1, "T" * 101, "form.title_long"), (2, "S" * 501, "form.subtitle_long")]
)
def test_a_form_field_that_is_too_long(person, words, step, text, key):
    """Only that field is asked again."""
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_form")))
    for at in range(1, step):
        person.wait_for(f"{at}/3")
        person.say("Tiêu đề")
    person.wait_for(f"{step}/3")
    person.say(text)
    shown = refused(person, words, key)
    assert f"{step}/3" in shown["text"]
    person.say("Ngắn thôi")
    person.wait_for(f"{step + 1}/3")


def test_the_forms_picture_is_an_address_of_a_picture(desk, person, words):
    """A photo sent to the bot cannot serve, an address that answers a page neither."""
    person.say(f"/gui {WHO}")
    shown = person.wait_for(words("send.possible"))
    person.tap(label_of(shown, words("button.way_form")))
    for at in (1, 2):
        person.wait_for(f"{at}/3")
        person.say("Lời")
    person.wait_for("3/3")
    person.send_photo(JPG)
    refused(person, words, "form.image")
    person.say(f"{desk.town.base}/_sandbox/media/anh.png")
    person.wait_for(words("preview.title_form"))
