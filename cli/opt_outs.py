"""Who does not want to be written to, from the command line."""

from __future__ import annotations

from typing import Any

import click

from cli.ground import json_option, open_desk, print_rows
from models import Consent, OfficialAccount, Scope
from services import consents, do_not_send, phones
from services.audit import CLI


@click.group("optout")
def optout() -> None:
    """Who does not want to be written to."""


@optout.command("add")
@click.argument("phone")
@click.option("--all", "everything", is_flag=True, help="No message at all; without it only no advertising.")
def add(phone: str, everything: bool) -> None:
    """Enter that a phone wants no advertising, from any OA; with --all no message at all."""
    desk = open_desk()
    number = phones.normalise(phone)
    do_not_send.refuse(desk, CLI, number, Scope.ALL if everything else Scope.PROMOTION)
    click.echo(f"{phones.mask(number)}: {'no message at all' if everything else 'no advertising'}", err=True)


@optout.command("remove")
@click.argument("phone")
def remove(phone: str) -> None:
    """Take back every refusal of a phone, also those of followers who gave it."""
    desk = open_desk()
    number = phones.normalise(phone)
    count = do_not_send.reopen(desk, CLI, do_not_send.known(list(OfficialAccount.select()), number))
    click.echo(f"{phones.mask(number)}: {count} taken back", err=True)


@optout.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """Every refusal that stands, one a line."""
    open_desk()
    print_rows(map(_row, consents.iterate_refusals()), as_json)


def _row(word: Consent) -> dict[str, Any]:
    return {
        "recipient": word.recipient, "oa_id": word.oa_id, "scope": word.scope, "at": word.at, "source": word.source,
        "code": word.code,
    }  # fmt: skip
