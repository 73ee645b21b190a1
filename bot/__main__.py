"""`python -m bot`: poll Telegram until told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog
from peewee import PeeweeException

import config
import db
from bot.app import running
from services import logs, staff
from services.desk import Desk, Nudge

log = structlog.get_logger(__name__)


def main() -> int:
    """Run the bot; exit 1 with one clear line when the settings do not allow it."""
    try:
        settings = config.load()
    except config.ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return 1
    if not settings.telegram_bot_token.get_secret_value():
        print("TELEGRAM_BOT_TOKEN is not set", file=sys.stderr)  # noqa: T201
        return 1
    logs.setup(settings.log_level, secrets=settings.secrets())
    db.open_database(settings.database)
    # This file wires a process together: the only one of the package that knows the queue, to wake the workers.
    from jobs import nudge

    asyncio.run(_serve(settings, nudge))
    db.close_database()
    return 0


async def _serve(settings: config.Settings, nudge: Nudge) -> None:
    desk = Desk.from_settings(settings, nudge)
    await _enter_owner(desk)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    async with running(desk):
        await stop.wait()
    await desk.close()


async def _enter_owner(desk: Desk) -> None:
    try:
        await db.in_thread(staff.enter_owner, desk.now(), desk.settings.telegram_owner_id)
    except PeeweeException as problem:  # the bot waits for the database as it does at any other time
        log.warning("the owner was not entered yet", problem=type(problem).__name__)


if __name__ == "__main__":
    sys.exit(main())
