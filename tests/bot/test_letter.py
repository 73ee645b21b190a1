"""A message as its reader will see it, whatever was typed into it."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.html_cut import length
from bot.screens.letter import letter, size_of, template_letter
from texts import load

TEXTS = load()
WORDS = st.text(max_size=60)
BUTTON = st.one_of(
    st.builds(lambda title, url: {"title": title, "type": "oa.open.url", "payload": {"url": url}}, WORDS, WORDS),
    st.builds(
        lambda title, code: {"title": title, "type": "oa.open.phone", "payload": {"phone_code": code}}, WORDS, WORDS
    ),
    st.builds(lambda title, said: {"title": title, "type": "oa.query.hide", "payload": said}, WORDS, WORDS),
)
TAG = re.compile(r"</?(?:b|i|blockquote)>")


@given(text=WORDS, buttons=st.lists(BUTTON, max_size=5), limit=st.integers(20, 200))
def test_no_words_break_the_message(text, buttons, limit):
    """Whatever stands in a text or a button is shown, never read as markup; a cut message keeps to its length."""
    shown = letter(TEXTS["vi"], "text", {"text": text, "buttons": buttons})
    bare = TAG.sub("", shown)
    assert "<" not in bare
    assert ">" not in bare
    assert text in html.unescape(bare)
    assert length(letter(TEXTS["vi"], "text", {"text": text, "buttons": buttons}, limit=limit)) <= limit


@given(params=st.dictionaries(st.from_regex("[a-z_]{1,12}", fullmatch=True), WORDS, max_size=6))
def test_no_field_breaks_a_template(params):
    """The same for the fields of a template."""
    bare = TAG.sub("", template_letter(TEXTS["en"], params))
    assert "<" not in bare
    for value in params.values():
        assert value in html.unescape(bare)


@pytest.mark.parametrize(
    ("language", "size", "shown"),
    [("vi", 10, "1 KB"), ("vi", 182_000, "178 KB"), ("vi", 1_300_000, "1,2 MB"), ("en", 1_300_000, "1.2 MB")],
)
def test_sizes_as_people_write_them(language, size, shown):
    """Kilobytes and megabytes, with the language's comma."""
    assert size_of(TEXTS[language], size) == shown
