"""The buttons under a message, checked as Telegram checks them."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.args import Args
from sandbox.telegram.errors import ApiError, bad_request

Button = dict[str, Any]
Rows = list[list[Button]]
MAX_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_COPY_TEXT = 256
STYLES = ("danger", "success", "primary")
OTHER_MARKUPS = ("keyboard", "remove_keyboard", "force_reply")
ACTIONS = (
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
)


def read_markup(args: Args) -> tuple[Rows, dict[str, Any] | None]:
    """Inline rows and, when it is one, the other kind of markup. Raises ApiError for a wrong shape."""
    markup = args.json("reply_markup", "reply keyboard markup")
    if markup is None:
        return [], None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        return read_rows(markup["inline_keyboard"]), None
    if markup and not any(name in markup for name in OTHER_MARKUPS):
        raise bad_request("can't parse reply keyboard markup: unexpected object")
    return [], markup or None


def read_inline_markup(args: Args) -> Rows:
    """As `read_markup`, for edits, which take inline keyboards only."""
    rows, other = read_markup(args)
    if other is not None:
        raise bad_request("inline keyboard expected")
    return rows


def read_rows(value: Any) -> Rows:
    """Rows of valid buttons; buttons without a label and empty rows vanish, as on Telegram."""
    if not isinstance(value, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    rows: Rows = []
    for row in value:
        if not isinstance(row, list):
            raise _unreadable("expected an Array of InlineKeyboardButton")
        buttons = [button for item in row if (button := _button(item))["text"]]
        if buttons:
            rows.append(buttons)
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request("reply markup is too long")
    return rows


def _unreadable(text: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {text}")


def _button(item: Any) -> Button:
    if not isinstance(item, dict):
        raise _unreadable("expected an Object")
    if not isinstance(item.get("text"), str):
        raise _unreadable('Can\'t find field "text"' if "text" not in item else 'Field "text" must be a String')
    actions = [name for name in ACTIONS if name in item]
    if not actions:
        raise _unreadable("Text buttons are unallowed in the inline keyboard")
    button: Button = {"text": item["text"], actions[0]: item[actions[0]]}
    if item.get("style"):
        if item["style"] not in STYLES:
            raise _unreadable("invalid button style specified")
        button["style"] = item["style"]
    if item.get("icon_custom_emoji_id"):
        button["icon_custom_emoji_id"] = item["icon_custom_emoji_id"]
    _check_action(actions[0], button[actions[0]])
    return button


def _check_action(action: str, value: Any) -> None:
    if action == "callback_data":
        size = len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else 0
        if not 1 <= size <= MAX_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif action == "url":
        _check_url(value)
    elif action == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_COPY_TEXT:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _check_url(value: Any) -> None:
    """Telegram wants a host with a dot: http://localhost is refused, http://127.0.0.1 is not."""
    text = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host = parts.hostname or ""
    except ValueError:
        raise _bad_url(text, "Wrong HTTP URL") from None
    if parts.scheme == "tg":
        return
    if parts.scheme not in ("http", "https"):
        raise _bad_url(text, "Unsupported URL protocol")
    if "." not in host.strip("."):
        raise _bad_url(text, "Wrong HTTP URL")


def _bad_url(url: str, reason: str) -> ApiError:
    return bad_request(f"inline keyboard button URL '{url}' is invalid: {reason}")
