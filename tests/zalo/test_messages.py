"""Message bodies and their limits."""

from __future__ import annotations

import unicodedata

import pytest

from zalo import messages
from zalo.messages import InvalidMessage, MessageTooLong


def test_a_text_with_and_without_quote() -> None:
    """The quote key is left out when there is none."""
    assert messages.text("42", "chào")["message"] == {"text": "chào"}
    assert messages.text("42", "chào", quote="m1")["message"] == {"text": "chào", "quote_message_id": "m1"}


def test_length_is_counted_after_nfc() -> None:
    """Decomposed Vietnamese, as macOS writes it, counts double before."""
    decomposed = unicodedata.normalize("NFD", "ế" * messages.MAX_TEXT)
    assert len(decomposed) > messages.MAX_TEXT
    assert messages.text("42", decomposed)["message"]["text"] == "ế" * messages.MAX_TEXT
    assert messages.measure(decomposed) == messages.MAX_TEXT


def test_one_character_more_is_too_long() -> None:
    """For texts and captions, with the numbers in the error."""
    with pytest.raises(MessageTooLong) as caught:
        messages.text("42", "x" * 2001)
    assert (caught.value.length, caught.value.limit) == (2001, 2000)
    with pytest.raises(MessageTooLong):
        messages.image_by_id("42", "a1", "x" * 2001)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_no_message(text: str) -> None:
    """Zalo would answer -201."""
    with pytest.raises(InvalidMessage):
        messages.text("42", text)


def test_an_image_uses_the_media_template() -> None:
    """The only form that Zalo takes."""
    assert messages.image_by_url("42", "https://cdn.example.vn/a.jpg", "ảnh") == {
        "recipient": {"user_id": "42"},
        "message": {
            "text": "ảnh",
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "media",
                    "elements": [{"media_type": "image", "url": "https://cdn.example.vn/a.jpg"}],
                },
            },
        },
    }


def test_an_uploaded_image_has_an_id_and_no_address() -> None:
    """Never both; and no empty caption."""
    message = messages.image_by_id("42", "abc")["message"]
    assert message["attachment"]["payload"]["elements"] == [{"media_type": "image", "attachment_id": "abc"}]
    assert "text" not in message


@pytest.mark.parametrize(
    "url",
    [
        *("", "ftp://a/b", "file:///etc/passwd", "//a/b", "https://", "a.jpg", "https://a/b c", "https://a/\nb"),
        *("http://[", "https://a\u2100b/"),
    ],
)
def test_an_image_address_must_be_http(url: str) -> None:
    """Zalo fetches it from outside."""
    with pytest.raises(InvalidMessage):
        messages.image_by_url("42", url)


def test_recipients_and_uploads_must_be_named() -> None:
    """An empty id would be an error of ours."""
    with pytest.raises(InvalidMessage):
        messages.text("", "chào")
    with pytest.raises(InvalidMessage):
        messages.image_by_id("42", "")


def test_text_is_cleaned_of_what_json_cannot_carry() -> None:
    """A lone surrogate would make the request impossible to build."""
    assert messages.text("42", "a\x00b\ud800")["message"]["text"] == "a\ufffdb\ufffd"
