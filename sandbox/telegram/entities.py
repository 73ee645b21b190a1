"""Text as Telegram keeps it: cleaned, trimmed, with entities found, ordered and shown again as HTML."""

import html
import re
from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.errors import bad_request
from sandbox.telegram.html_text import Entity, parse_html, utf16_length

MAX_ENTITIES = 100
CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")
FOUND = (
    ("bot_command", re.compile(r"(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/<>])")),
    ("url", re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]]")),
    ("mention", re.compile(r"(?<![\w@])@[a-zA-Z0-9_]{3,32}(?!\w)")),
    ("hashtag", re.compile(r"(?<![\w#])#\w*[^\W\d]\w*")),
)
TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}


def read_text(args: Args, name: str, entities_name: str) -> tuple[str, list[Entity]]:
    """The text parameter after its parse mode. Raises ApiError for a bad mode or bad markup."""
    raw = args.text(name)
    if any(0xD800 <= ord(sign) <= 0xDFFF for sign in raw):
        raise bad_request("strings must be encoded in UTF-8")
    mode = args.text("parse_mode").lower()
    if mode not in ("", "none", "html"):
        raise bad_request(f"unsupported parse_mode {mode}: this sandbox knows HTML only")
    if mode == "html":
        text, entities = parse_html(raw)
    else:
        text, entities = raw, _given(args.json(entities_name, "message entities"))
    return settle(text, entities)


def _given(value: Any) -> list[Entity]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(_is_entity(item) for item in value):
        raise bad_request("can't parse message entities: expected an Array of MessageEntity")
    return [dict(item) for item in value]


def _is_entity(item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("type"), str):
        return False
    if item["type"] == "text_link" and not isinstance(item.get("url"), str):
        return False
    return all(isinstance(item.get(name), int) and item[name] >= 0 for name in ("offset", "length"))


def settle(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Clean and trim the text, move the entities with it, add those Telegram finds by itself."""
    text = text.replace("\r", "")
    text = CONTROL.sub(" ", text)
    start = utf16_length(text) - utf16_length(text.lstrip())
    text = text.strip()
    kept = [moved for entity in entities if (moved := _moved(entity, start, utf16_length(text)))]
    kept = _without_inside_code(kept)
    kept += [found for found in find_entities(text) if not any(_overlap(found, other) for other in kept)]
    kept.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return text, kept[:MAX_ENTITIES]


def _moved(entity: Entity, start: int, end: int) -> Entity | None:
    first = max(int(entity["offset"]) - start, 0)
    last = min(int(entity["offset"]) + int(entity["length"]) - start, end)
    return {**entity, "offset": first, "length": last - first} if last > first else None


def _without_inside_code(entities: list[Entity]) -> list[Entity]:
    """Code takes no other formatting, neither inside nor around it (quotes excepted)."""
    codes = [entity for entity in entities if entity["type"] in ("code", "pre")]
    free = ("code", "pre", "blockquote", "expandable_blockquote")
    return [
        entity for entity in entities if entity["type"] in free or not any(_overlap(entity, code) for code in codes)
    ]


def _overlap(one: Entity, other: Entity) -> bool:
    found_kinds = ("code", "pre", "text_link")
    if one["type"] in dict(FOUND) and other["type"] not in found_kinds:
        return False
    one_end, other_end = one["offset"] + one["length"], other["offset"] + other["length"]
    return bool(one["offset"] < other_end and other["offset"] < one_end)


def find_entities(text: str) -> list[Entity]:
    """Commands, addresses, mentions and hashtags, which Telegram marks in any text."""
    found: list[Entity] = []
    for kind, pattern in FOUND:
        for match in pattern.finditer(text):
            length = utf16_length(match.group())
            entity = {"type": kind, "offset": utf16_length(text[: match.start()]), "length": length}
            if not any(_overlap(entity, {**other, "type": "code"}) for other in found):
                found.append(entity)
    return sorted(found, key=lambda entity: int(entity["offset"]))


def to_html(text: str, entities: list[Entity]) -> str:
    """Text and entities as HTML again, for reading and comparing."""
    units = text.encode("utf-16-le", "surrogatepass")
    marks: list[tuple[int, int, int, int, str]] = []
    for index, entity in enumerate(entities):
        start, end = _tags(entity)
        if start:
            last = entity["offset"] + entity["length"]
            marks.append((entity["offset"], 1, -entity["length"], index, start))
            marks.append((last, 0, -entity["offset"], -index, end))
    parts: list[str] = []
    at = 0
    for offset, _, _, _, tag in sorted(marks):
        parts += [_escaped(units, at, offset), tag]
        at = offset
    return "".join([*parts, _escaped(units, at, len(units) // 2)])


def _escaped(units: bytes, start: int, end: int) -> str:
    return html.escape(units[start * 2 : end * 2].decode("utf-16-le", "replace"), quote=False)


def _tags(entity: Entity) -> tuple[str, str]:
    kind = entity["type"]
    if kind == "text_link":
        return f'<a href="{html.escape(entity["url"])}">', "</a>"
    if kind == "pre" and entity.get("language"):
        return f'<pre><code class="language-{html.escape(entity["language"])}">', "</code></pre>"
    if kind == "expandable_blockquote":
        return "<blockquote expandable>", "</blockquote>"
    tag = TAGS.get(kind)
    return (f"<{tag}>", f"</{tag}>") if tag else ("", "")
