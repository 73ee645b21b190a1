"""The right to work at a ticket: one worker at a time, over all processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import JOIN

from db import is_sqlite, write
from models import OauthTicket, OfficialAccount, Staff
from services import connect_tickets, leases, token_owner
from services.connect_tickets import LEASE, WORKING


def claim(now: datetime, owner: str) -> OauthTicket | None:
    """Take a ticket that waits, for LEASE, also from a process that is gone; None when there is none. As `whole`."""
    with write():
        due = (
            OauthTicket.select()
            .where(
                OauthTicket.state.in_(WORKING),
                OauthTicket.next_attempt_at.is_null() | (OauthTicket.next_attempt_at <= now),
            )
            .order_by(OauthTicket.id)
        )
        waiting = due if is_sqlite() else due.for_update(skip_locked=True)
        ticket: OauthTicket | None = next((each for each in waiting if _free(now, each)), None)
        if ticket is None:
            return None
        OauthTicket.update(lease_owner=owner, lease_until=now + LEASE).where(OauthTicket.id == ticket.id).execute()
        return whole(ticket.id)


def whole(number: int) -> OauthTicket:
    """The ticket with its person and its OA: whoever lives in an event loop must not ask the database for them."""
    query = OauthTicket.select(OauthTicket, Staff, OfficialAccount).join(Staff).switch(OauthTicket)
    found: OauthTicket = query.join(OfficialAccount, JOIN.LEFT_OUTER).where(OauthTicket.id == number).get()
    return found


def move(now: datetime, ticket: OauthTicket, owner: str, **values: Any) -> bool:
    """Write the next step under the lease and prolong it; False: somebody else has the ticket now. Commits."""
    mine = (OauthTicket.id == ticket.id, OauthTicket.state == ticket.state, OauthTicket.lease_owner == owner)
    done = OauthTicket.update(**values, lease_until=now + LEASE).where(*mine).execute()
    if done:
        connect_tickets.show(ticket, values)
    return bool(done)


def put_off(now: datetime, ticket: OauthTicket, owner: str, until: datetime, **values: Any) -> None:
    """Give the lease back and let the ticket rest; with an `error_code` its message says that it takes longer."""
    told = ticket.error_code
    with write():
        if move(now, ticket, owner, next_attempt_at=until, **values):
            OauthTicket.update(lease_owner="", lease_until=None).where(OauthTicket.id == ticket.id).execute()
            if ticket.error_code and not told:
                connect_tickets.tell(now, ticket)


def _free(now: datetime, ticket: OauthTicket) -> bool:
    return leases.is_over(now, ticket.lease_until, LEASE) or token_owner.gone(ticket.lease_owner)
