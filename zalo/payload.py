"""JSON from outside: decoding that survives anything, and cleaning of what came out."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

# Characters that PostgreSQL text and UTF-8 cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DIGITS = re.compile(r"\s*[+-]?[0-9]{1,19}\s*", re.ASCII)
_INT64 = 2**63
_LONGEST_INT = 40
_LONGEST_ID = 200
_BOM = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """The bytes hold no JSON object."""


def _lenient_int(digits: str) -> int | str:
    # int() refuses over 4,300 digits; one silly number must not cost a whole signed event.
    return int(digits) if len(digits) <= _LONGEST_INT else digits


_DECODER = json.JSONDecoder(parse_int=_lenient_int)


def decode_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`; raises NotJson for everything else, whatever the bytes."""
    try:
        text = raw.removeprefix(_BOM).decode("utf-8", "replace").strip(" \t\r\n")
        body, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise NotJson("no JSON object") from None
    if not isinstance(body, dict) or end != len(text):
        raise NotJson("no JSON object")
    return body


def clean(text: str) -> str:
    """`text` with NUL and lone surrogates replaced by U+FFFD, so that every database and encoder takes it."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def as_text(value: object) -> str | None:
    """Cleaned text of a string or number; None for an empty one and for any other type."""
    if isinstance(value, str):
        return clean(value) or None
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return str(value)


def as_id(value: object) -> str | None:
    """An id as text. Zalo's ids are strings of up to 19 digits, in some answers bare numbers."""
    if value is None:
        return None
    if isinstance(value, str):
        if not 0 < len(value) <= _LONGEST_ID:
            return None
        return value if value.isalnum() else clean(value)  # nearly every id, ten times an event: worth a short cut
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return str(value)


def as_int(value: object) -> int | None:
    """An integer from a number or from digits in a string (Zalo sends both); None for anything else.

    Also None for what no 64-bit database column holds.
    """
    if value is None or isinstance(value, bool):
        return None
    number = value
    if isinstance(value, str):
        plain = len(value) <= 18 and value.isascii() and value.isdigit()  # nearly every timestamp
        number = int(value) if plain or _DIGITS.fullmatch(value) else None
    elif isinstance(value, float):
        number = int(value) if value.is_integer() else None
    return number if isinstance(number, int) and -_INT64 <= number < _INT64 else None


def as_dict(value: object) -> dict[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """`value` when it is an array, else an empty one."""
    return value if isinstance(value, list) else []


def as_moment(value: object) -> datetime | None:
    """An aware UTC time from epoch milliseconds, given as number or string; None when there is none."""
    millis = as_int(value)
    if millis is None or not 0 < millis < 253_402_300_800_000:  # up to the year 9999
        return None
    return datetime.fromtimestamp(millis / 1000, UTC)


def as_date(value: object) -> date | None:
    """A date from Zalo's dd/MM/yyyy text; None when it is empty or impossible."""
    found = re.fullmatch(r"\s*(\d{1,2})/(\d{1,2})/(\d{4})\s*", value) if isinstance(value, str) else None
    if not found:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
