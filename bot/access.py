"""The gate: who an update is from, and whether anybody answers."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from telegram import Update
from telegram.constants import ChatType

from models import Staff
from services import staff
from services.desk import Desk

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sender:
    """The person and the private chat an update came from."""

    telegram_id: int
    name: str
    chat_id: int


def sender_of(update: Update) -> Sender | None:
    """Who wrote or tapped in a private chat; None for everything else (groups, channels, odd updates)."""
    user, chat = update.effective_user, update.effective_chat
    if user is None or user.is_bot or chat is None or chat.type != ChatType.PRIVATE:
        return None
    return Sender(user.id, user.full_name, chat.id)


def recognise(desk: Desk, sender: Sender) -> Staff | None:
    """The staff member, or None for a stranger, who gets no answer at all."""
    return staff.recognise(desk.now(), sender.telegram_id, sender.name, desk.settings.telegram_owner_id)


def tell_unknown_owner(desk: Desk, sender: Sender, update: Update) -> None:
    """While no owner is set, /start logs the person's number: that is how an owner learns what to configure."""
    text = update.message.text if update.message else None
    if desk.settings.telegram_owner_id is None and text and text.split()[:1] == ["/start"]:
        log.warning("no owner is set; to become it, set TELEGRAM_OWNER_ID", telegram_id=str(sender.telegram_id))
