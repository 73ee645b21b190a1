"""People, their private chats with the bot, groups, and the messages in them."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.entities import to_html
from sandbox.telegram.files import StoredFile
from sandbox.telegram.html_text import Entity
from sandbox.telegram.keyboards import Rows


@dataclass
class Person:
    """Somebody with Telegram on the phone. `started`: has written to the bot at least once."""

    id: int
    first_name: str
    username: str = ""
    language_code: str = ""
    started: bool = False
    blocked: bool = False

    def to_api(self) -> dict[str, Any]:
        """Telegram's User."""
        user: dict[str, Any] = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass
class Message:
    """One message and its present content; `text` is the caption when there is a file."""

    chat: "Chat"
    message_id: int
    sender: dict[str, Any]
    date: float
    text: str = ""
    entities: list[Entity] = field(default_factory=list)
    file: StoredFile | None = None
    rows: Rows = field(default_factory=list)
    other_markup: dict[str, Any] | None = None
    protect_content: bool = False
    silent: bool = False
    link_preview: dict[str, Any] | None = None
    reply_to: int | None = None
    things: dict[str, Any] = field(default_factory=dict)  # a location or a contact, by the name of its field
    album: str = ""
    joined: list[dict[str, Any]] = field(default_factory=list)  # a service message: these came into the group
    edited_at: float | None = None
    edits: int = 0
    deleted_at: float | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return bool(self.sender["is_bot"])

    def to_api(self, with_reply: bool = True) -> dict[str, Any]:
        """Telegram's Message."""
        body: dict[str, Any] = {
            "message_id": self.message_id,
            "from": self.sender,
            "chat": self.chat.to_api(),
            "date": int(self.date),
            **self._content(),
        }
        if self.edits and self.edited_at is not None:
            body["edit_date"] = int(self.edited_at)
        if self.rows:
            body["reply_markup"] = {"inline_keyboard": self.rows}
        if self.protect_content:
            body["has_protected_content"] = True
        if self.link_preview:
            body["link_preview_options"] = self.link_preview
        target = self.chat.messages.get(self.reply_to or 0)
        if with_reply and target and target.deleted_at is None:
            body["reply_to_message"] = target.to_api(with_reply=False)
        return body

    def _content(self) -> dict[str, Any]:
        name, marks = ("caption", "caption_entities") if self.file else ("text", "entities")
        content: dict[str, Any] = {name: self.text} if self.text else {}
        if self.entities:
            content[marks] = self.entities
        if self.joined:
            content["new_chat_members"] = self.joined
        if self.file:
            content |= self.file.content()
        if self.album:
            content["media_group_id"] = self.album
        content |= self.things
        return content

    def view(self) -> dict[str, Any]:
        """The message as the control paths show it: what a person sees, and what was kept unseen."""
        return {
            "chat_id": self.chat.id,
            "message_id": self.message_id,
            "from": "bot" if self.from_bot else "person",
            "from_id": self.sender["id"],
            "date": self.date,
            "text": self.text,
            "html": to_html(self.text, self.entities),
            "entities": self.entities,
            "keyboard": [[_button_view(button) for button in row] for row in self.rows],
            "other_markup": self.other_markup,
            "file": _file_view(self.file),
            "album": self.album,
            "location": self.things.get("location"),
            "contact": self.things.get("contact"),
            "reply_to": self.reply_to,
            "edited": self.edits > 0,
            "edits": self.edits,
            "edited_at": self.edited_at,
            "deleted": self.deleted_at is not None,
            "deleted_at": self.deleted_at,
            "protect_content": self.protect_content,
            "disable_notification": self.silent,
            "link_preview_options": self.link_preview,
        }

    def remember(self, at: float) -> None:
        """Put the present content into the history, before an edit at that time replaces it."""
        self.history.append({"until": at, "text": self.text, "html": to_html(self.text, self.entities)})


def _button_view(button: dict[str, Any]) -> dict[str, Any]:
    view = {name: value for name, value in button.items() if name != "callback_data"}
    if "callback_data" in button:
        view["data"] = button["callback_data"]
    return view


def _file_view(file: StoredFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {
        "kind": file.kind,
        "file_id": file.file_id,
        "file_name": file.file_name,
        "mime_type": file.content_type,
        "size": file.size,
        "duration": file.duration,
        "url": f"/_sandbox/telegram/files/{file.file_id}",
    }


@dataclass
class Chat:
    """A private chat (its id is the person's), or a group or channel (negative id) with the bot in it or not."""

    id: int
    type: str = "private"
    person: Person | None = None
    title: str = ""
    messages: dict[int, Message] = field(default_factory=dict)
    last_message_id: int = 0
    bot_status: str = "member"
    members: set[int] = field(default_factory=set)  # of a group: people who did something there

    @property
    def has_bot(self) -> bool:
        """Whether the bot hears what is written here."""
        return self.bot_status in ("member", "administrator")

    def to_api(self) -> dict[str, Any]:
        """Telegram's Chat."""
        chat: dict[str, Any] = {"id": self.id, "type": self.type}
        if self.person is None:
            return {**chat, "title": self.title}
        chat["first_name"] = self.person.first_name
        if self.person.username:
            chat["username"] = self.person.username
        return chat

    def present(self, message_id: int) -> Message | None:
        """The message unless it was deleted or never existed."""
        message = self.messages.get(message_id)
        return message if message and message.deleted_at is None else None
