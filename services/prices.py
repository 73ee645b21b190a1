"""What messages cost: prices that no call of Zalo's tells, VAT by date, and what a delivery was charged in the end.

Money is whole VND without VAT, except where a name says otherwise.
"""

from __future__ import annotations

from datetime import datetime

from config import Settings
from models import Channel, Delivery, DeliveryState
from services.desk import VIETNAM

S = DeliveryState

CONSULTATION = 55  # outside the 48 free hours, when no allowance of the package is left (oa-api 5.4, zns 6.4)
TRANSACTION = 165  # the older free form, as long as Zalo takes it (oa-api 6); no price of media messages is known
_NOTHING_CAME = frozenset({S.FAILED, S.SKIPPED, S.EXPIRED, S.CANCELLED})
_TAKEN = frozenset({S.SENT, S.DELIVERED, S.SEEN})
_ON_THE_PHONE = frozenset({S.DELIVERED, S.SEEN})
# Charged only when it is on the phone within the template's timeout (zns 6.1); the rest when Zalo takes it.
BY_TEMPLATE = frozenset({Channel.ZNS, Channel.UID})


def vat(settings: Settings, at: datetime) -> int:
    """Percent of VAT by the law in force at that moment, in Vietnam: VAT_PERCENT, then the dated VAT_CHANGES."""
    today = at.astimezone(VIETNAM).date()
    in_force = [percent for since, percent in settings.vat_changes if since <= today]
    return in_force[-1] if in_force else settings.vat_percent


def with_vat(price: int, percent: int) -> int:
    """The price with VAT in whole VND, halves up."""
    return (price * (100 + percent) + 50) // 100


def consultation(now: datetime, free_until: datetime | None) -> int:
    """What a consultation message costs at most if it leaves now; `free_until` None: nobody knows the window."""
    return 0 if free_until is not None and now < free_until else CONSULTATION


def charge(row: Delivery) -> int | None:
    """What this delivery cost, as far as the row tells; None while nobody knows.

    Nothing for a ZNS in development mode (by user id Zalo knows no such mode), for what did not come (in time), and for
    what an allowance paid: Zalo names it in its answer, and names none for a message that is charged (oa-api 5.3).
    """
    if row.state in _NOTHING_CAME or row.quota_type:
        return 0
    if row.development and row.channel == Channel.ZNS:
        return 0
    return row.price if row.state in (_ON_THE_PHONE if row.channel in BY_TEMPLATE else _TAKEN) else None
