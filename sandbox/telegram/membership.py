"""The bot's own membership in chats, and how it hears of every change."""

from typing import Any

from sandbox.telegram.chats import Chat
from sandbox.telegram.state import TelegramState


def change_membership(state: TelegramState, chat: Chat, actor: dict[str, Any], status: str) -> None:
    """The bot's status in a group from now on, told to it as my_chat_member."""
    old, chat.bot_status = state.bot_member(chat), status
    state.journal.add("membership", chat.id, **{"from": "bot" if actor["is_bot"] else "person"}, status=status)
    tell_bot(state, chat, actor, old, state.bot_member(chat))


def tell_bot(state: TelegramState, chat: Chat, actor: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> None:
    """Queue my_chat_member: who changed the bot's membership, from what to what."""
    change = {
        "chat": chat.to_api(),
        "from": actor,
        "date": int(state.clock()),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    state.updates.put("my_chat_member", change)
