"""Zalo's own tables of codes against ours: nothing missing, nothing classed against what they ask for, all in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from texts import LANGUAGES, load
from zalo.errors import OA_ERRORS, OAUTH_ERRORS, ZNS_ERRORS, ErrorClass

C = ErrorClass
TABLES = Path(__file__).parent / "tables"
OURS = {"oa": OA_ERRORS, "zns": ZNS_ERRORS, "oauth": OAUTH_ERRORS}
# The first word of an action in Zalo's tables, and the classes it may have here.
ACTIONS = {
    "retry": {C.TRANSIENT, C.LATER},
    "refresh": {C.TOKEN},
    "skip": {C.RECIPIENT},
    "drop": {C.RECIPIENT},
    "stop": {C.GLOBAL},
    "defer": {C.LATER},
    "later": {C.LATER},
    "fix": {C.FIX},
    "re-upload": {C.FIX},
    "tpl": {C.TEMPLATE},
    "ok": {C.FIX},  # "key exists already": nothing to repeat
}
# Where the words of the table would do harm here.
EXCEPTIONS = {
    -237: C.RECIPIENT,  # one group chat is dead, not the OA
    -242: C.GLOBAL,  # with a wrong proof no call of the app succeeds
    -126: C.FIX,  # stops tests; real messages go on
    -145: C.TEMPLATE,  # one kind of content
    -223: C.GLOBAL,  # its other meaning is told apart by the text
}


def documented(name: str) -> dict[int, str]:
    """Code -> what Zalo's table says to do about it."""
    rows = (TABLES / f"{name}_codes.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (row.split("\t") for row in rows if not row.startswith("#"))
    return {int(code): action for code, action in pairs if code != "0"}


@pytest.mark.parametrize("name", ["oa", "zns"])
def test_every_code_is_classed_as_its_table_asks(name: str) -> None:
    """A row of Zalo's table that is missing, or turned into another action, is named."""
    wrong = []
    for code, action in documented(name).items():
        info = OURS[name].get(code)
        allowed = {EXCEPTIONS[code]} if code in EXCEPTIONS else ACTIONS[re.split(r"[ /,]", action.lower())[0]]
        if info is None or info.error_class not in allowed:
            wrong.append((code, action, info and info.error_class))
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OURS)
def test_every_code_says_what_why_and_what_to_do(name: str, language: str) -> None:
    """In both languages, each part a sentence."""
    t = load()[language]
    for code in OURS[name]:
        for part in ("what", "why", "do"):
            text = t.raw(f"code.{name}.{code}.{part}")
            assert re.fullmatch(r".{7,}\.", text), (code, part)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_words_stand_for_a_code_that_does_not_exist(language: str) -> None:
    """A typing error in a code would otherwise be text that nobody ever reads."""
    own = {"code.oauth.lost", "code.oauth.denied"}
    keys = {key.rpartition(".")[0] for key in load()[language].all_keys() if key.startswith(("code.oa", "code.zns"))}
    known = {f"code.{name}.{code}" for name, table in OURS.items() for code in table}
    assert not {key for key in keys - known - own if key.rpartition(".")[2].lstrip("-").isdigit()}
