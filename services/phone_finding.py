"""A phone number in somebody's words: "số em 0938 123 812 nha"."""

from __future__ import annotations

from services.logs import PHONE
from zalo.phone import PhoneError, mask, normalise


def find_phone(text: str) -> str | None:
    """The first Vietnamese mobile number in the text as 84901234567, None when there is none."""
    if len(text) < 9:  # no number is shorter: most lines end here
        return None
    for found in PHONE.finditer(text):
        try:
            return normalise(found.group())
        except PhoneError:
            continue
    return None


def mask_phones(text: str) -> str:
    """The same words for somebody who may not see numbers."""
    return PHONE.sub(lambda found: mask("84" + "".join(char for char in found.group() if char.isdigit())[-9:]), text)
