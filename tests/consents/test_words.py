"""What a customer's message means: exactly the words that end advertising, and nothing near them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.opt_outs import RETURN_WORDS, STOP_WORDS, Meaning, meaning

SIGNS = st.text(alphabet=" !.,?…\"'“”«»()*-_~\n\t🙏😡", max_size=6)


@pytest.mark.parametrize(
    "text",
    ["dừng", "DỪNG!", "Dung", "stop", "STOP.", "Từ chối", "TU CHOI", "không nhận", " hủy nhận tin ", "Huỷ nhận tin",
     "«DỪNG»", "Dừng!!! 🙏", "từ   chối",
     unicodedata.normalize("NFD", "dừng"), unicodedata.normalize("NFD", "Từ chối")],
)  # fmt: skip
def test_the_words_end_advertising(text):
    """Case, signs around, spaces and the way letters are composed do not matter."""
    assert meaning(text) is Meaning.STOP


@pytest.mark.parametrize(
    "text",
    ["dừng xe ở đâu", "stop the music", "không nhận được hàng", "khong nhan", "đừng", "dùng", "dưng", "tu chối",
     "em từ chối lịch", "", "   ", "!!!", "nhận hàng", "1", "d ừng", None, "dừng " * 400],
)  # fmt: skip
def test_what_is_near_them_does_not(text):
    """A longer sentence, a word not listed, the same letters with other marks."""
    assert meaning(text) is None


@pytest.mark.parametrize("text", ["hủy giúp em", "cho em HỦY lịch mai", "huỷ", "Em muốn hủy nhận tin nhé"])
def test_to_cancel_with_other_words_is_not_clear(text):
    """It may be about an appointment."""
    assert meaning(text) is Meaning.UNCLEAR


@pytest.mark.parametrize("text", ["nhận", "NHAN", "Nhận!", " nhan. "])
def test_the_word_that_gives_back(text):
    """As the confirmation says."""
    assert meaning(text) is Meaning.RETURN


@given(before=SIGNS, word=st.sampled_from(sorted(STOP_WORDS | RETURN_WORDS)), after=SIGNS, loud=st.booleans())
def test_signs_around_a_word_change_nothing(before, word, after, loud):
    """Whatever stands around it, as long as it is no letter and no figure."""
    expected = Meaning.STOP if word in STOP_WORDS else Meaning.RETURN
    assert meaning(before + (word.upper() if loud else word) + after) is expected


@given(st.text())
def test_no_text_breaks_it(text):
    """Customers send anything."""
    assert meaning(text) in {None, *Meaning}
