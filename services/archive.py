"""The file of a backup: gzipped lines of JSON, the same for SQLite and PostgreSQL.

    {"oadesk_backup": 1, "migrations": [...], "made_at": 1795312800000}
    {"table": "contact", "columns": ["id", "phone", ...]}
    [1, "84901234567", ...]                                     a row; bytes as {"base64": "..."}
    {"file": "uploads/<name>", "base64": "..."}
    {"rows": {"contact": 1, ...}, "files": 1, "sha256": "..."}  the last line; the sum is over all lines before it

A file that was cut off has no last line, and one that was changed has another sum.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from db import from_ms, to_ms
from services import durable
from services.errors import Refusal

VERSION = 1
_DAMAGE = (EOFError, OSError, zlib.error, UnicodeDecodeError, ValueError, KeyError, TypeError)


@dataclass(frozen=True)
class Header:
    """What a backup says of itself first."""

    migrations: list[str]
    made_at: datetime


@dataclass
class Trailer:
    """What it says last: how many rows of each table, how many files."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0


class _Out(Protocol):
    def write(self, data: bytes, /) -> int: ...


class Writer:
    """Writes the lines and counts them."""

    def __init__(self, out: _Out, header: Header) -> None:
        self.trailer = Trailer()
        self._out = out
        self._sum = hashlib.sha256()
        self._table = ""
        self._line({"oadesk_backup": VERSION, "migrations": header.migrations, "made_at": to_ms(header.made_at)})

    def table(self, name: str, columns: list[str]) -> None:
        """The rows that follow are of this table."""
        self._table = name
        self.trailer.rows[name] = 0
        self._line({"table": name, "columns": columns})

    def row(self, values: list[Any]) -> None:
        """One row, its values in the order of the columns."""
        self.trailer.rows[self._table] += 1
        self._line([_packed(value) for value in values])

    def file(self, name: str, data: bytes) -> None:
        """A file of the data folder."""
        self.trailer.files += 1
        self._line({"file": name, **_packed(data)})

    def end(self) -> None:
        """The last line."""
        counts = {"rows": self.trailer.rows, "files": self.trailer.files}
        self._line({**counts, "sha256": self._sum.hexdigest()})

    def _line(self, value: Any) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._sum.update(line)
        self._out.write(line)


@contextmanager
def writing(path: Path, header: Header) -> Iterator[Writer]:
    """A new backup at `path`: whole, on the disk and for its owner only when the block ends well, else not there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6) as out:
                writer = Writer(out, header)
                yield writer
                writer.end()
            raw.flush()
            os.fsync(raw.fileno())
        Path(temporary).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink(missing_ok=True)
        raise
    durable.sync_folder(path.parent)


class Reader:
    """Reads a backup twice: first whether it is whole, then what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.header: Header
        self.trailer: Trailer

    def check(self) -> None:
        """Read header and trailer, and prove the sum. Raises Refusal `backup.missing`, `backup.damaged` (file)."""
        if not self.path.is_file():
            raise Refusal("backup.missing", file=str(self.path))
        try:
            first, last, found = self._ends()
            head, tail = json.loads(first), json.loads(last)
            whole = tail["sha256"] == found and head["oadesk_backup"] == VERSION
            self.header = Header([str(name) for name in head["migrations"]], from_ms(int(head["made_at"])))
            self.trailer = Trailer({str(name): int(count) for name, count in tail["rows"].items()}, int(tail["files"]))
        except _DAMAGE:
            raise Refusal("backup.damaged", file=str(self.path)) from None
        if not whole:
            raise Refusal("backup.damaged", file=str(self.path))

    def lines(self) -> Iterator[Any]:
        """Everything between header and trailer, one at a time: dicts and rows, bytes as bytes."""
        try:
            with gzip.open(self.path, "rb") as file:
                next(file)
                held = next(file)
                for line in file:
                    yield _unpacked(json.loads(held))
                    held = line
        except (EOFError, zlib.error, gzip.BadGzipFile):
            # It was whole a moment ago.
            raise Refusal("backup.damaged", file=str(self.path)) from None

    def _ends(self) -> tuple[bytes, bytes, str]:
        """The first line, the last, and the sum of all but the last."""
        total = hashlib.sha256()
        with gzip.open(self.path, "rb") as file:
            first = held = next(file, b"")
            for line in file:
                total.update(held)
                held = line
        return first, held, total.hexdigest()


def _packed(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"base64": b64encode(value).decode("ascii")}
    return value


def _unpacked(line: Any) -> Any:
    if isinstance(line, list):
        return [b64decode(value["base64"]) if isinstance(value, dict) else value for value in line]
    return {**line, "data": b64decode(line["base64"])} if "base64" in line else line
