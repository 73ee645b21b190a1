"""The people of an OA: pages, search, and streams of any length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from peewee import SQL, Case, NodeList, Value

from db import write
from models import Follower, FollowerTag, Tag
from services.errors import NotFound
from services.names import fold_name
from services.rows import chunks
from zalo.phone import PhoneError, normalise

PIECE = 1000
_SHORTEST_DIGITS = 3
_SHOWN_DIGITS = 4  # the end of a masked number


@dataclass(frozen=True)
class Page:
    """Some rows, and how many there are in all."""

    rows: list[Follower]
    total: int


def count(oa_id: str) -> int:
    """How many follow the OA now."""
    return int(Follower.select().where(Follower.oa_id == oa_id, Follower.is_follower == True).count())  # noqa: E712


def get(oa_id: str, user_id: str) -> Follower:
    """One person. Raises NotFound `follower.unknown`."""
    row = Follower.get_or_none(Follower.oa_id == oa_id, Follower.user_id == user_id)
    if row is None:
        raise NotFound("follower.unknown", oa_id=oa_id)
    return row


def called(person: Follower) -> str:
    """How staff know this person: by the nickname they gave, else by the name at Zalo, else by the id."""
    return str(person.nickname or person.display_name or person.user_id)


def row_number(oa_id: str, user_id: str) -> int:
    """The number that buttons and the audit name this person by; 0 for one who is not known (any more)."""
    row = Follower.get_or_none(Follower.oa_id == oa_id, Follower.user_id == user_id)
    return 0 if row is None else int(row.id)


def page(
    oa_id: str,
    query: str = "",
    *,
    offset: int = 0,
    limit: int = 20,
    followers_only: bool = False,
    whole_numbers: bool = False,
) -> Page:
    """People of an OA, newest first; with `query` those it fits (see `find`), best first."""
    which: list[Any] = [Follower.oa_id == oa_id]
    if followers_only:
        which.append(Follower.is_follower == True)  # noqa: E712
    order: list[Any] = [Follower.id.desc()]
    if query.strip():
        matches, rank = _match(query, whole_numbers)
        which.append(matches)
        order = [rank, *order]
    found = Follower.select().where(*which)
    return Page(list(found.order_by(*order).offset(offset).limit(limit)), int(found.count()))


def find(oa_id: str, text: str, limit: int = 10, *, whole_numbers: bool = False) -> list[Follower]:
    """People whose id or phone `text` is, or whose name contains it, accents and case aside; exact ones first.

    A phone may be written in any usual way; the last digits of one are enough. With `whole_numbers`, for those who may
    not see numbers, no more of them than the mask shows: else a number is found out digit by digit.
    """
    return page(oa_id, text, limit=limit, whole_numbers=whole_numbers).rows if text.strip() else []


def _match(text: str, whole_numbers: bool) -> tuple[Any, Any]:
    """A condition, and an order in which exact matches come before beginnings, and those before the rest."""
    folded, phone = fold_name(text), _phone(text)
    exact = Follower.user_id == text.strip()
    if folded:  # else everybody whose name we do not know yet
        exact |= (Follower.search_name == folded) | (Follower.shared_name == folded)
    if phone:
        exact |= Follower.phone == phone
    begins = _like(f"{_escaped(folded)}%")
    matches = exact | _contains(folded)
    digits = "".join(char for char in text if char.isdigit())
    enough = len(digits) >= _SHORTEST_DIGITS and not (whole_numbers and len(digits) > _SHOWN_DIGITS)
    if enough and not any(char.isalpha() for char in text):
        matches |= _phone_ends(digits.lstrip("0") or digits)
    return matches, Case(None, [(exact, 0), (begins, 1)], 2)


def _contains(folded: str) -> Any:
    """Every word occurs in the name, in any order."""
    condition: Any = None
    for word in folded.split():
        here = _like(f"%{_escaped(word)}%")
        condition = here if condition is None else condition & here
    return condition if condition is not None else SQL("1 = 0")


def _like(pattern: str) -> Any:
    return _sql_like(Follower.search_name, pattern) | _sql_like(Follower.shared_name, pattern)


def _sql_like(column: Any, pattern: str) -> Any:
    # peewee's own `contains` compares with ILIKE, which is case-blind for ASCII only on SQLite; folded text needs none.
    return NodeList((column, SQL("LIKE"), Value(pattern), SQL("ESCAPE '!'")), parens=True)


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _phone_ends(digits: str) -> Any:
    return _sql_like(Follower.phone, f"%{digits}")


def _phone(text: str) -> str:
    try:
        return normalise(text)
    except PhoneError:
        return ""


def set_tester(oa_id: str, user_id: str, tester: bool) -> None:
    """Mark somebody as one who gets the messages of testing. Raises NotFound `follower.unknown`."""
    with write():
        row = get(oa_id, user_id)
        Follower.update(tester=tester).where(Follower.id == row.id).execute()


def tags_of(oa_id: str, user_ids: Iterable[str]) -> dict[str, list[str]]:
    """The tags each of these people has now, in alphabetical order; everybody asked for is in the answer."""
    found: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    removed = _removed(oa_id)
    for part in chunks(found):
        rows = FollowerTag.select(FollowerTag.user_id, FollowerTag.name, FollowerTag.changed_at).where(
            FollowerTag.oa_id == oa_id, FollowerTag.user_id.in_(part), FollowerTag.present
        )
        for row in rows.namedtuples():
            if row.name not in removed or row.changed_at > removed[row.name]:
                found[row.user_id].append(row.name)
    return {user_id: sorted(names) for user_id, names in found.items()}


def _removed(oa_id: str) -> dict[str, Any]:
    gone = Tag.select().where(Tag.oa_id == oa_id, Tag.removed_at.is_null(False))
    return {tag.name: tag.removed_at for tag in gone}


def tags(oa_id: str) -> list[str]:
    """Tags the OA has now, in alphabetical order."""
    rows = Tag.select().where(Tag.oa_id == oa_id, Tag.seen_at.is_null(False))
    return sorted(tag.name for tag in rows if tag.removed_at is None or tag.seen_at > tag.removed_at)


def iterate(oa_id: str, piece: int = PIECE) -> Iterator[tuple[Follower, list[str]]]:
    """Everybody the OA knows with their tags, in the order they became known; never more than `piece` in memory."""
    last = 0
    while True:
        rows = list(
            Follower.select().where(Follower.oa_id == oa_id, Follower.id > last).order_by(Follower.id).limit(piece)
        )
        if not rows:
            return
        labels = tags_of(oa_id, [row.user_id for row in rows])
        for row in rows:
            yield row, labels[row.user_id]
        last = rows[-1].id
