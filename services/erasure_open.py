"""What is still open about somebody who is forgotten, and would send or copy their data anew if it were left open.

It is closed in the transaction that begins the erasure: the long part comes up to a minute later, and a person at the
bot needs a second for a yes or a resend.
"""

from __future__ import annotations

import json
from typing import Any

from peewee import fn

from models import Delivery, DeliveryState, Draft, OfficialAccount, Staff
from secretbox import CannotOpen
from services import deliveries, drafts, forgetting
from services.desk import Desk
from services.erasure_jobs import Job
from services.rows import one

People = list[tuple[str, str]]  # (oa_id, user_id)
# Nobody can send these once more, nor will they become what can be.
_SETTLED = (DeliveryState.DELIVERED, DeliveryState.SEEN, DeliveryState.SKIPPED, DeliveryState.CANCELLED)


def sent_to(people: People, phones: list[str]) -> Any:
    """A condition: deliveries to these user ids of their OA, and to these phones from any OA."""
    accounts: dict[str, int] = {row.oa_id: row.id for row in OfficialAccount.select()}
    condition: Any = Delivery.id.is_null()  # none
    for oa_id, user_id in people:
        condition |= (Delivery.oa == accounts.get(oa_id, 0)) & (Delivery.recipient == user_id)
    # The index begins with the OA, so each is named.
    return condition | (Delivery.oa.in_(list(accounts.values())) & Delivery.recipient.in_(phones))


def reached(job: Job) -> Any:
    """A condition: deliveries this erasure is about; what staff wrote after it is not, unless it repeats the past."""
    old = Delivery.alias()
    copied = old.select(old.id).where(old.id == Delivery.resend_of, old.created_at <= job.at)
    past = (Delivery.created_at <= job.at) | (Delivery.resend_of.is_null(False) & fn.EXISTS(copied))
    return sent_to(job.people, job.phones) & past


def close(desk: Desk, which: Any, people: People, phones: list[str]) -> None:
    """Take back what waits, let nothing of `which` be sent once more, and drop what staff have half done.

    Joins the transaction. Whoever resends at this moment is waited for, or finds the mark.
    """
    now = desk.now()
    for row in Delivery.select(Delivery.id).where(which, Delivery.state == DeliveryState.QUEUED):
        deliveries.move(now, row.id, DeliveryState.CANCELLED)
    forgetting.seal(which & Delivery.state.not_in(_SETTLED))
    drop_papers(desk, people, phones)


def drop_papers(desk: Desk, people: People, phones: list[str]) -> None:
    """Delete half-finished forms and open questions that name the person; joins the transaction."""
    needles = names(people, phones)
    for needle in needles:
        one("DELETE FROM confirmation WHERE payload LIKE ?", [f"%{needle}%"])
    for draft in Draft.select(Draft, Staff).join(Staff):
        if _names(desk, draft.staff, needles):
            drafts.clear(draft.staff)


def names(people: People, phones: list[str]) -> list[str]:
    """By what a paper names the person."""
    return [*(user_id for _, user_id in people), *phones]


def _names(desk: Desk, staff: Staff, needles: list[str]) -> bool:
    try:
        form = drafts.load(desk.box, staff)
    except CannotOpen:
        return False
    text = json.dumps(form.data) if form else ""
    return any(needle in text for needle in needles)
