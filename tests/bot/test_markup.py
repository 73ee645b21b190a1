"""Screens within Telegram's limits: lengths, buttons, tags."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.html_cut import cut, length, split
from bot.keyboards import pager
from bot.markup import OldKeyboard, read, to
from sandbox.telegram.html_text import parse_html, utf16_length
from texts.html import Html, escape, lines

TEXT = st.text(alphabet=st.sampled_from("aặ😀<>&\n \"'x"), max_size=120)
PIECES = st.lists(st.tuples(st.sampled_from(["", "b", "i", "code"]), TEXT), max_size=12)


def html_of(pieces: list[tuple[str, str]]) -> Html:
    return Html("".join(f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text) for tag, text in pieces))


@given(PIECES, st.integers(20, 200))
@settings(max_examples=120)
def test_pieces_are_whole_html_within_the_limit(pieces, limit):
    """Whatever is cut, Telegram can parse every piece, and no letter is lost but line ends at the breaks."""
    text = html_of(pieces)
    parts = split(text, limit)
    plain = [parse_html(part)[0] for part in parts]
    assert all(utf16_length(each) <= limit for each in plain)
    whole = parse_html(text)[0]
    assert "".join(plain).replace("\n", "") == whole.replace("\n", "")


@given(PIECES, st.integers(20, 200))
@example([("", "<<<<"), ("", "<<<<<<<<<<<\n\n"), ("", "<<<<")], 20)
@settings(max_examples=120)
def test_a_cut_text_fits_and_says_that_it_was_cut(pieces, limit):
    """… stands where something is missing, and only there."""
    text = html_of(pieces)
    shown = parse_html(cut(text, limit))[0]
    assert utf16_length(shown) <= limit
    if length(text) <= limit:
        assert cut(text, limit) == text
    else:
        assert shown.endswith("…")


def test_names_cannot_open_tags():
    """`<3` in a name is text."""
    assert parse_html(lines("I <3 you & me"))[0] == "I <3 you & me"


@pytest.mark.parametrize("fresh", [True, False])
def test_a_button_leads_where_it_was_made_for(fresh):
    """Action, parts and the wish for a new message survive Telegram."""
    target = read(to("oa.mode", 17, 3, "live", fresh=fresh))
    assert (target.action, target.args, target.fresh) == ("oa.mode", ("17", "3", "live"), fresh)


def test_data_over_64_bytes_is_a_defect_and_never_cut():
    """A cut button would lead somewhere else."""
    with pytest.raises(ValueError, match="64"):
        to("kh", "ặ" * 40)


@pytest.mark.parametrize("data", ["", "0:home", "2:home", "home", "1:", "oa_card_17"])
def test_buttons_of_another_layout_count_as_old(data):
    """An old bot's keyboards are recognised as such."""
    with pytest.raises(OldKeyboard):
        read(data)


def test_pager_turns_only_to_pages_that_exist():
    """The first page has no ◀️, the last no ▶️, a single one nothing at all."""
    assert [button.label for button in pager(0, 8, 20, "kh", "a")] == ["1/3", "▶️"]
    assert [button.label for button in pager(16, 8, 20, "kh", "a")] == ["◀️", "3/3"]
    assert pager(0, 8, 8, "kh", "a") == []
    assert all(re.fullmatch(r"1:kh:a:\d+", button.data) for button in pager(8, 8, 20, "kh", "a"))
