"""Many rows at once by one statement, on both databases, without a model instance for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from db import database, is_sqlite

# SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
_MOST_PARAMETERS = 30_000


def many(sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run `sql`, written with `?`, once for every row, inside the caller's transaction; returns how many it changed."""
    if not rows:
        return 0
    cursor = database.cursor()
    cursor.executemany(_native(sql), rows)
    return int(cursor.rowcount)


def one(sql: str, values: Sequence[Any] = ()) -> Any:
    """Run `sql`, written with `?`, and return its cursor."""
    return database.execute_sql(_native(sql), tuple(values))


def chunks(values: Iterable[Any], columns: int = 1) -> Iterator[list[Any]]:
    """Pieces small enough for one statement with `columns` parameters each."""
    whole, size = list(values), _MOST_PARAMETERS // columns
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def marks(count: int) -> str:
    """`?, ?, ?` for a statement."""
    return ", ".join("?" * count)


def _native(sql: str) -> str:
    return sql if is_sqlite() else sql.replace("%", "%%").replace("?", "%s")
