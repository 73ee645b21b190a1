"""The formats of template parameters by their type number in the create API (zns 4.1)."""

import re

TIME = r"([01]\d|2[0-3]):[0-5]\d"
DAY = r"(0[1-9]|[12]\d|3[01])/(0[1-9]|1[0-2])/\d{4}"
# A transfer note may hold none of these.
NOTE_REFUSED = set("@[]^_!\"•#$%¥&'()*+,€-./:;{|<}=~>?")
PATTERNS = {
    2: re.compile(r"\+?\d+", re.ASCII),
    10: re.compile(r"-?\d+(\.\d+)?", re.ASCII),
    11: re.compile(rf"{TIME}(:[0-5]\d)?( {DAY})?|{DAY}|(0[1-9]|1[0-2])/\d{{4}}", re.ASCII),
    13: re.compile(r"[\x21-\x7e]+"),  # percent-encoded
    14: re.compile(r"\d+", re.ASCII),
}


def fits(kind: int, value: str) -> bool:
    """Whether `value` has the format of its type; types without one take anything."""
    if kind == 15:
        return not NOTE_REFUSED & set(value)
    pattern = PATTERNS.get(kind)
    return pattern is None or pattern.fullmatch(value) is not None
