"""services/template_params.py: what a parameter takes, and what is refused with its right spelling."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.template_params import check_param, kind_of


def rule(**changes: Any) -> dict[str, Any]:
    usual = {"name": "p", "required": True, "max_length": 30, "min_length": 0, "accept_null": False, "type": "STRING"}
    return {**usual, **changes}


DATE = rule(name="schedule_time", sample="09:30 24/11/2026")
MONEY = rule(name="amount", sample="450000")


@pytest.mark.parametrize(
    ("given_", "right"),
    [
        ("2026-11-24", "24/11/2026"),
        ("2026-11-24T09:30:00", "09:30 24/11/2026"),
        ("11/24/2026", "24/11/2026"),
        ("24-11-2026", "24/11/2026"),
        ("24.11.2026", "24/11/2026"),
        ("24/11/26", "24/11/2026"),
        ("24/11/2026 09:30", "09:30 24/11/2026"),
        ("9h30 24/11/2026", "09:30 24/11/2026"),
        ("9h ngày 24/11/2026", "09:00 24/11/2026"),
        ("30/02/2026", "09:30 24/11/2026"),
        ("09:30 31/11/2026", "09:30 24/11/2026"),
    ],
)
def test_a_date_in_another_order_is_refused_with_the_right_one(given_: str, right: str) -> None:
    """A day that does not exist has the template's sample as the example."""
    with pytest.raises(Invalid) as invalid:
        check_param(DATE, given_)
    assert (invalid.value.key, invalid.value.values["example"]) == ("param.date", right)


@pytest.mark.parametrize("fine", ["24/11/2026", "9:30 24/11/2026", "09:30:00", "11/2026", "sáng mai", "22/11"])
def test_what_is_right_or_no_date_is_left_to_zalo(fine: str) -> None:
    """The type Zalo lists is free text: only what is surely a date misspelt is refused."""
    assert check_param(DATE, fine) == fine


@pytest.mark.parametrize(
    ("given_", "right"),
    [("450.000", "450000"), ("1,204,000", "1204000"), ("450 000đ", "450000"), ("450000 VND", "450000")],
)
def test_a_number_with_separators_is_refused_with_the_right_one(given_: str, right: str) -> None:
    """Zalo groups the figures itself."""
    with pytest.raises(Invalid) as invalid:
        check_param(MONEY, given_)
    assert (invalid.value.key, invalid.value.values["example"]) == ("param.number", right)


@pytest.mark.parametrize(
    ("free", "text"),
    [
        (rule(sample="Nguyễn Thị Lan"), "450.000"),
        (rule(name="order_code", sample="450000"), "450.000"),
        (rule(name="phone", sample="901234567"), "901.234.567"),
        (rule(sample="000123"), "450.000"),
        (rule(), "2026-11-24"),
        (MONEY, "DH-1"),
    ],
)
def test_text_codes_and_what_no_sample_explains_stay_free(free: dict[str, Any], text: str) -> None:
    """Refused is only what Zalo surely refuses."""
    assert check_param(free, text) == text


@pytest.mark.parametrize(
    ("given_", "key"), [("Lan 🌸", "param.emoji"), ("Lan\nHoa", "param.newline"), ("a\r\nb", "param.newline")]
)
def test_signs_zalo_does_not_take_are_named(given_: str, key: str) -> None:
    """Emoji lie outside the basic plane; a value stands on one line."""
    with pytest.raises(Invalid) as invalid:
        check_param(rule(), given_)
    assert (invalid.value.key, invalid.value.values["param"]) == (key, "p")


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        (DATE, "date"), (MONEY, "currency"), (rule(name="quantity", sample="3"), "number"), (rule(), ""),
        (rule(type="CURRENCY"), "currency"), (rule(sample="https://example.vn/x"), "url"), (rule(sample="Lan"), ""),
    ],
)  # fmt: skip
def test_the_sample_tells_what_a_parameter_holds(of: dict[str, Any], kind: str) -> None:
    """For hints."""
    assert kind_of(of) == kind


@given(st.text(max_size=60), st.sampled_from([DATE, MONEY, rule(), rule(accept_null=True, required=False)]))
def test_any_text_is_taken_as_it_will_be_sent_or_refused_by_name(text: str, of: dict[str, Any]) -> None:
    """Nothing but Invalid; what is taken is NFC, on one line, in the basic plane, and is taken again unchanged."""
    try:
        value = check_param(of, text)
    except Invalid as refused:
        value, named = None, refused.values["param"]
    else:
        named = of["name"]
    assert named == of["name"]
    if value:
        assert unicodedata.is_normalized("NFC", value)
        assert "\n" not in value
        assert max(map(ord, value)) <= 0xFFFF
        assert check_param(of, value) == value
