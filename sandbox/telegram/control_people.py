"""What people do: write, open links, tap."""

import json
import math
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chats import Chat, Message, Person
from sandbox.telegram.entities import settle
from sandbox.telegram.errors import ControlError
from sandbox.telegram.html_text import utf16_length
from sandbox.telegram.methods_messages import MAX_TEXT
from sandbox.telegram.state import TelegramState

MAX_WAIT_SECONDS = 60.0
LINK = re.compile(r"(?:https?://)?t\.me/(?P<bot>[A-Za-z0-9_]+)(?:\?start=(?P<start>[^&#]*))?")
START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Body:
    """A control request's JSON object; reading a wrong type raises ControlError 400."""

    def __init__(self, raw: bytes) -> None:
        try:
            values = json.loads(raw or b"{}")
        except ValueError:
            raise ControlError(400, "the body is no JSON") from None
        if not isinstance(values, dict):
            raise ControlError(400, "the body must be a JSON object")
        self.values: dict[str, Any] = values

    def integer(self, name: str) -> int:
        """A whole number that must be there."""
        value = self.values.get(name)
        if isinstance(value, str) and value.lstrip("-").isdigit():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ControlError(400, f"{name} must be a whole number")
        return value

    def optional(self, name: str) -> int | None:
        """As `integer`, None when it is not there."""
        return None if self.values.get(name) is None else self.integer(name)

    def number(self, name: str) -> float:
        """A number that must be there."""
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ControlError(400, f"{name} must be a number")
        return float(value)

    def text(self, name: str) -> str:
        """Text, "" when it is not there."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise ControlError(400, f"{name} must be text")
        return value or ""


Act = Callable[[TelegramState, Body], Awaitable[Any]]


def read_seconds(value: Any) -> float:
    """How long to wait: 10 s unless told, at most 60 s; raises ControlError 400 for no number."""
    try:
        seconds = 10.0 if value is None else float(value)
    except (TypeError, ValueError):
        raise ControlError(400, "timeout must be a number of seconds") from None
    return min(seconds, MAX_WAIT_SECONDS) if seconds == seconds else 0.0


async def add_person(state: TelegramState, body: Body) -> Any:
    """Make a person known; they have not started the bot yet."""
    person_id = body.integer("id")
    if person_id <= 0:
        raise ControlError(400, "id must be above zero")
    first_name = body.text("first_name") or f"Person {person_id}"
    return state.add_person(person_id, first_name, body.text("username"), body.text("language_code")).to_api()


def acting_person(state: TelegramState, body: Body) -> Person:
    """Who acts; a person never seen before gets a name made from the id."""
    person_id = body.integer("person")
    if person_id <= 0:
        raise ControlError(400, "person must be above zero")
    return state.people.get(person_id) or state.add_person(person_id, f"Person {person_id}", "", "")


def _chat(state: TelegramState, body: Body, person: Person) -> Chat:
    """Where: a group when `chat_id` names one, else the private chat."""
    chat_id = body.optional("chat_id") or person.id
    if chat_id not in state.chats:
        raise ControlError(404, "no such chat")
    return state.chats[chat_id]


def write(state: TelegramState, body: Body, text: str, **content: Any) -> dict[str, Any]:
    """Put what a person wrote or sent into the chat, as an answer to `reply_to` when the order names a message."""
    person = acting_person(state, body)
    chat = _chat(state, body, person)
    if chat.person and person.blocked:
        raise ControlError(409, "this person has blocked the bot: unblock first")
    reply_to = body.optional("reply_to")
    if reply_to is not None and not chat.present(reply_to):
        raise ControlError(404, "no such message to reply to")
    person.started = person.started or chat.person is not None
    if chat.person is None:
        chat.members.add(person.id)
    text, entities = settle(text, [])
    sender = person.to_api()
    message = state.new_message(chat, sender, text=text, entities=entities, reply_to=reply_to, **content)
    number = state.journal.last
    if chat.has_bot:
        state.updates.put("message", message.to_api())
    return {"message_id": message.message_id, "n": number}


async def say(state: TelegramState, body: Body) -> Any:
    """A person writes a text. Answers its message_id and its number in the log."""
    text = body.text("text")
    if not text.strip():
        raise ControlError(400, "text must not be empty")
    # Telegram's apps cut longer texts into several messages; the caller has to do it here.
    if utf16_length(text) > MAX_TEXT:
        raise ControlError(400, "text is longer than one Telegram message")
    return write(state, body, text)


async def open_link(state: TelegramState, body: Body) -> Any:
    """A person opens `https://t.me/<bot>?start=...` and taps Start: the bot gets `/start ...`.

    Refused for another bot's link, and for a parameter Telegram's apps would not take.
    """
    found = LINK.fullmatch(body.text("link").strip())
    if found is None or found["bot"].lower() != state.bot_username.lower():
        raise ControlError(404, "this link leads to another bot, or nowhere")
    parameter = found["start"] or ""
    if parameter and not START_PARAMETER.fullmatch(parameter):
        raise ControlError(400, "a start parameter is 1 to 64 of A-Z a-z 0-9 _ -")
    return write(state, body, f"/start {parameter}".strip())


async def edit(state: TelegramState, body: Body) -> Any:
    """A person changes a text sent before."""
    person = acting_person(state, body)
    message = _chat(state, body, person).present(body.integer("message_id"))
    if message is None or message.sender["id"] != person.id:
        raise ControlError(404, "no such message of this person")
    message.remember(state.clock())
    message.text, message.entities = settle(body.text("text"), [])
    message.edited_at = state.clock()
    message.edits += 1
    number = state.record("edit", message)
    state.updates.put("edited_message", message.to_api())
    return {"message_id": message.message_id, "n": number}


async def tap(state: TelegramState, body: Body) -> Any:
    """A person taps a button, named by its data or by how its label begins.

    Refused (409) when the message does not have that button now, unless `force` sends `data` as an
    old app would. With `wait` the answer waits for the bot's answerCallbackQuery, at most `timeout` s.
    """
    person = acting_person(state, body)
    messages = _chat(state, body, person).messages
    message = messages.get(body.integer("message_id")) if "message_id" in body.values else _newest(messages, body)
    if message is None:
        raise ControlError(404, "no such message")
    button = _button(message, body)
    if "callback_data" not in button:
        return {"n": state.journal.last, **{name: button[name] for name in ("url", "copy_text") if name in button}}
    callback, number = _press(state, person, message, button)
    if not body.values.get("wait"):
        return {"callback_query_id": callback.query_id, "n": number}
    answer = await callback.wait(read_seconds(body.values.get("timeout")))
    alert = answer["text"] if answer and answer["show_alert"] else None
    found = {"answered": answer is not None, "alert": alert, **(answer or {})}
    return {"callback_query_id": callback.query_id, "n": number, **found}


def _newest(messages: Mapping[int, Message], body: Body) -> Message:
    """The newest message that has such a button now; refused (409) when there is none."""
    wanted = body.text("text")
    for message in sorted(messages.values(), key=lambda message: -message.message_id):
        labels = [button["text"] for row in message.rows for button in row]
        if message.deleted_at is None and wanted and any(label.startswith(wanted) for label in labels):
            return message
    raise ControlError(409, f"no message has a button beginning with {wanted!r}")


def _button(message: Message, body: Body) -> dict[str, Any]:
    data, text = body.text("data"), body.text("text")
    if body.values.get("force") and data:
        return {"text": text, "callback_data": data}
    if message.deleted_at is not None:
        raise ControlError(409, "this message is deleted")
    buttons = [button for row in message.rows for button in row]
    exact = [b for b in buttons if (b.get("callback_data") == data if data else b["text"] == text)]
    near = [b for b in buttons if text and not data and b["text"].startswith(text)]
    if not exact and not near:
        labels = ", ".join(button["text"] for button in buttons) or "none"
        raise ControlError(409, f"no such button on this message now; it has: {labels}")
    return (exact or near)[0]


def _press(state: TelegramState, person: Person, message: Message, button: dict[str, Any]) -> tuple[Callback, int]:
    callback = state.callbacks.add(message, button["callback_data"], state.clock())
    entry = state.journal.add(
        "tap",
        message.chat.id,
        message_id=message.message_id,
        **{"from": "person", "from_id": person.id, "text": button["text"]},
        data=callback.data,
        callback_query_id=callback.query_id,
    )
    query = {
        "id": callback.query_id,
        "from": person.to_api(),
        "message": message.to_api(),
        "chat_instance": str(message.chat.id * 31 + 7),
        "data": callback.data,
    }
    state.updates.put("callback_query", query)
    return callback, int(entry["n"])
