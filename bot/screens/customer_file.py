"""A picture, voice, video or file of a customer, fetched when it is shown."""

from __future__ import annotations

from contextlib import suppress

from bot.customer_files import media_of
from bot.markup import Screen
from bot.screens.chat import attached
from bot.screens.titles import name_of, oa_name
from bot.turn import Turn
from models import ChatMessage, Follower, Notice, OfficialAccount
from services import fetching, reach, telling
from services.errors import Invalid
from texts.html import escape, lines, quote


async def customer_file(turn: Turn, notice: Notice) -> Screen | None:
    """A picture, voice, video or file, with its bytes; what cannot be fetched is said, and its link is kept back."""
    found = None if notice.message_id is not None else await _file_of(turn, notice)
    if found is None:
        return None
    oa, person, line, at = found
    each, t = (line.attachments or [])[at], turn.t
    caption = t("chat.file_from", name=name_of(turn, person), what=attached(turn, line, each), oa=oa_name(oa))
    try:
        data = await _bytes(turn, line, at)
    except Invalid as error:
        return Screen(lines(caption, t("chat.not_fetched"), quote(escape(error.key))), protect=True)
    media = media_of(each, data)
    if media is None:
        return Screen(lines(caption, t("chat.not_fetched")), protect=True)
    return Screen(caption, protect=True, media=media)


async def fetch_ahead(turn: Turn, notice: Notice) -> None:
    """Begin to fetch the file of a notice, several at once: a slow host then keeps nobody waiting for each of them."""
    found = await _file_of(turn, notice)
    if found is not None:
        with suppress(Invalid):  # said when its turn comes
            await _bytes(turn, found[2], found[3])


async def _file_of(turn: Turn, notice: Notice) -> tuple[OfficialAccount, Follower, ChatMessage, int] | None:
    found = await turn.db(reach.follower, turn.staff, notice.payload["row"])
    line = None if found is None else await turn.db(telling.line_at, found[1], notice.payload["message"])
    at = int(notice.payload["at"])
    if found is None or line is None or at >= len(line.attachments or []):
        return None
    return found[0], found[1], line, at


async def _bytes(turn: Turn, line: ChatMessage, at: int) -> bytes:
    address = str(line.attachments[at].get("url") or "")
    return await turn.office.files.get(f"{line.id}:{at}", lambda: fetching.attachment(turn.desk, address))
