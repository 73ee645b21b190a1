"""Which OA a person is working with, and what it did today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from models import Delivery, DeliveryState, OaState, OfficialAccount, Staff
from services import prices, staff
from services.calendar import day_start
from services.errors import NotFound

REACHED = (DeliveryState.DELIVERED, DeliveryState.SEEN)


@dataclass(frozen=True)
class Today:
    """Of one OA since midnight in Vietnam. Money in VND with VAT, counted on the day of delivery."""

    delivered: int
    cost: int
    waiting: int
    uncertain: int


def oa_of(person: Staff) -> OfficialAccount | None:
    """The OA this person works with: the chosen one, else the only one they may use."""
    chosen = OfficialAccount.get_or_none(
        OfficialAccount.id == person.current_oa, OfficialAccount.state != OaState.REMOVED
    )
    if chosen is not None and staff.may_use(person, chosen):
        return chosen
    rest = staff.usable_oas(person)
    return rest[0] if len(rest) == 1 else None


def choose(person: Staff, oa: OfficialAccount) -> None:
    """Work with this OA from now on. Raises NotFound `oa.unknown` for one this person may not use."""
    if not staff.may_use(person, oa):
        raise NotFound("oa.unknown", oa_id=oa.oa_id)
    person.current_oa = oa
    person.save(only=[Staff.current_oa])


def today(oa: OfficialAccount, now: datetime) -> Today:
    """What the rows say, nothing estimated."""
    midnight = day_start(now)
    ours = Delivery.oa == oa
    real = ours & ~Delivery.development
    kinds = (Delivery.development, Delivery.charged, Delivery.vat_percent)
    rows: Any = (
        Delivery.select(fn.COUNT(Delivery.id), *kinds)
        .where(ours, Delivery.state.in_(REACHED), Delivery.delivered_at >= midnight)
        .group_by(*kinds)
        .tuples()
    )
    groups = list(rows)
    return Today(
        delivered=sum(count for count, test, _, _ in groups if not test),
        # Tests to a user id cost as much as any other message.
        cost=sum(count * prices.with_vat(charged or 0, vat or 0) for count, _, charged, vat in groups),
        waiting=_count(real, (DeliveryState.QUEUED, DeliveryState.SENDING)),
        uncertain=_count(real, (DeliveryState.UNCERTAIN,)),
    )


def _count(real: object, states: tuple[DeliveryState, ...]) -> int:
    return int(Delivery.select().where(real, Delivery.state.in_(states)).count())
