"""What everything stands on: the database, its schema, and the keys that open what is sealed in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from peewee import PeeweeException

import db
from services import sealed
from services.desk import Desk
from services.health.findings import Finding, Level, Teller
from services.sealed import Found, Seal

MIGRATE = "run: manage.py migrate"


class _Undo(Exception):
    """Ends the transaction of the question whether one can write."""


def database(desk: Desk) -> Iterator[Finding]:
    """Whether it answers, and whether it can be written to."""
    tell = Teller("database")
    if is_absent():
        yield tell.broken("there is no database yet", MIGRATE)
        return
    try:
        with db.database.connection_context():
            version = _version()
            _try_writing()
    except PeeweeException as problem:
        yield tell.broken(
            f"{_kind()} does not answer as it should ({type(problem).__name__})",
            "look at DATABASE_URL, at the server, and at the space on its disk",
        )
        return
    yield tell.ok(f"{_kind()} {version} answers and can be written to")


def is_absent() -> bool:
    """Whether there is no file where the database should be; opening it would make an empty one."""
    return db.is_sqlite() and not Path(db.database.obj.database).exists()


def reachable(desk: Desk) -> Iterator[Finding]:
    """The same without writing, for those who ask every few seconds."""
    db.database.execute_sql("SELECT 1").fetchall()
    yield Teller("database").ok(f"{_kind()} answers")


def _kind() -> str:
    return "SQLite" if db.is_sqlite() else "PostgreSQL"


def _version() -> str:
    asked = "SELECT sqlite_version()" if db.is_sqlite() else "SHOW server_version"
    row: Any = db.database.execute_sql(asked).fetchone()
    return str(row[0]).split()[0]


def _try_writing() -> None:
    """Change no row, as a change: a database that is read only or full refuses already that."""
    try:
        with db.write():
            if db.database.table_exists("lease"):
                db.database.execute_sql("INSERT INTO lease (name, owner) VALUES ('doctor', '')")
            raise _Undo
    except _Undo:
        return


def migrations(desk: Desk) -> Iterator[Finding]:
    """Whether the schema is this version's."""
    tell = Teller("migrations")
    applied, known = db.applied_migrations(), db.known_migrations()
    pending = [name for name in known if name not in applied]
    newer = [name for name in applied if name not in known]
    if pending:
        yield tell.broken(f"{len(pending)} migration(s) pending, the first is {pending[0]}", MIGRATE)
    elif newer:
        yield tell.broken(
            f"the database is of a newer version ({newer[-1]})", "install that version; this one may harm the data"
        )
    else:
        yield tell.ok(f"the schema is this version's ({known[-1]})")


def keys(desk: Desk) -> Iterator[Finding]:
    """Whether everything sealed opens, and with the newest key."""
    yield _keys(sealed.survey(desk))


def keys_quickly(desk: Desk) -> Iterator[Finding]:
    """The same over the newest rows of each place; broken only if nothing at all opens, as with keys of another desk.

    One row that is lost is no reason to take the web process out of service.
    """
    seen = list(sealed.survey(desk, quick=True))
    found = _keys(seen)
    some = any(each.seal is not Seal.UNREADABLE for each in seen)
    yield replace(found, level=Level.WARNING) if found.level is Level.BROKEN and some else found


def _keys(found: Iterable[Found]) -> Finding:
    tell, count, lost = Teller("keys"), Counter[Seal](), []
    for each in found:
        count[each.seal] += 1
        if each.seal is Seal.UNREADABLE:
            lost.append(f"{each.place} {each.row}")
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        return tell.broken(
            f"no key of SECRET_KEYS opens {', '.join(lost[:3])}{more}",
            "put the key they were sealed with back into SECRET_KEYS, behind the newest; rotate-keys lists all",
        )
    if count[Seal.OLD]:
        return tell.warning(
            f"{count[Seal.OLD]} of {count.total()} sealed texts are still under an old key",
            "once all processes have the new key in front, run: manage.py rotate-keys",
        )
    return tell.ok(f"the newest key opens everything ({count.total()} sealed texts)")
