"""Tickets of [Connect with Zalo]: made in Telegram, spent once in the browser, worked off by the worker.

Whoever knows a ticket's secret may look at its pages; only the hash of it is stored. Every move of a ticket is one
conditional UPDATE, its row count tells who was first. Whatever came of a ticket is audited and posted to its chat as
the notice "connect" in the same transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import structlog

from config import Settings
from db import write
from models import OauthState, OauthTicket, OfficialAccount, Role, Staff, StaffOa
from secretbox import SecretBox
from services import audit, leases, notices
from services.audit import Actor
from services.connect_codes import BROKEN, NEWER
from zalo import oauth
from zalo.payload import clean

log = structlog.get_logger(__name__)

LIFETIME = timedelta(minutes=10)  # of the link, and of Zalo's code
ASKING_FOR = timedelta(hours=24)
LEASE = timedelta(seconds=40)  # prolonged before each step; a request may take 15 s, waiting for a renewal 20
PAIR_FOR = timedelta(hours=24)  # a pair that was exchanged and could not be asked or saved
START, CALLBACK = "/oauth/zalo/start", "/oauth/zalo/callback"
WORKING = (OauthState.RETURNED, OauthState.EXCHANGED)
_MAY_CONNECT = (Role.MANAGER, Role.OWNER)
_SPENT: dict[str, Any] = {"verifier": "", "code": "", "pair": "", "lease_owner": "", "lease_until": None}
_ACTIONS = {
    OauthState.ASKING: "oa.connect_asked",
    OauthState.CONNECTED: "oa.connected",
    OauthState.WRONG_OA: "oa.connect_wrong_oa",
    OauthState.DENIED: "oa.connect_denied",
    OauthState.FAILED: "oa.connect_failed",
    OauthState.DROPPED: "oa.connect_dropped",
}


def make(
    now: datetime, box: SecretBox, settings: Settings, staff: Staff, oa: OfficialAccount | None, app_id: str, chat: int
) -> tuple[OauthTicket, str]:
    """A new open ticket and the secret of its link; the person's older open ones end. Joins the transaction."""
    secret = secrets.token_urlsafe(32)
    mark = _hash(secret)
    verifier = _verifier(settings)
    OauthTicket.update(state=OauthState.DROPPED, ended_at=now, **_SPENT).where(
        OauthTicket.staff == staff, OauthTicket.state == OauthState.OPEN
    ).execute()
    ticket = OauthTicket.create(
        secret_hash=mark,
        staff=staff,
        oa=oa,
        app_id=app_id,
        verifier=_seal(box, mark, "verifier", verifier) if verifier else "",
        chat_id=chat,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    return ticket, secret


def start_url(settings: Settings, secret: str) -> str:
    """The link for the person."""
    return f"{settings.public_url}{START}?t={quote(secret)}"


def find(secret: str) -> OauthTicket | None:
    """The ticket of a link, in whatever state; its staff member and OA come along."""
    query = OauthTicket.select(OauthTicket, Staff).join(Staff)
    ticket: OauthTicket | None = query.where(OauthTicket.secret_hash == _hash(secret)).first()
    return ticket


def opened(box: SecretBox, ticket: OauthTicket, column: str) -> str:
    """A sealed column in clear, an empty text when it is empty. Raises CannotOpen."""
    sealed = getattr(ticket, column)
    return box.open(sealed, f"oauth_ticket:{ticket.secret_hash}:{column}") if sealed else ""


def returned(now: datetime, box: SecretBox, ticket: OauthTicket, code: str, oa_id: str) -> bool:
    """Spend the ticket: the person came back with a code. Commits before it returns.

    False when it was spent before, ran out, or its owner may not connect (this OA) any more; then nothing changed.
    """
    values = {
        "state": OauthState.RETURNED,
        "code": _seal(box, ticket.secret_hash, "code", code),
        "found_oa_id": clean(oa_id)[:40],
        "used_at": now,
        "next_attempt_at": now,
    }
    return bool(OauthTicket.update(**values).where(*_usable(now, ticket)).execute())


def denied(now: datetime, ticket: OauthTicket, error: str) -> bool:
    """Spend the ticket: the person came back without a code. `error`: the number Zalo gave, if any."""
    with write():
        done = OauthTicket.update(used_at=now).where(*_usable(now, ticket)).execute()
        return bool(done) and end(now, ticket, OauthState.DENIED, error)


def _usable(now: datetime, ticket: OauthTicket) -> tuple[Any, ...]:
    return (
        OauthTicket.id == ticket.id,
        OauthTicket.state == OauthState.OPEN,
        OauthTicket.expires_at > now,
        OauthTicket.staff.in_(_people(ticket.oa_id)),
    )


def may_connect(person: int, oa: int | None) -> bool:
    """Whether the person of this row may connect OAs now, and this one if it is named: asked before every step."""
    return bool(_people(oa).where(Staff.id == person).exists())


def _people(oa: int | None) -> Any:
    people = Staff.select(Staff.id).where(Staff.active, Staff.role.in_(_MAY_CONNECT))
    if oa is None:
        return people
    theirs = StaffOa.select(StaffOa.staff).where(StaffOa.oa == oa)
    return people.where(Staff.every_oa | (Staff.role == Role.OWNER) | Staff.id.in_(theirs))


def keep_pair(now: datetime, box: SecretBox, ticket: OauthTicket, pair: str) -> bool:
    """The exchange worked: the pair is durable when this returns True. Whoever holds the lease, a pair is kept."""
    sealed = _seal(box, ticket.secret_hash, "pair", pair)
    emptied = {"code": "", "verifier": "", "error_code": ""}
    fresh = {"state": OauthState.EXCHANGED, "pair": sealed, "lease_until": now + LEASE, **emptied}
    done = OauthTicket.update(**fresh).where(OauthTicket.id == ticket.id, OauthTicket.state == ticket.state).execute()
    if done:
        show(ticket, fresh)
    return bool(done)


def ask(now: datetime, ticket: OauthTicket, profile: dict[str, Any]) -> bool:
    """An OA nobody registered: the pair waits, sealed, for the person's yes.

    Questions about the same OA that were asked before end with it: the access token they hold is dead.
    """
    rest = {"lease_owner": "", "lease_until": None, "profile": profile, "error_code": ""}
    same = (OauthTicket.found_oa_id == ticket.found_oa_id, OauthTicket.state == OauthState.ASKING)
    with write():
        done = _reach(now, ticket, OauthState.ASKING, _person(ticket), rest)
        for older in OauthTicket.select().where(*same, OauthTicket.id != ticket.id) if done else ():
            end(now, older, OauthState.DROPPED, NEWER, actor=audit.MACHINE)
    return done


def end(now: datetime, ticket: OauthTicket, state: OauthState, code: str = "", actor: Actor | None = None) -> bool:
    """Bring the ticket from the state it was read in to its last one, and empty what is sealed; False: too late.

    Audited as an act of the ticket's person, unless `actor` is given.
    """
    over = _SPENT | {"error_code": code[:40], "ended_at": now, "profile": None}
    return _reach(now, ticket, state, actor or _person(ticket), over)


def _reach(now: datetime, ticket: OauthTicket, state: OauthState, actor: Actor, values: dict[str, Any]) -> bool:
    found = {"found_oa_id": ticket.found_oa_id, "found_name": ticket.found_name}
    with write():
        done = (
            OauthTicket.update(state=state, **found, **values)
            .where(OauthTicket.id == ticket.id, OauthTicket.state == ticket.state)
            .execute()
        )
        if not done:
            return False
        show(ticket, {"state": state, **values})
        expected = ticket.oa.oa_id if ticket.oa is not None else ""
        detail = {"ticket": ticket.id, "app_id": ticket.app_id, "expected": expected, "code": ticket.error_code}
        audit.record(
            now,
            actor,
            _ACTIONS[state],
            oa_id=ticket.found_oa_id or expected,
            target=ticket.found_name,
            detail={name: value for name, value in detail.items() if value},
        )
        tell(now, ticket)
    log.info("connect_ticket", ticket=ticket.id, state=state.value, code=ticket.error_code)
    return True


def expire(now: datetime) -> int:
    """End what was not used, confirmed or worked off in time; returns how many. The nightly purge forgets them."""
    with write():
        # Nobody is told of a link that was never used: its message may show something else by now.
        unused = OauthTicket.update(state=OauthState.DROPPED, ended_at=now, **_SPENT).where(
            OauthTicket.state == OauthState.OPEN, OauthTicket.expires_at <= now
        )
        dropped = unused.execute()
    return int(dropped + _drop_unconfirmed(now) + _fail_stuck(now))


def _drop_unconfirmed(now: datetime) -> int:
    asking = OauthTicket.select().where(OauthTicket.state == OauthState.ASKING, OauthTicket.used_at <= now - ASKING_FOR)
    return sum(end(now, ticket, OauthState.DROPPED, actor=audit.MACHINE) for ticket in asking)


def _fail_stuck(now: datetime) -> int:
    """Tickets no worker brought to an end, and none is at now: a defect, or no worker for a day."""
    free = leases.over(now, OauthTicket.lease_until, LEASE)
    stuck = OauthTicket.select().where(OauthTicket.state.in_(WORKING), OauthTicket.used_at <= now - PAIR_FOR, free)
    return sum(end(now, ticket, OauthState.FAILED, ticket.error_code or BROKEN, audit.MACHINE) for ticket in stuck)


def _seal(box: SecretBox, mark: str, column: str, text: str) -> str:
    return box.seal(text, f"oauth_ticket:{mark}:{column}")


def tell(now: datetime, ticket: OauthTicket) -> None:
    """Have the ticket's Telegram message show it as it is now. Call it in the transaction of the change."""
    notices.post(now, ticket.chat_id, "connect", str(ticket.id), {"ticket": ticket.id}, message_id=ticket.message_id)


def _person(ticket: OauthTicket) -> Actor:
    return Actor(ticket.staff.name, ticket.staff, ticket.chat_id, ticket.message_id)


def show(ticket: OauthTicket, values: dict[str, Any]) -> None:
    """Give the row in memory the values that were just written."""
    for name, value in values.items():
        setattr(ticket, name, value)


def _verifier(settings: Settings) -> str:
    if settings.zalo_pkce == "none":
        return ""
    return settings.zalo_pkce_verifier.get_secret_value() if settings.zalo_pkce == "fixed" else oauth.new_verifier()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
