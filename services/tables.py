"""The tables as the database itself describes them, whatever version its schema is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from db import database, is_sqlite
from services import rows

HISTORY = "schema_migration"
_PAGE = 100  # rows PostgreSQL hands over at a time


@dataclass(frozen=True)
class Table:
    """A table and its columns, in their order."""

    name: str
    columns: tuple[str, ...]
    flags: frozenset[str]  # columns of yes and no: PostgreSQL's, since SQLite keeps 1 and 0 and takes either

    @property
    def quoted(self) -> str:
        """For a statement."""
        return f'"{self.name}"'

    def listed(self) -> str:
        """The columns, for a statement."""
        return ", ".join(f'"{name}"' for name in self.columns)

    def count(self) -> int:
        """How many rows there are."""
        return int(rows.one(f"SELECT COUNT(*) FROM {self.quoted}").fetchone()[0])  # noqa: S608 - the database's own name

    def is_empty(self) -> bool:
        """Whether there is no row."""
        return rows.one(f"SELECT 1 FROM {self.quoted} LIMIT 1").fetchone() is None  # noqa: S608

    def read(self) -> Iterator[list[Any]]:
        """Every row by id, streamed within the caller's transaction."""
        for found in _stream(f"SELECT {self.listed()} FROM {self.quoted} ORDER BY id", self.name):  # noqa: S608
            yield list(found)

    def insert(self, values: list[list[Any]]) -> None:
        """Add rows, of either kind of database, inside the caller's transaction."""
        flags = [index for index, name in enumerate(self.columns) if name in self.flags]
        for row in values:
            for index in flags:
                row[index] = None if row[index] is None else bool(row[index])
        marks = rows.marks(len(self.columns))
        statement = f"INSERT INTO {self.quoted} ({self.listed()}) VALUES ({marks})"  # noqa: S608
        rows.many(statement, [tuple(row) for row in values])

    def restart_numbers(self) -> None:
        """Have PostgreSQL number new rows behind those that were inserted with their numbers."""
        if not is_sqlite():
            rows.one(
                f"SELECT setval(pg_get_serial_sequence('{self.quoted}', 'id'), MAX(id)) FROM {self.quoted} "  # noqa: S608
                "HAVING MAX(id) IS NOT NULL"
            )


def every() -> list[Table]:
    """All tables but the history of migrations; one that others point to comes before them."""
    names = {name for name in database.get_tables() if name != HISTORY and not name.startswith("sqlite_")}
    needs = {name: {key.dest_table for key in database.get_foreign_keys(name)} - {name} for name in names}
    ordered: list[str] = []
    while needs:
        ready = sorted(name for name, others in needs.items() if others <= set(ordered))
        ordered += ready
        needs = {name: others for name, others in needs.items() if name not in ready}
    return [_table(name) for name in ordered]


def _table(name: str) -> Table:
    columns = database.get_columns(name)
    flags = frozenset(column.name for column in columns if str(column.data_type).upper().startswith("BOOL"))
    return Table(name, tuple(column.name for column in columns), flags)


def _stream(statement: str, name: str) -> Iterator[Any]:
    if is_sqlite():
        yield from database.execute_sql(statement)
        return
    # A cursor on the server: one here would first fetch the whole table.
    with database.connection().cursor(name=f"backup_{name}") as cursor:
        cursor.itersize = _PAGE
        cursor.execute(statement)
        yield from cursor
