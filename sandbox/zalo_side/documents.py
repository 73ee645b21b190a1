"""What a personal media message or a transaction message of the older free form may contain (oa-api 6 and 7)."""

from dataclasses import dataclass
from typing import Any

from sandbox.zalo_side.answers import JsonObject, Refusal
from sandbox.zalo_side.call import Call, block_of, text_of
from sandbox.zalo_side.content import check_buttons, limited

TRANSACTIONS = tuple(
    f"transaction_{kind}"
    for kind in (
        "billing", "order", "reward", "contract", "booking", "membership", "event", "transaction", "account",
        "internal", "partnership", "education", "rating",
    )
)  # fmt: skip
ALIGNMENTS = ("left", "center", "right")
STYLES = ("green", "blue", "yellow", "red", "grey")
STATUS_KEYS = ("trạng thái", "status")
CUSTOMER_KEYS = ("tên khách hàng", "customer name")
MAX_HEADER = 100
MAX_VALUE = 100
MAX_FREE_ROWS = 5
MAX_BUTTONS = 4
MAX_BUTTON_TITLE = 35


@dataclass(frozen=True, slots=True)
class Form:
    """The limits that differ between the two kinds. `texts` None: no number of texts is known."""

    types: tuple[str, ...]
    text: int
    key: int
    texts: int | None = None
    needs_code: bool = False
    """A row that identifies the order or the customer must be there."""


PROMOTION = Form(("promotion",), text=1000, key=25)
TRANSACTION = Form(TRANSACTIONS, text=250, key=35, texts=2, needs_code=True)


def check_document(call: Call, message: JsonObject, form: Form) -> JsonObject:
    """The payload of a valid document. Raises Refusal -201 naming the field, -210 for too many of something."""
    attachment = block_of(message, "attachment")
    if attachment.get("type") != "template":
        raise Refusal(-201, "attachment.type is invalid!")
    payload = block_of(attachment, "payload")
    if payload.get("template_type") not in form.types:
        raise Refusal(-201, "template_type is invalid!")
    if payload.get("language", "VI") not in ("VI", "EN"):
        raise Refusal(-201, "language is invalid!")
    _check_elements(call, payload.get("elements"), form)
    if payload.get("buttons"):
        check_buttons(payload["buttons"], MAX_BUTTONS, MAX_BUTTON_TITLE)
        for button in payload["buttons"]:
            _check_icon(call, button)
    return payload


def _check_elements(call: Call, elements: Any, form: Form) -> None:
    if not isinstance(elements, list) or not elements or not all(isinstance(each, dict) for each in elements):
        raise Refusal(-201, "elements is invalid!")
    most = {"banner": 1, "header": 1, "table": 1, "text": form.texts}
    for kind, limit in most.items():
        if limit is not None and sum(each.get("type") == kind for each in elements) > limit:
            raise Refusal(-210, f"{kind} exceeds allowable limit, max {limit}")
    for element in elements:
        match element.get("type"):
            case "banner":
                _check_banner(call, element)
            case "header":
                _check_words(element, "header", MAX_HEADER)
            case "text":
                _check_words(element, "text", form.text)
            case "table":
                _check_table(element.get("content"), form)
            case _:
                raise Refusal(-201, "elements.type is invalid!")
    if form.needs_code and not any(each.get("type") == "table" for each in elements):
        raise Refusal(-201, "table is invalid!")


def _check_banner(call: Call, banner: JsonObject) -> None:
    if bool(banner.get("image_url")) == bool(banner.get("attachment_id")):
        raise Refusal(-201, "banner.attachment_id is invalid!")
    if banner.get("image_url"):
        if not text_of(banner, "image_url").startswith(("https://", "http://")):
            raise Refusal(-201, "banner.image_url is invalid!")
        return
    call.world.uploads.find(text_of(banner, "attachment_id"), call.oa.oa_id, "image", "attachment_id", call.now)


def _check_words(element: JsonObject, name: str, most: int) -> None:
    limited(element, "content", most, shown=f"{name}.content")
    if element.get("align", "left") not in ALIGNMENTS:
        raise Refusal(-201, f"{name}.align is invalid!")


def _check_table(rows: Any, form: Form) -> None:
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refusal(-201, "table.content is invalid!")
    free = [row for row in rows if not (form.needs_code and _is_system_row(row))]
    if len(free) > MAX_FREE_ROWS:
        raise Refusal(-210, f"table.content exceeds allowable limit, max {MAX_FREE_ROWS}")
    for row in rows:
        key = limited(row, "key", form.key, shown="table.content.key")
        # Recorded live: "table.content.value cannot exceed 100 characters" (oa-api 6).
        limited(row, "value", MAX_VALUE, shown="table.content.value")
        if form.needs_code and row.get("style"):
            _check_style(key, row["style"])
    if form.needs_code and not any(_identifies(row) for row in rows):
        raise Refusal(-201, "table.content.key is invalid! a row with a code or the customer's name is needed")


def _check_style(key: str, style: Any) -> None:
    if style not in STYLES or key.strip().lower() not in STATUS_KEYS:
        raise Refusal(-201, "table.content.style is invalid!")


def _identifies(row: JsonObject) -> bool:
    key = str(row.get("key", "")).strip().lower()
    return key.startswith("mã") or "code" in key or key in CUSTOMER_KEYS


def _is_system_row(row: JsonObject) -> bool:
    return _identifies(row) or str(row.get("key", "")).strip().lower() in STATUS_KEYS


def _check_icon(call: Call, button: JsonObject) -> None:
    """A web address, an uploaded picture, `default`, or nothing."""
    icon = button.get("image_icon", "")
    if not isinstance(icon, str):
        raise Refusal(-201, "image_icon is invalid!")
    if icon not in ("", "default") and not icon.startswith(("https://", "http://")):
        call.world.uploads.find(icon, call.oa.oa_id, "image", "image_icon", call.now)
