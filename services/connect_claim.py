"""One ticket in the hands of the worker that holds its lease. No method asks the database in the event loop."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog

from db import in_thread
from models import OauthState, OauthTicket
from services import connect_lease, connect_tickets
from services.connect_codes import UNREADABLE
from services.connect_tickets import LIFETIME, PAIR_FOR, WORKING
from services.desk import Desk, Work

log = structlog.get_logger(__name__)

_SHORTEST_REST, _LONGEST_REST = timedelta(seconds=2), timedelta(minutes=2)


class Claim:
    """Moves the ticket on, lets it rest, or ends it."""

    def __init__(self, desk: Desk, ticket: OauthTicket, owner: str) -> None:
        self.desk = desk
        self.ticket = ticket
        self._owner = owner

    async def move(self, **values: Any) -> bool:
        """Commit the next step and prolong the lease; False: somebody else has the ticket now."""
        return await in_thread(connect_lease.move, self.desk.now(), self.ticket, self._owner, **values)

    async def end(self, state: OauthState, code: str = "") -> None:
        """Bring the ticket to its last state: told and audited."""
        await in_thread(connect_tickets.end, self.desk.now(), self.ticket, state, code)

    async def failed(self, code: str) -> bool:
        """End it as failed. Always False: there is no more to do."""
        await self.end(OauthState.FAILED, code)
        return False

    async def unreadable(self) -> bool:
        """Leave it to a process that has the key: during a change of keys one of them knows only the old ones.

        Always False.
        """
        log.error("connect_unreadable", ticket=self.ticket.id, app_id=self.ticket.app_id)
        await self.put_off(UNREADABLE)
        return False

    async def put_off(self, code: str, **values: int) -> None:
        """Rest for about as long as it has taken until now; give up when what is held has run out at Zalo."""
        now, ticket = self.desk.now(), self.ticket
        since = ticket.used_at or now
        if now >= since + (LIFETIME if ticket.state == OauthState.RETURNED else PAIR_FOR):
            await self.end(OauthState.FAILED, code)
            return
        await self._rest(min(max(now - since, _SHORTEST_REST), _LONGEST_REST), error_code=code, **values)

    async def again_at_once(self) -> None:
        """Give the lease back without a rest."""
        await self._rest(timedelta(0))
        self.desk.nudge(Work.CONNECT)

    async def start_over(self, code: str) -> None:
        """Something broke halfway: put the ticket off as it stands in the database, whatever was made of it here."""
        self.ticket = await in_thread(connect_lease.whole, self.ticket.id)
        if self.ticket.state in WORKING:
            await self.put_off(code)

    async def _rest(self, rest: timedelta, **values: Any) -> None:
        now = self.desk.now()
        await in_thread(connect_lease.put_off, now, self.ticket, self._owner, now + rest, **values)
