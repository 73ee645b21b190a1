"""Every place that holds sealed text: one list, so that a change of keys and a look at them forget none.

A context names the table, the row (by what identifies it for good) and the field. It is sealed in, so that whoever can
write to the database cannot move one row's secret into another. "" in a sealed column means that nothing is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from models import Draft, OaToken, OauthTicket, Row, StaffUpdate, UpdateState, ZaloApp
from secretbox import CannotOpen, SecretBox
from services import durable
from services.desk import Desk

PAGE = 200
QUICK = 100  # rows of a column that a look between two requests reads at most
JOURNAL = "journal"
JOURNAL_SEALED_IN = "services/journal.py"
JOURNAL_WRITERS = ("worker", "clock", "bot")


class Seal(StrEnum):
    """How a sealed text stands."""

    NEWEST = "newest"
    OLD = "old"  # opens, with a key that is not the first of SECRET_KEYS
    UNREADABLE = "unreadable"  # no key opens it, or it belongs to another row or field
    GONE = "gone"  # deleted or emptied while it was looked at


@dataclass(frozen=True)
class Column:
    """A sealed column: how its context is made, which module seals it and in which processes that happens."""

    table: type[Row]
    name: str
    context: Callable[[Any], str]
    sealed_in: str
    writers: tuple[str, ...]
    waiting: Any = field(default=None, compare=False)  # rows that can hold something, where most never do any more

    @property
    def place(self) -> str:
        """``table.column``, as people and rotate-keys call it."""
        return f"{self.table._meta.table_name}.{self.name}"

    def rows(self, after: int = 0) -> Iterator[Any]:
        """Rows that hold something, in id order, read a page at a time; later ones may change while one is used."""
        key: Any = self.table.id
        while page := list(self._filled().where(key > after).order_by(key).limit(PAGE)):
            yield from page
            after = page[-1].id

    def latest(self, most: int) -> list[Any]:
        """The newest rows that hold something, by an index."""
        query = self._filled() if self.waiting is None else self._filled().where(self.waiting)
        return list(query.order_by(self.table.id.desc()).limit(most))

    def _filled(self) -> Any:
        return self.table.select().where(getattr(self.table, self.name) != "")


@dataclass(frozen=True)
class Found:
    """One sealed text that was looked at: in which place, which row (or file), and how it stands."""

    place: str
    row: int | str
    seal: Seal
    writers: tuple[str, ...]


def _app(name: str) -> Callable[[Any], str]:
    return lambda row: f"zalo_app:{row.app_id}:{name}"


def _token(name: str) -> Callable[[Any], str]:
    return lambda row: f"oa_token:{row.oa_id}:{name}"


def _ticket(name: str) -> Callable[[Any], str]:
    return lambda row: f"oauth_ticket:{row.secret_hash}:{name}"


_APPS, _PAIRS, _TICKETS = "services/app_rows.py", "services/token_pairs.py", "services/connect_tickets.py"
COLUMNS = (
    Column(ZaloApp, "secret", _app("secret"), _APPS, ("bot",)),
    Column(ZaloApp, "webhook_secrets", _app("webhook_secrets"), _APPS, ("bot",)),
    Column(OaToken, "access", _token("access"), _PAIRS, ("worker", "clock", "bot")),
    Column(OaToken, "refresh", _token("refresh"), _PAIRS, ("worker", "clock", "bot")),
    Column(Draft, "data", lambda row: f"draft:{row.staff.telegram_id}:data", "services/drafts.py", ("bot",)),
    Column(
        StaffUpdate, "payload", lambda row: f"staff_update:{row.update_id}:payload", "services/updates.py",
        ("bot",), StaffUpdate.state.in_([UpdateState.NEW, UpdateState.STARTED]),
    ),
    Column(OauthTicket, "verifier", _ticket("verifier"), _TICKETS, ("bot",)),
    Column(OauthTicket, "code", _ticket("code"), _TICKETS, ("web",)),
    Column(OauthTicket, "pair", _ticket("pair"), _TICKETS, ("worker",)),
)  # fmt: skip


class _Look:
    """Tells how a text stands, by opening it as its reader would."""

    def __init__(self, box: SecretBox) -> None:
        self._boxes = ((box.newest_only(), Seal.NEWEST), (box, Seal.OLD))

    def __call__(self, blob: str, context: str) -> Seal:
        for box, seal in self._boxes:
            try:
                box.open(blob, context)
            except CannotOpen:
                continue
            return seal
        return Seal.UNREADABLE


def survey(desk: Desk, *, quick: bool = False) -> Iterator[Found]:
    """Look at every sealed text there is; `quick`: at no more than the newest of each place."""
    look = _Look(desk.box)
    for column in COLUMNS:
        for row in column.latest(QUICK) if quick else column.rows():
            seal = look(getattr(row, column.name), column.context(row))
            yield Found(column.place, row.id, seal, column.writers)
    for path, context in journal_files(desk):
        blob = _read(path)
        if blob is not None:
            yield Found(JOURNAL, path.name, look(blob, context), JOURNAL_WRITERS)


def reseal(box: SecretBox, column: Column, row: Any) -> tuple[Seal, bool]:
    """Seal the row's text with the newest key; returns how it stands then, and whether this changed it.

    The UPDATE asks for the text that was read: what a running process wrote meanwhile is never lost, only read again.
    """
    while row is not None and (blob := getattr(row, column.name)):
        if box.is_newest(blob):
            return Seal.NEWEST, False
        try:
            fresh = box.seal(box.open(blob, context := column.context(row)), context)
        except CannotOpen:
            return Seal.UNREADABLE, False
        same = (column.table.id == row.id) & (getattr(column.table, column.name) == blob)
        if column.table.update({column.name: fresh}).where(same).execute():
            return Seal.NEWEST, True
        row = column.table.get_or_none(column.table.id == row.id)
    return Seal.GONE, False


def reseal_file(box: SecretBox, path: Path, context: str) -> tuple[Seal, bool]:
    """The same for a file of the journal.

    A renewal that ends at this very moment deletes its file, and this brings it back: the pair is in its row by then,
    and the next replay drops what is not newer than the row.
    """
    blob = _read(path)
    if blob is None:
        return Seal.GONE, False
    if box.is_newest(blob):
        return Seal.NEWEST, False
    try:
        fresh = box.seal(box.open(blob, context), context)
    except CannotOpen:
        return Seal.UNREADABLE, False
    durable.write(path, fresh.encode())
    return Seal.NEWEST, True


def journal_files(desk: Desk) -> Iterator[tuple[Path, str]]:
    """The files of the journal with the context each is sealed for."""
    for path in sorted((desk.settings.data_dir / "journal").glob("*.pair")):
        number = path.name.partition("-")[0]
        if number.isdigit():
            yield path, f"journal:{number}"


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return None  # its renewal ended meanwhile
