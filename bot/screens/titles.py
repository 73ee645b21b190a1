"""The first line of every screen: which OA, in which mode. Sending from the wrong OA is an agency's worst accident."""

from __future__ import annotations

from bot.errors import spoken
from bot.markup import Html, escape
from bot.texts import Texts
from bot.turn import Turn
from models import OfficialAccount
from services import accounts
from services.accounts import Mode
from services.readiness import Level, Line

LAMPS = {Level.OK: "✅", Level.WARNING: "⚠️", Level.BROKEN: "❌", Level.UNKNOWN: "❔"}


def oa_name(oa: OfficialAccount) -> str:
    """🌸 Spa Hoa Mai."""
    return f"{oa.emoji} {oa.name}"


def mode_name(t: Texts, mode: Mode) -> Html:
    """🟢 Gửi thật, 🧪 Chỉ gửi thử, ⏸ Ngưng gửi."""
    return t(f"mode.{mode.value}")


def oa_title(t: Texts, oa: OfficialAccount) -> Html:
    """The OA and its mode."""
    return Html(f"<b>{escape(oa_name(oa))}</b> · {mode_name(t, accounts.mode(oa))}")


def readiness_line(turn: Turn, line: Line) -> Html:
    """One thing that can stop sending."""
    values = {name: spoken(turn, value) for name, value in line.values.items()}
    key = f"ready.{line.key}"
    text = turn.t.lenient(key, values) if key in turn.t else escape(line.key)
    return Html(f"{LAMPS[line.level]} {text}")
