"""The code a person brought back becomes a pair that is stored.

A code works once: an exchange whose answer was lost is tried once more and then given up, in words that ask to connect
again. Before it leaves, the try is committed; nothing else is done with the pair before it is stored.
"""

from __future__ import annotations

import asyncio

import structlog

from db import in_thread
from models import OauthState
from secretbox import CannotOpen
from services import apps, connect_pairs, connect_tickets
from services.connect_claim import Claim
from services.connect_codes import APP_GONE, LOST, NO_REFRESH, UNREACHABLE
from services.errors import Refusal
from services.token_hold import Held
from zalo import oauth
from zalo.client import AppKeys
from zalo.errors import ErrorClass, NotSent, PerhapsSent, Refused
from zalo.oauth import TokenPair

log = structlog.get_logger(__name__)

MOST_EXCHANGES = 2  # the second only after the answer of the first was lost
USED_CODE = -14005
_SAVE_PAUSES = (0.2, 1.0, 3.0)


async def exchange(claim: Claim, held: Held | None) -> bool:
    """Bring the ticket from returned to exchanged; False: ended or put off. `held`: whose renewals are kept away."""
    if claim.ticket.attempts >= MOST_EXCHANGES:
        return await claim.failed(LOST)
    try:
        app, code, verifier = await in_thread(_keys, claim)
    except Refusal as refusal:
        return await no_app(claim, refusal)
    except CannotOpen:
        return await claim.unreadable()
    if not await _leaves(claim):
        return False
    try:
        answer = await oauth.exchange(claim.desk.zalo, app, code, verifier or None)
    except NotSent:
        await claim.put_off(UNREACHABLE, attempts=claim.ticket.attempts - 1)
    except PerhapsSent:
        await _lost(claim)
    except Refused as refused:
        await _refused(claim, refused)
    else:
        return await _keep(claim, answer, held)
    return False


async def no_app(claim: Claim, refusal: Refusal) -> bool:
    """The keys of the ticket's app cannot be had: taken out of the desk, or sealed with another key. Always False."""
    return await (claim.unreadable() if refusal.key == "app.unreadable" else claim.failed(APP_GONE))


def _keys(claim: Claim) -> tuple[AppKeys, str, str]:
    keys, box, ticket = apps.keys_of_app(claim.desk, claim.ticket.app_id), claim.desk.box, claim.ticket
    return keys, connect_tickets.opened(box, ticket, "code"), connect_tickets.opened(box, ticket, "verifier")


async def _leaves(claim: Claim) -> bool:
    """Commit that an exchange may reach Zalo from here on; who may not connect any more connects nothing."""
    ticket = claim.ticket
    if not await in_thread(connect_tickets.may_connect, ticket.staff_id, ticket.oa_id):
        await claim.end(OauthState.DROPPED)
        return False
    return await claim.move(attempts=ticket.attempts + 1)


async def _lost(claim: Claim) -> None:
    await (claim.failed(LOST) if claim.ticket.attempts >= MOST_EXCHANGES else claim.again_at_once())


async def _refused(claim: Claim, refused: Refused) -> None:
    if refused.error_class in {ErrorClass.LATER, ErrorClass.TRANSIENT}:
        await claim.put_off(str(refused.code), attempts=claim.ticket.attempts - 1)
    elif refused.code == USED_CODE and claim.ticket.attempts > 1:
        await claim.failed(LOST)  # the first exchange did reach Zalo; its pair is gone
    else:
        await claim.failed(str(refused.code))


async def _keep(claim: Claim, answer: TokenPair, held: Held | None) -> bool:
    if not answer.refresh:
        return await claim.failed(NO_REFRESH)
    now, desk, ticket = claim.desk.now(), claim.desk, claim.ticket
    pair = connect_pairs.as_text(answer, now, held)
    for pause in (*_SAVE_PAUSES, None):
        try:
            return await in_thread(connect_tickets.keep_pair, now, desk.box, ticket, pair)
        except Exception as problem:
            # Nobody else has this pair: a database that is busy or away for a moment must not cost it.
            log.error("connect_not_stored", ticket=ticket.id, problem=type(problem).__name__)
            if pause is None:
                raise
            await asyncio.sleep(pause)
    return False
