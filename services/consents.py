"""What people said about being written to: each yes and no with its date and evidence, the latest word counting.

A word of a user id belongs to one OA; a word of a phone to one OA, or to all of the business (`oa_id` ""). Zalo's own
refusals (-139, -141, -217, -244) are remembered here too, for the OA whose message was refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Consent, ConsentSource, Follower, Scope

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


def standing(oa_id: str, recipients: Iterable[str]) -> list[Consent]:
    """Every word that counts for these phones and user ids at one OA, newest first; one query."""
    wanted = [recipient for recipient in recipients if recipient]
    if not wanted:
        return []
    where = (Consent.recipient.in_(wanted), Consent.oa_id.in_([EVERYWHERE, oa_id]), Consent.given.is_null(False))
    return list(Consent.select().where(*where).order_by(Consent.at.desc(), Consent.id.desc()))


def objection(said: Iterable[Consent], scopes: Collection[Scope]) -> Consent | None:
    """The newest no among `said` that concerns one of `scopes`; a later yes to the same scope ends it."""
    return next((word for word in said if word.given is False and Scope(word.scope) in {*scopes, Scope.ALL}), None)


def of_person(oa_id: str, person: Follower | None, phone: str = "") -> list[Consent]:
    """`standing` of a follower, with the phone they shared or the one given."""
    named = [phone] if person is None else [person.user_id, person.phone, phone]
    return standing(oa_id, dict.fromkeys(named))


def forget_words(recipients: Collection[str]) -> None:
    """Drop the words and the messages statements rest on; that there was a yes or no stays. Joins the transaction."""
    Consent.update(evidence=None).where(Consent.recipient.in_(sorted(recipients))).execute()
