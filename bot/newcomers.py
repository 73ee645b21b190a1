"""Somebody who is not staff opens an invitation: let in, or told kindly why not."""

from __future__ import annotations

from contextlib import suppress

import structlog
from telegram.error import TelegramError

import db
from bot.access import Sender
from bot.markup import Screen
from bot.telegram_limits import ChatBusy, Unreachable
from bot.turn import Office
from services import invitations
from services.errors import Conflict, NotFound

log = structlog.get_logger(__name__)


async def knock(office: Office, sender: Sender, secret: str) -> None:
    """Spend the invitation. The greeting is a notice of the same transaction; a refusal is said here, once.

    A secret nobody gave out gets silence.
    """
    try:
        await db.in_thread(invitations.accept, office.desk, secret, sender.telegram_id, sender.name)
    except Conflict as refusal:
        await _refuse(office, sender, secret, refusal)
    except NotFound:
        log.info("an unknown invitation was opened")


async def _refuse(office: Office, sender: Sender, secret: str, refusal: Conflict) -> None:
    row = await db.in_thread(invitations.get, secret)
    t = office.texts[row.language if row else "vi"]
    text = t(f"knock.{refusal.key.removeprefix('invitation.')}")
    with suppress(TelegramError, ChatBusy, Unreachable):
        await office.sender.send(sender.chat_id, Screen(text))
