"""The whole desk in one file, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

import db
from cli.ground import json_option, open_desk, print_rows, refuse
from services import backup as backups
from services import restore as restoring
from services.archive import Trailer
from services.audit import CLI

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command("backup")
@FILE
@click.option("--files/--no-files", default=True, help="Also the pictures staff sent and the journal of tokens.")
@json_option
def backup_command(file: Path, files: bool, as_json: bool) -> None:
    """Write everything there is into FILE, while everything runs.

    It is as of one moment, whole or not there, and for this user only. SECRET_KEYS are not in it: keep them elsewhere.
    """
    desk = open_desk()
    try:
        made = backups.make(desk, CLI, file, _tell(as_json), files=files)
    except OSError as problem:
        refuse(f"{file} cannot be written: {problem.strerror or type(problem).__name__}")
    _done(f"{file}: {_counted(made)}, {file.stat().st_size:,} bytes")
    _done("what is sealed in it needs SECRET_KEYS, which are not in it: keep them in another place")


@click.command("restore")
@FILE
@click.option("--moved", is_flag=True, help="The other desk was stopped before the backup: what waits may go at once.")
@json_option
def restore_command(file: Path, moved: bool, as_json: bool) -> None:
    """Fill an empty database from FILE: a migrated one without rows, or one without tables.

    Stop all processes before. Afterwards all sending stands still until a manager starts it in Telegram, since what
    waited may have been sent after the backup was made.
    """
    desk = open_desk()
    found = restoring.restore(desk, CLI, file, _tell(as_json), moved=moved)
    db.close_database()
    _done(f"{file}: {_counted(found)} restored")
    if not moved:
        _done("all sending stands still: a manager starts it again in Telegram")
    _done("now look at: manage.py doctor. Tokens that were renewed since the backup are spent; the bot says which")


def _counted(trailer: Trailer) -> str:
    return f"{sum(trailer.rows.values()):,} rows of {len(trailer.rows)} tables, {trailer.files} file(s)"


def _tell(as_json: bool) -> Callable[[str, int], None]:
    if as_json:
        return lambda table, rows: print_rows([{"table": table, "rows": rows}], True)
    return lambda table, rows: _done(f"{table}: {rows:,} row(s)")


def _done(text: str) -> None:
    click.echo(text, err=True)
