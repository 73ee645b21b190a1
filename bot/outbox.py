"""Draining the outbox: every second, at least once, the latest state of each message."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from telegram.error import BadRequest, TelegramError

import db
from bot.notices import screen_of
from bot.screens.customer_file import fetch_ahead
from bot.telegram_limits import ChatBusy, Unreachable
from bot.turn import Office, Turn
from models import Notice, Staff
from services import notices, telling
from services.leaving import HIDE_NUMBER

log = structlog.get_logger(__name__)

EVERY = 1.0
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
STRAGGLE = 2.0  # seconds a batch is waited for before the next one is claimed


class Outbox:
    """Sends notices while this process is the one that polls."""

    def __init__(self, office: Office, owner: str) -> None:
        self._office, self._owner = office, owner
        self._busy: dict[int, asyncio.Task[None]] = {}
        self._claiming = asyncio.Lock()

    async def run(self, active: asyncio.Event) -> None:
        """Until cancelled. A database that does not answer is logged and asked again."""
        try:
            while True:
                await active.wait()
                await self._all_due()
                await asyncio.sleep(EVERY)
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _all_due(self) -> None:
        try:
            while await self.drain():
                pass
        except Exception:
            log.exception("outbox stumbled")

    async def drain(self) -> int:
        """Send what is due now; returns how many notices were taken.

        Chats wait for Telegram, and for the files of customers, each for itself: what is due to a chat that is still
        busy stays in the queue, and an alarm to everybody else goes on.
        """
        async with self._claiming:
            due = await db.in_thread(notices.claim, self._office.desk.now(), self._owner, tuple(self._busy))
            chats: dict[int, list[Notice]] = {}
            for notice in due:
                chats.setdefault(notice.chat_id, []).append(notice)
            tasks = [self._begin(chat, rows) for chat, rows in chats.items()]
        if tasks:
            await asyncio.wait(tasks, timeout=STRAGGLE)
        return len(due)

    def _begin(self, chat: int, rows: list[Notice]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._chat(chat, rows))
        self._busy[chat] = task
        return task

    async def _chat(self, chat: int, rows: list[Notice]) -> None:
        try:
            await self._in_order(rows)
        except Exception:
            log.exception("a chat's notices stumbled")  # their leases end, and they are claimed again
        finally:
            del self._busy[chat]

    async def _in_order(self, rows: list[Notice]) -> None:
        await asyncio.gather(*(self._ahead(notice) for notice in rows if notice.kind == telling.ATTACHMENT))
        for notice in rows:
            await self._one(notice)

    async def _ahead(self, notice: Notice) -> None:
        person = await db.in_thread(Staff.get_or_none, Staff.telegram_id == notice.chat_id, Staff.active)
        if person is not None:
            await fetch_ahead(Turn(self._office, person, notice.chat_id), notice)

    async def _one(self, notice: Notice) -> None:
        now = self._office.desk.now()
        try:
            message_id = await self._show(notice)
        except ChatBusy as busy:
            at = now + timedelta(seconds=busy.seconds)
            await db.in_thread(notices.retry, notice, at, "chat busy", for_ever=True)
        except Unreachable as error:
            await db.in_thread(notices.give_up, notice, str(error))
        except BadRequest as error:
            # The same message would be refused again; a defect of ours that must be seen.
            log.error("telegram refused a notice", kind=notice.kind, reason=str(error))
            await db.in_thread(notices.give_up, notice, str(error))
        except TelegramError as error:
            # Telegram may be away for hours, and what is waiting may be that an OA needs somebody.
            at = now + _wait(notice.attempts)
            await db.in_thread(notices.retry, notice, at, type(error).__name__, for_ever=True)
        except Exception as error:
            log.exception("a notice could not be shown", kind=notice.kind)
            await db.in_thread(notices.retry, notice, now + _wait(notice.attempts), type(error).__name__)
        else:
            await db.in_thread(notices.sent, now, notice, message_id)

    async def _show(self, notice: Notice) -> int | None:
        person = await db.in_thread(Staff.get_or_none, Staff.telegram_id == notice.chat_id, Staff.active)
        sender = self._office.sender
        if person is None:
            if notice.kind == HIDE_NUMBER and notice.message_id is not None:
                await sender.delete(notice.chat_id, notice.message_id)
            raise Unreachable("no longer staff")
        async with sender.lock(notice.chat_id, notice.message_id or 0):
            # Rendered inside the lock, from the rows as they are now: an older state never follows a newer one.
            screen = await screen_of(self._office, person, notice)
            if screen is None or (screen.media is not None and notice.message_id is not None):
                return notice.message_id
            if notice.message_id is None:
                return await sender.send(notice.chat_id, screen)
            # A number whose message the person deleted is hidden already; nobody asked for another card, nor for words
            # of a customer that they have put away.
            anew = notice.kind not in (HIDE_NUMBER, telling.WROTE)
            return await sender.edit(notice.chat_id, notice.message_id, screen, anew=anew)


def _wait(attempts: int) -> timedelta:
    wait: timedelta = min(FIRST_WAIT * 2 ** min(attempts, 10), LONGEST_WAIT)
    return wait
