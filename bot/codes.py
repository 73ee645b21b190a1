"""Zalo's codes in the words of people who send messages."""

from __future__ import annotations

import re

from services import troubles
from texts import Texts
from texts.html import Html, lines

CODE = re.compile(r"-\d{2,5}|\d{3}")
# Everything that goes to a user id speaks the codes of the OA's host (zns.md 1.5, oa-api.md 11).
TYPED_CODE = re.compile(r"[-–−]?\d{1,9}")  # behind a command; phones make a longer stroke of the minus
MESSAGE_ID = re.compile(r"(?=.*\d)[a-z0-9]{16,48}", re.IGNORECASE)
TABLE_OF = {"zns": "zns", "cs": "oa", "uid": "oa", "promotion": "oa", "transaction": "oa"}
OURS = "desk"  # the class of what stood against a message on our side; its codes have a table of their own


def explain_code(t: Texts, channel: str, code: str, error_class: str) -> tuple[Html, Html]:
    """What a code of this channel means and what to do; the class answers for codes without words of their own."""
    table = OURS if error_class == OURS else TABLE_OF.get(channel, channel)
    own = f"code.{table}.{code}"
    what = t(f"{own}.what") if f"{own}.what" in t else t(f"class.{_class(t, error_class)}.what")
    do = t(f"{own}.do") if f"{own}.do" in t else t(f"class.{_class(t, error_class)}.do")
    return what, do


def _class(t: Texts, name: str) -> str:
    return name if f"class.{name}.what" in t else "unknown"


def reason(t: Texts, table: str, code: str) -> Html:
    """Why a table's code comes; empty for a code without words of its own."""
    key = f"code.{table}.{code}.why"
    return t(key) if key in t else Html("")


def looks_like_code(text: str) -> bool:
    """Whether somebody typed one of Zalo's codes and nothing else."""
    return CODE.fullmatch(text.strip()) is not None


def code_in(text: str) -> str:
    """The code somebody asks about by a command, its minus as Zalo writes it; "" for other words."""
    typed = text.strip()
    return re.sub("[–−]", "-", typed) if TYPED_CODE.fullmatch(typed) else ""


def looks_like_id(text: str) -> bool:
    """Whether somebody pasted the id of a message: ours (24 signs), or Zalo's (about 20, oa-api.md 12.2)."""
    return MESSAGE_ID.fullmatch(text.strip()) is not None


def code_page(t: Texts, code: str) -> Html:
    """A code in every table that has it; whoever left out the minus means the code with it."""
    found = troubles.classes_of(int(code))
    if not found and int(code) > 0:
        found = troubles.classes_of(-int(code))
        code = f"-{int(code)}" if found else code
    if not found:
        return lines(t("codes.title", code=code), t("codes.unknown"))
    body: list[Html] = [t("codes.title", code=code)]
    for table, error_class in found.items():
        what, do = explain_code(t, table, code, error_class)
        body += [t("codes.entry", where=t(f"codes.table_{table}"), what=what, why=reason(t, table, code), do=do)]
    return lines(*body)
