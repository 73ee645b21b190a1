"""Whose the exchanged pair is, and what becomes of it: saved for an OA that is known, kept for a yes, or left alone."""

from __future__ import annotations

from datetime import datetime

from db import in_thread
from models import OaState, OaToken, OauthState, OauthTicket, OfficialAccount, TokenState
from secretbox import CannotOpen
from services import apps, connect_pairs, connect_tickets, token_pairs
from services.connect_claim import Claim
from services.connect_codes import NO_OA, NOT_YOURS, OA_GONE, OTHER_APP, UNREACHABLE
from services.connect_exchange import no_app
from services.connect_pairs import Exchanged
from services.connect_tickets import may_connect
from services.desk import Desk
from services.errors import NotFound, Refusal
from services.token_hold import Held
from zalo import oa as zalo_oa
from zalo.client import Zalo
from zalo.errors import ErrorClass, Refused, ZaloError
from zalo.oa import OaProfile


async def find_out(claim: Claim, oa: OfficialAccount | None, held: Held | None) -> bool:
    """Ask Zalo and do what follows; True: it is another OA than `oa`, whose lease `held` is, so lock that one."""
    try:
        exchanged = await in_thread(connect_pairs.unseal, claim.desk.box, claim.ticket)
    except CannotOpen:
        return await claim.unreadable()
    profile = await _ask_whose(claim, oa, exchanged)
    return profile is not None and await _settle(claim, profile, exchanged, oa, held)


def registered(oa_id: str) -> OfficialAccount | None:
    """The OA with Zalo's id `oa_id`, not a removed one."""
    found: OfficialAccount | None = OfficialAccount.get_or_none(
        OfficialAccount.oa_id == oa_id, OfficialAccount.state != OaState.REMOVED
    )
    return found


async def _ask_whose(claim: Claim, oa: OfficialAccount | None, exchanged: Exchanged) -> OaProfile | None:
    if not await claim.move():
        return None
    try:
        return await zalo_oa.get_profile(await in_thread(_zalo, claim), exchanged.pair.access)
    except Refused as refused:
        if refused.error_class in {ErrorClass.LATER, ErrorClass.TRANSIENT}:
            await claim.put_off(str(refused.code))
        elif oa is not None and await in_thread(_overtaken, oa, claim.ticket, exchanged, refused):
            await in_thread(_end_known, claim, oa)
        else:
            await claim.failed(str(refused.code))
    except ZaloError:
        await claim.put_off(UNREACHABLE)
    except Refusal as refusal:
        await no_app(claim, refusal)
    return None


def _zalo(claim: Claim) -> Zalo:
    keys = apps.keys_of_app(claim.desk, claim.ticket.app_id)
    return claim.desk.zalo.for_app(keys) if keys.use_proof else claim.desk.zalo


def _overtaken(oa: OfficialAccount, ticket: OauthTicket, exchanged: Exchanged, refused: Refused) -> bool:
    """Our pair is dead because the OA was renewed after the exchange: it lives."""
    row = token_pairs.current(oa)
    if refused.error_class is not ErrorClass.TOKEN or row is None or row.state != TokenState.OK:
        return False
    if exchanged.oa_row == oa.id and exchanged.generation is not None:
        return bool(row.generation > exchanged.generation)
    return row.refreshed_at is not None and row.refreshed_at >= ticket.used_at


async def _settle(
    claim: Claim, profile: OaProfile, exchanged: Exchanged, oa: OfficialAccount | None, held: Held | None
) -> bool:
    ticket = claim.ticket
    ticket.found_oa_id = profile.oa_id or ticket.found_oa_id
    ticket.found_name = profile.name or ticket.found_name
    if not ticket.found_oa_id:
        return await claim.failed(NO_OA)
    known, against = await in_thread(_judge, claim.desk, ticket)
    if against is not None:
        await claim.end(*against)
    elif known is None:
        await in_thread(connect_tickets.ask, claim.desk.now(), ticket, profile.raw)
    elif held is None or oa is None or known.id != oa.id:
        return await claim.move(found_oa_id=ticket.found_oa_id, found_name=ticket.found_name)
    else:
        await _save(claim, held, known, exchanged, profile)
    return False


def _judge(desk: Desk, ticket: OauthTicket) -> tuple[OfficialAccount | None, tuple[OauthState, str] | None]:
    """The OA here that the pair is for, and the end of the ticket when it must not get it."""
    known = registered(ticket.found_oa_id)
    against = _against(desk, ticket, known)
    if known is not None and against is not None:
        _renew_soon(desk.now(), known)
    return known, against


def _against(desk: Desk, ticket: OauthTicket, known: OfficialAccount | None) -> tuple[OauthState, str] | None:
    if not may_connect(ticket.staff_id, ticket.oa_id):
        return OauthState.DROPPED, ""
    wrong = _is_wrong(ticket)
    if known is None:
        return (OauthState.WRONG_OA, "") if wrong else None
    if not may_connect(ticket.staff_id, known.id):
        return OauthState.WRONG_OA if wrong else OauthState.FAILED, NOT_YOURS
    # Saving would move an OA to an app nobody chose for it, by a slip of the finger on Zalo's page.
    if wrong and apps.app_id_of(desk, known) != ticket.app_id:
        return OauthState.WRONG_OA, OTHER_APP
    return None


def _is_wrong(ticket: OauthTicket) -> bool:
    return ticket.oa is not None and ticket.oa.oa_id != ticket.found_oa_id


def _renew_soon(now: datetime, oa: OfficialAccount) -> None:
    """The exchange may have killed the access token the OA has; its refresh token still works, so it is due now."""
    OaToken.update(access_expires_at=now).where(OaToken.oa == oa.id, OaToken.access_expires_at > now).execute()


async def _save(claim: Claim, held: Held, oa: OfficialAccount, exchanged: Exchanged, profile: OaProfile) -> None:
    """The OA works by the new pair, and the ticket has ended: both, or neither."""

    def also() -> None:
        fresh = {"profile": profile.raw, "profile_at": claim.desk.now()}
        OfficialAccount.update(**fresh).where(OfficialAccount.id == oa.id).execute()
        _end_known(claim, oa)

    answer, issued_at = connect_pairs.as_answer(exchanged.pair), exchanged.pair.issued_at
    try:
        await held.save(answer, claim.ticket.app_id, issued_at=issued_at, also=also)
    except NotFound:
        await claim.failed(OA_GONE)


def _end_known(claim: Claim, oa: OfficialAccount) -> None:
    """Joins the transaction that saves the pair."""
    ticket = claim.ticket
    ticket.found_oa_id, ticket.found_name = oa.oa_id, ticket.found_name or oa.name
    state = OauthState.WRONG_OA if _is_wrong(ticket) else OauthState.CONNECTED
    connect_tickets.end(claim.desk.now(), ticket, state)
