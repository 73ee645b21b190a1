"""One table says who may do what, and nothing is missing from it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.forms.kinds import KINDS
from bot.roles import BUTTONS, BY_NAME, COMMANDS, FORMS
from bot.routes import BUTTON_ROUTES, COMMAND_ROUTES
from models import Role

ROOT = Path(__file__).parents[2] / "bot"


def test_every_command_has_a_role_and_an_answer():
    """The table of roles and the table of answers name the same commands."""
    assert {command.action for command in COMMANDS} == set(COMMAND_ROUTES)


def test_every_button_has_a_role_and_an_answer():
    """`f`, an answer to the open form, goes to the form itself."""
    assert set(BUTTONS) - {"f"} == set(BUTTON_ROUTES)


def test_every_form_has_a_role():
    """Its answers are checked by it too."""
    assert set(FORMS) == set(KINDS)


def test_no_name_means_two_commands():
    """Both languages' names always work, so they must not collide."""
    assert len(BY_NAME) == sum(len(command.names) for command in COMMANDS)


NAMES = ("start", "help", "trogiup", "oa", "followers", "khach", "find", "zns", "send", "gui", "cancel", "huy")


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_product_works(name):
    """The names in the product's table are all there."""
    assert name in BY_NAME


def test_every_button_that_is_drawn_is_in_the_table():
    """A screen cannot show a button nobody may tap."""
    drawn = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "to" and node.args:
                first = node.args[0]
                options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                drawn |= {option.value for option in options if isinstance(option, ast.Constant)}
    assert len(drawn) > 25
    assert drawn <= set(BUTTONS)


@pytest.mark.parametrize("action", ["oa.add", "oa.live", "oa.remove", "oa.gone", "oa.tokens", "oa.proved", "k.tester"])
def test_what_changes_an_account_needs_a_manager(action):
    """Tokens, sending on, removal and testers are a manager's business."""
    assert BUTTONS[action] == Role.MANAGER


@pytest.mark.parametrize("action", ["yes", "resend", "zns", "send", "k", "kh", "k.file", "k.number"])
def test_viewers_neither_send_nor_see_customers(action):
    """What spends money or shows people needs an operator at least."""
    assert BUTTONS[action] == Role.OPERATOR
