"""Vietnamese phone numbers."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zalo.phone import PhoneError, PhoneReason, local, mask, normalise

ACCEPTED = {
    "0901234567": "84901234567",
    "+84901234567": "84901234567",
    "84901234567": "84901234567",
    "0084901234567": "84901234567",
    "901234567": "84901234567",
    "0 90.123-45(67)": "84901234567",
    "+840901234567": "84901234567",
    "0842345678": "84842345678",
    "842345678": "84842345678",
    "84842345678": "84842345678",
    "01652345678": "84352345678",
    "+841652345678": "84352345678",
    "841652345678": "84352345678",
    # written by hand, by spreadsheets and by address books
    " 090 123 4567\n": "84901234567",
    "090\u00a0123\u00a04567": "84901234567",
    "\u202a+84 90 123 45 67\u202c": "84901234567",
    "０９０１２３４５６７": "84901234567",
    "090–123–4567": "84901234567",
    "(+84) 90 123 4567": "84901234567",
    "+84 (0) 90 123 4567": "84901234567",
    "84 (0) 90 123 4567": "84901234567",
    "01201234567": "84701234567",
    "01991234567": "84591234567",
    "01881234567": "84581234567",
}

REFUSED = {
    "": PhoneReason.EMPTY,
    "  - ": PhoneReason.EMPTY,
    "02838220000": PhoneReason.LANDLINE,
    "842838220000": PhoneReason.LANDLINE,
    "+842838220000": PhoneReason.LANDLINE,
    "0243822000": PhoneReason.LANDLINE,
    "2838220000": PhoneReason.LANDLINE,
    "0601234567": PhoneReason.RANGE,
    "0123456789": PhoneReason.RANGE,
    "090123456": PhoneReason.LENGTH,
    "09012345678": PhoneReason.LENGTH,
    "84": PhoneReason.LENGTH,
    "9" * 40: PhoneReason.LENGTH,
    "0" * 100_000: PhoneReason.LENGTH,
    "+12025550123": PhoneReason.FOREIGN,
    "0012025550123": PhoneReason.FOREIGN,
    "+": PhoneReason.CHARACTERS,
    "++84901234567": PhoneReason.CHARACTERS,
    "090123456a": PhoneReason.CHARACTERS,
    "0901234567/0912345678": PhoneReason.CHARACTERS,
    "84901234567.0": PhoneReason.LENGTH,
    "٠٩٠١٢٣٤٥٦٧": PhoneReason.CHARACTERS,
    "19001234": PhoneReason.SERVICE,
    "1800 123456": PhoneReason.SERVICE,
    "180012345": PhoneReason.SERVICE,
}


@pytest.mark.parametrize("written", ACCEPTED)
def test_a_mobile_number_is_accepted_however_it_is_written(written: str) -> None:
    """One person, one form."""
    assert normalise(written) == ACCEPTED[written]


@pytest.mark.parametrize("written", REFUSED, ids=lambda text: repr(text[:20]))
def test_anything_else_is_refused_with_its_reason(written: str) -> None:
    """The reason becomes a sentence in the staff's language."""
    with pytest.raises(PhoneError) as caught:
        normalise(written)
    assert caught.value.reason is REFUSED[written]


@settings(max_examples=200)
@given(
    st.one_of(st.text(), st.text(alphabet="0123456789+-. ()84", max_size=20), st.from_regex(r"\A\+?0?84?\d{9,10}\Z"))
)
def test_whatever_is_written_gives_a_sound_number_or_a_reason(written: str) -> None:
    """Nothing else is raised, and normalising twice changes nothing."""
    try:
        phone = normalise(written)
    except PhoneError:
        return
    assert re.fullmatch(r"84[35789]\d{8}", phone, re.ASCII)
    assert normalise(phone) == phone
    assert normalise("0" + phone[2:]) == phone
    assert normalise("+" + phone) == phone


def test_a_refused_number_is_not_in_the_error() -> None:
    """Errors are logged."""
    with pytest.raises(PhoneError) as caught:
        normalise("02838220000")
    assert "2838" not in str(caught.value)


def test_numbers_are_shown_masked_or_in_groups() -> None:
    """Masked everywhere but where they were just typed."""
    assert mask("84901234567") == "090***4567"
    assert local("84901234567") == "090 123 4567"
