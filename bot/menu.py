"""The commands menu: for each person by role and language, and nothing for strangers."""

from __future__ import annotations

import structlog
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from bot.roles import COMMANDS
from models import Staff
from services import staff
from texts import Texts

log = structlog.get_logger(__name__)


class Menus:
    """Sets a person's menu when the person is first seen, and again when role or language change."""

    def __init__(self, bot: Bot, texts: dict[str, Texts]) -> None:
        self._bot = bot
        self._texts = texts
        self._shown: dict[int, tuple[str, str]] = {}

    async def clear_for_strangers(self) -> None:
        """Whoever finds the bot sees a bot without commands."""
        await self._bot.delete_my_commands(scope=BotCommandScopeDefault())
        await self._bot.delete_my_commands(scope=BotCommandScopeAllPrivateChats())

    async def show(self, person: Staff, chat_id: int) -> None:
        """Bring the menu up to date. A refusal of Telegram is logged and tried again at the next message."""
        wanted = (str(person.role), str(person.language))
        if self._shown.get(chat_id) == wanted:
            return
        try:
            await self._bot.set_my_commands(self.commands(person), scope=BotCommandScopeChat(chat_id))
        except TelegramError as error:
            log.warning("commands menu not set", reason=str(error))
            return
        self._shown[chat_id] = wanted

    async def hide(self, chat_id: int) -> None:
        """Take the menu from somebody who is no longer staff."""
        self._shown.pop(chat_id, None)
        try:
            await self._bot.delete_my_commands(scope=BotCommandScopeChat(chat_id))
        except TelegramError as error:
            log.warning("commands menu not taken away", reason=str(error))

    def commands(self, person: Staff) -> list[BotCommand]:
        """What this person may use, in the person's language."""
        t = self._texts[person.language]
        return [
            BotCommand(command.name(person.language), t.plain(f"menu.{command.action}"))
            for command in COMMANDS
            if command.in_menu and staff.may(person, command.role)
        ]
