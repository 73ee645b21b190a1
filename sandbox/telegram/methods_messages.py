"""Sending, editing and deleting messages."""

from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.chats import Chat, Message
from sandbox.telegram.entities import read_text
from sandbox.telegram.errors import NOT_MODIFIED, bad_request
from sandbox.telegram.html_text import Entity, utf16_length
from sandbox.telegram.keyboards import read_inline_markup, read_markup
from sandbox.telegram.state import TelegramState

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_DELETED_AT_ONCE = 100
DELETE_WITHIN = 48 * 3600


async def send_message(state: TelegramState, args: Args) -> dict[str, Any]:
    """A text from the bot."""
    text, entities = read_text(args, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("message is too long")
    preview = args.json("link_preview_options", "link preview options")
    return post(state, args, text=text, entities=entities, link_preview=preview).to_api()


def read_caption(args: Args) -> tuple[str, list[Entity]]:
    """The caption of a file, possibly empty; raises ApiError above 1024 units."""
    text, entities = read_text(args, "caption", "caption_entities")
    if utf16_length(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def post(state: TelegramState, args: Args, **content: Any) -> Message:
    """Put the bot's message into the chat the request names, with all that every send method takes."""
    rows, other = read_markup(args)
    chat = state.open_chat(args.text("chat_id"))
    return state.new_message(
        chat,
        state.bot(),
        rows=rows,
        other_markup=other,
        protect_content=args.flag("protect_content"),
        silent=args.flag("disable_notification"),
        reply_to=_reply_to(chat, args),
        **content,
    )


def _reply_to(chat: Chat, args: Args) -> int | None:
    given = args.json("reply_parameters", "reply parameters")
    if given is None and args.has("reply_to_message_id"):
        given = {"message_id": args.integer("reply_to_message_id")}
        given["allow_sending_without_reply"] = args.flag("allow_sending_without_reply")
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("message_id"), int):
        raise bad_request("can't parse reply parameters: message_id must be an Integer")
    message_id: int = given["message_id"]
    if chat.present(message_id):
        return message_id
    if given.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _own_message(state: TelegramState, args: Args) -> Message:
    """The message to edit; raises ApiError when it is gone, or not the bot's."""
    if args.has("inline_message_id") and not args.has("message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    chat = state.open_chat(args.text("chat_id"))
    if not args.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.present(args.integer("message_id"))
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot:
        raise bad_request("message can't be edited")
    return message


def _change(state: TelegramState, message: Message, **content: Any) -> dict[str, Any]:
    """Replace parts of the message; raises ApiError when nobody would see a change."""
    changed = {name for name, value in content.items() if getattr(message, name) != value}
    if not _has_link(message):
        changed.discard("link_preview")
    if not changed:
        raise bad_request(NOT_MODIFIED)
    at = state.clock()
    message.remember(at)
    for name, value in content.items():
        setattr(message, name, value)
    message.edited_at = at
    message.edits += 1
    state.record("edit", message)
    return message.to_api()


def _has_link(message: Message) -> bool:
    return any(entity["type"] in ("url", "text_link") for entity in message.entities)


async def edit_message_text(state: TelegramState, args: Args) -> dict[str, Any]:
    """New text and keyboard; a keyboard not repeated disappears."""
    rows = read_inline_markup(args)
    text, entities = read_text(args, "text", "entities")
    if not text:
        raise bad_request("message text is empty")
    message = _own_message(state, args)
    if message.file is not None or message.things:
        raise bad_request("there is no text in the message to edit")
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("MESSAGE_TOO_LONG")
    preview = args.json("link_preview_options", "link preview options")
    return _change(state, message, text=text, entities=entities, rows=rows, link_preview=preview)


async def edit_message_caption(state: TelegramState, args: Args) -> dict[str, Any]:
    """New caption and keyboard of a file."""
    rows = read_inline_markup(args)
    text, entities = read_caption(args)
    message = _own_message(state, args)
    if message.file is None:
        raise bad_request("there is no caption in the message to edit")
    return _change(state, message, text=text, entities=entities, rows=rows)


async def edit_message_reply_markup(state: TelegramState, args: Args) -> dict[str, Any]:
    """New keyboard only."""
    rows = read_inline_markup(args)
    return _change(state, _own_message(state, args), rows=rows)


def _delete(state: TelegramState, message: Message) -> None:
    message.deleted_at = state.clock()
    state.record("delete", message)


async def delete_message(state: TelegramState, args: Args) -> bool:
    """Take one message away, the bot's or the person's, for both."""
    chat = state.chat(args.text("chat_id"))
    if not args.has("message_id"):
        raise bad_request("message identifier is not specified")
    message = chat.present(args.integer("message_id"))
    if message is None:
        raise bad_request("message to delete not found")
    if state.clock() - message.date > DELETE_WITHIN:
        raise bad_request("message can't be deleted for everyone")
    _delete(state, message)
    return True


async def delete_messages(state: TelegramState, args: Args) -> bool:
    """Take up to 100 messages away; those that cannot be are passed over."""
    chat = state.chat(args.text("chat_id"))
    ids = args.json("message_ids", "message identifiers")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > MAX_DELETED_AT_ONCE:
        raise bad_request("too many message identifiers specified")
    for message_id in ids:
        message = chat.present(message_id if isinstance(message_id, int) else 0)
        if message and state.clock() - message.date <= DELETE_WITHIN:
            _delete(state, message)
    return True
