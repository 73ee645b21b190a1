"""ZNS templates."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import in_loop, json_option, open_desk, print_rows
from models import ZnsTemplate
from services import accounts, audit, templates, troubles
from services.audit import CLI
from services.desk import Desk


@click.command("templates")
@click.option("--oa", "oa_id", required=True, help="The OA's id.")
@click.option("--sync", is_flag=True, help="First read them all from Zalo.")
@json_option
def templates_command(oa_id: str, sync: bool, as_json: bool) -> None:
    """The ZNS templates of an OA, those that can be sent first."""

    async def read(desk: Desk) -> None:
        account = await db.in_thread(accounts.get, oa_id)
        try:
            count = await templates.sync(desk, account)
        except troubles.FROM_ZALO as error:
            known = troubles.explain(error)
            if known is None:
                raise
            raise known from None
        await db.in_thread(audit.record, desk.now(), CLI, "template.read", oa_id=oa_id, target=account.name)
        click.echo(f"{count} read", err=True)

    if sync:
        in_loop(read)
    open_desk()
    print_rows((_row(row) for row in templates.listing(accounts.get(oa_id))), as_json)


def _row(row: ZnsTemplate) -> dict[str, Any]:
    return {
        "template_id": row.template_id, "name": row.name, "status": row.status, "reason": row.reason, "tag": row.tag,
        "quality": row.quality, "price_phone": row.price_phone, "price_uid": row.price_uid,
        "daily_quota": row.daily_quota, "remaining_quota": row.remaining_quota,
        "timeout_seconds": row.timeout_ms // 1000, "params": row.params or [], "buttons": row.buttons or [],
        "preview_url": row.preview_url, "body": row.body, "synced_at": row.synced_at,
    }  # fmt: skip
