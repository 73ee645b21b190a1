"""What every command stands on: a desk, rows printed as they come, and one clear line for what went wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, NoReturn, TypeVar

import click
from peewee import DatabaseError, InterfaceError, OperationalError

import config
import db
from services import logs
from services.desk import Desk
from services.errors import DeskError
from texts import load as load_texts
from texts.html import bare

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
    return " ".join(bare(told).split())


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
