"""The one layer between screens and Telegram: lengths, waits, and the refusals that are none.

Telegram counts 4096 UTF-16 units a message; an edit that changes nothing is an error to it and a success to us; a
message that is gone is sent anew; RetryAfter concerns one chat and holds back that chat only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import structlog
from telegram import Bot, CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.html_cut import cut
from bot.markup import Button, Media, Rows, Screen
from texts.html import Html

T = TypeVar("T")
log = structlog.get_logger(__name__)

MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_TOAST = 200
MAX_UPLOAD = 50_000_000
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# Longer waits are given back to the outbox; a person's tap is answered within this or not at all.
LONGEST_WAIT = 30.0
PAUSE = 1.0


class ChatBusy(Exception):
    """Telegram lets nothing into this chat for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"chat must wait {seconds:.0f} s")
        self.seconds = seconds


class Unreachable(Exception):
    """This chat takes no message: the person blocked the bot, or the chat is gone."""


class Sender:
    """Sends, edits and deletes screens."""

    def __init__(self, bot: Bot, now: Callable[[], float] = time.monotonic) -> None:
        self.bot = bot
        self._now = now
        self._until: dict[int, float] = {}
        self._locks: dict[tuple[int, int], asyncio.Lock] = {}

    async def send(self, chat_id: int, screen: Screen) -> int:
        """Send a new message; returns its id. Raises ChatBusy, Unreachable, TelegramError."""
        if screen.media is not None:
            return await self._send_media(chat_id, screen, screen.media)
        message = await self._try(
            chat_id,
            lambda: self.bot.send_message(
                chat_id,
                cut(screen.text, MAX_TEXT),
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(screen.rows),
                link_preview_options=NO_PREVIEW,
                protect_content=screen.protect,
            ),
        )
        return message.message_id

    async def _send_media(self, chat_id: int, screen: Screen, media: Media) -> int:
        """A file with its caption; one that Telegram does not take as what it claims to be goes as a plain file."""
        try:
            return await self._try(chat_id, lambda: self._media_once(chat_id, screen, media))
        except BadRequest as error:
            if media.kind == "document":
                raise
            log.info("sent as a plain file", kind=media.kind, reason=str(error))
        plain = replace(media, kind="document")
        return await self._try(chat_id, lambda: self._media_once(chat_id, screen, plain))

    async def _media_once(self, chat_id: int, screen: Screen, media: Media) -> int:
        send: Any = getattr(self.bot, f"send_{media.kind}")
        message = await send(
            chat_id,
            media.data,
            filename=media.name,
            caption=cut(screen.text, MAX_CAPTION),
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(screen.rows),
            protect_content=screen.protect,
        )
        return int(message.message_id)

    async def edit(self, chat_id: int, message_id: int, screen: Screen, *, anew: bool = True) -> int:
        """Show `screen` on that message; returns the id of the one that now shows it (new if that was gone).

        With `anew` False a message that is gone stays gone.
        """
        try:
            await self._try(
                chat_id,
                lambda: self.bot.edit_message_text(
                    cut(screen.text, MAX_TEXT),
                    chat_id,
                    message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard(screen.rows),
                    link_preview_options=NO_PREVIEW,
                ),
            )
        except BadRequest as error:
            if _unchanged(error):
                return message_id
            if _cannot_be_edited(error):
                return await self.send(chat_id, screen) if anew else message_id
            raise
        return message_id

    async def strip(self, chat_id: int, message_id: int) -> None:
        """Take the keyboard off a message that is no longer the open one."""
        await self._quietly(lambda: self.bot.edit_message_reply_markup(chat_id, message_id), chat_id)

    async def delete(self, chat_id: int, message_id: int) -> bool:
        """Delete a message; False when Telegram would not."""
        return await self._quietly(lambda: self.bot.delete_message(chat_id, message_id), chat_id)

    async def answer(self, query_id: str, text: str = "") -> None:
        """End the little clock on a button, with a short remark; too old a tap is no error."""
        try:
            await self.bot.answer_callback_query(query_id, text[:MAX_TOAST] or None)
        except TelegramError as error:
            log.info("tap not answered", reason=str(error))

    async def document(self, chat_id: int, path: Path, name: str, caption: Html) -> int:
        """Send a file that may not be forwarded; read from disk, never whole in memory."""

        async def send() -> int:
            with path.open("rb") as file:
                message = await self.bot.send_document(
                    chat_id, file, caption, filename=name, parse_mode=ParseMode.HTML, protect_content=True
                )
            return message.message_id

        return await self._try(chat_id, send)

    def lock(self, chat_id: int, message_id: int) -> asyncio.Lock:
        """Held while a message is rendered and edited, so that an older state never lands on a newer one."""
        if len(self._locks) > 1000:
            self._locks = {key: lock for key, lock in self._locks.items() if lock.locked()}
        return self._locks.setdefault((chat_id, message_id), asyncio.Lock())

    async def _quietly(self, act: Callable[[], Awaitable[object]], chat_id: int) -> bool:
        try:
            await self._try(chat_id, act)
        except (BadRequest, Unreachable, ChatBusy) as error:
            log.info("telegram would not", chat_id=chat_id, reason=str(error))
            return False
        return True

    async def _try(self, chat_id: int, act: Callable[[], Awaitable[T]]) -> T:
        """Run `act` when the chat is free; one RetryAfter is waited out, one broken line tried again."""
        await self._wait(chat_id)
        try:
            return await act()
        except RetryAfter as error:
            self._until[chat_id] = self._now() + wait_of(error)
        except TimedOut:
            raise
        except Forbidden as error:
            raise Unreachable(str(error)) from error
        except BadRequest as error:
            if "chat not found" in str(error).lower():
                raise Unreachable(str(error)) from error
            raise
        except NetworkError:
            # A bad gateway at Telegram, or a dropped connection. At worst the same screen stands there twice.
            await asyncio.sleep(PAUSE)
        await self._wait(chat_id)
        return await act()

    async def _wait(self, chat_id: int) -> None:
        left = self._until.get(chat_id, 0.0) - self._now()
        if left > LONGEST_WAIT:
            raise ChatBusy(left)
        if left > 0:
            await asyncio.sleep(left)
        self._until.pop(chat_id, None)


def keyboard(rows: Rows) -> InlineKeyboardMarkup | None:
    """Our buttons as Telegram's."""
    filled = [[_button(button) for button in row] for row in rows if row]
    return InlineKeyboardMarkup(filled) if filled else None


def _button(button: Button) -> InlineKeyboardButton:
    style = button.style or None
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url, style=style)
    if button.copy:
        return InlineKeyboardButton(button.label, copy_text=CopyTextButton(button.copy), style=style)
    return InlineKeyboardButton(button.label, callback_data=button.data, style=style)


def _unchanged(error: TelegramError) -> bool:
    return "not modified" in str(error).lower()


def _cannot_be_edited(error: TelegramError) -> bool:
    text = str(error).lower()
    return "message to edit not found" in text or "can't be edited" in text or "no text in the message" in text


def wait_of(error: RetryAfter) -> float:
    """Seconds Telegram asks us to wait. The public attribute warns of its own change, this one has it already."""
    return error._retry_after.total_seconds()
