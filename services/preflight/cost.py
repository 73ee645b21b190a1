"""What a letter costs: VND before VAT, at most."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from models import Channel
from services.calendar import same_day
from services.interaction import FREE_WINDOW
from services.preflight.facts import Facts
from services.preflight.verdicts import Letter, Note
from services.prices import CONSULTATION, TRANSACTION


class Cost(NamedTuple):
    """A price, until when it is nothing, and what is not certain about it."""

    price: int | None
    free_until: datetime | None = None
    notes: tuple[Note, ...] = ()


def of(facts: Facts, letter: Letter) -> Cost:
    """The cost of a letter that leaves now."""
    if letter.channel == Channel.CS:
        return _consultation(facts)
    if letter.channel == Channel.TRANSACTION:
        return Cost(TRANSACTION)
    row = letter.template
    if row is None:
        return Cost(None)  # nobody wrote down what a media message cost
    return Cost(row.price_phone if letter.channel == Channel.ZNS else row.price_uid)


def _consultation(facts: Facts) -> Cost:
    last = facts.person.last
    if last is not None and last.earliest + FREE_WINDOW > facts.now:
        return Cost(0, last.earliest + FREE_WINDOW)
    left = facts.oa.cs_left if same_day(facts.oa.cs_left_at, facts.now) else None
    if left:
        return Cost(0, None, (Note("paid_by_package", {"left": left}),))
    if last is None or last.latest + FREE_WINDOW > facts.now or left is None:
        return Cost(CONSULTATION, None, (Note("perhaps_free"),))
    return Cost(CONSULTATION)
