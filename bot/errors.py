"""Errors as people can use them: what happened, what was lost, what to do, and the code for support."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from bot.turn import Turn
from services.errors import DeskError
from texts import Texts
from texts.figures import clock
from texts.html import Html, bare, lines, quote

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without signs that look alike


def reference() -> str:
    """Six characters that stand in the log and on the person's screen."""
    return "".join(secrets.choice(ALPHABET) for _ in range(6))


def explain(turn: Turn, error: DeskError, *, kept: Html | None = None) -> Html:
    """The four parts of a known error, in the person's language; `kept` is said where it says what was lost."""
    t = turn.t
    values = _values(turn, error)
    code = t("error.code_zalo", code=error.code) if error.code else None
    support = " · ".join(part for part in (code, clock(turn.now()), error.key) if part)
    return four_parts(t, error.key, values, Html(support), kept)


def four_parts(t: Texts, key: str, values: dict[str, Any], support: Html, kept: Html | None = None) -> Html:
    """What, lost, do, folded code. A key without a text of its own still gets all four."""
    base = f"error.{key}" if f"error.{key}.what" in t else "error.other"
    lost = t.lenient(f"{base}.lost" if f"{base}.lost" in t else "error.nothing_lost", values)
    what = t.lenient(f"{base}.what", values)
    if "line" in values:  # of something written in lines
        what = t("error.at_line", line=values["line"], text=what)
    return lines(
        t("error.head_what", text=what),
        t("error.head_lost", text=Html(f"{lost} {kept}") if kept else lost),
        t("error.head_do", text=t.lenient(f"{base}.do", values)),
        quote(support),
    )


def unforeseen(turn: Turn, ref: str) -> Html:
    """The four parts of a defect: the person gets the reference that is in the log."""
    return four_parts(turn.t, "unforeseen", {}, turn.t("error.reference", reference=ref, time=clock(turn.now())))


def brief(turn: Turn, error: DeskError) -> str:
    """One sentence for the remark over a button."""
    base = f"error.{error.key}" if f"error.{error.key}.what" in turn.t else "error.other"
    text = bare(turn.t.lenient(f"{base}.what", _values(turn, error)))
    return text[:1].upper() + text[1:]


def _values(turn: Turn, error: DeskError) -> dict[str, Any]:
    return {"code": error.code, **{name: spoken(turn, value) for name, value in error.values.items()}}


def spoken(turn: Turn, value: Any) -> Any:
    """Times, days and lists in the person's language; texts and numbers as they are."""
    if isinstance(value, datetime):
        return turn.t.moment(value, turn.now())
    if isinstance(value, date):
        return turn.t.day(value, turn.now())
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return "–" if value is None else value
