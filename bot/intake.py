"""From Telegram's update to a stored row, and from the row to a handled turn."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import structlog
from telegram import CallbackQuery, Document, Message, PhotoSize, Update
from telegram.error import TelegramError

import db
from bot import access, errors, refusals
from bot.keyboards import back_row, home_row
from bot.markup import OldKeyboard, Screen, read, to
from bot.newcomers import knock
from bot.roles import BUTTONS
from bot.router import command_of, handle
from bot.telegram_limits import ChatBusy, Unreachable
from bot.turn import Attached, Office, Turn
from models import StaffUpdate
from services import staff, stop_all, troubles, updates
from services.audit import Actor
from services.errors import DeskError

log = structlog.get_logger(__name__)

Work = Callable[[], Awaitable[None]]


def keep(office: Office, door: access.Door, arrived: Iterable[Update]) -> list[StaffUpdate]:
    """Store what staff sent, in one transaction; of what strangers sent no word is kept."""
    found = door.sort(office.desk, arrived)
    rows = updates.store(office.desk.now(), office.desk.box, [_arrival(update) for update in found.handled])
    access.note(office.desk, found)
    return rows


def _arrival(update: Update) -> updates.Arrival:
    assert update.effective_chat is not None
    message = update.effective_message
    message_id = message.message_id if message else None
    return updates.Arrival(update.update_id, update.effective_chat.id, message_id, update.to_json())


class Intake:
    """Handles stored updates, each once."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def run(self, row_id: int) -> None:
        """Handle one stored update; a second call for the same row does nothing."""
        payload = await db.in_thread(updates.start, self.office.desk.box, row_id)
        if payload is None:
            return
        update = Update.de_json(json.loads(payload), self.office.sender.bot)
        turn = await self._turn(update) if update else None
        if turn is None:  # a newcomer, or dismissed meanwhile
            await db.in_thread(updates.done, row_id)
            return
        await self._handle(turn, row_id)

    def presses_stop(self, row: StaffUpdate) -> bool:
        """Whether a stored update is /dunghet or its button, typed or tapped by the person themselves."""
        return _presses_stop(json.loads(updates.payload_of(self.office.desk.box, row)))

    async def press_stop(self, row: StaffUpdate) -> Work:
        """Stop everything at once if the sender may; returns what is left to do in the lane of the chat.

        The update counts as started in the transaction of the act: a restart neither loses the press nor presses again
        after somebody let messages go.
        """
        in_order = partial(self.run, row.id)
        update = Update.de_json(json.loads(updates.payload_of(self.office.desk.box, row)), self.office.sender.bot)
        sender = access.sender_of(update) if update else None
        person = await db.in_thread(access.recognise, self.office.desk, sender) if sender else None
        if update is None or sender is None or person is None or not staff.may(person, BUTTONS["stop"]):
            return in_order
        turn = _filled(Turn(self.office, person, sender.chat_id), update)
        if turn is None:
            return in_order
        turn.stopped = await db.in_thread(_stop, self.office, turn.actor, row.id)
        return in_order if turn.stopped is None else partial(self._handle, turn, row.id)

    async def _turn(self, update: Update) -> Turn | None:
        """The turn of a staff member; None for everybody else, after looking at the invitation they may have opened."""
        sender = access.sender_of(update)
        if sender is None:
            return None
        person = await db.in_thread(access.recognise, self.office.desk, sender)
        if person is None:
            secret = access.secret_of(update)
            if secret:
                await knock(self.office, sender, secret)
            return None
        await self.office.menus.show(person, sender.chat_id)
        return _filled(Turn(self.office, person, sender.chat_id), update)

    async def _handle(self, turn: Turn, row_id: int) -> None:
        try:
            problem = await self._answer(turn)
        except (TelegramError, ChatBusy, Unreachable) as error:
            # The act itself is done or refused; only its answer could not be shown.
            log.error("an answer did not reach the chat", chat_id=turn.chat_id, reason=type(error).__name__)
            problem = f"telegram {type(error).__name__}"
        if problem:
            await turn.hide_number_after_all()
            await db.in_thread(updates.failed, row_id, problem)
        else:
            await db.in_thread(updates.done, row_id)

    async def _answer(self, turn: Turn) -> str:
        """Answer, and end the clock on the button; returns what went wrong for the row, "" when all went well."""
        problem = ""
        try:
            await handle(turn)
        except Exception as error:
            problem = await self._failed(turn, error)
        await turn.toast()
        return problem

    async def _failed(self, turn: Turn, error: Exception) -> str:
        """Tell the person; returns what to keep in the row, "" for an error that was foreseen."""
        known = troubles.explain(error)
        if known is not None:
            await _show_known(turn, known)
            return ""
        ref = errors.reference()
        log.error("unforeseen error", reference=ref, exc_info=error)
        try:
            await turn.say(Screen(errors.unforeseen(turn, ref), [home_row(turn.t)]))
        except (TelegramError, ChatBusy, Unreachable) as again:
            log.error("the person could not be told", reference=ref, reason=type(again).__name__)
        return f"{ref} {type(error).__name__}"


async def _show_known(turn: Turn, error: DeskError) -> None:
    await refusals.note(turn, error)
    if error.key == "confirm.used":  # a second tap: what the first one did stands on the screen already
        await turn.toast(errors.brief(turn, error))
        return
    target = turn.target
    of_oa = target is not None and target.action.startswith("oa.") and target.args[:1] and target.args[0].isdigit()
    row = back_row(turn.t, to("oa", target.args[0])) if target and of_oa else home_row(turn.t)
    await turn.show_beside(Screen(errors.explain(turn, error), [row]))


def _presses_stop(update: dict[str, Any]) -> bool:
    query, message = update.get("callback_query"), update.get("message") or {}
    if query:
        try:
            return read(query.get("data") or "").action == "stop"
        except OldKeyboard:
            return False
    command = command_of(message.get("text") or "")[0]
    return command is not None and command.action == "stop_all" and "forward_origin" not in message


def _stop(office: Office, actor: Actor, row_id: int) -> int | None:
    """How many OAs stand still by it; None when the update was begun before."""
    with db.write():
        if updates.start(office.desk.box, row_id) is None:
            return None
        return stop_all.stop_all(office.desk, actor)


def _filled(turn: Turn, update: Update) -> Turn | None:
    if update.callback_query:
        return _tapped(turn, update.callback_query)
    return _typed(turn, update.message) if update.message else None


def _tapped(turn: Turn, query: CallbackQuery) -> Turn:
    turn.query_id = query.id
    turn.tapped = query.message.message_id if query.message else None
    turn.protected = bool(getattr(query.message, "has_protected_content", False))
    turn.text = query.data or ""
    return turn


def _typed(turn: Turn, message: Message) -> Turn:
    turn.message_id, turn.forwarded = message.message_id, message.forward_origin is not None
    turn.reply_to = message.reply_to_message.message_id if message.reply_to_message else None
    turn.text = message.text or message.caption or ""
    picture = _picture(message)
    if picture is not None:
        turn.photo, turn.photo_size = picture.file_id, picture.file_size or 0
    else:
        turn.document = _file(message)
    place = message.location
    turn.location = (place.latitude, place.longitude) if place else None
    return turn


def _picture(message: Message) -> PhotoSize | Document | None:
    """The largest size of a photo, or a still picture sent as a file."""
    if message.photo:
        return message.photo[-1]
    document = message.document
    return document if document and _is_still(document.mime_type or "") else None


def _is_still(media_type: str) -> bool:
    return media_type.startswith("image/") and media_type != "image/gif"


def _file(message: Message) -> Attached | None:
    # Telegram gives a GIF as an animation and as a document, the same file in both.
    for found in (message.document, message.animation, message.video, message.voice, message.audio):
        if found is not None:
            name = getattr(found, "file_name", None) or ""
            return Attached(found.file_id, name, found.file_size or 0, found.mime_type or "")
    return None
