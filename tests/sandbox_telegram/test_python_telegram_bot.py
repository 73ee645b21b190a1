"""An unmodified python-telegram-bot lives on the local Telegram."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    Update,
)
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, MessageHandler, filters
from telegram_server import LAN, PNG, TOKEN, Server, until_waiting

from sandbox.telegram.person import Person


def bot_on(server: Server, token: str = TOKEN) -> Bot:
    return Bot(token, f"{server.base}/telegram/bot", f"{server.base}/telegram/file/bot")


async def start(update: Update, context: Any) -> None:
    assert update.message is not None
    rows = [[InlineKeyboardButton("Có 👍", callback_data="yes", style="success")]]
    await update.message.reply_html("<b>Xin chào</b>", reply_markup=InlineKeyboardMarkup(rows))


async def tapped(update: Update, context: Any) -> None:
    query = update.callback_query
    assert query is not None
    await query.answer("Đã nhận", show_alert=True)
    await query.edit_message_text(f"Đã chọn {query.data}")


async def echo_file(update: Update, context: Any) -> None:
    message = update.message
    assert message is not None
    source = message.document or message.photo[-1]
    data = bytes(await (await source.get_file()).download_as_bytearray())
    if message.photo:
        await message.reply_photo(data, caption=f"{len(data)} bytes")
    else:
        await message.reply_document(data, filename="lại.csv", caption=message.caption)


def application(server: Server) -> Application[Any, Any, Any, Any, Any, Any]:
    builder = Application.builder().token(TOKEN)
    builder = builder.base_url(f"{server.base}/telegram/bot").base_file_url(f"{server.base}/telegram/file/bot")
    app = builder.build()
    app.add_handler(CommandHandler("start", start))
    app.add_handler(CallbackQueryHandler(tapped))
    app.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL, echo_file))
    return app


async def _live(server: Server, ready: threading.Event, stop: asyncio.Event) -> None:
    app = application(server)
    async with app:
        await app.start()
        assert app.updater is not None
        await app.updater.start_polling(timeout=20)
        ready.set()
        await stop.wait()
        await app.updater.stop()
        await app.stop()


@contextmanager
def living_bot(server: Server) -> Iterator[None]:
    """The bot polls in a thread of its own until the block ends."""
    ready, stop, loops = threading.Event(), asyncio.Event(), []

    async def main() -> None:
        loops.append(asyncio.get_running_loop())
        await _live(server, ready, stop)

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(20)
    try:
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(20)
    assert not thread.is_alive()


def test_a_whole_conversation_through_the_updater(server: Server) -> None:
    """Command, buttons, alert, edit, document and picture, as staff would use them."""
    with living_bot(server):
        lan = server.person()
        lan.say("/start")
        hello = lan.wait_for("Xin chào")
        assert hello["html"] == "<b>Xin chào</b>"
        assert hello["keyboard"] == [[{"text": "Có 👍", "data": "yes", "style": "success"}]]
        assert lan.tap("Có", wait=True)["alert"] == "Đã nhận"
        assert lan.wait_for("Đã chọn yes")["message_id"] == hello["message_id"]
        lan.send_document("số.csv", b"a,b\n", "danh sách")
        answer = lan.wait_for("danh sách")
        assert (answer["file"]["file_name"], lan.download(answer)) == ("lại.csv", b"a,b\n")
        lan.send_photo(PNG)
        assert lan.wait_for(f"{len(PNG)} bytes")["file"]["kind"] == "photo"


def test_raw_polling_confirms_by_offset(server: Server, lan: Person) -> None:
    """get_updates without an Updater, as the bot's own runner uses it."""

    async def poll() -> list[str | None]:
        async with bot_on(server) as bot:
            (first,) = await bot.get_updates(timeout=5, allowed_updates=["message"])
            lan.say("two")
            (second,) = await bot.get_updates(offset=first.update_id + 1, timeout=5)
            assert await bot.get_updates(offset=second.update_id + 1) == ()
            return [update.message.text for update in (first, second) if update.message]

    assert asyncio.run(poll()) == ["/start", "two"]


def test_two_pollers_conflict(server: Server) -> None:
    """The one that waited gets Conflict, the other goes on."""

    async def both() -> None:
        async with bot_on(server) as one, bot_on(server) as other:
            waiting = asyncio.create_task(one.get_updates(timeout=20))
            await asyncio.to_thread(until_waiting, server)
            assert await other.get_updates(timeout=0) == ()
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await waiting

    asyncio.run(both())


def test_errors_become_the_librarys_own(server: Server, lan: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal is the exception a bot's code catches."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else reading retry_after warns, and warnings are errors

    async def provoke() -> None:
        async with bot_on(server) as bot:
            with pytest.raises(BadRequest, match="Can't parse entities: unsupported start tag"):
                await bot.send_message(LAN, "<br>", parse_mode="HTML")
            message = await bot.send_message(LAN, "x")
            with pytest.raises(BadRequest, match="Message is not modified"):
                await message.edit_text("x")
            server.act("faults", kind="429", retry_after=3)
            with pytest.raises(RetryAfter) as too_many:
                await bot.send_message(LAN, "x")
            assert too_many.value.retry_after == timedelta(seconds=3)
            server.act("faults", kind="502")
            with pytest.raises(NetworkError, match="Bad Gateway"):
                await bot.send_message(LAN, "x")
            server.act("faults", kind="lost_answer")
            with pytest.raises(NetworkError, match=r"disconnected|ReadError"):
                await bot.send_message(LAN, "x")
            lan.block()
            with pytest.raises(Forbidden, match="blocked by the user"):
                await bot.send_message(LAN, "x")
        with pytest.raises(InvalidToken):
            async with bot_on(server, "wrong"):
                raise AssertionError("a wrong token opened the bot")

    asyncio.run(provoke())


def test_everything_a_message_can_carry_passes_through(server: Server, lan: Person) -> None:
    """What the library sends in its own encodings arrives, and its answers parse."""

    async def send() -> None:
        async with bot_on(server) as bot:
            rows = [[InlineKeyboardButton("Mở", url="https://example.vn")]]
            message = await bot.send_message(
                LAN,
                "<code>-216</code>",
                parse_mode="HTML",
                protect_content=True,
                disable_notification=True,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                reply_parameters=ReplyParameters(1),
                reply_markup=InlineKeyboardMarkup(rows),
            )
            assert message.has_protected_content
            assert message.reply_to_message is not None
            assert message.text_html == "<code>-216</code>"
            await bot.edit_message_reply_markup(LAN, message.message_id, reply_markup=None)
            await bot.send_chat_action(LAN, "typing")
            await bot.set_my_commands([BotCommand("oa", "OA của tôi")], BotCommandScopeChat(LAN), "vi")
            assert (await bot.get_my_commands(BotCommandScopeChat(LAN), "vi"))[0].command == "oa"
            assert (await bot.get_chat(LAN)).first_name == "Lan"
            await bot.delete_messages(LAN, [1, message.message_id])

    asyncio.run(send())
    assert lan.commands() == [{"command": "oa", "description": "OA của tôi"}]
    assert [message["deleted"] for message in lan.chat()] == [True, True]


def test_groups_pass_through_the_library(server: Server, lan: Person) -> None:
    """A change of membership, an administrator's rights, and leaving."""
    group = -1_001_000_000_555

    async def play() -> list[str]:
        async with bot_on(server) as bot:
            await bot.get_updates(allowed_updates=[Update.MY_CHAT_MEMBER])
            lan.add_bot(group, "Tin", "channel")
            assert (await bot.get_chat_member(group, bot.id)).status == "administrator"
            assert await bot.leave_chat(group)
            found = await bot.get_updates()
            return [str(update.my_chat_member.new_chat_member.status) for update in found if update.my_chat_member]

    assert asyncio.run(play()) == ["administrator", "left"]
