"""People who may use the bot."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import json_option, open_desk, print_rows
from models import Role, Staff
from services import staff
from services.audit import CLI


@click.group("staff")
def staff_group() -> None:
    """People who may use the bot."""


@staff_group.command("add")
@click.option("--telegram-id", type=click.IntRange(min=1), required=True, help="Their numeric Telegram id.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", default="")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
def staff_add(telegram_id: int, role: str, name: str, language: str) -> None:
    """Let a person use the bot, or change the role of one who does."""
    desk = open_desk()
    with db.write():
        staff.add(desk.now(), telegram_id, Role(role), name, language)
        staff.record_change(desk.now(), CLI, "staff.add", telegram_id, role)
    click.echo("done", err=True)


@staff_group.command("list")
@json_option
def staff_list(as_json: bool) -> None:
    """Everybody who may use the bot."""
    open_desk()
    print_rows((_staff_row(person) for person in Staff.select().order_by(Staff.id).iterator()), as_json)


def _staff_row(person: Staff) -> dict[str, Any]:
    return {
        "telegram_id": person.telegram_id, "name": person.name, "role": person.role, "language": person.language,
        "active": person.active, "last_seen_at": person.last_seen_at,
    }  # fmt: skip
