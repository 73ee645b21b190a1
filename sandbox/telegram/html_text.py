"""Telegram's HTML parse mode: text plus entities, refused in the places and words Telegram refuses.

The rules are those of the Bot API's "HTML style": a closed list of tags, four named references
beside the numeric ones, everything else literal text. Offsets in errors are bytes of UTF-8.
"""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.errors import ApiError, bad_request

Entity = dict[str, Any]
KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-emoji": "custom_emoji",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
SPACE = " \t\n\r\v\f"
PLAIN = re.compile(r"[^<&]+")
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,8})|#([0-9]{1,8})|([a-z]+));?")
ATTRIBUTE_NAME = re.compile(r"[^ \t\n\r\v\f=>/\"']*")
NAME_TOKEN = re.compile(r"[A-Za-z0-9.\-]*")
LINK = re.compile(r"(?:https?|ftp|tg|ton|tonsite)://\S+", re.IGNORECASE)
BARE_HOST = re.compile(r"[\w\-]+(?:\.[\w\-]+)+(?:[:/?#]\S*)?$")


@dataclass
class OpenTag:
    """A start tag whose end has not come yet."""

    name: str
    argument: str
    offset: int
    begin: int


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the unit of Telegram's limits and offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Plain text and its entities, in the order the tags were closed. Raises ApiError as Telegram."""
    return _Parser(source).run()


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.out: list[str] = []
        self.offset = 0
        self.open: list[OpenTag] = []
        self.entities: list[Entity] = []

    def run(self) -> tuple[str, list[Entity]]:
        while self.at < len(self.source):
            sign = self.source[self.at]
            if sign == "<":
                self._tag()
            elif sign == "&":
                self._emit(self._reference())
            else:
                self._plain()
        if self.open:
            raise self._error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].name}"')
        return "".join(self.out), self.entities

    def _plain(self) -> None:
        match = PLAIN.match(self.source, self.at)
        if match:
            self._emit(match.group())
            self.at = match.end()

    def _emit(self, text: str) -> None:
        self.out.append(text)
        self.offset += utf16_length(text)

    def _error(self, text: str, at: int | None = None, more: str = "") -> ApiError:
        if at is not None:
            text += f" at byte offset {len(self.source[:at].encode('utf-8', 'surrogatepass'))}"
        return bad_request(f"can't parse entities: {text}{more}")

    def _reference(self) -> str:
        """The character a reference stands for, or the bare & when it stands for none."""
        match = REFERENCE.match(self.source, self.at)
        found = match and _decode(match)
        if not match or not found:
            self.at += 1
            return "&"
        self.at = match.end()
        return found

    def _skip_spaces(self) -> str:
        """Move to the next sign that is no space and return it, "" at the end."""
        while self.at < len(self.source) and self.source[self.at] in SPACE:
            self.at += 1
        return self.source[self.at : self.at + 1]

    def _skip_name(self) -> None:
        while self.at < len(self.source) and self.source[self.at] not in SPACE + ">":
            self.at += 1

    def _tag(self) -> None:
        begin = self.at
        if self.source.startswith("</", begin):
            self._end_tag(begin)
        else:
            self._start_tag(begin)

    def _start_tag(self, begin: int) -> None:
        self.at += 1
        self._skip_name()
        if self.at >= len(self.source):
            raise self._error("Unclosed start tag", begin)
        name = self.source[begin + 1 : self.at].lower()
        if name not in KINDS:
            raise self._error(f'Unsupported start tag "{name}"', begin)
        argument = ""
        while self._skip_spaces() != ">":
            argument = self._attribute(name, begin) or argument
        self.at += 1
        if name == "span" and argument != "spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self.open.append(OpenTag(name, argument, self.offset, len(self.out)))

    def _attribute(self, tag: str, begin: int) -> str:
        """Read one attribute; what it means for the tag, "" when nothing."""
        match = ATTRIBUTE_NAME.match(self.source, self.at)
        attribute = match.group() if match else ""
        if not attribute and self.at < len(self.source):
            raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
        self.at += len(attribute)
        if self._skip_spaces() != "=":
            if self.at >= len(self.source):
                raise self._error(f'Unclosed start tag "{tag}"', begin)
            return "1" if (tag, attribute.lower()) == ("blockquote", "expandable") else ""
        self.at += 1
        value = self._attribute_value(tag, begin)
        return _meaning(tag, attribute.lower(), value)

    def _attribute_value(self, tag: str, begin: int) -> str:
        quote = self._skip_spaces()
        value = self._quoted(quote) if quote in ("'", '"') else self._name_token()
        if self.at >= len(self.source):
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        return value

    def _quoted(self, quote: str) -> str:
        self.at += 1
        parts: list[str] = []
        while self.at < len(self.source) and self.source[self.at] != quote:
            if self.source[self.at] == "&":
                parts.append(self._reference())
            else:
                parts.append(self.source[self.at])
                self.at += 1
        self.at += 1
        return "".join(parts)

    def _name_token(self) -> str:
        begin = self.at
        match = NAME_TOKEN.match(self.source, begin)
        value = match.group().lower() if match else ""
        self.at += len(value)
        if self.at < len(self.source) and self.source[self.at] not in SPACE + ">":
            raise self._error("Unexpected end of name token", begin)
        return value

    def _end_tag(self, begin: int) -> None:
        if not self.open:
            raise self._error("Unexpected end tag", begin)
        self.at += 2
        self._skip_name()
        name = self.source[begin + 2 : self.at]
        if self._skip_spaces() != ">":
            raise self._error("Unclosed end tag", begin)
        self.at += 1
        tag = self.open.pop()
        if name and name != tag.name:
            more = f', expected "</{tag.name}>", found "</{name}>"'
            raise self._error("Unmatched end tag", begin, more)
        if self.offset > tag.offset:
            self._close(tag)

    def _close(self, tag: OpenTag) -> None:
        entity: Entity = {"type": KINDS[tag.name], "offset": tag.offset, "length": self.offset - tag.offset}
        if tag.name == "a":
            url = link_url(tag.argument or "".join(self.out[tag.begin :]))
            if url is None:
                return
            entity["url"] = url
        elif tag.name == "blockquote" and tag.argument:
            entity["type"] = "expandable_blockquote"
        elif tag.name == "tg-emoji":
            entity["custom_emoji_id"] = tag.argument
        elif tag.name in ("pre", "code") and self._joins_language(tag, entity):
            return
        self.entities.append(entity)

    def _joins_language(self, tag: OpenTag, entity: Entity) -> bool:
        """<pre><code class="language-x"> is one block of code with a language."""
        if tag.name == "code":
            if tag.argument:
                entity["language"] = tag.argument
            return False
        inner = self.entities[-1] if self.entities else {}
        same = inner.get("offset") == tag.offset and inner.get("length") == entity["length"]
        if inner.get("type") != "code" or not same or "language" not in inner:
            return False
        inner["type"] = "pre"
        return True


def _decode(match: re.Match[str]) -> str:
    hexadecimal, decimal, name = match.groups()
    if name:
        return NAMED.get(name, "")
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_character = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
    return chr(code) if is_character else ""


def _meaning(tag: str, attribute: str, value: str) -> str:
    if (tag, attribute) in (("a", "href"), ("tg-emoji", "emoji-id")):
        return value
    if (tag, attribute) == ("code", "class"):
        return value.removeprefix("language-") if value.startswith("language-") else ""
    if (tag, attribute) == ("span", "class"):
        return value.removeprefix("tg-") if value.startswith("tg-") else ""
    return ""


def link_url(text: str) -> str | None:
    """The address a link gets, None where Telegram drops the link and keeps its text."""
    text = text.strip()
    if LINK.fullmatch(text):
        return text
    if BARE_HOST.match(text):
        return f"http://{text}"
    return None
