"""What staff type about an OA, checked and cleaned."""

from __future__ import annotations

from services.errors import Invalid
from zalo.payload import clean

LONGEST_NAME, LONGEST_DESCRIPTION = 100, 1000
# A test OA in Zalo's console has 15 to 19 digits; shorter ones are typing errors, names or phone numbers.
SHORTEST_ID, LONGEST_ID = 5, 25


def check_id(text: str) -> str:
    """The OA ID as typed, without spaces around. Raises Invalid `oa.id_invalid`."""
    found = text.strip()
    if not (found.isascii() and found.isdigit() and SHORTEST_ID <= len(found) <= LONGEST_ID):
        raise Invalid("oa.id_invalid", oa_id=found[:40])
    return found


def check_name(text: str) -> str:
    """The name as it will stand. Raises Invalid `oa.name_empty`, `oa.name_long` (limit)."""
    name = " ".join(clean(text).split())
    if not name:
        raise Invalid("oa.name_empty")
    if len(name) > LONGEST_NAME:
        raise Invalid("oa.name_long", limit=LONGEST_NAME)
    return name


def check_token(text: str) -> str:
    """A pasted token without spaces and line breaks around it. Raises Invalid `oa.token_empty`, `oa.token_shape`."""
    token = text.strip()
    if not token:
        raise Invalid("oa.token_empty")
    if not all("!" <= character <= "~" for character in token):
        raise Invalid("oa.token_shape")
    return token


def check_description(text: str) -> str:
    """The description as it will stand, empty ones too. Raises Invalid `oa.description_long` (limit)."""
    description = clean(text).strip()
    if len(description) > LONGEST_DESCRIPTION:
        raise Invalid("oa.description_long", limit=LONGEST_DESCRIPTION)
    return description
