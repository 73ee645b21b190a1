"""Pairs on disk between Zalo's answer and the database row.

A refresh token works once. Whoever dies after Zalo rotated it and before the row was written would leave the OA dead,
so the new pair lies in an encrypted file first, fsynced together with its folder, and is replayed from there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import structlog
from peewee import PeeweeException

from db import from_ms, to_ms, write
from models import OaToken, OfficialAccount, TokenState
from secretbox import CannotOpen
from services import durable, token_pairs
from services.desk import Desk, Work
from services.token_pairs import Pair

log = structlog.get_logger(__name__)

_BROKEN_OFF = timedelta(hours=1)  # a file half written so long ago has no writer any more
_UNREADABLE = (CannotOpen, ValueError, KeyError, TypeError, OSError)


class Reason(StrEnum):
    """Why a pair still lies in the journal."""

    WAITING = "waiting"  # for a database that takes it: saved by the next look
    UNREADABLE = "unreadable"  # sealed with a key that is gone, or damaged
    OLD_DATABASE = "old_database"  # the database is older than the pair: a backup was played back
    NO_TOKENS = "no_tokens"  # its OA has no tokens here: it was removed at this very moment
    OTHER_OA = "other_oa"  # this database has no such OA: it is not restored yet, or another desk's


@dataclass(frozen=True)
class Leftover:
    """A pair that did not get into its row, for whoever looks after the desk. Holds nothing secret."""

    file: str
    age: timedelta
    oa_row: int
    reason: Reason


@dataclass(frozen=True)
class Entry:
    """A new pair and the generation it replaces."""

    oa_row: int
    oa_id: str
    generation: int
    pair: Pair


def keep(desk: Desk, entry: Entry) -> Path:
    """Write the entry; it is on the disk when this returns. Raises OSError (disk full, not writable)."""
    name = f"{entry.oa_row}-{entry.generation}-{secrets.token_hex(4)}.pair"
    path = _folder(desk) / name
    pair = entry.pair
    issued = pair.issued_at
    text = json.dumps(
        {
            "oa_id": entry.oa_id,
            "generation": entry.generation,
            "access": pair.access,
            "refresh": pair.refresh,
            "expires": to_ms(pair.access_expires_at),
            "issued": to_ms(issued) if issued else None,
        }
    )
    durable.write(path, desk.box.seal(text, _context(entry.oa_row)).encode())
    return path


def replay(desk: Desk, oa_row: int | None = None) -> int:
    """Save every pair whose generation still fits, drop those a newer one took the place of; returns how many fitted.

    Whatever else lies there stays: it may be the only copy, and the database one that is still to be restored.
    Safe beside a running renewal: whichever of the two writes the row first, it is the same pair. For one OA raises
    peewee's errors: the stored refresh token is spent then, and must not be used. For all: what fails waits for the
    next time, and does not keep the others from being saved.
    """
    if oa_row is not None:
        return sum(_replay_one(desk, path, row) for path, row in list(_files(desk, oa_row)))
    _clear(_folder(desk))
    return sum(_replay_guarded(desk, path, row) for path, row in list(_files(desk, None)))


def leftover(desk: Desk) -> list[Leftover]:
    """What lies in the journal now, oldest first; a healthy desk has nothing there for longer than a second."""
    found = [_leftover(desk, path, row) for path, row in _files(desk, None)]
    return sorted((each for each in found if each is not None), key=lambda each: -each.age)


def is_closed(desk: Desk, oa_row: int, generation: int) -> bool:
    """Whether the successor of the pair `generation` lies there and cannot be read: then that pair is surely spent."""
    files = [path for path, _ in _files(desk, oa_row) if _generation(path) == generation]
    return any(not _readable(desk, path, oa_row) for path in files)


def next_generation(desk: Desk, oa_row: int) -> int:
    """The number for the first pair of an OA: what lies there of it, from before it was removed, must never fit."""
    return max((_generation(path) + 1 for path, _ in _files(desk, oa_row)), default=0)


def forget(desk: Desk, oa_row: int) -> None:
    """Delete what is kept for an OA whose tokens are erased."""
    for path, _ in list(_files(desk, oa_row)):
        durable.remove(path)


def _replay_one(desk: Desk, path: Path, oa_row: int) -> bool:
    try:
        entry = _read(desk, path, oa_row)
    except FileNotFoundError:
        return False  # its writer finished meanwhile
    except _UNREADABLE as problem:
        log.error("journal_unreadable", file=path.name, problem=type(problem).__name__)
        return False
    with write():
        saved = _known(entry) and token_pairs.replace(
            desk.box, desk.now(), oa_row, entry.generation, entry.pair, TokenState.OK
        )
        late = not saved and _superseded(entry)
    if saved or late:
        durable.remove(path)
        log.warning("journal_replayed" if saved else "journal_superseded", oa_id=entry.oa_id)
    if saved:
        desk.nudge(Work.SEND)
    return saved


def _replay_guarded(desk: Desk, path: Path, oa_row: int) -> bool:
    try:
        return _replay_one(desk, path, oa_row)
    except (PeeweeException, OSError) as problem:
        # Not its text: it may quote the values it was about.
        log.error("journal_not_replayed", file=path.name, problem=type(problem).__name__)
        return False


def _readable(desk: Desk, path: Path, oa_row: int) -> bool:
    try:
        _read(desk, path, oa_row)
    except FileNotFoundError:
        return True  # its writer finished meanwhile
    except _UNREADABLE:
        return False
    return True


def _leftover(desk: Desk, path: Path, oa_row: int) -> Leftover | None:
    try:
        age = desk.now() - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        entry = _read(desk, path, oa_row)
    except FileNotFoundError:
        return None
    except _UNREADABLE:
        return Leftover(path.name, age, oa_row, Reason.UNREADABLE)
    return Leftover(path.name, age, oa_row, _reason(entry))


def _reason(entry: Entry) -> Reason:
    if not _known(entry):
        return Reason.OTHER_OA
    row = OaToken.get_or_none(OaToken.oa == entry.oa_row)
    if row is None:
        return Reason.NO_TOKENS
    return Reason.OLD_DATABASE if row.generation < entry.generation else Reason.WAITING


def _clear(folder: Path) -> None:
    """Remove what a killed writer left half written: it has no name by which it could be read."""
    old = datetime.now(UTC) - _BROKEN_OFF
    for path in folder.glob(".*") if folder.is_dir() else ():
        with suppress(OSError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < old:
                path.unlink()


def _known(entry: Entry) -> bool:
    return OfficialAccount.select().where(
        OfficialAccount.id == entry.oa_row, OfficialAccount.oa_id == entry.oa_id
    ).exists()  # fmt: skip


def _superseded(entry: Entry) -> bool:
    # A row behind the journal means a database from before: a person has to look, so the file stays.
    newer = OaToken.select().where(OaToken.oa == entry.oa_row, OaToken.generation > entry.generation)
    return _known(entry) and newer.exists()


def _files(desk: Desk, oa_row: int | None) -> Iterator[tuple[Path, int]]:
    folder = _folder(desk)
    if not folder.is_dir():
        return
    for path in sorted(folder.glob("*.pair")):
        number = path.name.partition("-")[0]
        if number.isdigit() and oa_row in {None, int(number)}:
            yield path, int(number)


def _generation(path: Path) -> int:
    number = path.name.split("-")[1] if path.name.count("-") > 1 else ""
    return int(number) if number.isdigit() else 0


def _read(desk: Desk, path: Path, oa_row: int) -> Entry:
    data = json.loads(desk.box.open(path.read_text(encoding="ascii"), _context(oa_row)))
    issued = from_ms(data["issued"]) if data["issued"] is not None else None
    pair = Pair(data["access"], data["refresh"], from_ms(data["expires"]), issued)
    return Entry(oa_row, data["oa_id"], data["generation"], pair)


def _folder(desk: Desk) -> Path:
    return desk.settings.data_dir / "journal"


def _context(oa_row: int) -> str:
    return f"journal:{oa_row}"
