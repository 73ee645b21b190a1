"""A backup played back, into an empty database of either kind: also the way from SQLite to PostgreSQL and back.

What went on after the backup was made is not in it. So everything stands still afterwards, as after /stopall: what
waited then may have been sent since. Tokens of then may be spent: Zalo's refresh tokens work once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from db import applied_migrations, is_sqlite, known_migrations, migrate, to_ms, write
from models import Confirmation, Lease, OaState, OfficialAccount, StaffUpdate, UpdateState
from services import audit, durable, house, rows, stop_all, tables, uploads
from services.archive import Header, Reader, Trailer
from services.audit import Actor
from services.desk import Desk
from services.errors import Refusal
from services.tables import Table

BATCH_ROWS, BATCH_BYTES = 500, 4_000_000
RESTORED = "restored"  # the setting that remembers it, and why an OA stands still until the standstill is in force
_NAME = re.compile(rf"journal/[0-9]+-[0-9]+-[0-9a-f]+\.pair|uploads/([0-9a-f]{{64}})\.(?:{uploads.SUFFIXES})")
Tell = Callable[[str, int], None]


@dataclass
class _Loading:
    """What was put where so far."""

    desk: Desk
    tables: dict[str, Table]
    current: Table | None = None
    batch: list[list[Any]] = field(default_factory=list)
    size: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def restore(desk: Desk, actor: Actor, path: Path, tell: Tell, *, moved: bool = False) -> Trailer:
    """Fill the empty database from the backup at `path`; returns what was in it. Audited.

    All of it or nothing: whatever fails leaves the database empty. Everything stands still afterwards and voids what
    waited for a yes, unless `moved`: the desk the backup is of was stopped before, so that nothing happened since.

    Raises Refusal `backup.missing`, `backup.damaged` (file), `backup.newer` (migration), `backup.schema` (have, want),
    `backup.not_empty` (table).
    """
    reader = Reader(path)
    reader.check()
    _prepare(reader.header)
    loading = _Loading(desk, {table.name: table for table in tables.every()})
    try:
        with write():
            _load(loading, reader, tell)
            _quieten(desk, moved)
            if reader.header.migrations == known_migrations():
                _settle(desk, actor, reader.header, moved)
    except BaseException:
        for file in loading.files:
            file.unlink(missing_ok=True)
        raise
    if migrate():
        with write():
            _settle(desk, actor, reader.header, moved)
    return reader.trailer


def _prepare(header: Header) -> None:
    """Bring a database without any table to the schema of the backup; one of that schema is left as it is."""
    known, applied = known_migrations(), applied_migrations()
    unknown = [name for name in header.migrations if name not in known]
    if unknown:
        raise Refusal("backup.newer", migration=unknown[-1])
    if not applied and header.migrations:
        migrate(header.migrations[-1])
    elif applied != header.migrations:
        raise Refusal("backup.schema", have=applied[-1], want=header.migrations[-1])


def _load(loading: _Loading, reader: Reader, tell: Tell) -> None:
    """Everything in the caller's transaction."""
    _alone(loading.tables.values())
    for line in reader.lines():
        if isinstance(line, list):
            _row(loading, line)
        elif "table" in line:
            _flush(loading, tell)
            _begin(loading, line["table"], line["columns"], reader)
        else:
            _file(loading, line["file"], line["data"], reader)
    _flush(loading, tell)
    for table in loading.tables.values():
        if table.count() != reader.trailer.rows.get(table.name, 0):
            raise Refusal("backup.damaged", file=str(reader.path))
        table.restart_numbers()


def _alone(every: Any) -> None:
    """Nobody else writes until we are done, and there is nothing yet."""
    for table in every:
        if not is_sqlite():  # a write transaction has SQLite for itself
            rows.one(f"LOCK TABLE {table.quoted} IN ACCESS EXCLUSIVE MODE")
        if not table.is_empty():
            raise Refusal("backup.not_empty", table=table.name)


def _begin(loading: _Loading, name: str, columns: list[str], reader: Reader) -> None:
    table = loading.tables.get(name)
    if table is None or set(columns) != set(table.columns):
        raise Refusal("backup.damaged", file=str(reader.path))
    # In the order of the file: a column that a migration added stands elsewhere in a new database.
    loading.current = Table(table.name, tuple(columns), table.flags)
    loading.counts[name] = 0


def _row(loading: _Loading, values: list[Any]) -> None:
    loading.batch.append(values)
    loading.size += sum(len(value) for value in values if isinstance(value, bytes | str))
    if len(loading.batch) >= BATCH_ROWS or loading.size >= BATCH_BYTES:
        _put(loading)


def _put(loading: _Loading) -> None:
    if loading.current is not None and loading.batch:
        loading.current.insert(loading.batch)
        loading.counts[loading.current.name] += len(loading.batch)
    loading.batch, loading.size = [], 0


def _flush(loading: _Loading, tell: Tell) -> None:
    if loading.current is not None:
        _put(loading)
        tell(loading.current.name, loading.counts[loading.current.name])
        loading.current = None


def _file(loading: _Loading, name: str, data: bytes, reader: Reader) -> None:
    known = _NAME.fullmatch(name)
    if known is None or (known[1] and hashlib.sha256(data).hexdigest() != known[1]):
        raise Refusal("backup.damaged", file=str(reader.path))
    path = loading.desk.settings.data_dir / name
    if not path.exists():
        loading.files.append(path)
        durable.write(path, data)


def _quieten(desk: Desk, moved: bool) -> None:
    """What was half done then is not done now, and nothing may leave. In the transaction of the rows.

    Names only what the first version had: whoever is killed before the migrations leaves an OA that stands still.
    """
    now = desk.now()
    Lease.delete().execute()
    StaffUpdate.update(state=UpdateState.FAILED, payload="", error="restored").where(
        StaffUpdate.state.in_([UpdateState.NEW, UpdateState.STARTED])
    ).execute()
    if not moved:
        Confirmation.update(expires_at=now).where(Confirmation.used_at.is_null()).execute()
        OfficialAccount.update(stopped_at=now, stopped_code=RESTORED).where(
            OfficialAccount.state != OaState.REMOVED, OfficialAccount.stopped_at.is_null()
        ).execute()


def _settle(desk: Desk, actor: Actor, header: Header, moved: bool) -> None:
    """From here on everything stands still as after /stopall; and what happened is written down."""
    now = desk.now()
    if not moved:
        OfficialAccount.update(stopped_code=stop_all.CODE).where(OfficialAccount.stopped_code == RESTORED).execute()
        stop_all.stop_all(desk, actor)
    house.put(now, RESTORED, {"at": now.isoformat(), "made_at": header.made_at.isoformat()})
    detail = {"made_at": to_ms(header.made_at), "moved": moved}
    audit.record(now, actor, "backup.restored", detail=detail)
