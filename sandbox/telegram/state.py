"""The whole local Telegram: one bot, its people and chats, in memory."""

import re
from collections.abc import Callable, Collection
from typing import Any

from sandbox.telegram.callbacks import Callbacks
from sandbox.telegram.chats import Chat, Message, Person
from sandbox.telegram.commands import CommandMenu
from sandbox.telegram.errors import ApiError, bad_request, forbidden
from sandbox.telegram.faults import Faults
from sandbox.telegram.files import FileStore
from sandbox.telegram.journal import Journal
from sandbox.telegram.updates import UpdateQueue

ADMIN_RIGHTS = (
    "can_be_edited", "is_anonymous", "can_delete_messages", "can_manage_video_chats", "can_restrict_members",
    "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories",
    "can_delete_stories",
)  # fmt: skip
TOKEN = re.compile(r"([1-9][0-9]{0,19}):[A-Za-z0-9_-]+")


class TelegramState:
    """What the routes share. `clock` gives epoch seconds; long polls wait in real time.

    One state plays one bot. Any well-formed token opens it unless `tokens` names the valid ones.
    """

    def __init__(self, clock: Callable[[], float], tokens: Collection[str] | None = None) -> None:
        self.clock = clock
        self.tokens = frozenset(tokens) if tokens is not None else None
        self.bot_name = "OA Desk (sandbox)"
        self.bot_username = "oadesk_sandbox_bot"
        self.bot_id = 7_000_000_001
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.updates = UpdateQueue()
        self.journal = Journal(clock)
        self.files = FileStore()
        self.callbacks = Callbacks()
        self.commands = CommandMenu()
        self.faults = Faults()

    def open(self, token: str) -> None:
        """Check a bot token; raises ApiError 401. The bot's id is the number before the colon."""
        match = TOKEN.fullmatch(token)
        if match is None or (self.tokens is not None and token not in self.tokens):
            raise ApiError(401, "Unauthorized")
        self.bot_id = int(match.group(1))

    def bot(self) -> dict[str, Any]:
        """The bot as Telegram's User."""
        return {
            "id": self.bot_id,
            "is_bot": True,
            "first_name": self.bot_name,
            "username": self.bot_username,
        }

    def add_person(self, person_id: int, first_name: str, username: str, language_code: str) -> Person:
        """Make a person known, or change their name and language."""
        person = self.people.get(person_id)
        if person is None:
            person = self.people[person_id] = Person(person_id, first_name)
            self.chats[person_id] = Chat(person_id, person=person)
        person.first_name = first_name or person.first_name
        person.username = username or person.username
        person.language_code = language_code or person.language_code
        return person

    def add_group(self, chat_id: int, title: str, kind: str = "supergroup", bot_status: str = "member") -> Chat:
        """A group or channel; one that is there stays as it is."""
        return self.chats.setdefault(chat_id, Chat(chat_id, kind, title=title, bot_status=bot_status))

    def bot_member(self, chat: Chat) -> dict[str, Any]:
        """The bot as Telegram's ChatMember of a group or channel."""
        member: dict[str, Any] = {"user": self.bot(), "status": chat.bot_status}
        if chat.bot_status == "kicked":
            return {**member, "until_date": 0}
        if chat.bot_status != "administrator":
            return member
        return {**member, **dict.fromkeys(ADMIN_RIGHTS, False), "can_manage_chat": True, "can_post_messages": True}

    def chat(self, text: str) -> Chat:
        """The chat a request names. Raises ApiError when the bot cannot know it."""
        if not text:
            raise bad_request("chat_id is empty")
        try:
            return self.chats[int(text)]
        except (KeyError, ValueError):
            raise bad_request("chat not found") from None

    def open_chat(self, text: str) -> Chat:
        """As `chat`, for writing: raises ApiError 403 when the person did not start or has blocked the bot, or when
        the bot is not in the group."""
        chat = self.chat(text)
        if chat.person and chat.person.blocked:
            raise forbidden("bot was blocked by the user")
        if chat.person and not chat.person.started:
            raise forbidden("bot can't initiate conversation with a user")
        if chat.person is None and not chat.has_bot:
            was = "was kicked from" if chat.bot_status == "kicked" else "is not a member of"
            raise forbidden(f"bot {was} the {chat.type} chat")
        return chat

    def new_message(self, chat: Chat, sender: dict[str, Any], **content: Any) -> Message:
        """Put a message into the chat and into the journal."""
        chat.last_message_id += 1
        message = Message(chat, chat.last_message_id, sender, self.clock(), **content)
        chat.messages[message.message_id] = message
        self.record("message", message)
        return message

    def record(self, kind: str, message: Message, **details: Any) -> int:
        """Journal what happened to a message, with the message as it is now. Returns the entry's number."""
        view = message.view()
        entry = self.journal.add(
            kind,
            message.chat.id,
            message_id=message.message_id,
            **{"from": view["from"], "text": view["text"]},
            message=view,
            **details,
        )
        return int(entry["n"])

    def close(self) -> None:
        """Let every waiting request go, so that the server can stop at once."""
        self.updates.close()
        self.journal.close()
