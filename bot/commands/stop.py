"""/dunghet: everything stops at one tap; a manager lets it go again after a question."""

from __future__ import annotations

from dataclasses import replace

from bot.markup import part
from bot.screens.home import home
from bot.screens.stop import start_question, stopped_screen
from bot.turn import Turn
from services import stop_all
from services.stop_all import Outlook, Standstill
from texts.html import lines

Args = tuple[str, ...]


async def stop_command(turn: Turn, rest: str) -> None:
    """Stop every OA, without a question: this is the safer side. Pressed again, it says since when."""
    stopped = turn.stopped
    if stopped is None:
        stopped = await turn.db(stop_all.stop_all, turn.desk, turn.actor)
    standing = await turn.db(stop_all.in_force)
    if standing is None:  # let go again in the same second
        await turn.show(await home(turn))
        return
    await turn.show(stopped_screen(turn, standing, already=not stopped and standing.oas > 0))


async def stop_button(turn: Turn, args: Args) -> None:
    """The same by its button."""
    await stop_command(turn, "")


async def ask_start(turn: Turn, args: Args) -> None:
    """The question before messages leave again."""

    def ask() -> tuple[Standstill, Outlook, str]:
        token, standing = stop_all.ask_start(turn.desk, turn.staff)
        return standing, stop_all.outlook(), token

    await turn.show(start_question(turn, *await turn.db(ask)))


async def start(turn: Turn, args: Args) -> None:
    """The yes to it."""
    resumed = await turn.db(stop_all.accept_start, turn.desk, turn.actor, part(args, 0))
    screen = await home(turn)
    await turn.show(replace(screen, text=lines(turn.t("stop_all.started", oas=resumed), "", screen.text)))
