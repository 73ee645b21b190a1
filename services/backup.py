"""A backup while everything runs: one moment of the database, streamed into one file.

What is sealed stays sealed: without SECRET_KEYS, which are not in it, nobody reads a token out of a backup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db import applied_migrations, database, is_sqlite, write
from services import archive, audit, tables
from services.archive import Header, Trailer, Writer
from services.audit import Actor
from services.desk import Desk

JOURNAL, UPLOADS = "journal", "uploads"
Tell = Callable[[str, int], None]


def make(desk: Desk, actor: Actor, path: Path, tell: Tell, *, files: bool = True) -> Trailer:
    """Write a backup to `path`, replacing what is there only when it is whole; returns what is in it. Audited.

    `tell` hears of every table when it is done. `files`: also the journal of tokens and the pictures staff sent.
    Raises OSError when the file cannot be written; then there is none.
    """
    # Before the moment and after it: a renewal in between may empty the journal, or fill it.
    earlier = _journal(desk) if files else {}
    with database.connection_context():
        header = Header(applied_migrations(), desk.now())
        with archive.writing(path, header) as writer:
            with _one_moment():
                for table in tables.every():
                    _write(writer, table)
                    tell(table.name, writer.trailer.rows[table.name])
            for name, data in {**earlier, **_journal(desk)}.items() if files else ():
                writer.file(f"{JOURNAL}/{name}", data)
            for name, data in _uploads(desk) if files else ():
                writer.file(f"{UPLOADS}/{name}", data)
        with write():
            detail = {"rows": sum(writer.trailer.rows.values()), "files": writer.trailer.files}
            audit.record(desk.now(), actor, "backup.made", target=path.name, detail=detail)
    return writer.trailer


def _write(writer: Writer, table: tables.Table) -> None:
    writer.table(table.name, list(table.columns))
    for row in table.read():
        writer.row(row)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All reads of the block see the database as it is now; nobody who writes waits for it."""
    with database.atomic():
        if is_sqlite():
            # In WAL mode a transaction keeps the state that its first read saw.
            database.execute_sql("SELECT COUNT(*) FROM sqlite_master").fetchall()
        else:
            database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


def _journal(desk: Desk) -> dict[str, bytes]:
    return dict(_files(desk.settings.data_dir / JOURNAL, "*.pair"))


def _uploads(desk: Desk) -> Iterator[tuple[str, bytes]]:
    yield from _files(desk.settings.data_dir / UPLOADS, "*.*")


def _files(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob(pattern)):
        if path.name.startswith("."):
            continue
        try:
            yield path.name, path.read_bytes()
        except FileNotFoundError:
            continue  # gone meanwhile: a renewal ended, or the picture was purged
