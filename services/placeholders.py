"""Words in braces that become the recipient's own: `{name}`, `{xung_ho|anh/chị}`; a brace itself is doubled, `{{`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from services.errors import Invalid
from services.names import fold_name

if TYPE_CHECKING:
    from services.contents import Content

# What each may be called, written with or without accents, to the field of `Recipient`.
NAMES: Mapping[str, str] = {
    "name": "name",
    "ten": "name",
    "phone": "phone",
    "sdt": "phone",
    "oa": "oa",
    "xung_ho": "address_as",
    "title": "address_as",
}
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}|]*)(?:\|(?P<fallback>[^{}]*))?\}|[{}]")
_ADDRESSES = {"url", "image_url"}  # values in them are percent-encoded
_NOT_WORDS = {"upload", "quote", "type", "align", "style", "image_icon", "language", "phone_code", "file"}
Fill = Callable[[str], str]


@dataclass(frozen=True)
class Recipient:
    """What a text may say about its reader. An empty field has no value: the fallback serves, or the text is
    refused."""

    name: str = ""
    phone: str = ""  # 84...
    address_as: str = ""  # anh, chị, cô ...
    oa: str = ""
    called: str = ""  # how errors name the person; never part of a message


def check(text: str) -> None:
    """Raise Invalid `placeholder.unknown` (name, known) or `placeholder.brace` (near) for what can never be filled
    in."""
    _filled(text, lambda field, fallback: "")


def escaped(text: str) -> str:
    """The same text as somebody types it who means every brace as a brace."""
    return text.replace("{", "{{").replace("}", "}}")


def fill(content: Content, person: Recipient) -> Content:
    """The content with every placeholder filled in, once; lengths are for `contents.check` to judge anew.

    Raises Invalid `placeholder.unknown` (name, known), `placeholder.brace` (near), and `placeholder.empty` (name, user)
    for one that has neither a value nor a fallback.
    """
    if content.filled:
        return content
    data = _through(content.kind, content.data, lambda text: _for(person, text))
    return replace(content, data=data, filled=True)


def sketch(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with every placeholder as one letter: what is too long even so is too long for everybody.

    Raises as `check`.
    """
    return _through(kind, data, lambda text: _filled(text, lambda field, fallback: "x"))


def _for(person: Recipient, text: str) -> str:
    def value(field: str, fallback: str | None) -> str:
        found = _value(person, field) or fallback
        if found is None:
            raise Invalid("placeholder.empty", name=field, user=person.called)
        return found

    return _filled(text, value)


def _value(person: Recipient, field: str) -> str:
    value = str(getattr(person, NAMES[field]))
    return "0" + value[2:] if NAMES[field] == "phone" and value else value


def _filled(text: str, value: Callable[[str, str | None], str]) -> str:
    def piece(found: re.Match[str]) -> str:
        whole = found.group()
        if whole in ("{{", "}}"):
            return whole[0]
        if whole in ("{", "}"):
            raise Invalid("placeholder.brace", near=text[max(0, found.start() - 10) : found.end() + 10])
        name = fold_name(found["name"]).replace(" ", "_")
        if name not in NAMES:
            raise Invalid("placeholder.unknown", name=found["name"][:40], known=sorted(NAMES))
        return value(name, found["fallback"])

    return _PIECE.sub(piece, text)


def _through(kind: str, data: Mapping[str, Any], fill: Fill) -> dict[str, Any]:
    if kind == "template":  # the parameters' names are the template's, and mean nothing here
        params = {name: fill(value) for name, value in data["params"].items()}
        return {**data, "params": params}
    return {key: _inside(key, value, fill) for key, value in data.items()}


def _inside(key: str, value: Any, fill: Fill) -> Any:
    if key in _NOT_WORDS:
        return value
    if isinstance(value, str):
        return _in_address(value, fill) if key in _ADDRESSES else fill(value)
    if isinstance(value, Mapping):
        return {name: _inside(name, part, fill) for name, part in value.items()}
    if isinstance(value, list):
        return [_inside(key, part, fill) for part in value]
    return value


def _in_address(url: str, fill: Fill) -> str:
    """An address as it stands, with what is filled in encoded."""
    parts, last = [], 0
    for found in _PIECE.finditer(url):
        filled = fill(found.group())
        parts += [url[last : found.start()], filled if filled in "{}" else quote(filled, safe="")]
        last = found.end()
    return "".join([*parts, url[last:]])
