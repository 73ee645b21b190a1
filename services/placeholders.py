"""Words in braces that become the recipient's own: `{name}`, `{xung_ho|anh/chị}`; a brace itself is doubled, `{{`."""

from __future__ import annotations

from dataclasses import dataclass

from services.contents import Content


@dataclass(frozen=True)
class Recipient:
    """What a text may say about its reader. An empty field has no value: the fallback serves, or the text is refused."""

    name: str = ""
    phone: str = ""  # 84...
    address_as: str = ""  # anh, chị, cô ...
    oa: str = ""
    called: str = ""  # how errors name the person; never part of a message


def check(text: str) -> None:
    """Raise Invalid `placeholder.unknown` (name, known) or `placeholder.brace` for what can never be filled in."""
    raise NotImplementedError


def fill(content: Content, person: Recipient) -> Content:
    """The content with every placeholder filled in.

    Raises Invalid `placeholder.unknown` (name, known), `placeholder.brace`, and `placeholder.empty` (name, user) for one
    that has neither a value nor a fallback.
    """
    raise NotImplementedError
