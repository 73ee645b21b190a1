"""Where the bot belongs: groups and channels it is added to and thrown out of, people who block it."""

from typing import Any

from sandbox.telegram.chats import Chat, Person
from sandbox.telegram.control_people import Body, acting_person
from sandbox.telegram.errors import ControlError
from sandbox.telegram.membership import change_membership, tell_bot
from sandbox.telegram.state import TelegramState

KINDS = ("group", "supergroup", "channel")


async def add_group(state: TelegramState, body: Body) -> Any:
    """Make a group with the bot in it, as if it had always been there; its id is below zero."""
    return _group(state, body).to_api()


async def add_bot(state: TelegramState, body: Body) -> Any:
    """A person adds the bot to a group, which is made if there is none, or makes it an administrator of a channel.

    The bot gets my_chat_member, and in a group the message that names it as a new member.
    """
    person, chat = acting_person(state, body), _group(state, body, bot_status="left")
    if chat.has_bot:
        raise ControlError(409, "the bot is in this chat already")
    chat.members.add(person.id)
    change_membership(state, chat, person.to_api(), "administrator" if chat.type == "channel" else "member")
    if chat.type != "channel":
        message = state.new_message(chat, person.to_api(), joined=[state.bot()])
        state.updates.put("message", message.to_api())
    return {"n": state.journal.last}


async def remove_bot(state: TelegramState, body: Body) -> Any:
    """A person throws the bot out: it gets my_chat_member, and 403 for whatever it tries there."""
    person, chat = acting_person(state, body), state.chats.get(body.integer("chat_id"))
    if chat is None or chat.person is not None:
        raise ControlError(404, "no such group")
    if not chat.has_bot:
        raise ControlError(409, "the bot is not in this chat")
    change_membership(state, chat, person.to_api(), "kicked")
    return {"n": state.journal.last}


def _group(state: TelegramState, body: Body, **fields: Any) -> Chat:
    chat_id = body.integer("id" if "id" in body.values else "chat_id")
    kind = body.text("type") or "supergroup"
    if chat_id >= 0:
        raise ControlError(400, "the id of a group is below zero")
    if kind not in KINDS:
        raise ControlError(400, f"type must be one of {', '.join(KINDS)}")
    return state.add_group(chat_id, body.text("title") or "Group", kind, **fields)


def _block(state: TelegramState, person: Person, blocked: bool) -> dict[str, Any]:
    person.blocked = blocked
    state.journal.add("blocked" if blocked else "unblocked", person.id, **{"from": "person"})
    kicked = {"user": state.bot(), "status": "kicked", "until_date": 0}
    member = {"user": state.bot(), "status": "member"}
    old, new = (member, kicked) if blocked else (kicked, member)
    tell_bot(state, state.chats[person.id], person.to_api(), old, new)
    return {"n": state.journal.last}


async def block(state: TelegramState, body: Body) -> Any:
    """A person blocks the bot: it gets my_chat_member, and 403 for whatever it sends."""
    return _block(state, acting_person(state, body), True)


async def unblock(state: TelegramState, body: Body) -> Any:
    """A person takes the block away."""
    return _block(state, acting_person(state, body), False)
