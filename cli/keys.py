"""The keys that seal secrets in the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby

import click
from cryptography.fernet import Fernet

from cli.ground import json_option, open_desk, print_rows, refuse
from services import rotation
from services.audit import CLI
from services.sealed import Found

RESTART_FIRST = (
    "every process (web, bot, worker, clock) must have been restarted with the new key in front: one that was not "
    "cannot open what is sealed from here on; its tokens and events wait until it is restarted"
)


@click.command("new-key")
def new_key() -> None:
    """Print a new key for SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())


@click.command("rotate-keys")
@json_option
def rotate_keys(as_json: bool) -> None:
    """Seal every secret again with the first key of SECRET_KEYS, and prove that it alone reads everything.

    Everything may go on running, once every process was restarted with the new key in front and the old one behind it.
    Safe to stop and to start again.
    """
    desk = open_desk()
    if len(desk.settings.secret_keys) > 1:
        _tell(RESTART_FIRST)
    print_rows((asdict(count) for count in rotation.rotate(desk, CLI, _tell)), as_json)
    proof = rotation.prove(desk)
    if proof.unreadable:
        refuse(f"no key of SECRET_KEYS opens {_listed(proof.unreadable)}; keep the old keys and find the missing one")
    if proof.old:
        refuse(
            f"sealed with an old key meanwhile: {_listed(proof.old)}; restart {', '.join(proof.writers())} with the "
            "new key in front, then run this again"
        )
    _tell(f"the first key of SECRET_KEYS alone reads everything: {proof.read} sealed text(s)")
    if len(desk.settings.secret_keys) > 1:
        _tell("now leave the older keys out of SECRET_KEYS and restart all processes")


def _listed(found: Iterable[Found]) -> str:
    places = groupby(sorted(found, key=lambda each: each.place), lambda each: each.place)
    return "; ".join(f"{place} {_some([str(each.row) for each in group])}" for place, group in places)


def _some(rows: list[str]) -> str:
    # All of them stand in the counts above; this is one line.
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return ", ".join(rows[:10]) + more


def _tell(text: str) -> None:
    click.echo(text, err=True)
