"""Leaving the groups and channels nobody allowed. The bot never writes a word there."""

from __future__ import annotations

import structlog
from telegram.error import BadRequest, Forbidden, TelegramError

import db
from bot.turn import Office
from models import TelegramGroup
from services import groups

log = structlog.get_logger(__name__)


async def leave_unwelcome(office: Office) -> None:
    """Leave every group the bot is in without leave. What fails is tried again at the poller's next look."""
    for group in await db.in_thread(groups.unwelcome):
        await _leave(office, group)


async def _leave(office: Office, group: TelegramGroup) -> None:
    try:
        await office.sender.bot.leave_chat(group.chat_id)
    except (Forbidden, BadRequest) as error:  # thrown out meanwhile, or the group is gone
        log.info("a group need not be left", chat_id=group.chat_id, reason=str(error))
    except TelegramError as error:
        log.warning("a group could not be left, trying again", chat_id=group.chat_id, reason=type(error).__name__)
        return
    await db.in_thread(groups.left, office.desk.now(), group.chat_id)
