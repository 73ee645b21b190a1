"""A change of keys: every sealed text is sealed again with the first key of SECRET_KEYS, while everything runs.

What is done stands in the rows themselves, so that a run that was stopped is simply started again. At the end every
text is opened once more with the new key alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from db import write
from services import audit, sealed
from services.audit import Actor
from services.desk import Desk
from services.sealed import Found, Seal

TELL_EVERY = 500
Tell = Callable[[str], None]


@dataclass
class Count:
    """What became of one place."""

    place: str
    resealed: int = 0
    already: int = 0
    unreadable: list[int | str] = field(default_factory=list)

    def add(self, row: int | str, seal: Seal, changed: bool) -> None:
        """Count one text."""
        self.resealed += changed
        self.already += seal is Seal.NEWEST and not changed
        if seal is Seal.UNREADABLE:
            self.unreadable.append(row)


@dataclass(frozen=True)
class Proof:
    """What the new key alone does not read: sealed with an old key meanwhile, or opened by no key at all."""

    read: int
    old: tuple[Found, ...]
    unreadable: tuple[Found, ...]

    @property
    def holds(self) -> bool:
        """Whether the older keys can go without losing anything."""
        return not self.old and not self.unreadable

    def writers(self) -> list[str]:
        """The processes that may still run with the old key in front."""
        return sorted({name for found in self.old for name in found.writers})


def rotate(desk: Desk, actor: Actor, tell: Tell) -> Iterator[Count]:
    """Seal every place again, row by row in id order; yields each place's count when it is done, and records all.

    Each row is changed by an UPDATE of its own that asks for the text it read, so running processes may write.
    """
    counts = []
    for count in _places(desk, tell):
        counts.append(count)
        yield count
    with write():
        audit.record(desk.now(), actor, "keys.rotated", detail=_detail(counts))


def prove(desk: Desk) -> Proof:
    """Open everything with the new key alone."""
    kinds: dict[Seal, list[Found]] = {seal: [] for seal in Seal}
    read = 0
    for found in sealed.survey(desk):
        if found.seal is Seal.NEWEST:
            read += 1
        else:
            kinds[found.seal].append(found)
    return Proof(read, tuple(kinds[Seal.OLD]), tuple(kinds[Seal.UNREADABLE]))


def _places(desk: Desk, tell: Tell) -> Iterator[Count]:
    for column in sealed.COLUMNS:
        done = ((row.id, *sealed.reseal(desk.box, column, row)) for row in column.rows())
        yield _counted(column.place, done, tell)
    files = ((path.name, *sealed.reseal_file(desk.box, path, context)) for path, context in sealed.journal_files(desk))
    yield _counted(sealed.JOURNAL, files, tell)


def _counted(place: str, done: Iterable[tuple[int | str, Seal, bool]], tell: Tell) -> Count:
    count, seen, results = Count(place), 0, iter(done)
    while part := list(islice(results, TELL_EVERY)):
        for row, seal, changed in part:
            count.add(row, seal, changed)
        seen += len(part)
        tell(f"{place}: {seen} seen, {count.resealed} sealed again")
    return count


def _detail(counts: list[Count]) -> dict[str, int]:
    return {
        "resealed": sum(count.resealed for count in counts),
        "already": sum(count.already for count in counts),
        "unreadable": sum(len(count.unreadable) for count in counts),
    }
