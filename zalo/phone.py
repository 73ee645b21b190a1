"""Vietnamese mobile numbers in the form Zalo wants: 84 and nine digits."""

import re
import unicodedata
from enum import StrEnum

_MOBILE = re.compile(r"0[35789][0-9]{8}")
_SERVICE = re.compile(r"1[89]00[0-9]{4,6}")
_ALLOWED = re.compile(r"\+?[0-9]+")
_LONGEST_INPUT = 64

# Eleven-digit mobile numbers were shortened in September to November 2018; address books still hold them.
_OLD_PREFIXES = {
    **{f"016{n}": f"03{n}" for n in "23456789"},
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip


class PhoneReason(StrEnum):
    """Why a number was refused."""

    EMPTY = "empty"
    CHARACTERS = "characters"
    LENGTH = "length"
    LANDLINE = "landline"
    SERVICE = "service"
    FOREIGN = "foreign"
    RANGE = "range"


class PhoneError(ValueError):
    """The text is no Vietnamese mobile number. The number itself is not part of the error."""

    def __init__(self, reason: PhoneReason) -> None:
        super().__init__(f"not a Vietnamese mobile number: {reason.value}")
        self.reason = reason


def normalise(text: str) -> str:
    """`84901234567` from any usual way of writing it; raises PhoneError with the reason.

    The result always matches `84[35789]` and eight digits, and normalising it again changes nothing.
    """
    number = _modern(_local_form(_digits(text)))
    if not _MOBILE.fullmatch(number):
        raise PhoneError(_why(number))
    return "84" + number[1:]


def mask(phone: str) -> str:
    """`84901234567` as `090***4567`, for lists and logs."""
    return f"0{phone[2:4]}***{phone[-4:]}"


def local(phone: str) -> str:
    """`84901234567` as a Vietnamese reader writes it: `090 123 4567`."""
    return f"0{phone[2:4]} {phone[4:7]} {phone[7:]}"


def _digits(text: str) -> str:
    """Digits and at most one leading plus; every separator people and address books put in is dropped."""
    if len(text) > _LONGEST_INPUT:
        raise PhoneError(PhoneReason.LENGTH)
    wide = unicodedata.normalize("NFKC", text)
    # Cf are the invisible direction marks that phones copy along, Pd all kinds of dashes.
    kept = "".join(c for c in wide if not (c.isspace() or c in ".()" or unicodedata.category(c) in {"Cf", "Pd"}))
    if not kept:
        raise PhoneError(PhoneReason.EMPTY)
    if not _ALLOWED.fullmatch(kept):
        raise PhoneError(PhoneReason.CHARACTERS)
    return kept


def _local_form(digits: str) -> str:
    """The number with its leading 0 and without country code."""
    if digits.startswith(("+", "00")):
        abroad = digits.removeprefix("+").removeprefix("00")
        if not abroad.startswith("84"):
            raise PhoneError(PhoneReason.FOREIGN)
        return _with_zero(abroad[2:])
    if _SERVICE.fullmatch(digits):
        return digits
    # The length decides: 0842345678 is a local Vinaphone number, 842345678 the same without its 0.
    if digits.startswith("84") and len(digits) in (11, 12):
        return _with_zero(digits[2:])
    return "0" + digits if len(digits) == 9 and digits[0] != "0" else digits


def _with_zero(rest: str) -> str:
    return rest if rest.startswith("0") else "0" + rest


def _modern(number: str) -> str:
    if len(number) == 11 and number[:4] in _OLD_PREFIXES:
        return _OLD_PREFIXES[number[:4]] + number[4:]
    return number


def _why(number: str) -> PhoneReason:
    if _SERVICE.fullmatch(number.lstrip("0")):
        return PhoneReason.SERVICE
    if re.fullmatch(r"02[0-9]{8,9}|2[0-9]{9}", number):
        return PhoneReason.LANDLINE
    return PhoneReason.RANGE if len(number) == 10 and number[0] == "0" else PhoneReason.LENGTH
