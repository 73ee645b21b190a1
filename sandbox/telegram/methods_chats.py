"""Answers to taps, chat actions and what a chat is."""

from typing import Any

from sandbox.telegram.args import Args
from sandbox.telegram.errors import bad_request
from sandbox.telegram.html_text import utf16_length
from sandbox.telegram.membership import change_membership
from sandbox.telegram.state import TelegramState

MAX_ANSWER = 200
CHAT_ACTIONS = (
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
)


async def answer_callback_query(state: TelegramState, args: Args) -> bool:
    """End the spinner on a button, with a short text or an alert."""
    text = args.text("text")
    if utf16_length(text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    answer = {"text": text, "show_alert": args.flag("show_alert"), "url": args.text("url")}
    callback = state.callbacks.answer(args.text("callback_query_id"), answer, state.clock())
    message = callback.message
    state.journal.add(
        "callback_answer",
        message.chat.id,
        message_id=message.message_id,
        callback_query_id=callback.query_id,
        data=callback.data,
        **answer,
    )
    return True


async def send_chat_action(state: TelegramState, args: Args) -> bool:
    """The "typing..." line."""
    action = args.text("action").lower()
    if action not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = state.open_chat(args.text("chat_id"))
    state.journal.add("chat_action", chat.id, action=action)
    return True


async def get_chat(state: TelegramState, args: Args) -> dict[str, Any]:
    """Telegram's ChatFullInfo of a chat the bot knows."""
    chat = state.chat(args.text("chat_id"))
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return {
        **chat.to_api(),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


async def get_chat_member(state: TelegramState, args: Args) -> dict[str, Any]:
    """The bot's or a person's place in a chat; a person who did nothing in a group counts as not in it."""
    chat, user_id = state.open_chat(args.text("chat_id")), args.integer("user_id")
    if user_id == state.bot_id and chat.person is None:
        return state.bot_member(chat)
    person = state.people.get(user_id)
    if person is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    inside = user_id in chat.members if chat.person is None else user_id == chat.id
    return {"user": person.to_api(), "status": "member" if inside else "left"}


async def leave_chat(state: TelegramState, args: Args) -> bool:
    """The bot leaves a group or channel; it is told so itself, as after every change of its membership."""
    chat = state.open_chat(args.text("chat_id"))
    if chat.person is not None:
        raise bad_request("chat member status can't be changed in private chats")
    change_membership(state, chat, state.bot(), "left")
    return True
