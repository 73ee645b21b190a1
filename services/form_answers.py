"""The answer to an information form: who asked for it hears of it, else everybody who sends for that OA.

What was answered stands in the follower's row already, merged like every fact; the notice only points there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from db import from_ms
from models import Delivery, DeliveryState, Follower, OfficialAccount, Role, Staff
from services import notices, staff

NOTICE = "form_answer"
ASKED_WITHIN = timedelta(days=30)
CLOCKS_DIFFER = timedelta(minutes=1)  # ours, and the one behind the times of events
# What comes to light later than this is kept, and nobody is woken for it.
TOLD_FOR = timedelta(days=7)
_NEVER_LEFT = (DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.CANCELLED, DeliveryState.QUEUED)


class Answered(NamedTuple):
    """Somebody filled in a form of this OA, at `at` (epoch ms)."""

    oa_id: str
    user_id: str
    at: int


def tell(now: datetime, answers: Iterable[Answered]) -> None:
    """Post one notice for each answer, in the caller's transaction. Safe to repeat."""
    for each in sorted(set(answers)):
        if from_ms(each.at) >= now - TOLD_FOR:
            _tell(now, each)


def _tell(now: datetime, each: Answered) -> None:
    ref = f"{each.oa_id}:{each.user_id}:{each.at}"
    if notices.told([NOTICE], ref).exists():
        return
    row = Follower.get_or_none(Follower.oa_id == each.oa_id, Follower.user_id == each.user_id)
    if row is None:
        return
    payload = {"oa_id": each.oa_id, "user_id": each.user_id, "row": row.id, "at": each.at}
    person = _asked_by(each)
    if person is not None:
        notices.post(now, person.telegram_id, NOTICE, ref, {**payload, "asked": True})
    else:
        notices.alert(now, NOTICE, ref, payload, Role.OPERATOR)


def _asked_by(each: Answered) -> Staff | None:
    """Who sent this person the latest form, if they may still be told."""
    at = from_ms(each.at)
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == each.oa_id)
    if oa is None:
        return None
    theirs = (Delivery.oa == oa, Delivery.recipient == each.user_id, Delivery.kind == "form")
    lately = Delivery.created_at.between(at - ASKED_WITHIN, at + CLOCKS_DIFFER)
    form = Delivery.select(Delivery.staff_id).where(*theirs, lately, Delivery.state.not_in(_NEVER_LEFT))
    latest = form.order_by(Delivery.created_at.desc(), Delivery.id.desc()).first()
    person = staff.with_number(latest.staff_id) if latest is not None and latest.staff_id else None
    allowed = person is not None and staff.may(person, Role.OPERATOR) and staff.may_use(person, oa)
    return person if allowed else None
