"""Whether Telegram can be reached the way the bot would reach it, and knows its token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from telegram.error import InvalidToken, TelegramError

from bot.app import build
from services.desk import Desk
from services.health.findings import Finding, Teller

LIMIT = 6.0


def telegram(desk: Desk) -> Iterator[Finding]:
    """Ask Telegram who the bot is, through TELEGRAM_PROXY if that is set. The token is in no finding."""
    tell = Teller("telegram")
    if not desk.settings.telegram_bot_token.get_secret_value():
        yield tell.warning("not asked: there is no bot token", "see the line `settings`")
        return
    way = "through TELEGRAM_PROXY" if desk.settings.telegram_proxy.get_secret_value() else "directly"
    try:
        name = asyncio.run(_who_am_i(desk))
    except InvalidToken:
        yield tell.broken("Telegram does not know TELEGRAM_BOT_TOKEN", "copy it again from @BotFather")
    except (TelegramError, OSError, TimeoutError, ValueError, ImportError) as problem:
        yield tell.broken(
            f"Telegram cannot be reached {way} ({type(problem).__name__})",
            "some providers in Vietnam block it: set TELEGRAM_PROXY to a proxy that works, or mend the one that is set",
        )
    else:
        yield tell.ok(f"Telegram answers {way}; the bot is @{name}")


async def _who_am_i(desk: Desk) -> str:
    bot = build(desk.settings)
    async with asyncio.timeout(LIMIT):
        try:
            await bot.initialize()
            return str(bot.username)
        finally:
            await bot.shutdown()
