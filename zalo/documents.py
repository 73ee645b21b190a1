"""Transaction and promotion messages in the older free form (oa-api.md 6 and 7): bodies and limits.

Both addresses were announced to end on 2026-03-01; what they answer since is in conflict, so an OA chooses (`zalo.oa`
has the calls of both ways). Elements and buttons are given in the form that leaves.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zalo import buttons as _buttons
from zalo.message_rules import InvalidMessage, filled, fitted, is_web_address

PROMOTION = "promotion"
TRANSACTIONS = (
    "transaction_billing",
    "transaction_order",
    "transaction_reward",
    "transaction_contract",
    "transaction_booking",
    "transaction_membership",
    "transaction_event",
    "transaction_transaction",
    "transaction_account",
    "transaction_internal",
    "transaction_partnership",
    "transaction_education",
    "transaction_rating",
)
LANGUAGES = ("VI", "EN")
ALIGNS = ("left", "center", "right")
STYLES = ("green", "blue", "yellow", "red", "grey")
MAX_HEADER, MAX_VALUE, MAX_FREE_ROWS = 100, 100, 5
_NAMES = {"tên khách hàng", "customer name"}
_STATUS = {"trạng thái", "status"}


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """What differs between the two kinds; lengths in characters."""

    text: int
    key: int
    texts: int | None  # None: no page names a number
    needs_code: bool  # a row that says whose matter this is


TRANSACTION_LIMITS = DocumentLimits(text=250, key=35, texts=2, needs_code=True)
PROMOTION_LIMITS = DocumentLimits(text=1000, key=25, texts=None, needs_code=False)


@dataclass(frozen=True, slots=True)
class Banner:
    """The picture on top: an address, or the id of an upload; exactly one."""

    image_url: str = ""
    attachment_id: str = ""


def promotion(
    user_id: str,
    elements: Sequence[Mapping[str, Any]],
    buttons: Iterable[Mapping[str, Any]] = (),
    *,
    banner: Banner | None = None,
) -> dict[str, Any]:
    """A media message (tin truyền thông) to a follower. Raises InvalidMessage as `transaction` does.

    It has no `language`: neither SDK sends one.
    """
    return _document(user_id, {"template_type": PROMOTION}, PROMOTION_LIMITS, elements, buttons, banner)


def transaction(
    user_id: str,
    kind: str,
    elements: Sequence[Mapping[str, Any]],
    buttons: Iterable[Mapping[str, Any]] = (),
    *,
    banner: Banner | None = None,
    language: str = "VI",
) -> dict[str, Any]:
    """A transaction message (tin giao dịch) of one of the 13 kinds in `TRANSACTIONS`.

    Raises InvalidMessage: `document.type`, `document.language`, `document.empty`, `element.type`, `banner.source`,
    `header.too_many`, `header.empty`, `header.long`, `align.unknown`, `texts.too_many`, `paragraph.empty`,
    `paragraph.long`, `table.too_many`, `table.no_code`, `table.free_rows` (count, limit), `row.key_empty`,
    `row.key_long`, `row.value_empty`, `row.value_long`, `row.style_where`, `row.style_unknown` (each with `number` from
    1 and the `row`'s key), and the rules of `zalo.buttons.checked`.
    """
    if kind not in TRANSACTIONS:
        raise InvalidMessage("document.type", type=kind[:40])
    if language not in LANGUAGES:
        raise InvalidMessage("document.language", language=language[:20])
    head = {"template_type": kind, "language": language}
    return _document(user_id, head, TRANSACTION_LIMITS, elements, buttons, banner)


def names_the_matter(key: str) -> bool:
    """Whether a row with this key says whose matter it is: it begins with "Mã", contains "Code", or is the name."""
    plain = unicodedata.normalize("NFC", key).strip().casefold()
    return plain in _NAMES or plain.startswith("mã") or "code" in plain


def tells_status(key: str) -> bool:
    """Whether a row with this key may have a colour."""
    return unicodedata.normalize("NFC", key).strip().casefold() in _STATUS


def _document(
    user_id: str,
    head: Mapping[str, str],
    limits: DocumentLimits,
    elements: Sequence[Mapping[str, Any]],
    buttons: Iterable[Mapping[str, Any]],
    banner: Banner | None,
) -> dict[str, Any]:
    if not user_id:
        raise InvalidMessage("user_id.empty")
    made = [_element(element, limits, number) for number, element in _numbered(elements)]
    _check_counts(made, limits)
    if banner is not None:
        made.insert(0, _banner(banner))
    payload: dict[str, Any] = {**head, "elements": made}
    shown = _buttons.checked(buttons, _buttons.UNDER_DOCUMENT)
    if shown:
        payload["buttons"] = shown
    return {
        "recipient": {"user_id": user_id},
        "message": {"attachment": {"type": "template", "payload": payload}},
    }


def _numbered(elements: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Each element with its number among those of its type, for errors that name "the second text"."""
    seen: dict[str, int] = {}
    found = []
    for element in elements:
        kind = str(element.get("type"))
        seen[kind] = seen.get(kind, 0) + 1
        found.append((seen[kind], element))
    return found


def _element(element: Mapping[str, Any], limits: DocumentLimits, number: int) -> dict[str, Any]:
    kind = element.get("type")
    if kind == "header":
        return _paragraph(element, "header.empty", "header.long", MAX_HEADER, number)
    if kind == "text":
        return _paragraph(element, "paragraph.empty", "paragraph.long", limits.text, number)
    if kind == "table":
        return {"type": "table", "content": _rows(element.get("content") or [], limits)}
    raise InvalidMessage("element.type", type=str(kind)[:40])


def _paragraph(element: Mapping[str, Any], empty: str, long: str, limit: int, number: int) -> dict[str, Any]:
    content = filled(str(element.get("content") or ""), empty, number=number)
    made = {"type": element["type"], "content": fitted(content, limit, long, number=number)}
    align = element.get("align")
    if align is None:
        return made
    if align not in ALIGNS:
        raise InvalidMessage("align.unknown", align=str(align)[:20])
    return {"type": made["type"], "align": align, "content": made["content"]}


def _rows(rows: Sequence[Mapping[str, Any]], limits: DocumentLimits) -> list[dict[str, str]]:
    made = [_row(row, limits, number) for number, row in enumerate(rows, 1)]
    # Which keys Zalo calls its own is not listed anywhere; these are the ones its rules name. A promotion has five
    # rows in all, whatever they are called (oa-api.md 7).
    free = [row for row in made if not (limits.needs_code and _is_system(row["key"]))]
    if len(free) > MAX_FREE_ROWS:
        raise InvalidMessage("table.free_rows", count=len(free), limit=MAX_FREE_ROWS)
    return made


def _is_system(key: str) -> bool:
    return names_the_matter(key) or tells_status(key)


def _row(row: Mapping[str, Any], limits: DocumentLimits, number: int) -> dict[str, str]:
    key = filled(str(row.get("key") or ""), "row.key_empty", number=number)
    key = fitted(key, limits.key, "row.key_long", number=number, row=key[:40])
    value = filled(str(row.get("value") or ""), "row.value_empty", number=number, row=key)
    made = {"key": key, "value": fitted(value, MAX_VALUE, "row.value_long", number=number, row=key)}
    style = row.get("style")
    if not style:
        return made
    if not tells_status(key):
        raise InvalidMessage("row.style_where", number=number, row=key)
    if style not in STYLES:
        raise InvalidMessage("row.style_unknown", number=number, row=key, style=str(style)[:20])
    return {**made, "style": str(style)}


def _check_counts(made: Sequence[Mapping[str, Any]], limits: DocumentLimits) -> None:
    count = {kind: sum(element["type"] == kind for element in made) for kind in ("header", "text", "table")}
    if not count["header"] and not count["text"]:
        raise InvalidMessage("document.empty")
    for kind, most, rule in (
        ("header", 1, "header.too_many"),
        ("text", limits.texts, "texts.too_many"),
        ("table", 1, "table.too_many"),
    ):
        if most is not None and count[kind] > most:
            raise InvalidMessage(rule, count=count[kind], limit=most)
    rows = [row for element in made if element["type"] == "table" for row in element["content"]]
    if limits.needs_code and not any(names_the_matter(row["key"]) for row in rows):
        raise InvalidMessage("table.no_code")


def _banner(banner: Banner) -> dict[str, str]:
    if bool(banner.image_url) == bool(banner.attachment_id):
        raise InvalidMessage("banner.source")
    if banner.attachment_id:
        return {"type": "banner", "attachment_id": banner.attachment_id}
    if not is_web_address(banner.image_url):
        raise InvalidMessage("banner.url")
    return {"type": "banner", "image_url": banner.image_url}
