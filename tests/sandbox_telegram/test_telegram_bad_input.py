"""Nonsense in every parameter: a refusal or an answer, never a crash."""

import asyncio
import json
from typing import Any

import pytest
from telegram_server import LAN, Server

from sandbox.telegram import TelegramState
from sandbox.telegram.args import Args
from sandbox.telegram.errors import ApiError
from sandbox.telegram.person import Person
from sandbox.telegram.routes import METHODS, Method

JUNK: list[Any] = [
    None,
    "",
    "x",
    "{",
    -1,
    10**30,
    1.5,
    True,
    [],
    {},
    [[]],
    [{}],
    [[[]]],
    {"type": []},
    [[{"text": 1}]],
    [{"type": "bold"}],
    [{"type": "text_link", "offset": 0, "length": 1}],
]
PARAMETERS = {
    "offset": -1,
    "limit": 1,
    "allowed_updates": ["message"],
    "chat_id": LAN,
    "message_id": 2,
    "message_ids": [2],
    "text": "x",
    "caption": "x",
    "parse_mode": "",
    "entities": [],
    "caption_entities": [],
    "reply_markup": {"inline_keyboard": []},
    "reply_parameters": {"message_id": 1},
    "link_preview_options": {},
    "photo": "x",
    "document": "x",
    "file_id": "x",
    "callback_query_id": "x",
    "action": "typing",
    "commands": [],
    "scope": {"type": "default"},
    "language_code": "vi",
}


async def tried(state: TelegramState, method: Method, parameters: dict[str, Any]) -> int:
    """The status a method would answer with; what is no refusal of Telegram's fails the test."""
    try:
        json.dumps(await method(state, Args(parameters)))
    except ApiError as error:
        return error.code
    return 200


@pytest.mark.parametrize("name", PARAMETERS)
def test_no_value_of_a_parameter_crashes_a_method(name: str) -> None:
    """Every method, with everything else in order."""

    async def try_all() -> set[int]:
        state = TelegramState(lambda: 1_800_000_000.0)
        state.add_person(LAN, "Lan", "", "").started = True
        state.new_message(state.chats[LAN], state.people[LAN].to_api(), text="/start")
        state.new_message(state.chats[LAN], state.bot(), text="mine")
        tries = [(method, value) for method in METHODS.values() for value in JUNK]
        return {await tried(state, method, {**PARAMETERS, name: value}) for method, value in tries}

    assert asyncio.run(try_all()) <= {200, 400}


@pytest.mark.parametrize(
    "act", ["people", "groups", "say", "edit", "tap", "send_photo", "send_document", "block", "faults"]
)
def test_no_value_crashes_an_act(server: Server, lan: Person, act: str) -> None:
    """Control requests are checked as strictly."""
    good = {"person": LAN, "id": LAN, "chat_id": LAN, "message_id": 1, "text": "x", "data": "eA==", "wait": True}
    good |= {"timeout": 0, "reply_to": 1, "caption": "", "file_name": "a", "first_name": "L", "kind": "slow"}
    for name in good:
        for value in JUNK:
            answer = server.act(act, **{**good, name: value})
            assert answer.status in (200, 400, 404, 409), (name, value)
        server.act("unblock", person=LAN)
