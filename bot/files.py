"""Tables as files: written row by row, off the loop, neutralised, and not to be forwarded."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.telegram_limits import MAX_UPLOAD
from bot.turn import Turn
from services import exports
from services.errors import Invalid
from texts.html import Html

FORMATS = ("csv", "xlsx")


async def send_table(
    turn: Turn, name: str, header: exports.Row, rows: Iterable[exports.Row], told: Callable[[int], Html]
) -> None:
    """Send the file `name` (.csv or .xlsx) with `told(count)` as its caption.

    `told` is called off the loop, before anything is sent: what it writes down stands there whatever happens then.
    Raises Invalid `export.too_big` when Telegram would not take it.
    """
    await turn.toast(turn.t.plain("file.making"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        caption = await turn.db(lambda: told(exports.write(path, header, rows)))
        if path.stat().st_size > MAX_UPLOAD:
            raise Invalid("export.too_big")
        await turn.sender.document(turn.chat_id, path, name, caption)
