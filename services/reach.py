"""What one person may see and touch: the gate to OAs, customers, messages and notices, the only one of each kind.

Somebody who may not use an OA is answered as if it did not exist, whatever number they send.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import Delivery, Follower, OaState, OfficialAccount, Rating, Staff, ZnsTemplate
from services import accounts, staff
from services.names import fold_name


def oas(person: Staff) -> list[OfficialAccount]:
    """The OAs this person may use, by name."""
    return sorted(staff.usable_oas(person), key=lambda oa: (fold_name(oa.name), oa.id))


def find(person: Staff, text: str) -> list[OfficialAccount]:
    """As `accounts.find`, among those this person may use."""
    theirs = {oa.id for oa in staff.usable_oas(person)}
    return [oa for oa in accounts.find(text) if oa.id in theirs]


def oa(person: Staff, row_id: int) -> OfficialAccount | None:
    """The OA with this row number as it is now; None when it is removed, closed to this person, or never was."""
    row = OfficialAccount.get_or_none(OfficialAccount.id == row_id, OfficialAccount.state != OaState.REMOVED)
    return row if row is not None and staff.may_use(person, row) else None


def follower(person: Staff, row_id: int) -> tuple[OfficialAccount, Follower] | None:
    """A customer and their OA; None when either is gone or the OA is closed to this person."""
    row = Follower.get_or_none(Follower.id == row_id)
    if row is None:
        return None
    account = OfficialAccount.get_or_none(OfficialAccount.oa_id == row.oa_id)
    return (account, row) if account is not None and staff.may_use(person, account) else None


def delivery(person: Staff, row_id: int) -> Delivery | None:
    """A message and its OA in one read; None when there is none or the OA is closed to this person."""
    found = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(Delivery.id == row_id)
    row = next(iter(found), None)
    return row if row is not None and staff.may_use(person, row.oa) else None


def delivery_by_id(person: Staff, text: str) -> Delivery | None:
    """The message with this tracking id of ours, or this id of Zalo's; None as `delivery`."""
    named = (Delivery.tracking_id == text) | (Delivery.msg_id == text)
    rows = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount).where(named).limit(10)
    return next((row for row in rows if staff.may_use(person, row.oa)), None)


def template(person: Staff, row_id: int) -> ZnsTemplate | None:
    """A template and its OA in one read; None when there is none or the OA is removed or closed to this person."""
    found = ZnsTemplate.select(ZnsTemplate, OfficialAccount).join(OfficialAccount)
    row = next(iter(found.where(ZnsTemplate.id == row_id, OfficialAccount.state != OaState.REMOVED)), None)
    return row if row is not None and staff.may_use(person, row.oa) else None


def rating(person: Staff, row_id: int) -> tuple[OfficialAccount, Rating] | None:
    """What a customer said, and their OA; None when either is gone or the OA is closed to this person."""
    row = Rating.get_or_none(Rating.id == row_id)
    if row is None:
        return None
    account = OfficialAccount.get_or_none(OfficialAccount.oa_id == row.oa_id)
    return (account, row) if account is not None and staff.may_use(person, account) else None


def may_hear(person: Staff, payload: Mapping[str, Any]) -> bool:
    """Whether a notice about an OA (`oa_id`, Zalo's id) may still be shown to this person."""
    oa_id = str(payload.get("oa_id") or "")
    if not oa_id or staff.has_every_oa(person):
        return True
    account = OfficialAccount.get_or_none(OfficialAccount.oa_id == oa_id)
    return account is not None and staff.may_use(person, account)
