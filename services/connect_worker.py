"""The worker's part of connecting: the code becomes a pair, the pair is asked whose it is, the OA gets it.

Before each request the step is committed, so that a killed worker is followed by one that knows what may have
happened. Exchanging kills the access token an OA had, so the OA's token lease is held from before the exchange until
the new pair is saved: no renewal runs into it, and it waits for one that is under way.

connect_lease     which worker has a ticket
connect_claim     what that worker can do with it: go on, rest, end
connect_exchange  the code becomes a stored pair
connect_outcome   whose it is, and what becomes of it
"""

from __future__ import annotations

import asyncio

import structlog

from db import in_thread
from models import OauthState, OauthTicket, OfficialAccount
from services import connect_lease, token_owner
from services.connect_claim import Claim
from services.connect_codes import BROKEN, UNREACHABLE
from services.connect_exchange import exchange
from services.connect_outcome import find_out, registered
from services.desk import Desk
from services.errors import DeskError
from services.token_hold import Held, hold
from zalo.errors import ZaloError

log = structlog.get_logger(__name__)

_running: set[asyncio.Task[None]] = set()


async def step(desk: Desk) -> bool:
    """Begin to work on one waiting ticket; False when none waits. One slow OA keeps nobody else waiting."""
    owner = token_owner.new()
    ticket = await in_thread(connect_lease.claim, desk.now(), owner)
    if ticket is None:
        return False
    task = asyncio.create_task(_guarded(Claim(desk, ticket, owner)))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return True


async def finished() -> None:
    """Wait for everything that `step` began in this event loop."""
    while _running:
        await asyncio.gather(*_running)


async def _guarded(claim: Claim) -> None:
    try:
        await _go_on(claim)
    except Exception as defect:
        log.exception("connect_broke", ticket=claim.ticket.id, problem=type(defect).__name__)
        await _after_defect(claim)


async def _after_defect(claim: Claim) -> None:
    """Tried again with rests, and with an end: the person hears of it, whatever it is."""
    try:
        await claim.start_over(BROKEN)
    except Exception as problem:
        # The lease runs out, and the ticket is taken up where it stands.
        log.error("connect_not_put_off", ticket=claim.ticket.id, problem=type(problem).__name__)


async def _go_on(claim: Claim) -> None:
    """Take the ticket as far as it goes now. An OA that was not the one expected is locked and asked again."""
    more = True
    for _ in range(3):
        if more:
            more = await _under_lease(claim, await in_thread(_hinted, claim.ticket))
    if more:
        await claim.put_off(UNREACHABLE)


def _hinted(ticket: OauthTicket) -> OfficialAccount | None:
    """The OA whose tokens the exchange will probably replace: Zalo's word, else the one expected."""
    return registered(ticket.found_oa_id) or (registered(ticket.oa.oa_id) if ticket.oa is not None else None)


async def _under_lease(claim: Claim, oa: OfficialAccount | None) -> bool:
    """Work while no renewal of `oa` can come between; True when another OA turns out to be meant."""
    if oa is None:
        return await _work(claim, None, None)
    try:
        async with hold(claim.desk, oa) as held:
            return await _work(claim, oa, held)
    except (DeskError, ZaloError) as busy:
        log.warning("connect_waits", ticket=claim.ticket.id, problem=str(busy))
        await claim.put_off(UNREACHABLE)
        return False


async def _work(claim: Claim, oa: OfficialAccount | None, held: Held | None) -> bool:
    if claim.ticket.state == OauthState.RETURNED and not await exchange(claim, held):
        return False
    return await find_out(claim, oa, held)
