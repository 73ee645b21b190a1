"""Official Accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import click

import db
from cli.ground import in_loop, json_option, open_desk, print_rows
from models import OfficialAccount
from services import accounts, followers, modes, staff
from services.audit import CLI
from services.desk import Desk


@click.group()
def oa() -> None:
    """Official Accounts."""


@oa.command("add")
@click.option("--oa-id", required=True, help="The OA's id at Zalo, digits.")
@click.option("--name", required=True, help="How staff call it.")
@click.option("--access-token", required=True, help="A current OA access token.")
@click.option("--refresh-token", required=True, help="Its refresh token; from now on only OA Desk may use it.")
@click.option(
    "--expires-in", type=click.IntRange(min=0), default=90_000, show_default=True, help="Seconds it is valid."
)
@click.option("--description", default="", help="What it is for.")
@click.option("--published/--no-published", default=False, help="May it send? Default: no.")
@click.option("--testing/--no-testing", default=False, help="Only to testers? Default: no.")
@click.option("--check/--no-check", default=True, help="Ask Zalo whether the token belongs to this OA (default).")
@json_option
def oa_add(check: bool, as_json: bool, expires_in: int, **given: Any) -> None:
    """Register an OA, or give a registered one new tokens."""
    new = accounts.NewAccount(
        oa_id=given["oa_id"], name=given["name"], access=given["access_token"], refresh=given["refresh_token"],
        description=given["description"], published=given["published"], testing=given["testing"],
        expires_in=timedelta(seconds=expires_in),
    )  # fmt: skip

    async def work(desk: Desk) -> dict[str, Any]:
        found = await accounts.check_access_token(desk, new.access, new.oa_id) if check else None
        # The package's name decides how many calls a minute the OA is given from the start.
        known = replace(new, profile=found.raw if found else None)
        account = await db.in_thread(accounts.register, desk, CLI, known)
        await db.in_thread(staff.enter_owner, desk.now(), desk.settings.telegram_owner_id)
        return await db.in_thread(_oa_row, account)

    print_rows([in_loop(work)], as_json)


@oa.command("list")
@json_option
def oa_list(as_json: bool) -> None:
    """Every registered OA with its mode and state."""
    open_desk()
    print_rows((_oa_row(account) for account in accounts.active()), as_json)


def _oa_row(account: OfficialAccount) -> dict[str, Any]:
    return {
        "oa_id": account.oa_id, "name": account.name, "description": account.description,
        "published": account.published, "testing": account.testing, "mode": modes.mode(account),
        "state": account.state, "stopped_code": account.stopped_code,
        "followers": followers.count(account.oa_id), "last_event_at": account.last_event_at,
    }  # fmt: skip
