"""Followers."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import in_loop, json_option, open_desk, print_rows
from models import Follower
from services import accounts, followers, reconcile
from services.audit import CLI
from services.desk import Desk


@click.command("followers")
@click.option("--oa", "oa_id", required=True, help="The OA's id.")
@click.option("--sync", is_flag=True, help="First pull the list from Zalo and write the differences.")
@json_option
def followers_command(oa_id: str, sync: bool, as_json: bool) -> None:
    """The people of an OA, one a line."""

    async def pull(desk: Desk) -> None:
        account = await db.in_thread(accounts.get, oa_id)
        result = await reconcile.pull(desk, account, CLI)
        click.echo(f"{result.seen} read, {result.added} added, {result.removed} removed", err=True)
        if result.seen < result.total:
            click.echo(f"Zalo names {result.total} people and lists fewer; the others come with their events", err=True)

    if sync:
        in_loop(pull)
    open_desk()
    accounts.get(oa_id)
    print_rows((_follower_row(row, tags) for row, tags in followers.iterate(oa_id)), as_json)


def _follower_row(row: Follower, tags: list[str]) -> dict[str, Any]:
    return {
        "user_id": row.user_id, "is_follower": row.is_follower, "display_name": row.display_name, "phone": row.phone,
        "tags": tags, "tester": row.tester, "last_interaction_at": row.last_interaction_at,
        "followed_at": row.follow_at if row.is_follower else None, "shared_info": row.shared_info,
    }  # fmt: skip
