"""The command line: what scripts, hosting platforms and operators call. `python manage.py --help` lists everything.

Output of `--json` is one JSON object a line on stdout, streamed; messages go to stderr. Exit 0: done. 1: refused, with
one clear line. 2: wrong usage.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NoReturn, TypeVar

import click
from cryptography.fernet import Fernet
from peewee import DatabaseError, InterfaceError, OperationalError

import config
import db
from bot.texts import load as load_texts
from models import Delivery, Follower, InboxEvent, InboxState, OfficialAccount, Role, Staff
from services import accounts, deliveries, followers, inbox, logs, reconcile, staff
from services.audit import CLI
from services.desk import Desk
from services.errors import DeskError

T = TypeVar("T")


def refuse(text: str) -> NoReturn:
    """End with exit 1 and one line."""
    click.echo(f"refused: {text}", err=True)
    raise SystemExit(1)


class Group(click.Group):
    """Turns what went wrong into one clear line, whichever command it was."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except config.ConfigError as error:
            refuse(str(error))
        except DeskError as error:
            refuse(_sentence(error))
        except (OperationalError, InterfaceError, DatabaseError) as error:
            refuse(f"the database does not answer as expected ({type(error).__name__}); is it migrated and reachable?")


def _sentence(error: DeskError) -> str:
    """What happened and what to do, in English and on one line; the bot says the same in the person's language."""
    texts = load_texts()["en"]
    values = {"code": error.code, **error.values}
    parts = (texts.lenient(f"error.{error.key}.{part}", values) for part in ("what", "do"))
    told = " ".join(parts) if f"error.{error.key}.what" in texts else f"{error.key} {values}"
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", told)).split())


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """OA Desk: Zalo Official Accounts, run from Telegram."""


def open_desk() -> Desk:
    """Settings read, database open."""
    settings = config.load()
    # What the services note by the way is for the processes' logs; here it would stand between the answers.
    logs.setup("DEBUG" if settings.log_level == "DEBUG" else "WARNING", secrets=settings.secrets())
    db.open_database(settings.database)
    return Desk.from_settings(settings)


def in_loop(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Run asynchronous work with a desk of its own, closed at the end."""

    async def run() -> T:
        desk = open_desk()
        try:
            return await work(desk)
        finally:
            await desk.close()
            db.close_database()

    return asyncio.run(run())


def print_rows(rows: Iterable[dict[str, Any]], as_json: bool) -> None:
    """One line a row, as it comes: JSON, or `key=value` pairs for people."""
    for row in rows:
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False, default=_plain))
        else:
            click.echo(
                "  ".join(f"{name}={_plain(value)}" for name, value in row.items() if value not in (None, "", []))
            )


def _plain(value: Any) -> Any:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)


json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@cli.command("new-key")
def new_key() -> None:
    """Print a new key for SECRET_KEYS."""
    click.echo(Fernet.generate_key().decode())


@cli.command()
def check() -> None:
    """Say what the settings still lack to run all four processes."""
    settings = config.load()
    needed = {
        "TELEGRAM_BOT_TOKEN": settings.telegram_bot_token.get_secret_value(),
        "ZALO_APP_ID": settings.zalo_app_id,
        "ZALO_APP_SECRET": settings.zalo_app_secret.get_secret_value(),
        "ZALO_WEBHOOK_SECRET": settings.zalo_webhook_secret,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        refuse(f"not set: {', '.join(missing)}; see .env.example")


@cli.command()
@json_option
def migrate(as_json: bool) -> None:
    """Bring the database to the schema of this version. Safe when several processes start it at once."""
    open_desk()
    applied = db.migrate()
    db.close_database()
    if as_json:
        print_rows(({"applied": name} for name in applied), as_json)
    click.echo(f"{len(applied)} migration(s) applied" if applied else "nothing to do", err=True)


# ------------------------------------------------------------------------------------------------ Official Accounts


@cli.group()
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
        "published": account.published, "testing": account.testing, "mode": accounts.mode(account),
        "state": account.state, "stopped_code": account.stopped_code,
        "followers": followers.count(account.oa_id), "last_event_at": account.last_event_at,
    }  # fmt: skip


@cli.command("followers")
@click.option("--oa", "oa_id", required=True, help="The OA's id.")
@click.option("--sync", is_flag=True, help="First pull the list from Zalo and write the differences.")
@json_option
def followers_command(oa_id: str, sync: bool, as_json: bool) -> None:
    """The people of an OA, one a line."""

    async def pull(desk: Desk) -> None:
        account = await db.in_thread(accounts.get, oa_id)
        result = await reconcile.pull(desk, account)
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


# ------------------------------------------------------------------------------------------------ events


@cli.command("inbox")
@click.option("--state", type=click.Choice([state.value for state in InboxState]), help="Only events in this state.")
@json_option
def inbox_command(state: str | None, as_json: bool) -> None:
    """Zalo's events as they were stored."""
    open_desk()
    print_rows((_event_row(event) for event in inbox.iterate(state)), as_json)


def _event_row(event: InboxEvent) -> dict[str, Any]:
    return {
        "id": event.id, "name": event.name, "oa_id": event.oa_id, "state": event.state, "attempts": event.attempts,
        "received_at": event.received_at, "error": event.error,
    }  # fmt: skip


@cli.command()
@click.argument("event_id", type=int, required=False)
@click.option("--dead", is_flag=True, help="All events that were given up.")
def replay(event_id: int | None, dead: bool) -> None:
    """Have the worker apply an event (or all dead ones) again."""
    if (event_id is None) == (not dead):
        raise click.UsageError("name one event, or give --dead")
    desk = open_desk()
    count = inbox.replay_dead(desk.now()) if event_id is None else inbox.replay(desk.now(), [event_id])
    if not count:
        refuse("there is no such event" if event_id is not None else "no event is dead")
    click.echo(f"{count} event(s) will be applied again", err=True)


# ------------------------------------------------------------------------------------------------ messages and people


@cli.command("deliveries")
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


@cli.group("staff")
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


if __name__ == "__main__":
    cli()
