"""The commands menu: for each person by role and language, and nothing for strangers."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import BadRequest, Forbidden, TelegramError

import db
from bot.roles import COMMANDS
from models import Staff
from services import staff
from texts import Texts

log = structlog.get_logger(__name__)

LATELY = timedelta(days=7)  # who was removed before has lost the menu long ago


class Menus:
    """Sets a person's menu when the person is first seen, and again when role or language change."""

    def __init__(self, bot: Bot, texts: dict[str, Texts]) -> None:
        self._bot = bot
        self._texts = texts
        self._shown: dict[int, tuple[str, str]] = {}
        self._hidden: set[int] = set()  # people who are no longer staff, their menus taken away by this process

    async def clear_for_strangers(self) -> None:
        """Whoever finds the bot sees a bot without commands."""
        await self._bot.delete_my_commands(scope=BotCommandScopeDefault())
        await self._bot.delete_my_commands(scope=BotCommandScopeAllPrivateChats())

    async def show(self, person: Staff, chat_id: int) -> None:
        """Bring the menu up to date. A refusal of Telegram is logged and tried again at the next message."""
        wanted = (str(person.role), str(person.language))
        self._hidden.discard(chat_id)
        if self._shown.get(chat_id) == wanted:
            return
        try:
            await self._bot.set_my_commands(self.commands(person), scope=BotCommandScopeChat(chat_id))
        except TelegramError as error:
            log.warning("commands menu not set", reason=str(error))
            self._shown.pop(chat_id, None)
            return
        self._shown[chat_id] = wanted

    async def hide(self, chat_id: int) -> None:
        """Take the menu from somebody who is no longer staff."""
        self._shown.pop(chat_id, None)
        try:
            await self._bot.delete_my_commands(scope=BotCommandScopeChat(chat_id))
        except (BadRequest, Forbidden) as error:  # the chat is gone, or the bot blocked: no menu is seen there
            log.info("commands menu not taken away", reason=str(error))
        except TelegramError as error:
            log.warning("commands menu not taken away", reason=str(error))
            return
        self._hidden.add(chat_id)

    async def catch_up(self, now: datetime) -> None:
        """Bring menus up to date that changed without a word to this process: by the command line, or before it began.

        In private chats a chat's number is the person's.
        """
        changed, gone = await db.in_thread(self._changes, now)
        for person in changed:
            await self.show(person, person.telegram_id)
        for chat_id in gone:
            await self.hide(chat_id)

    def _changes(self, now: datetime) -> tuple[list[Staff], list[int]]:
        shown = dict(self._shown)
        here = [person for person in Staff.select().where(Staff.active) if person.telegram_id in shown]
        changed = [person for person in here if shown[person.telegram_id] != (str(person.role), str(person.language))]
        lately = Staff.select(Staff.telegram_id).where(~Staff.active, Staff.removed_at > now - LATELY)
        return changed, [row.telegram_id for row in lately if row.telegram_id not in self._hidden]

    def commands(self, person: Staff) -> list[BotCommand]:
        """What this person may use, in the person's language."""
        t = self._texts[person.language]
        return [
            BotCommand(command.name(person.language), t.plain(f"menu.{command.action}"))
            for command in COMMANDS
            if command.in_menu and staff.may(person, command.role)
        ]
