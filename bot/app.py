"""The bot's process: Telegram's client, the poller, the outbox, and a clean end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
from telegram.error import TelegramError
from telegram.ext import Application, ExtBot
from telegram.request import HTTPXRequest

from bot.intake import Intake
from bot.menu import Menus
from bot.outbox import Outbox
from bot.polling import Poller
from bot.telegram_limits import Sender
from bot.turn import Office
from config import Settings
from services.desk import Desk
from texts import load

log = structlog.get_logger(__name__)

POOL = 64
TRY_AGAIN = 5.0


@dataclass(frozen=True)
class Running:
    """A bot at work."""

    office: Office
    poller: Poller
    outbox: Outbox


def build(settings: Settings) -> ExtBot[None]:
    """Telegram's client: TELEGRAM_API_URL, TELEGRAM_PROXY, and nothing from the environment."""
    token = settings.telegram_bot_token.get_secret_value()
    application = (
        Application.builder()
        .token(token)
        .base_url(f"{settings.telegram_api_url}/bot")
        .base_file_url(f"{settings.telegram_api_url}/file/bot")
        .request(_request(settings, POOL))
        .get_updates_request(_request(settings, 1))
        .updater(None)
        .build()
    )
    return application.bot


def _request(settings: Settings, pool: int) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=pool,
        proxy=settings.telegram_proxy.get_secret_value() or None,
        read_timeout=20.0,
        connect_timeout=10.0,
        pool_timeout=10.0,
        httpx_kwargs={"trust_env": False},
    )


@asynccontextmanager
async def running(desk: Desk, *, long_poll: int = 20) -> AsyncIterator[Running]:
    """Run the bot until the block ends; then what is under way has five seconds."""
    bot = build(desk.settings)
    texts = load()
    office = Office(desk, Sender(bot), texts, Menus(bot, texts))
    poller = Poller(office, bot, Intake(office), long_poll=long_poll)
    outbox = Outbox(office, poller.owner)
    tasks = [
        asyncio.create_task(_initialize(bot, office.menus)),
        asyncio.create_task(poller.run()),
        asyncio.create_task(outbox.run(poller.polling)),
    ]
    try:
        yield Running(office, poller, outbox)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await poller.stop()
        await bot.shutdown()


async def _initialize(bot: ExtBot[None], menus: Menus) -> None:
    """Learn the bot's own name and clear the strangers' menu, as soon as Telegram can be reached."""
    while True:
        try:
            await bot.initialize()
            await menus.clear_for_strangers()
        except TelegramError as error:
            log.warning("telegram cannot be reached, trying again", reason=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN)
        else:
            log.info("bot ready")
            return
