"""The control paths under `/_sandbox/telegram/`: people act, and everything can be looked at."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.telegram import control_membership, control_people, control_views
from sandbox.telegram.args import read_body
from sandbox.telegram.control_people import Act, Body
from sandbox.telegram.control_sending import SENDING
from sandbox.telegram.errors import ApiError, ControlError
from sandbox.telegram.state import TelegramState

PREFIX = "/_sandbox/telegram"
MAX_CONTROL_BODY = 100 * 1024 * 1024
View = Callable[[TelegramState, web.Request], Awaitable[Any]]

ACTS: dict[str, Act] = {
    "people": control_people.add_person,
    "groups": control_membership.add_group,
    "add_bot": control_membership.add_bot,
    "remove_bot": control_membership.remove_bot,
    "say": control_people.say,
    "open_link": control_people.open_link,
    "edit": control_people.edit,
    "tap": control_people.tap,
    **SENDING,
    "block": control_membership.block,
    "unblock": control_membership.unblock,
    "faults": control_views.order_fault,
}
VIEWS: dict[str, View] = {
    "chat/{id}": control_views.chat,
    "people": control_views.people,
    "log": control_views.log,
    "wait": control_views.wait,
    "commands": control_views.commands,
    "faults": control_views.faults,
    "files/{file_id}": control_views.file,
}


def add_control_routes(app: web.Application, state: TelegramState) -> None:
    """POST acts and GET views; errors are {"error": text}."""
    for name, act in ACTS.items():
        app.router.add_post(f"{PREFIX}/{name}", _acting(state, act))
    for name, view in VIEWS.items():
        app.router.add_get(f"{PREFIX}/{name}", _viewing(state, view))
    app.router.add_delete(f"{PREFIX}/faults", _viewing(state, control_views.clear_faults))


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _acting(state: TelegramState, act: Act) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        async def run() -> Any:
            return await act(state, Body(await read_body(request, MAX_CONTROL_BODY)))

        return await _answered(run)

    return handle


def _viewing(state: TelegramState, view: View) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        async def run() -> Any:
            return await view(state, request)

        return await _answered(run)

    return handle


async def _answered(run: Callable[[], Awaitable[Any]]) -> web.StreamResponse:
    try:
        result = await run()
    except ControlError as error:
        return web.json_response({"error": error.text}, status=error.status)
    except ApiError as error:
        return web.json_response({"error": error.description}, status=error.code)
    return result if isinstance(result, web.StreamResponse) else web.json_response(result)
