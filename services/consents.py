"""What people said about being written to: each yes and no with its date and evidence, the latest word counting.

A word of a user id belongs to one OA; a word of a phone to one OA, or to all of the business (`oa_id` ""). Zalo's own
refusals (-139, -141, -217, -244) are remembered here too, for the OA whose message was refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Consent, ConsentSource, Follower, Scope
from services.rows import chunks

EVERYWHERE = ""  # all OAs of the business


@dataclass(frozen=True)
class Statement:
    """One word of a person, ready to be recorded. `given` None takes back what was said."""

    recipient: str  # 84... or a user id
    scope: Scope
    given: bool | None
    at: datetime
    source: ConsentSource
    oa_id: str = EVERYWHERE
    code: str = ""
    evidence: dict[str, Any] | None = None
    staff_id: int | None = None


def record(statement: Statement) -> None:
    """Keep a statement unless a later one is known. Joins the caller's transaction; safe to call twice."""
    key = {"oa_id": statement.oa_id, "recipient": statement.recipient, "scope": statement.scope.value}
    values = {
        "given": statement.given,
        "at": statement.at,
        "source": statement.source.value,
        "code": statement.code,
        "evidence": statement.evidence,
        "staff_id": statement.staff_id,
    }
    Consent.insert(**key, **values).on_conflict(
        conflict_target=[Consent.recipient, Consent.oa_id, Consent.scope],
        update=values,
        where=Consent.at <= statement.at,
    ).execute()


def take_back(word: Consent, at: datetime, staff_id: int | None) -> bool:
    """As if `word` had not been said; False when somebody said something newer meanwhile. Joins the transaction."""
    values = {
        "given": None,
        "at": at,
        "source": ConsentSource.STAFF,
        "code": "",
        "evidence": None,
        "staff_id": staff_id,
    }
    return bool(Consent.update(**values).where(Consent.id == word.id, Consent.at == word.at).execute())


def standing(oa_id: str, recipients: Iterable[str]) -> list[Consent]:
    """Every word that counts for these phones and user ids at one OA, newest first; one query."""
    wanted = [recipient for recipient in recipients if recipient]
    return _newest(_speaks_at(oa_id), Consent.recipient.in_(wanted)) if wanted else []


def objection(said: Iterable[Consent], scopes: Collection[Scope]) -> Consent | None:
    """The newest no among `said` that concerns one of `scopes`; a later yes to the same scope ends it."""
    return next((word for word in said if word.given is False and Scope(word.scope) in {*scopes, Scope.ALL}), None)


def of_person(oa_id: str, person: Follower | None, phone: str = "") -> list[Consent]:
    """`standing` of a follower, with the phone they shared or the one given.

    Of a phone alone: also what those said who gave this phone to the OA.
    """
    if person is not None:
        return standing(oa_id, dict.fromkeys([person.user_id, person.phone, phone]))
    if not phone:
        return []
    theirs = Follower.select(Follower.user_id).where(Follower.oa_id == oa_id, Follower.phone == phone)
    mine = (Consent.oa_id == oa_id) & Consent.recipient.in_(theirs)
    return _newest(mine | (_speaks_at(oa_id) & (Consent.recipient == phone)))


def of_many(oa_id: str, people: Iterable[Follower]) -> dict[int, list[Consent]]:
    """`of_person` of many followers of one OA by their row numbers, those without a word left out."""
    everybody = list(people)
    found: dict[str, list[Consent]] = {}
    for part in chunks({name for person in everybody for name in (person.user_id, person.phone) if name}):
        for word in _newest(_speaks_at(oa_id), Consent.recipient.in_(part)):
            found.setdefault(word.recipient, []).append(word)
    words = {person.id: [*found.get(person.user_id, []), *found.get(person.phone, [])] for person in everybody}
    return {row: sorted(said, key=_age) for row, said in words.items() if said}


def everywhere(phone: str, people: Iterable[tuple[str, str]], oa_ids: Iterable[str]) -> list[Consent]:
    """What stands about a phone, over all OAs and at these ones, and about these (oa_id, user_id), newest first."""
    condition: Any = Consent.recipient == "" if not phone else _of_phone(phone, oa_ids)
    for oa_id, user_id in people:
        condition |= (Consent.oa_id == oa_id) & (Consent.recipient == user_id)
    return _newest(condition)


def _of_phone(phone: str, oa_ids: Iterable[str]) -> Any:
    return (Consent.recipient == phone) & Consent.oa_id.in_([EVERYWHERE, *oa_ids])


def iterate_refusals(piece: int = 1000) -> Iterator[Consent]:
    """Every no that stands, in the order they were first entered; never more than `piece` in memory."""
    last = 0
    no = Consent.given == False  # noqa: E712 - SQL
    while rows := list(Consent.select().where(no, Consent.id > last).order_by(Consent.id).limit(piece)):
        yield from rows
        last = rows[-1].id


def forget_words(recipients: Collection[str]) -> None:
    """Drop the words and the messages statements rest on; that there was a yes or no stays. Joins the transaction."""
    Consent.update(evidence=None).where(Consent.recipient.in_(sorted(recipients))).execute()


def _speaks_at(oa_id: str) -> Any:
    return Consent.oa_id.in_([EVERYWHERE, oa_id])


def _newest(*conditions: Any) -> list[Consent]:
    found = Consent.select().where(*conditions, Consent.given.is_null(False))
    return list(found.order_by(Consent.at.desc(), Consent.id.desc()))


def _age(word: Consent) -> tuple[float, int]:
    return (-word.at.timestamp(), -word.id)
