"""What Zalo would refuse in a message: one named rule for every limit, measured as Zalo is taken to measure."""

import re
import unicodedata
from typing import Any
from urllib.parse import urlsplit

from zalo.payload import clean

_SPACES = re.compile(r"[\s\x00-\x1f]")


class InvalidMessage(ValueError):
    """Zalo would refuse this message. `rule` names the field and its rule, `values` the numbers that broke it."""

    def __init__(self, rule: str, **values: Any) -> None:
        numbers = ", ".join(f"{name}={value}" for name, value in values.items() if isinstance(value, int))
        super().__init__(f"{rule} ({numbers})" if numbers else rule)
        self.rule = rule
        self.values = values


class MessageTooLong(InvalidMessage):
    """A field of `length` characters where Zalo takes `limit`."""

    def __init__(self, length: int, limit: int, rule: str = "text.too_long", **values: Any) -> None:
        super().__init__(rule, length=length, limit=limit, **values)
        self.length = length
        self.limit = limit


def measure(text: str) -> int:
    """Length as Zalo is taken to count it: characters after NFC (decomposed Vietnamese would count double)."""
    return len(unicodedata.normalize("NFC", text))


def fitted(text: str, limit: int, rule: str, **values: Any) -> str:
    """`text` in NFC and cleaned. Raises MessageTooLong under `rule` when it is longer than `limit`."""
    content = unicodedata.normalize("NFC", clean(text))
    if len(content) > limit:
        raise MessageTooLong(len(content), limit, rule, **values)
    return content


def filled(text: str, rule: str, **values: Any) -> str:
    """`text`, which may not be blank. Raises InvalidMessage under `rule`."""
    if not text.strip():
        raise InvalidMessage(rule, **values)
    return text


def is_web_address(url: str) -> bool:
    """Whether this is an http or https address with a host and without spaces."""
    try:
        parts = urlsplit(url)
    except ValueError:  # such as a bracket without its other half
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not _SPACES.search(url)
