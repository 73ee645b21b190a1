"""The HTTP side: Bot API methods, file downloads and the control paths."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.telegram import (
    methods_chats,
    methods_commands,
    methods_files,
    methods_messages,
    methods_polling,
)
from sandbox.telegram.args import Args, read_args
from sandbox.telegram.control import add_control_routes
from sandbox.telegram.errors import ApiError, Dropped, conflict, too_many_requests
from sandbox.telegram.faults import Fault
from sandbox.telegram.state import TelegramState

Method = Callable[[TelegramState, Args], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "getMe": methods_polling.get_me,
    "getUpdates": methods_polling.get_updates,
    "deleteWebhook": methods_polling.delete_webhook,
    "getWebhookInfo": methods_polling.get_webhook_info,
    "sendMessage": methods_messages.send_message,
    "editMessageText": methods_messages.edit_message_text,
    "editMessageCaption": methods_messages.edit_message_caption,
    "editMessageReplyMarkup": methods_messages.edit_message_reply_markup,
    "deleteMessage": methods_messages.delete_message,
    "deleteMessages": methods_messages.delete_messages,
    "sendPhoto": methods_files.sending("photo"),
    "sendDocument": methods_files.sending("document"),
    "sendAnimation": methods_files.sending("animation"),
    "sendVideo": methods_files.sending("video"),
    "sendVoice": methods_files.sending("voice"),
    "sendAudio": methods_files.sending("audio"),
    "sendSticker": methods_files.sending("sticker"),
    "sendMediaGroup": methods_files.send_media_group,
    "sendLocation": methods_files.send_location,
    "sendContact": methods_files.send_contact,
    "getFile": methods_files.get_file,
    "answerCallbackQuery": methods_chats.answer_callback_query,
    "sendChatAction": methods_chats.send_chat_action,
    "getChat": methods_chats.get_chat,
    "getChatMember": methods_chats.get_chat_member,
    "leaveChat": methods_chats.leave_chat,
    "setMyCommands": methods_commands.set_my_commands,
    "getMyCommands": methods_commands.get_my_commands,
    "deleteMyCommands": methods_commands.delete_my_commands,
}
# Telegram does not mind the case of a method's name.
BY_LOWER_NAME = {name.lower(): method for name, method in METHODS.items()}


def add_routes(app: web.Application, state: TelegramState) -> None:
    """Add `/telegram/bot<token>/<method>`, `/telegram/file/bot<token>/<path>` and `/_sandbox/telegram/...`.

    Also lets waiting requests go when the application shuts down.
    """
    api = _BotApi(state)
    app.router.add_route("*", "/telegram/bot{token}/{method}", api.call)
    app.router.add_get("/telegram/file/bot{token}/{path:.+}", api.download)
    add_control_routes(app, state)

    async def let_go(_: web.Application) -> None:
        state.close()

    app.on_shutdown.append(let_go)


class _BotApi:
    def __init__(self, state: TelegramState) -> None:
        self._state = state

    async def call(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except ApiError as error:
            return web.json_response(error.body(), status=error.code)
        except Dropped:
            return _drop(request)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        args = await read_args(request)
        name = request.match_info["method"]
        fault = self._state.faults.take(name, _chat_id(args))
        if fault:
            self._state.journal.add("fault", _chat_id(args), fault=fault.kind, method=name)
            refusal = await _suffer(fault)
            if refusal:
                return refusal
        self._state.open(request.match_info["token"])
        method = BY_LOWER_NAME.get(name.lower())
        if method is None:
            raise ApiError(404, "Not Found: method not found")
        result = await method(self._state, args)
        if fault and fault.kind == "lost_answer":
            raise Dropped
        return web.json_response({"ok": True, "result": result})

    async def download(self, request: web.Request) -> web.StreamResponse:
        try:
            fault = self._state.faults.take("download", None)
            refusal = await _suffer(fault) if fault else None
            if refusal:
                return refusal
            self._state.open(request.match_info["token"])
            file = self._state.files.by_path(request.match_info["path"])
            if file is None:
                raise ApiError(404, "Not Found")
        except ApiError as error:
            return web.json_response(error.body(), status=error.code)
        except Dropped:
            return _drop(request)
        return web.Response(body=file.data, content_type="application/octet-stream")


def _chat_id(args: Args) -> int | None:
    return args.integer("chat_id") or None


def _drop(request: web.Request) -> web.StreamResponse:
    """Cut the connection; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _suffer(fault: Fault) -> web.Response | None:
    """Carry a fault out; None when the request goes on as usual afterwards."""
    if fault.delay_ms:
        await asyncio.sleep(fault.delay_ms / 1000)
    if fault.kind == "429":
        raise too_many_requests(fault.retry_after)
    if fault.kind == "conflict":
        raise conflict()
    if fault.kind == "error":
        raise ApiError(fault.code, fault.description)
    if fault.kind == "down":
        raise Dropped
    if fault.kind == "502":
        page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
        return web.Response(status=502, text=page, content_type="text/html")
    return None
