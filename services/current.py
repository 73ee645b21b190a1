"""Which OA a person is working with, and what it did today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from models import Delivery, DeliveryState, OaState, OfficialAccount, Staff
from services import deliveries, staff
from services.desk import VIETNAM
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
    midnight = now.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    real = (Delivery.oa == oa) & ~Delivery.development
    reached = real & Delivery.state.in_(REACHED) & (Delivery.delivered_at >= midnight)
    rows: Any = (
        Delivery.select(fn.COUNT(Delivery.id), Delivery.price, Delivery.vat_percent)
        .where(reached)
        .group_by(Delivery.price, Delivery.vat_percent)
        .tuples()
    )
    groups = [(count, deliveries.with_vat(price or 0, vat or 0)) for count, price, vat in rows]
    return Today(
        delivered=sum(count for count, _ in groups),
        cost=sum(count * each for count, each in groups),
        waiting=_count(real, (DeliveryState.QUEUED, DeliveryState.SENDING)),
        uncertain=_count(real, (DeliveryState.UNCERTAIN,)),
    )


def _count(real: object, states: tuple[DeliveryState, ...]) -> int:
    return int(Delivery.select().where(real, Delivery.state.in_(states)).count())
