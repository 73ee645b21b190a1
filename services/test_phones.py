"""The numbers [Test to me] sends a ZNS to: staff's own, at most ten for each OA.

Zalo's development mode reaches only administrators of the app or of the OA (-127), and has an allowance of its own
(-126); which numbers those are Zalo does not tell, so they are entered here.
"""

from __future__ import annotations

from db import is_sqlite, write
from models import OfficialAccount
from services import audit, phones
from services.audit import Actor
from services.desk import Desk
from services.errors import Conflict, Invalid

MOST = 10


def of(oa: OfficialAccount) -> list[str]:
    """The numbers, 84..., in the order they were entered."""
    return list(oa.test_phones or [])


def add(desk: Desk, actor: Actor, oa: OfficialAccount, text: str) -> list[str]:
    """Enter a number written in any usual way; one that is there already stays once. Returns all. Audited.

    Raises Invalid `phone.*`, Invalid `test_phones.too_many` (limit).
    """
    phone = phones.normalise(text)
    with write():
        known = _locked(oa)
        if phone in known:
            return known
        if len(known) >= MOST:
            raise Invalid("test_phones.too_many", limit=MOST)
        return _keep(desk, actor, oa, [*known, phone], f"+ {phones.mask(phone)}")


def drop(desk: Desk, actor: Actor, oa: OfficialAccount, place: int, ending: str) -> list[str]:
    """Take the number at `place` out, which ends in `ending`; returns the rest. Audited.

    Raises Conflict `test_phones.changed` when another one stands there by now.
    """
    with write():
        known = _locked(oa)
        if place >= len(known) or not known[place].endswith(ending):
            raise Conflict("test_phones.changed")
        phone = known[place]
        return _keep(desk, actor, oa, [each for each in known if each != phone], f"- {phones.mask(phone)}")


def _locked(oa: OfficialAccount) -> list[str]:
    query = OfficialAccount.select().where(OfficialAccount.id == oa.id)
    return of((query if is_sqlite() else query.for_update()).get())


def _keep(desk: Desk, actor: Actor, oa: OfficialAccount, known: list[str], target: str) -> list[str]:
    OfficialAccount.update(test_phones=known).where(OfficialAccount.id == oa.id).execute()
    audit.record(desk.now(), actor, "oa.test_phones", oa_id=oa.oa_id, target=target, detail={"count": len(known)})
    oa.test_phones = known
    return known
