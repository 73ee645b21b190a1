"""locale/: every word the bot can need is there, in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

from bot.codes import explain_code
from bot.html_cut import split
from bot.notices import KINDS
from sandbox.telegram.html_text import parse_html
from texts import load
from texts.html import Html

ROOT = Path(__file__).parents[2]
TEXTS = load()
VI, EN = TEXTS["vi"], TEXTS["en"]
RAISED = {"DeskError", "NotFound", "NotAllowed", "Invalid", "Conflict", "Refusal"}


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def calls(folder: str) -> list[tuple[str, ast.Call]]:
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(path.name, node) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return found


def name_of(call: ast.Call) -> str:
    node = call.func
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def strings(node: ast.expr) -> list[str]:
    """Every literal the expression can be; placeholders of f-strings as {}."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return ["".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)]
    if isinstance(node, ast.IfExp):
        return strings(node.body) + strings(node.orelse)
    return []


def exists(key: str) -> bool:
    pattern = re.compile("^" + ".*".join(re.escape(part) for part in key.split("{}")) + "$")
    return any(pattern.match(known) for known in VI.all_keys())


def test_both_languages_have_the_same_keys():
    """Whoever adds a text adds it twice."""
    assert set(VI.all_keys()) == set(EN.all_keys())


def test_both_languages_fill_the_same_places():
    """A value shown in one language is shown in the other."""
    assert not [key for key in VI.all_keys() if placeholders(VI.raw(key)) != placeholders(EN.raw(key))]


def test_every_text_is_whole_html():
    """Telegram refuses a message over one open tag; its own parser, as the sandbox has it, is the judge."""
    for texts in TEXTS.values():
        for key in texts.all_keys():
            parse_html(texts.raw(key))


def test_every_key_the_bot_uses_exists():
    """No screen fails for want of a word."""
    used = [
        (where, key)
        for where, call in calls("bot")
        if name_of(call) in {"t", "plain", "lenient", "raw"} and call.args
        for key in strings(call.args[0])
        if "." in key and not key.startswith("{}")
    ]
    assert len(used) > 150
    assert not [pair for pair in used if not exists(pair[1])]


def test_every_refusal_of_the_rules_has_its_parts():
    """What a service can raise, a person can read: what happened and what to do."""
    keys = {
        key
        for folder in ("services", "bot")
        for _, call in calls(folder)
        if name_of(call) in RAISED and call.args
        for key in strings(call.args[0])
    }
    assert len(keys) > 40
    missing = {key for key in keys for part in ("what", "do") if not exists(f"error.{key}.{part}")}
    assert not missing - {"test"}


def test_every_closed_way_has_a_reason():
    """The screen of ways says why a way is closed."""
    for reason in ("no_phone", "no_template"):
        assert f"error.way.{reason}.what" in VI


def test_every_line_of_the_card_has_words():
    """Each key of the readiness list has a text."""
    keys = {
        key for _, call in calls("services") if name_of(call) == "Line" for arg in call.args for key in strings(arg)
    }
    assert len(keys) > 15
    assert not {key for key in keys if not exists(f"ready.{key}")}


def test_every_kind_of_notice_has_words():
    """What other processes post is not shown as a bare name."""
    kinds = {
        key
        for _, call in calls("services")
        if name_of(call) in {"post", "alert"} and len(call.args) > 2
        for key in strings(call.args[1 if name_of(call) == "alert" else 2])
    }
    drawn = set(KINDS)  # these have a screen of their own
    assert kinds
    assert not {kind for kind in kinds - drawn if not exists(f"notice.{kind}")}


def test_every_error_class_of_zalo_has_words():
    """A code without words of its own is explained by its class."""
    from zalo.errors import ErrorClass

    for error_class in ErrorClass:
        assert f"class.{error_class.value}.what" in VI
        assert f"error.zalo.{error_class.value}.do" in VI


def test_the_commonest_codes_have_words_of_their_own():
    """At least 25 codes say more than their class does."""
    own = {key.rsplit(".", 1)[0] for key in VI.all_keys() if key.startswith("code.")}
    assert len(own) >= 25


def test_the_words_of_the_house_are_kept():
    """The product's own words stand in every Vietnamese text, never their common rivals."""
    rivals = ("người theo dõi", "khuôn mẫu", "hạn ngạch", "hủy đăng ký", "broadcast")
    whole = " ".join(VI.raw(key) for key in VI.all_keys()).lower()
    assert not [word for word in rivals if word in whole]


def test_values_cannot_break_a_message():
    """A customer named <3 & Co. is shown as such."""
    shown = VI("send.preview_to", name="<3 & Co.", phone="")
    assert "&lt;3 &amp; Co." in shown
    assert VI("send.preview_to", name=Html("<i>x</i>"), phone="").count("<i>") == 1
    assert len(split(shown, 4096)) == 1


def test_figures_follow_the_language():
    """Whole numbers in texts are written as people write them."""
    assert "1.204" in VI("home.delivered", count=1204)
    assert "1,204" in EN("home.delivered", count=1204)


def test_what_stands_against_a_message_on_our_side_has_words_of_its_own():
    """An unreachable Zalo or a lost picture is no riddle, whatever the channel."""
    for code in ("unreachable", "image.gone"):
        for channel in ("zns", "cs"):
            what, do = explain_code(VI, channel, code, "desk")
            assert (what, do) == (VI(f"code.desk.{code}.what"), VI(f"code.desk.{code}.do"))
