"""Connecting an OA by Zalo's permission page: what the bot calls.

begin -> a link for one person -> (webhook/oauth.py) Zalo's page and back -> (services/connect_worker.py) exchange and
`getoa` -> a known OA has its new tokens, an unknown one waits for `confirm` by the same person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from db import write
from models import Notice, OaToken, OauthState, OauthTicket, OfficialAccount, Role, Staff, TokenState
from services import accounts, apps, audit, connect_outcome, connect_pairs, connect_tickets, notices
from services import staff as people
from services.accounts import LONGEST_NAME, NewAccount
from services.audit import Actor
from services.connect_codes import NOT_YOURS
from services.connect_tickets import may_connect
from services.desk import Desk, Work
from services.errors import Conflict, DeskError, NotAllowed, NotFound, Refusal


@dataclass(frozen=True)
class Link:
    """What the URL button needs. The address is as good as the ticket: it goes to this person only."""

    ticket_id: int
    url: str = field(repr=False)


def begin(desk: Desk, actor: Actor, *, oa: OfficialAccount | None, app_id: str, chat_id: int) -> Link:
    """A one-use link of ten minutes for this person; their older open ones end. Commits before it returns; audited.

    `oa`: the one to be connected again, None for any. `app_id`: the Zalo app to be granted; empty: the OA's, else the
    environment's. Raises Refusal `connect.no_public_url`, `connect.no_app`, NotFound `oa.unknown` for an OA this person
    may not use, and NotAllowed `role.manager`.
    """
    person = _manager(actor)
    if oa is not None and not people.may_use(person, oa):
        raise NotFound("oa.unknown", oa_id=oa.oa_id)
    app_id = _app(desk, oa, app_id)
    if not desk.settings.public_url:
        raise Refusal("connect.no_public_url")
    with write():
        ticket, secret = connect_tickets.make(desk.now(), desk.box, desk.settings, person, oa, app_id, chat_id)
        detail = {"ticket": ticket.id, "app_id": app_id}
        oa_id, name = (oa.oa_id, oa.name) if oa else ("", "")
        audit.record(desk.now(), actor, "oa.connect_begun", oa_id=oa_id, target=name, detail=detail)
    return Link(ticket.id, connect_tickets.start_url(desk.settings, secret))


def _manager(actor: Actor) -> Staff:
    if actor.staff is None or not people.may(actor.staff, Role.MANAGER):
        raise NotAllowed("role.manager")
    return actor.staff


def _app(desk: Desk, oa: OfficialAccount | None, app_id: str) -> str:
    app_id = app_id or (apps.app_id_of(desk, oa) if oa else desk.settings.zalo_app_id)
    try:
        known = bool(app_id and apps.keys_of_app(desk, app_id).secret)
    except Refusal:
        known = False
    if not known:
        raise Refusal("connect.no_app", app_id=app_id)
    return app_id


def shown(ticket_id: int, message_id: int) -> None:
    """Remember which Telegram message shows the link: the outcome will be its next state."""
    OauthTicket.update(message_id=message_id).where(OauthTicket.id == ticket_id).execute()
    # The person may have been faster than we: an outcome that waits to be sent edits the message too.
    waiting = (Notice.kind == "connect", Notice.ref == str(ticket_id), Notice.message_id.is_null())
    Notice.update(message_id=message_id).where(*waiting).execute()


def get(ticket_id: int, staff: Staff) -> OauthTicket:
    """The ticket of this person. Raises NotFound `connect.unknown`, for other people's too."""
    ticket = OauthTicket.get_or_none(OauthTicket.id == ticket_id, OauthTicket.staff == staff)
    if ticket is None:
        raise NotFound("connect.unknown")
    return ticket


def confirm(desk: Desk, actor: Actor, ticket_id: int) -> OfficialAccount:
    """Register the OA that was granted: paused, its tokens proven. Commits before it returns; audited.

    Should somebody have registered it meanwhile, that OA is returned and gets the new tokens by the worker. Whoever
    calls this shows the OA: the ticket's own notice is taken back. Raises NotFound `connect.unknown`, Conflict
    `connect.not_waiting` (done already, dropped, or over 24 h old), what `accounts.register` raises, and, after it has
    ended the ticket, NotAllowed `role.manager` and NotFound `oa.unknown` for an OA that is closed to the person.
    """
    if actor.staff is None:
        raise NotAllowed("role.manager")
    ticket = get(ticket_id, actor.staff)
    with write():
        if not _waits(desk.now(), ticket):
            raise Conflict("connect.not_waiting")
        known = connect_outcome.registered(ticket.found_oa_id)
        closed = _closed(desk, actor, ticket, known)
        if closed is None:
            oa = _take_in(desk, actor, ticket, known)
    if closed is not None:
        raise closed
    desk.nudge(Work.CONNECT if known else Work.INBOX)
    return oa


def _closed(desk: Desk, actor: Actor, ticket: OauthTicket, known: OfficialAccount | None) -> DeskError | None:
    """Why this person may not say yes (any more); the ticket has ended then."""
    if not may_connect(ticket.staff_id, ticket.oa_id):
        connect_tickets.end(desk.now(), ticket, OauthState.DROPPED, actor=actor)
        return NotAllowed("role.manager")
    if known is not None and not may_connect(ticket.staff_id, known.id):
        connect_tickets.end(desk.now(), ticket, OauthState.FAILED, NOT_YOURS, actor)
        return NotFound("oa.unknown", oa_id=ticket.found_oa_id)
    return None


def _take_in(desk: Desk, actor: Actor, ticket: OauthTicket, known: OfficialAccount | None) -> OfficialAccount:
    if known is not None:
        _hand_over(desk.now(), ticket)
    oa = known or _register(desk, actor, ticket)
    notices.withdraw(ticket.chat_id, "connect", str(ticket.id))
    return oa


def drop(desk: Desk, actor: Actor, ticket_id: int) -> None:
    """The person says no, or leaves the screen of an unused link. Nothing happens once the ticket has ended.

    Raises NotFound `connect.unknown`, and Conflict `connect.working` while the worker is at it.
    """
    if actor.staff is None:
        raise NotFound("connect.unknown")
    ticket = get(ticket_id, actor.staff)
    if ticket.state in connect_tickets.WORKING:
        raise Conflict("connect.working")
    if ticket.state in (OauthState.OPEN, OauthState.ASKING):
        connect_tickets.end(desk.now(), ticket, OauthState.DROPPED, actor=actor)


def _waits(now: datetime, ticket: OauthTicket) -> bool:
    in_time: bool = ticket.used_at is not None and ticket.used_at > now - connect_tickets.ASKING_FOR
    return ticket.state == OauthState.ASKING and in_time


def _hand_over(now: datetime, ticket: OauthTicket) -> None:
    waiting = (OauthTicket.id == ticket.id, OauthTicket.state == OauthState.ASKING)
    OauthTicket.update(state=OauthState.EXCHANGED, next_attempt_at=now).where(*waiting).execute()


def _register(desk: Desk, actor: Actor, ticket: OauthTicket) -> OfficialAccount:
    pair = connect_pairs.unseal(desk.box, ticket).pair
    name = ticket.found_name.strip()[:LONGEST_NAME] or f"OA {ticket.found_oa_id}"
    granted = (ticket.found_oa_id, name, pair.access, pair.refresh)
    new = NewAccount(*granted, profile=ticket.profile, app_id=ticket.app_id)
    if not connect_tickets.end(desk.now(), ticket, OauthState.CONNECTED, actor=actor):
        raise Conflict("connect.not_waiting")
    oa = accounts.register(desk, actor, new)
    OaToken.update(state=TokenState.OK, **connect_pairs.times(pair)).where(OaToken.oa == oa.id).execute()
    people.let_use(ticket.staff, oa)
    return oa
