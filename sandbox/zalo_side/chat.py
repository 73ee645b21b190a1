"""Consultation messages: accepted, echoed, received and seen."""

from functools import partial

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, block_of, text_of
from sandbox.zalo_side.chats import Line
from sandbox.zalo_side.content import Content, read_content
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.events import message_event
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.quotas import spend_cs
from sandbox.zalo_side.windows import CS_WINDOW_MS, check_interaction, check_person
from sandbox.zalo_side.world import World


async def consult(call: Call) -> JsonObject:
    """message/cs: checks the content, then the person, then the money, and sends."""
    body = await call.body()
    recipient, message = block_of(body, "recipient"), block_of(body, "message")
    user_id = _recipient(call, recipient)
    content = read_content(call, message)
    person = find_person(call, user_id)
    check_person(person)
    check_interaction(person, call.now, CS_WINDOW_MS)
    quota = spend_cs(call.oa, person, call.now)
    msg_id = new_message_id()
    call.world.ledger.accept(call.oa.oa_id, "cs", user_id, None, msg_id, body, call.now)
    _remember(call, person, content, msg_id)
    report(call.world, call.oa.oa_id, person, f"oa_send_{content.kind}", _echo(content, msg_id), call.now)
    data: JsonObject = {"message_id": msg_id, "user_id": user_id, "sent_time": str(call.now)}
    return success(data if quota is None else data | {"quota": quota})


def _recipient(call: Call, recipient: JsonObject) -> str:
    """A user id, or whoever wrote the message that `message_id` names (oa-api 5.1)."""
    if "user_id" in recipient or "message_id" not in recipient:
        return text_of(recipient, "user_id")
    writer = call.world.chats[call.oa.oa_id].writer_of(text_of(recipient, "message_id"))
    if writer is None:
        raise Refusal(-201, "message_id is invalid!")
    return writer


def _echo(content: Content, msg_id: str) -> JsonObject:
    message: JsonObject = {}
    if content.attachments:
        message["attachments"] = content.attachments
    if content.quote:
        message["quote_msg_id"] = content.quote
    if content.text:
        message["text"] = content.text
    message["msg_id"] = msg_id
    return message


def _remember(call: Call, person: Person, content: Content, msg_id: str) -> None:
    kinds = {"image": "photo", "gif": "GIF"}
    kind = kinds.get(content.kind, content.kind)
    line = Line(person.user_id, person.name, False, call.now, kind, content.text, msg_id, content.url)
    call.world.chats[call.oa.oa_id].add(line)


def report(world: World, oa_id: str, person: Person, echo: str, message: JsonObject, now: int) -> None:
    """Plan the echo and, when the person has a phone with Zalo, the received and seen receipts."""
    times = world.receipts
    world.timers.at(now + round(times.echo_s * 1000), partial(_emit, world, oa_id, person, echo, message))
    if not times.enabled or person.desktop:
        return
    received, seen = times.pair(world.random)
    msg_id = message["msg_id"]
    plan = (("user_received_message", received, {"msg_id": msg_id}), ("user_seen_message", seen, {"msg_ids": [msg_id]}))
    for name, delay, block in plan:
        world.timers.at(now + round(delay * 1000), partial(_emit, world, oa_id, person, name, block))


def _emit(world: World, oa_id: str, person: Person, name: str, message: JsonObject, at: int) -> None:
    sender = {"id": oa_id}
    app_id = world.app.app_id
    world.emit(oa_id, message_event(name, app_id, sender, person.user_id, message, at, person.user_id_by_app))


async def old_message(call: Call) -> JsonObject:
    """v2.0/oa/message: user messages moved to v3; broadcast and anonymous chat are not simulated."""
    body = await call.body()
    recipient = block_of(body, "recipient")
    if "user_id" in recipient and "sender_action" in body:
        return _react(call, text_of(recipient, "user_id"), block_of(body, "sender_action"))
    if "user_id" in recipient:
        raise Refusal(-240, "MessageV2 API has been shut down, please switch to MessageV3")
    raise Refusal(-233, "message type is invalid or not support")


def _react(call: Call, user_id: str, action: JsonObject) -> JsonObject:
    find_person(call, user_id)
    text_of(action, "react_icon")
    return success({"message_id": text_of(action, "react_message_id"), "user_id": user_id})
