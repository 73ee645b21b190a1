"""The gate: who an update is from, what becomes of everybody else's, and where the bot was put."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from telegram import Chat, ChatMember, ChatMemberUpdated, Message, Update
from telegram.constants import ChatType

from models import Staff
from services import groups, invitations, staff, strangers
from services.desk import Desk

log = structlog.get_logger(__name__)

MOST_STRANGERS = 10_000  # remembered within a minute
KNOCKS_A_MINUTE = 5  # invitations one stranger may try


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
    if update.message is None and update.callback_query is None:
        return None  # blocked or unblocked the bot: nothing to answer
    return Sender(user.id, user.full_name, chat.id)


def recognise(desk: Desk, sender: Sender) -> Staff | None:
    """The staff member, or None for a stranger, who gets no answer at all."""
    return staff.recognise(desk.now(), sender.telegram_id, sender.name, desk.settings.telegram_owner_id)


def secret_of(update: Update) -> str:
    """The secret of an invitation somebody opened; "" for every other update."""
    if update.message is None or update.message.forward_origin is not None:  # a forwarded command is nobody's act
        return ""
    return invitations.secret_in(update.message.text or "")


@dataclass
class Sorted:
    """One batch: what is handled, who else was there, and whether a group has to be looked at."""

    handled: list[Update] = field(default_factory=list)
    strangers: dict[int, str] = field(default_factory=dict)
    groups: list[Update] = field(default_factory=list)


class Door:
    """Sorts updates with one read a batch; what strangers cost is bounded, however many updates they send."""

    def __init__(self) -> None:
        self._minute: datetime | None = None
        self._knocks: dict[int, int] = {}
        self._noted: set[int] = set()

    def sort(self, desk: Desk, arrived: Iterable[Update]) -> Sorted:
        """Staff's updates and opened invitations are handled; of the rest only the people are kept."""
        self._turn_minute(desk.now())
        found, senders = Sorted(), [(update, sender_of(update)) for update in arrived]
        known = self._known(desk, [sender for _, sender in senders if sender is not None])
        for update, sender in senders:
            if sender is None:
                self._group(found, update)
            elif sender.telegram_id in known or self._invited(sender, update):
                found.handled.append(update)
            else:
                self._stranger(desk, found, sender, update)
        return found

    def _turn_minute(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute or len(self._noted) > MOST_STRANGERS or len(self._knocks) > MOST_STRANGERS:
            self._minute, self._knocks, self._noted = minute, {}, set()

    @staticmethod
    def _known(desk: Desk, senders: list[Sender]) -> set[int]:
        owner = desk.settings.telegram_owner_id
        return staff.known({sender.telegram_id for sender in senders}) | ({owner} if owner is not None else set())

    def _invited(self, sender: Sender, update: Update) -> bool:
        """Whether this opens an invitation that exists: used or old ones are answered too, invented ones are not."""
        secret = secret_of(update)
        if not secret:
            return False
        self._knocks[sender.telegram_id] = self._knocks.get(sender.telegram_id, 0) + 1
        return self._knocks[sender.telegram_id] <= KNOCKS_A_MINUTE and invitations.get(secret) is not None

    def _stranger(self, desk: Desk, found: Sorted, sender: Sender, update: Update) -> None:
        tell_unknown_owner(desk, sender, update)
        if sender.telegram_id not in self._noted:
            self._noted.add(sender.telegram_id)
            found.strangers[sender.telegram_id] = sender.name

    def _group(self, found: Sorted, update: Update) -> None:
        chat = update.effective_chat
        if chat is None or chat.type == ChatType.PRIVATE:
            return
        # A change of membership is always looked at, chatter once a minute.
        if update.my_chat_member is None and not _migration(update.message):
            if chat.id in self._noted:
                return
            self._noted.add(chat.id)
        found.groups.append(update)


def note(desk: Desk, found: Sorted) -> None:
    """Keep what a batch says about strangers and groups. What fails is logged: staff's updates are safe by now."""
    try:
        if found.strangers:
            strangers.seen(desk.now(), found.strangers)
        for update in found.groups:
            _note_group(desk.now(), update)
    except Exception:
        log.exception("strangers or groups not noted")


def _note_group(now: datetime, update: Update) -> None:
    chat, change, migration = update.effective_chat, update.my_chat_member, _migration(update.message)
    assert chat is not None
    if migration is not None:
        groups.moved(now, *migration)
    elif change is not None:
        _note_membership(now, chat, change)
    else:
        groups.present(now, chat.id, chat.title or "")


def _note_membership(now: datetime, chat: Chat, change: ChatMemberUpdated) -> None:
    inside = (ChatMember.MEMBER, ChatMember.ADMINISTRATOR, ChatMember.OWNER)
    member = change.new_chat_member
    if member.status in inside or (member.status == ChatMember.RESTRICTED and getattr(member, "is_member", False)):
        groups.entered(now, chat.id, chat.title or "", change.from_user.id, change.from_user.full_name)
    else:
        groups.left(now, chat.id)


def _migration(message: Message | None) -> tuple[int, int] | None:
    """The old and the new number of a group that became a supergroup."""
    if message is None or message.migrate_to_chat_id is None:
        return None
    return message.chat.id, message.migrate_to_chat_id


def tell_unknown_owner(desk: Desk, sender: Sender, update: Update) -> None:
    """While no owner is set, /start logs the person's number: that is how an owner learns what to configure."""
    text = update.message.text if update.message else None
    if desk.settings.telegram_owner_id is None and text and text.split()[:1] == ["/start"]:
        log.warning("no owner is set; to become it, set TELEGRAM_OWNER_ID", telegram_id=str(sender.telegram_id))
