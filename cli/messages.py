"""Messages that were to leave."""

from __future__ import annotations

from typing import Any

import click

from cli.ground import json_option, open_desk, print_rows
from models import Delivery
from services import accounts, deliveries


@click.command("deliveries")
@click.option("--oa", "oa_id", help="Only of this OA.")
@json_option
def deliveries_command(oa_id: str | None, as_json: bool) -> None:
    """Every message that was to leave, with what became of it."""
    open_desk()
    if oa_id:
        accounts.get(oa_id)
    print_rows((_delivery_row(row) for row in deliveries.iterate(oa_id=oa_id)), as_json)


def _delivery_row(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.id, "oa_id": row.oa.oa_id, "recipient": row.recipient, "channel": row.channel, "kind": row.kind,
        "state": row.state, "tracking_id": row.tracking_id, "msg_id": row.msg_id, "error_code": row.error_code,
        "error_message": row.error_message, "price": row.price, "development": row.development, "attempt": row.attempt,
        "created_at": row.created_at, "sent_at": row.sent_at, "delivered_at": row.delivered_at, "seen_at": row.seen_at,
    }  # fmt: skip
