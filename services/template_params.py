"""What may go into one parameter of a template, checked before anything is sent.

The rules are those Zalo lists for the template (`listParams`), and what is known of every parameter (zns.md 4): no
sign outside the basic plane, no line break. The type Zalo lists is nearly always `STRING`, so what a parameter holds is
read off the template's sample; then only a value that is plainly the same thing misspelt is refused (a date in another
order, a number with separators), with its right spelling as the example. Anything else Zalo shall judge.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from models import ZnsTemplate
from services.errors import Invalid
from zalo.payload import clean

BASIC_PLANE = 0xFFFF
Fits = Callable[[str], bool]
Rule = Mapping[str, Any]


def check_params(template: ZnsTemplate, params: Mapping[str, str]) -> dict[str, str]:
    """The values as they will be sent: NFC, trimmed, in the template's order.

    Raises Invalid, one key for each rule: `param.unknown` (param), `param.missing` (param), `param.newline` (param),
    `param.emoji` (param, sign), `param.too_long` and `param.too_short` (param, length, limit), `param.format` (param,
    type, example), `param.date` and `param.number` (param, example).
    """
    rules = template.params or []
    names = {rule["name"] for rule in rules}
    for name in params:
        if name not in names:
            raise Invalid("param.unknown", param=name[:60])
    checked = {rule["name"]: check_param(rule, params.get(rule["name"])) for rule in rules}
    return {name: value for name, value in checked.items() if value is not None}


def check_param(rule: Rule, given: str | None) -> str | None:
    """One value by the rule of its parameter; None when it is left out, rightly. Raises Invalid as `check_params`."""
    name, text = rule["name"], unicodedata.normalize("NFC", clean(given or "")).strip()
    value = " ".join(text.split())
    if not value:
        if rule["required"] and not rule["accept_null"]:
            raise Invalid("param.missing", param=name)
        return "" if given is not None and rule["accept_null"] else None
    _check_signs(name, text)
    _check_length(rule, value)
    _check_form(rule, value)
    return value


def kind_of(rule: Rule) -> str:
    """What the parameter holds, as far as its type or its sample tells: date, number, currency, phone, url or "".

    For hints; `_check_form` refuses less than a hint says.
    """
    known = _KINDS.get(str(rule["type"]).upper(), "")
    sample = str(rule.get("sample") or "")
    if known or not sample:
        return known
    if _is_time(sample):
        return "date"
    if sample.startswith(("http://", "https://")):
        return "url"
    if _DIGITS.fullmatch(sample) and not _CODE.search(str(rule["name"])):
        return "currency" if _MONEY.search(str(rule["name"])) else "number"
    return ""


def _check_signs(name: str, text: str) -> None:
    if "\n" in text or "\r" in text:  # what Zalo makes of a line break inside a value is not documented
        raise Invalid("param.newline", param=name)
    beyond = next((sign for sign in text if ord(sign) > BASIC_PLANE), "")
    if beyond:
        raise Invalid("param.emoji", param=name, sign=beyond)


def _check_length(rule: Rule, value: str) -> None:
    name, length = rule["name"], len(value)
    if rule["max_length"] is not None and length > rule["max_length"]:
        raise Invalid("param.too_long", param=name, length=length, limit=rule["max_length"])
    if length < rule["min_length"]:
        raise Invalid("param.too_short", param=name, length=length, limit=rule["min_length"])


def _check_form(rule: Rule, value: str) -> None:
    name, listed = rule["name"], str(rule["type"]).upper()
    kind = kind_of(rule)
    if kind == "date" and (right := _date_rightly(value)) is not None:
        raise Invalid("param.date", param=name, example=right or str(rule.get("sample") or "24/11/2026"))
    if kind in ("number", "currency") and _SEPARATED.fullmatch(value):
        raise Invalid("param.number", param=name, example=re.sub(r"\D", "", value))
    fits, example = _FORMATS.get(listed, _ANY)
    if not fits(value):
        raise Invalid("param.format", param=name, type=rule["type"], example=example)


def _matches(pattern: str) -> Fits:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


_TIME = r"(?:\d{1,2}:\d{2}(?::\d{2})?(?: \d{1,2}/\d{1,2}/\d{4})?|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}/\d{4})"
_is_time = _matches(_TIME)
_DIGITS = re.compile(r"[1-9]\d*")  # a leading zero belongs to a code or a phone
_CODE = re.compile(r"code|phone|sdt|otp|(?:^|_)(?:ma|id|so_dt)(?:_|$)", re.IGNORECASE)
_MONEY = re.compile(r"amount|price|total|money|cost|fee|payment|tien|gia", re.IGNORECASE)
_SEPARATED = re.compile(
    r"\d{1,3}(?:[.,\s]\d{3})+\s*(?:đ|d|vnd|vnđ|đồng)?|\d+\s*(?:đ|vnd|vnđ|đồng)", re.IGNORECASE
)  # fmt: skip
_KINDS = {"DATE": "date", "TIME": "date", "DATETIME": "date", "NUMBER": "number", "CURRENCY": "currency",
          "PHONE": "phone", "URL": "url"}  # fmt: skip
# Only types that say what they are; `STRING`, the usual one, is free text and Zalo judges the rest.
_ANY: tuple[Fits, str] = (lambda value: True, "")
_FORMATS: Mapping[str, tuple[Fits, str]] = {
    "DATE": (_is_time, "24/11/2026"),
    "TIME": (_is_time, "09:30 24/11/2026"),
    "DATETIME": (_is_time, "09:30 24/11/2026"),
    "NUMBER": (_matches(r"-?\d+(?:\.\d+)?"), "1000"),
    "CURRENCY": (_matches(r"\d+"), "250000"),
    "PHONE": (_matches(r"\+?\d+"), "0901234567"),
    "URL": (_matches(r"\S+"), "https://example.vn"),
}

# A date as people write it, with or without a time before or after it.
_CLOCK = r"(?P<{0}h>\d{{1,2}})\s*(?::|h|giờ)\s*(?P<{0}n>\d{{2}})?(?::\d{{2}})?"
_DAY = re.compile(
    r"(?:" + _CLOCK.format("a") + r"[\s,]*(?:ngày\s*)?)?"
    r"(?:(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})|(?P<d2>\d{1,2})[-/.](?P<m2>\d{1,2})[-/.](?P<y2>\d{4}|\d{2}))"
    r"(?:[\s,T]*(?:lúc\s*)?" + _CLOCK.format("b") + r")?",
    re.IGNORECASE,
)


def _date_rightly(value: str) -> str | None:
    """The way Zalo takes it, for a date written otherwise; "" for a day that does not exist; None for what is right,
    or is no date at all.
    """
    found = _DAY.fullmatch(value)
    if found is None:
        return None
    year, month, day = (int(found[a] or found[b]) for a, b in (("y", "y2"), ("m", "m2"), ("d", "d2")))
    if month > 12 >= day:  # the American order
        month, day = day, month
        value = ""
    if not _exists(year + 2000 if year < 100 else year, month, day):
        return ""
    if value and _is_time(value):
        return None
    hour, minute = found["ah"] or found["bh"], found["an"] or found["bn"] or "00"
    clock = f"{int(hour):02d}:{minute} " if hour else ""
    return f"{clock}{day:02d}/{month:02d}/{year + 2000 if year < 100 else year}"


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
