"""Fetching updates: stored first, then acknowledged, then handled. One process polls, named in a lease row."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from functools import partial

import structlog
from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

import db
from bot import access, intake
from bot.groups import leave_unwelcome
from bot.lanes import Lanes, Work
from bot.screens.restart import tell_restart
from bot.telegram_limits import wait_of
from bot.turn import Office
from models import Role, StaffUpdate
from services import leases, notices, updates

log = structlog.get_logger(__name__)

LEASE = "telegram-polling"
LEASE_LASTS = timedelta(seconds=30)
RENEW_EVERY = 8.0
STANDBY_EVERY = 2.0
LONG_POLL = 20
LEFT_BEHIND = timedelta(seconds=30)
WANTED = [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
GROUPS = 0  # the lane of what is no chat's answer: groups to leave, menus; no chat has this number
FIRST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 30.0
CONFLICT_BACK_OFF = 10.0


class Poller:
    """Polls while it holds the lease, waits beside it otherwise."""

    def __init__(self, office: Office, bot: Bot, handler: intake.Intake, *, long_poll: int = LONG_POLL) -> None:
        self.owner = f"bot-{secrets.token_hex(6)}"
        self.polling = asyncio.Event()  # set while this process is the one that polls
        self.lanes = Lanes()
        self._door = access.Door()
        self._office, self._bot, self._handler = office, bot, handler
        self._long_poll = long_poll
        self._offset = 0
        self._back_off = FIRST_BACK_OFF

    async def run(self) -> None:
        """Until cancelled: hold the lease and poll, or stand by."""
        while True:
            try:
                if await self._take():
                    await self._lead()
                    continue
            except Exception:
                # The database, most likely. A bot that ends here would leave staff without a word.
                log.exception("polling stumbled")
            await asyncio.sleep(STANDBY_EVERY)

    async def stop(self, within: float = 5.0) -> None:
        """Let what is under way end, and give the lease to whoever waits."""
        await self.lanes.stop(within)
        await db.in_thread(leases.release, LEASE, self.owner)

    async def _take(self) -> bool:
        return await db.in_thread(leases.take, self._office.desk.now(), LEASE, self.owner, LEASE_LASTS)

    async def _lead(self) -> None:
        """Poll until the lease is lost."""
        log.info("polling telegram", owner=self.owner)
        await self._catch_up()
        self.polling.set()
        fetching = asyncio.create_task(self._fetch_for_ever())
        try:
            while await self._take():
                await asyncio.wait({fetching}, timeout=RENEW_EVERY)
                if fetching.done():
                    fetching.result()
                await self._sweep()
        finally:
            self.polling.clear()
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)

    async def _catch_up(self) -> None:
        """Run what was stored and never started; of what was under way, tell the person that the bot restarted."""
        for chat_id in await db.in_thread(updates.interrupted):
            self.lanes.put(chat_id, partial(tell_restart, self._office, chat_id))
        self._enqueue(await db.in_thread(updates.waiting))

    async def _sweep(self) -> None:
        """Run what was stored and could not even be started then, for instance because the database was away.

        And leave the groups that could not be left before, and see to menus that became others elsewhere.
        """
        left = self._office.desk.now() - LEFT_BEHIND
        rows = await db.in_thread(updates.waiting)
        self._enqueue([row for row in rows if row.received_at < left])
        self.lanes.put(GROUPS, partial(leave_unwelcome, self._office))
        self.lanes.put(GROUPS, partial(self._office.menus.catch_up, self._office.desk.now()))

    async def _fetch_for_ever(self) -> None:
        while True:
            try:
                await self._fetch()
                self._back_off = FIRST_BACK_OFF
            except Conflict:
                await self._somebody_else_polls()
            except RetryAfter as error:
                await asyncio.sleep(wait_of(error))
            except InvalidToken:
                log.error("telegram does not know TELEGRAM_BOT_TOKEN")
                await asyncio.sleep(LONGEST_BACK_OFF)
            except TelegramError as error:
                await self._rest(type(error).__name__)

    async def _fetch(self) -> None:
        found = await self._bot.get_updates(
            offset=self._offset, timeout=self._long_poll, allowed_updates=WANTED, read_timeout=self._long_poll + 5
        )
        if not found:
            return
        rows = await db.in_thread(intake.keep, self._office, self._door, found)
        # Only now: the next call tells Telegram that everything below the offset is safe with us.
        self._offset = found[-1].update_id + 1
        self._enqueue(rows)
        if any(update.effective_chat and update.effective_chat.id < 0 for update in found):
            self.lanes.put(GROUPS, partial(leave_unwelcome, self._office))

    def _enqueue(self, rows: list[StaffUpdate]) -> None:
        for row in rows:
            if row.chat_id is None:
                continue
            if self._handler.presses_stop(row):
                # Beside the chat's lane, in one whose number no chat has: those of private chats are positive.
                self.lanes.put(-row.chat_id, partial(self._stop_first, row.chat_id, row))
            else:
                self.lanes.put(row.chat_id, partial(self._handler.run, row.id))

    async def _stop_first(self, chat_id: int, row: StaffUpdate) -> None:
        """Whatever the chat is busy with, everything stops now; only the screen waits for its turn."""
        rest: Work = partial(self._handler.run, row.id)
        try:
            rest = await self._handler.press_stop(row)
        finally:
            self.lanes.put(chat_id, rest)

    async def _somebody_else_polls(self) -> None:
        # We hold the lease, so it is no process of ours: somebody else has the token.
        log.error("another program polls with this bot token; replace the token at BotFather if it is not yours")
        now = self._office.desk.now()
        day = f"{now:%Y-%m-%d}"
        await db.in_thread(notices.alert, now, "token_stranger", day, {}, Role.OWNER)
        await asyncio.sleep(CONFLICT_BACK_OFF)

    async def _rest(self, reason: str) -> None:
        log.warning("telegram cannot be reached, trying again", reason=reason, seconds=self._back_off)
        await asyncio.sleep(self._back_off)
        self._back_off = min(self._back_off * 2, LONGEST_BACK_OFF)
