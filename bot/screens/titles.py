"""Names of OAs and customers. A screen begins with its OA: sending from the wrong one is an agency's worst accident."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from bot.errors import spoken
from bot.turn import Turn
from models import Follower, OfficialAccount
from services import modes
from services.modes import Mode
from services.readiness import Level, Line
from texts import Texts
from texts.html import Html, escape

DAYS = {"until"}
LAMPS = {Level.OK: "✅", Level.WARNING: "⚠️", Level.BROKEN: "❌", Level.UNKNOWN: "❔"}


def name_of(turn: Turn, person: Follower) -> str:
    """The name staff gave, else the person's own, else that there is none yet."""
    return person.nickname or person.display_name or turn.t.plain("customers.nameless", tail=person.user_id[-4:])


def oa_name(oa: OfficialAccount) -> str:
    """🌸 Spa Hoa Mai; a name that begins with an emoji of its own needs no second one."""
    return oa.name if unicodedata.category(oa.name[:1] or "x") == "So" else f"{oa.emoji} {oa.name}"


def mode_name(t: Texts, mode: Mode) -> Html:
    """🟢 Gửi thật, 🧪 Chỉ gửi thử, ⏸ Ngưng gửi."""
    return t(f"mode.{mode.value}")


def oa_title(t: Texts, oa: OfficialAccount) -> Html:
    """The OA and its mode."""
    return Html(f"<b>{escape(oa_name(oa))}</b> · {mode_name(t, modes.mode(oa))}")


def readiness_line(turn: Turn, line: Line) -> Html:
    """One thing that can stop sending."""
    values = {name: _value(turn, name, value) for name, value in line.values.items()}
    key = f"ready.{line.key}"
    text = turn.t.lenient(key, values) if key in turn.t else escape(line.key)
    return Html(f"{LAMPS[line.level]} {text}")


def _value(turn: Turn, name: str, value: object) -> object:
    """As `spoken`; a package ends on a day, and Zalo's words for quality have Vietnamese ones."""
    if name in DAYS and isinstance(value, datetime):
        return turn.t.day(value, turn.now())
    word = f"quality_word.{value}"
    return turn.t(word) if isinstance(value, str) and word in turn.t else spoken(turn, value)
