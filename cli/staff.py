"""People who may use the bot."""

from __future__ import annotations

from typing import Any

import click

import db
from cli.ground import json_option, open_desk, print_rows, refuse
from models import Role, Staff
from services import audit, staff, staffing
from services.audit import CLI
from services.desk import Desk


@click.group("staff")
def staff_group() -> None:
    """People who may use the bot."""


@staff_group.command("add")
@click.option("--telegram-id", type=click.IntRange(min=1), required=True, help="Their numeric Telegram id.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", default="")
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi", show_default=True)
@click.option("--numbers/--no-numbers", default=None, help="May they see full phone numbers?  [default: yes]")
@click.option("--money/--no-money", default=None, help="May they see prices and costs?  [default: yes]")
def staff_add(telegram_id: int, role: str, name: str, language: str, numbers: bool | None, money: bool | None) -> None:
    """Let a person use the bot, or change the role of one who does.

    The person of TELEGRAM_OWNER_ID stays owner whatever is given here.
    """
    desk = open_desk()
    wanted = Role(role)
    if telegram_id == desk.settings.telegram_owner_id and wanted != Role.OWNER:
        click.echo("this is the person of TELEGRAM_OWNER_ID: the role stays owner", err=True)
        wanted = Role.OWNER
    with db.write():
        person = _enter(desk, telegram_id, wanted, name, language)
        if wanted != Role.OWNER and (numbers, money) != (None, None):
            staffing.set_sight(desk, CLI, person, numbers=numbers, money=money)
    click.echo("done", err=True)


def _enter(desk: Desk, telegram_id: int, role: Role, name: str, language: str) -> Staff:
    here = Staff.get_or_none(Staff.telegram_id == telegram_id, Staff.active)
    if here is not None:
        staffing.set_role(desk, CLI, here, role)  # first: what was open above a lower role ends
        return staff.add(desk.now(), telegram_id, role, name, language)
    person = staff.add(desk.now(), telegram_id, role, name, language)
    audit.record(desk.now(), CLI, "staff.joined", target=str(telegram_id), detail={"role": role, "name": person.name})
    return person


@staff_group.command("remove")
@click.option("--telegram-id", type=click.IntRange(min=1), required=True, help="Their numeric Telegram id.")
def staff_remove(telegram_id: int) -> None:
    """End a person's access at once; what they have open ends with it.

    Neither the person of TELEGRAM_OWNER_ID nor the last owner can be removed.
    """
    desk = open_desk()
    person = Staff.get_or_none(Staff.telegram_id == telegram_id, Staff.active)
    if person is None:
        refuse(f"nobody with the Telegram id {telegram_id} uses the bot; see: manage.py staff list")
    staffing.remove(desk, CLI, person)
    click.echo("done", err=True)


@staff_group.command("list")
@json_option
def staff_list(as_json: bool) -> None:
    """Everybody who may use the bot, and those who no longer may (active false)."""
    open_desk()
    print_rows((_staff_row(person) for person in Staff.select().order_by(Staff.id).iterator()), as_json)


def _staff_row(person: Staff) -> dict[str, Any]:
    return {
        "telegram_id": person.telegram_id, "name": person.name, "role": person.role, "language": person.language,
        "active": person.active, "sees_numbers": person.sees_numbers, "sees_money": person.sees_money,
        "every_oa": person.every_oa, "last_seen_at": person.last_seen_at, "removed_at": person.removed_at,
    }  # fmt: skip
