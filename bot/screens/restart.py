"""What a person sees whose message was under way when the bot was restarted."""

from __future__ import annotations

from dataclasses import replace

import db
from bot.forms.engine import present
from bot.forms.kinds import KINDS
from bot.screens.home import home
from bot.turn import Office, Turn
from models import Staff
from texts.html import lines


async def tell_restart(office: Office, chat_id: int) -> None:
    """Say that the last message was perhaps not carried out, and show where the person is."""
    person = await db.in_thread(Staff.get_or_none, Staff.telegram_id == chat_id, Staff.active)
    if person is None:
        return
    turn = Turn(office, person, chat_id)
    form = await turn.form()
    screen = await present(KINDS[form.kind], turn, form) if form else None
    if screen is None:
        form, screen = None, await home(turn)
    shown = await turn.say(replace(screen, text=lines(turn.t("restart.told"), "", screen.text)))
    if form:
        form.message_id = shown
        await turn.keep(form)
