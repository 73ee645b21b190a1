"""Reading the facts: a fixed number of queries, for one person or for thousands.

Advertising counts over all OAs of the business, so a person here is a phone and every user id that shares it or its
contact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from peewee import SQL

from models import Channel, Consent, Contact, Delivery, DeliveryState, Follower, OfficialAccount, SendClass
from services import consents, followers, rows
from services.calendar import month_before
from services.interaction import last_interaction
from services.preflight.facts import PersonFacts, Refused

# Nothing of these reached anybody, nor will it.
_CAME_TO_NOTHING = [DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.SKIPPED, DeliveryState.EXPIRED]
_TAKEN = [DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN]
_HALF_A_YEAR = timedelta(days=184)  # advertising by ZNS needs a message of tag 1 or 2 within it (zns.md 5.2)
_OUT_OF_WINDOW = ["-230", "-232"]  # Zalo's codes (oa-api.md 5.4); of -232 it says "never, or expired"
_PROFILE_COUNTS = timedelta(days=7)  # what Zalo did not know a week ago may be otherwise now


@dataclass(frozen=True)
class Wanted:
    """A person a letter is for: a phone, a follower of the OA, or both."""

    phone: str = ""
    follower: Follower | None = None


@dataclass
class _Kin:
    """Everything one person is called by."""

    phones: set[str] = field(default_factory=set)
    contacts: set[int] = field(default_factory=set)
    followers: dict[int, Follower] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Recipients that mean this person, at any OA."""
        return self.phones | {str(row.user_id) for row in self.followers.values()}


def read(now: datetime, oa: OfficialAccount, wanted: Sequence[Wanted], before: int | None = None) -> list[PersonFacts]:
    """The facts of these people, in their order.

    A phone alone is taken for the one follower of the OA who shares it, if there is one. `before` is a delivery that is
    judged once more when it is sent: of what waits, only rows before it count, so that of two the first one goes.
    """
    kin = _kin(oa, wanted)
    names = set().union(*(each.names for each in kin)) if kin else set()
    said = _said(oa.oa_id, names)
    promoted = _promoted(now, names, before)
    related = _related(now, oa, set().union(*(each.phones for each in kin)) if kin else set())
    refused = _refused(oa, names)
    return [
        _facts(now, oa, one, each, said, promoted, related, refused)
        for one, each in zip(wanted, kin, strict=True)
    ]  # fmt: skip


def _facts(
    now: datetime,
    oa: OfficialAccount,
    wanted: Wanted,
    kin: _Kin,
    said: Mapping[str, list[Consent]],
    promoted: Mapping[str, list[datetime]],
    related: Mapping[str, datetime],
    refused: Mapping[str, Refused],
) -> PersonFacts:
    here = [row for row in kin.followers.values() if row.oa_id == oa.oa_id]
    # Two people with one number are nobody; but the no of either counts, for who reads it nobody can tell.
    person = wanted.follower or (here[0] if len(here) == 1 else None)
    readers = here if person is None else [person]
    phone = wanted.phone or (str(person.phone) if person is not None else "")
    last = last_interaction(person)
    own = {phone, *kin.phones, *(str(row.user_id) for row in readers)} - {""}
    return PersonFacts(
        phone=phone,
        user_id=str(person.user_id) if person is not None else "",
        name=followers.called(person) if person is not None else "",
        is_follower=person.is_follower if person is not None else None,
        under_age=any(row.is_sensitive for row in kin.followers.values()),
        tester=person is not None and bool(person.tester),
        last=last,
        never=last is None and _never(now, person),
        refused=refused.get(str(person.user_id)) if person is not None else None,
        said=tuple(sorted(_of(own, said), key=lambda word: (word.at, word.id), reverse=True)),
        promoted=tuple(sorted(_of(kin.names, promoted), reverse=True)),
        related_at=max((related[name] for name in own if name in related), default=None),
    )


def _never(now: datetime, person: Follower | None) -> bool:
    """Zalo knew no interaction, and a follower's following would have been one (oa-api.md 5.4)."""
    if person is None or person.is_follower or person.profile_at is None:
        return False
    return bool(person.profile_at > now - _PROFILE_COUNTS)


def _kin(oa: OfficialAccount, wanted: Sequence[Wanted]) -> list[_Kin]:
    found = [_begin(one) for one in wanted]
    by_phone, by_number = _contacts(found)
    for each in found:
        each.contacts |= {by_phone[phone] for phone in each.phones if phone in by_phone}
        each.phones |= {by_number[number] for number in each.contacts if number in by_number}
    relatives = _relatives(found)
    for each in found:
        names: list[str | int] = [*each.phones, *each.contacts]
        for name in names:
            each.followers |= {row.id: row for row in relatives.get(name, ())}
    return found


def _begin(one: Wanted) -> _Kin:
    person = one.follower
    if person is None:
        return _Kin({one.phone} - {""})
    contact: set[int] = {person.contact_id} - {None}  # type: ignore[attr-defined]
    return _Kin({one.phone, str(person.phone)} - {""}, contact, {person.id: person})


def _contacts(kin: Iterable[_Kin]) -> tuple[dict[str, int], dict[int, str]]:
    """Contacts of these people, by phone and by row number."""
    kin = list(kin)
    phones, numbers = set().union(*(each.phones for each in kin)), set().union(*(each.contacts for each in kin))
    found: list[Contact] = []
    for some in rows.chunks(phones):
        found.extend(Contact.select(Contact.id, Contact.phone).where(Contact.phone.in_(some)))
    for some in rows.chunks(numbers - {row.id for row in found}):
        found.extend(Contact.select(Contact.id, Contact.phone).where(Contact.id.in_(some)))
    return {row.phone: row.id for row in found}, {row.id: row.phone for row in found}


def _relatives(kin: Iterable[_Kin]) -> dict[str | int, list[Follower]]:
    """Followers of any OA, by the phone and by the contact they share."""
    kin = list(kin)
    phones, numbers = set().union(*(each.phones for each in kin)), set().union(*(each.contacts for each in kin))
    found: dict[int, Follower] = {}
    for some in rows.chunks(phones):
        found |= {row.id: row for row in Follower.select().where(Follower.phone.in_(some))}
    for some in rows.chunks(numbers):
        found |= {row.id: row for row in Follower.select().where(Follower.contact.in_(some))}
    grouped: dict[str | int, list[Follower]] = {}
    for row in found.values():
        for name in {row.phone, row.contact_id} - {"", None}:  # type: ignore[attr-defined]
            grouped.setdefault(name, []).append(row)
    return grouped


def _said(oa_id: str, names: Iterable[str]) -> dict[str, list[Consent]]:
    grouped: dict[str, list[Consent]] = {}
    for some in rows.chunks(names):
        for word in consents.standing(oa_id, some):
            grouped.setdefault(word.recipient, []).append(word)
    return grouped


def _promoted(now: datetime, names: Iterable[str], before: int | None) -> dict[str, list[datetime]]:
    """When each of these had advertising or will have it: over all OAs, since the month before this one."""
    grouped: dict[str, list[datetime]] = {}
    for some in rows.chunks(names):
        for row in _advertising(now, some, before):
            # What waits counts for the day it will leave on, whenever it was tried before.
            due = row.next_attempt_at if row.state == DeliveryState.QUEUED else None
            grouped.setdefault(row.recipient, []).append(due or row.sent_at or row.attempted_at or row.created_at)
    return grouped


def _advertising(now: datetime, names: list[str], before: int | None) -> Iterable[Any]:
    columns = (
        Delivery.recipient, Delivery.state, Delivery.created_at, Delivery.sent_at, Delivery.attempted_at,
        Delivery.next_attempt_at,
    )  # fmt: skip
    where = [
        # Word for word as the partial index has it: SQLite does not see that a parameter is a part of it.
        SQL("send_class = 'promotion'"),
        Delivery.recipient.in_(names),
        Delivery.created_at >= month_before(now),
        Delivery.state.not_in(_CAME_TO_NOTHING),
        # A development ZNS goes to an administrator of the OA; a test message to a user id is one that Zalo counts.
        (Delivery.development == False) | (Delivery.channel != Channel.ZNS),  # noqa: E712 (peewee)
    ]
    if before is not None:
        where.append((Delivery.id < before) | (Delivery.state != DeliveryState.QUEUED))
    return Delivery.select(*columns).where(*where)


def _related(now: datetime, oa: OfficialAccount, phones: Iterable[str]) -> dict[str, datetime]:
    """When each phone last had a ZNS of ours of tag 1 or 2 from this OA, within half a year."""
    grouped: dict[str, datetime] = {}
    for some in rows.chunks(phones):
        where = (
            Delivery.oa == oa.id,
            Delivery.recipient.in_(some),
            Delivery.channel == Channel.ZNS,
            Delivery.send_class != SendClass.PROMOTION,
            Delivery.state.in_(_TAKEN),
            Delivery.development == False,  # noqa: E712 (peewee)
            Delivery.created_at >= now - _HALF_A_YEAR,
        )
        for row in Delivery.select(Delivery.recipient, Delivery.sent_at, Delivery.created_at).where(*where):
            at = row.sent_at or row.created_at
            grouped[row.recipient] = max(at, grouped.get(row.recipient, at))
    return grouped


def _refused(oa: OfficialAccount, names: Iterable[str]) -> dict[str, Refused]:
    """Zalo's newest refusal of a consultation message of this OA, by user id. What never left was not refused by it."""
    newest: dict[str, Refused] = {}
    for some in rows.chunks(names):
        where = (
            Delivery.oa == oa.id,
            Delivery.recipient.in_(some),
            Delivery.channel == Channel.CS,
            Delivery.state == DeliveryState.FAILED,
            Delivery.error_code.in_(_OUT_OF_WINDOW),
            Delivery.attempted_at.is_null(False),
        )
        found = Delivery.select(Delivery.recipient, Delivery.error_code, Delivery.attempted_at).where(*where)
        for row in found.order_by(Delivery.attempted_at):
            newest[row.recipient] = Refused(row.error_code, row.attempted_at)
    return newest


def _of(names: Iterable[str], grouped: Mapping[str, list[Any]]) -> list[Any]:
    return [each for name in names for each in grouped.get(name, ())]
