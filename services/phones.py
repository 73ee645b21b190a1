"""Phone numbers for everything outside `zalo`: one spelling inside, a mask on screens."""

from __future__ import annotations

from services.errors import Invalid
from zalo import phone as _phone

mask = _phone.mask
local = _phone.local


def normalise(text: str) -> str:
    """`84901234567` from any usual spelling. Raises Invalid `phone.<reason>`; the number is not part of the error."""
    try:
        return _phone.normalise(text)
    except _phone.PhoneError as error:
        raise Invalid(f"phone.{error.reason.value}") from None


def is_number(text: str) -> bool:
    """Whether the whole text is one mobile number, in any usual spelling."""
    try:
        _phone.normalise(text)
    except _phone.PhoneError:
        return False
    return True
