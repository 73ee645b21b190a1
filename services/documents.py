"""Media and transaction messages as staff write them, `key: value` line by line, in Vietnamese or English.

    loại: đặt lịch
    ngôn ngữ: VI
    ảnh: https://example.vn/anh.jpg
    tiêu đề: Lịch hẹn đã xác nhận
    nội dung: Chào {name}, hẹn gặp bạn.
    - Mã lịch: LH-01
    - Trạng thái: Đã xác nhận (xanh)
    giữa: Cảm ơn bạn!
    nút: [Xem lịch] https://example.vn

A line without a key goes on with the text above it; one that looks like a key but is a sentence begins with `|`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services import button_lines, document_words
from services.document_words import ALIGNS, KEYS, LANGUAGES, NO_STYLES, STYLES, TYPES
from services.errors import Invalid
from services.names import fold_name
from zalo.documents import PROMOTION, tells_status
from zalo.message_rules import InvalidMessage

_KEY = re.compile(r"(?P<key>[^\W\d_][\w ]{0,24}?)\s*(?:\((?P<align>[\w ]+)\))?\s*[:：](?!//)\s*(?P<value>.*)")
_ROW = re.compile(r"[-–—]\s*(?P<key>[^:：]*?)\s*[:：]\s*(?P<value>.*)")
_COLOUR = re.compile(r"(?P<value>.*\S)\s*\((?P<colour>[^()]+)\)")
_PART_OF = {"header": "header", "paragraph": "text", "row": "row", "button": "button", "align": "text"}


@dataclass
class Read:
    """A document that was read: its kind, what is frozen of it, and which line each part stands on."""

    kind: str = ""
    data: dict[str, Any] = field(default_factory=lambda: {"elements": [], "buttons": []})
    lines: dict[tuple[str, int], int] = field(default_factory=dict)

    def located(self, error: Invalid) -> Invalid:
        """The same error with its `line`, if the part it names stands on one."""
        part = _PART_OF.get(error.key.partition(".")[0], error.key.partition(".")[0])
        number = 1 if part == "banner" else error.values.get("number")  # counts concern several lines
        line = self.lines.get((part, int(number or 0)))
        return error if line is None else Invalid(error.key, error.code, **{**error.values, "line": line})


def read(raw: str, banner: Mapping[str, str] | None = None) -> Read:
    """The document in `raw`; its lengths are for `zalo.documents` to judge.

    Raises Invalid, each but the first with `line`: `document.no_type` (known), `document.type` (type, known),
    `document.word` (word), `document.twice` (word), `document.language`, `document.language_promotion`,
    `document.stray`, `document.row_shape`, `document.icon_alone`, `align.unknown`, `row.style_unknown`,
    `button.shape`, `button.phone`, `banner.twice`.
    """
    document = Read()
    for number, line in enumerate(raw.split("\n"), 1):
        try:
            _take(document, line.strip(), number)
        except InvalidMessage as error:
            raise Invalid(error.rule, line=number, **error.values) from None
        except Invalid as error:
            raise Invalid(error.key, **{**error.values, "line": number}) from None
    if banner is not None:
        if "banner" in document.data:
            raise Invalid("banner.twice", line=document.lines[("banner", 1)])
        document.data["banner"] = dict(banner)
    _finish(document)
    return document


def written(kind: str, data: Mapping[str, Any]) -> str:
    """The lines that are read as this document; a banner that was sent as a picture has none."""
    lines = [f"{_key('type')}: {document_words.word('type', kind)}"]
    if "language" in data:
        lines.append(f"{_key('language')}: {data['language']}")
    if (data.get("banner") or {}).get("url"):
        lines.append(f"{_key('banner')}: {data['banner']['url']}")
    for element in data["elements"]:
        lines += _element_lines(element)
    for button in data["buttons"]:
        lines.append(f"{_key('button')}: {button_lines.written(button)}")
        if button.get("image_icon"):
            lines.append(f"{_key('icon')}: {button['image_icon']}")
    return "\n".join(lines)


def _take(document: Read, line: str, number: int) -> None:
    if not line:
        return
    if line.startswith("|"):
        _go_on(document, line[1:].strip())
    elif row := _ROW.fullmatch(line):
        _row(document, row["key"], row["value"], number)
    elif line[0] in "-–—":
        raise Invalid("document.row_shape")
    elif found := _KEY.fullmatch(line):
        _keyed(document, found["key"].strip(), found["align"], found["value"].strip(), number)
    else:
        _go_on(document, line)


def _keyed(document: Read, word: str, align: str | None, value: str, number: int) -> None:
    folded = fold_name(word)
    if folded in ALIGNS:
        _paragraph(document, "text", word, value, number)
        return
    key = KEYS.get(folded)
    if key is None:
        raise Invalid("document.word", word=word)
    if key in ("header", "text"):
        _paragraph(document, key, align, value, number)
        return
    {"type": _type, "language": _language, "banner": _banner, "button": _button, "icon": _icon}[key](
        document, word, value, number
    )


def _type(document: Read, word: str, value: str, number: int) -> None:
    _once(document, "type", word, number)
    known = TYPES.get(fold_name(value)) or (value if value in TYPES.values() else None)
    if known is None:
        raise Invalid("document.type", type=value[:40], known=document_words.type_names())
    document.kind = known


def _language(document: Read, word: str, value: str, number: int) -> None:
    _once(document, "language", word, number)
    if fold_name(value) not in LANGUAGES:
        raise Invalid("document.language", language=value[:20])
    document.data["language"] = LANGUAGES[fold_name(value)]


def _banner(document: Read, word: str, value: str, number: int) -> None:
    _once(document, "banner", word, number)
    document.data["banner"] = {"url": value}


def _paragraph(document: Read, kind: str, align: str | None, value: str, number: int) -> None:
    if align is not None and fold_name(align) not in ALIGNS:
        raise Invalid("align.unknown", align=align)
    made = {"type": kind, "content": value}
    if align is not None:
        made["align"] = ALIGNS[fold_name(align)]
    document.data["elements"].append(made)
    _at(document, kind, number)


def _row(document: Read, key: str, value: str, number: int) -> None:
    row = {"key": key, "value": value.strip()}
    found = _COLOUR.fullmatch(row["value"]) if tells_status(key) else None
    colour = fold_name(found["colour"]) if found else ""
    if found and colour in STYLES:
        row |= {"value": found["value"], "style": STYLES[colour]}
    elif colour in NO_STYLES:
        raise Invalid("row.style_unknown", row=key, style=found["colour"] if found else "")
    _table(document).append(row)
    _at(document, "row", number)


def _button(document: Read, word: str, value: str, number: int) -> None:
    found = button_lines.read(value)
    if found is None:
        raise Invalid("button.shape")
    document.data["buttons"].append({**found, "image_icon": ""})
    _at(document, "button", number)


def _icon(document: Read, word: str, value: str, number: int) -> None:
    if not document.data["buttons"]:
        raise Invalid("document.icon_alone")
    default = fold_name(value) in ("mac dinh", "default")
    document.data["buttons"][-1]["image_icon"] = "default" if default else value


def _go_on(document: Read, line: str) -> None:
    """A further line of the text above."""
    elements = document.data["elements"]
    if not elements or elements[-1]["type"] != "text" or document.data["buttons"]:
        raise Invalid("document.stray")
    before = elements[-1]["content"]
    elements[-1]["content"] = f"{before}<br>{line}" if before else line  # Zalo's line break (oa-api.md 6)


def _table(document: Read) -> list[dict[str, str]]:
    """The rows of the one table, which stands where its first row was written."""
    found = next((element for element in document.data["elements"] if element["type"] == "table"), None)
    if found is None:
        found = {"type": "table", "content": []}
        document.data["elements"].append(found)
    rows: list[dict[str, str]] = found["content"]
    return rows


def _once(document: Read, part: str, word: str, number: int) -> None:
    if (part, 1) in document.lines:
        raise Invalid("document.twice", word=word)
    document.lines[(part, 1)] = number


def _at(document: Read, part: str, number: int) -> None:
    count = sum(1 for known, _ in document.lines if known == part)
    document.lines[(part, count + 1)] = number


def _finish(document: Read) -> None:
    if not document.kind:
        raise Invalid("document.no_type", known=document_words.type_names())
    if document.kind != PROMOTION:
        document.data = {"language": document.data.pop("language", "VI"), **document.data}
    elif "language" in document.data:
        raise Invalid("document.language_promotion", line=document.lines[("language", 1)])
    # Zalo's own samples have the title before texts and table (oa-api.md 6, 7); written order holds for the rest.
    document.data["elements"].sort(key=lambda element: element["type"] != "header")


def _element_lines(element: Mapping[str, Any]) -> list[str]:
    if element["type"] == "table":
        return [_row_line(row) for row in element["content"]]
    align = f" ({document_words.word('align', element['align'])})" if element.get("align") else ""
    return [f"{_key(element['type'])}{align}: {element['content']}"]


def _row_line(row: Mapping[str, str]) -> str:
    colour = f" ({document_words.word('style', row['style'])})" if row.get("style") else ""
    return f"- {row['key']}: {row['value']}{colour}"


def _key(name: str) -> str:
    return document_words.word("key", name)
