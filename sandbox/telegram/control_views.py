"""Looking at chats, the journal, commands and files, and ordering troubles."""

from typing import Any

from aiohttp import web

from sandbox.telegram.control_people import Body, read_seconds
from sandbox.telegram.errors import ControlError, Dropped
from sandbox.telegram.state import TelegramState


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name) or request.match_info.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise ControlError(400, f"{name} must be a whole number") from None


async def chat(state: TelegramState, request: web.Request) -> dict[str, Any]:
    """All messages of one chat as they are now; `?history=1` adds what they were before each edit."""
    found = state.chats.get(_number(request, "id") or 0)
    if found is None:
        raise ControlError(404, "no such chat")
    history = request.query.get("history", "") not in ("", "0")
    messages = [
        {**message.view(), **({"history": message.history} if history else {})} for message in found.messages.values()
    ]
    return {**found.to_api(), "messages": messages, "last": state.journal.last}


async def people(state: TelegramState, request: web.Request) -> list[dict[str, Any]]:
    """Everybody, with what the bot may do towards them."""
    return [
        {**person.to_api(), "started": person.started, "blocked": person.blocked} for person in state.people.values()
    ]


async def log(state: TelegramState, request: web.Request) -> list[dict[str, Any]]:
    """Entries after number `after`, of `chat_id` when given; `wait` is the one that blocks."""
    return state.journal.after(_number(request, "after") or 0, _number(request, "chat_id"))


async def wait(state: TelegramState, request: web.Request) -> list[dict[str, Any]]:
    """As `log`, but waits up to `timeout` seconds until there is an entry."""
    seconds = read_seconds(request.query.get("timeout"))
    after, chat_id = _number(request, "after") or 0, _number(request, "chat_id")
    return await state.journal.wait(after, chat_id, seconds)


async def commands(state: TelegramState, request: web.Request) -> Any:
    """Every command list; with `person`, the one that person's menu shows."""
    person_id = _number(request, "person")
    if person_id is None:
        return state.commands.view()
    person = state.people.get(person_id)
    if person is None:
        raise ControlError(404, "no such person")
    return state.commands.shown_to(person.id, person.language_code[:2])


async def file(state: TelegramState, request: web.Request) -> web.StreamResponse:
    """The bytes of any file, whatever its size."""
    found = state.files.by_id(request.match_info["file_id"])
    return web.Response(body=found.data, content_type="application/octet-stream")


async def order_fault(state: TelegramState, body: Body) -> Any:
    """Order a trouble; down and conflict also end the request that waits for updates."""
    fault = state.faults.order(body.values)
    if fault.kind == "down":
        state.updates.interrupt(Dropped())
    elif fault.kind == "conflict" and state.updates.interrupt() and fault.times:
        fault.times -= 1
    return state.faults.view()


async def faults(state: TelegramState, request: web.Request) -> Any:
    """Orders not used up."""
    return state.faults.view()


async def clear_faults(state: TelegramState, request: web.Request) -> Any:
    """All is well again."""
    state.faults.clear()
    return []
