"""What is written about the program matches the program."""

import re
from pathlib import Path

import click

import config
import manage

ROOT = Path(__file__).parents[1]


def commands(group: click.Group = manage.cli, prefix: str = "") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        found |= commands(command, f"{prefix}{name} ") if isinstance(command, click.Group) else {f"{prefix}{name}"}
    return found


def test_every_command_is_documented_and_no_other():
    """docs/commands.md has a row for each command of manage.py."""
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/commands.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == commands()


def test_every_setting_is_in_the_example_and_no_other():
    """.env.example is the list of what can be set."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    platforms_own = {"DYNO"}
    known = {name.upper() for name in config.Settings.model_fields} - platforms_own
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == known


def test_every_make_goal_of_the_readme_exists():
    """A newcomer copies these lines."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for goal in re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")):
        assert re.search(rf"^{goal}:", makefile, re.MULTILINE), goal


def test_every_option_has_a_help_text_or_a_plain_name():
    """`--help` explains each command."""

    def check(group: click.Group) -> None:
        for command in group.commands.values():
            assert command.help or command.callback.__doc__
            if isinstance(command, click.Group):
                check(command)

    check(manage.cli)


def test_links_of_the_documents_lead_somewhere():
    """No document points to a file that is not there."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(((?!https?://|#)[^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
