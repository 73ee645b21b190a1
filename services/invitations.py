"""Invitations: a link that lets one person in, once. Only the hash of its secret is kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import datetime, timedelta

from db import write
from models import Invitation, Role, Staff
from services import audit, notices, staff, staffing
from services.audit import Actor
from services.desk import Desk
from services.errors import Conflict, NotAllowed, NotFound
from services.staff import Rights

PREFIX = "inv_"
SECRET_BYTES = 24  # 192 bits in 32 characters; Telegram takes 64 of A-Z a-z 0-9 _ - after ?start=
LIFETIMES = {"day": timedelta(hours=24), "week": timedelta(days=7)}
_START = re.compile(rf"/start(?:@\w+)?\s+{PREFIX}([A-Za-z0-9_-]{{20,60}})\s*")


def create(desk: Desk, actor: Actor, rights: Rights, lasts: timedelta, name: str = "") -> tuple[Invitation, str]:
    """A new invitation and its start parameter, which is shown once and kept nowhere. Audited.

    Raises NotAllowed `role.owner`.
    """
    now, secret = desk.now(), secrets.token_urlsafe(SECRET_BYTES)
    with write():
        # Held, so that whoever removes this owner at the same moment revokes this invitation too.
        maker = next((owner for owner in staffing.hold_owners() if actor.staff and owner.id == actor.staff.id), None)
        if maker is None:
            raise NotAllowed("role.owner")
        row = Invitation.create(
            secret_hash=_hash(secret),
            name=name,
            created_by=maker,
            created_at=now,
            expires_at=now + lasts,
            role=rights.role,
            language=rights.language,
            every_oa=rights.every_oa,
            oas=list(rights.oas),
            sees_numbers=rights.numbers,
            sees_money=rights.money,
        )
        detail = {"invitation": row.id, "role": row.role, "until": row.expires_at.isoformat(timespec="minutes")}
        audit.record(now, actor, "staff.invited", target=name, detail=detail)
    return row, PREFIX + secret


def secret_in(text: str) -> str:
    """The secret of `/start inv_...`; "" for any other text."""
    found = _START.fullmatch(text)
    return found.group(1) if found else ""


def get(secret: str) -> Invitation | None:
    """The invitation of a secret, whatever became of it; None for one that never was."""
    return Invitation.get_or_none(Invitation.secret_hash == _hash(secret))


def accept(desk: Desk, secret: str, telegram_id: int, name: str) -> Staff:
    """Spend the invitation and let the person in with its rights; of two who tap at once, one gets in.

    Greets the person, tells the owners, audited; commits before it returns. Raises NotFound `invitation.unknown`, and
    Conflict `invitation.used`, `invitation.revoked`, `invitation.expired`, `invitation.staff_already`: nothing is spent
    then, and nobody's rights change.
    """
    with write():
        row = get(secret)
        if row is None:
            raise NotFound("invitation.unknown")
        # Whoever is in stays as they are: an old link must lower nobody.
        if telegram_id == desk.settings.telegram_owner_id or staff.known({telegram_id}):
            raise Conflict("invitation.staff_already")
        if not _still_meant(row, telegram_id):
            raise Conflict("invitation.revoked")
        if not _spend(desk.now(), row, telegram_id):
            raise Conflict(f"invitation.{_why(Invitation.get_by_id(row.id))}")
        person = staff.enter(desk.now(), telegram_id, name, rights_of(row), row.created_by.telegram_id)
        _announce(desk, row, person)
    return person


def _still_meant(row: Invitation, telegram_id: int) -> bool:
    """Whether its maker still owns the house, and the person was not dismissed after it was made for somebody else."""
    maker = row.created_by
    dismissed = Staff.get_or_none(Staff.telegram_id == telegram_id, Staff.removed_at > row.created_at)
    return bool(maker.active and maker.role == Role.OWNER) and dismissed is None


def _spend(now: datetime, row: Invitation, telegram_id: int) -> bool:
    usable = (Invitation.used_at.is_null(), Invitation.revoked_at.is_null(), Invitation.expires_at > now)
    return bool(Invitation.update(used_at=now, used_by=telegram_id).where(Invitation.id == row.id, *usable).execute())


def _announce(desk: Desk, row: Invitation, person: Staff) -> None:
    """To the newcomer, to the owners, to the audit."""
    number = str(person.telegram_id)
    staffing.greet(desk, person)
    told = {"name": person.name, "role": row.role, "number": number, "note": row.name}
    notices.alert(desk.now(), "staff_joined", str(row.id), told, Role.OWNER)
    detail = {"invitation": row.id, "role": row.role, "name": person.name}
    audit.record(desk.now(), Actor(person.name, person), "staff.joined", target=number, detail=detail)


def rights_of(row: Invitation) -> Rights:
    """What the invitation gives."""
    return Rights(
        role=Role(row.role),
        numbers=row.sees_numbers,
        money=row.sees_money,
        every_oa=row.every_oa,
        oas=tuple(row.oas or ()),
        language=row.language,
    )


def open_ones(now: datetime, offset: int, limit: int) -> tuple[list[Invitation], int]:
    """A page of those somebody could still use, the newest first, and how many there are."""
    usable = (Invitation.used_at.is_null(), Invitation.revoked_at.is_null(), Invitation.expires_at > now)
    every = Invitation.select().where(*usable)
    return list(every.order_by(Invitation.id.desc()).offset(offset).limit(limit)), every.count()


def revoke(desk: Desk, actor: Actor, invitation_id: int) -> bool:
    """Make an open invitation worthless; False when it was used, revoked or over. Audited. Safe to call twice."""
    now = desk.now()
    with write():
        open_one = (Invitation.id == invitation_id, Invitation.used_at.is_null(), Invitation.revoked_at.is_null())
        revoked = Invitation.update(revoked_at=now).where(*open_one, Invitation.expires_at > now).execute()
        if revoked:
            row = Invitation.get_by_id(invitation_id)
            audit.record(now, actor, "invitation.revoked", target=row.name, detail={"invitation": row.id})
    return bool(revoked)


def _why(row: Invitation) -> str:
    if row.used_at is not None:
        return "used"
    return "revoked" if row.revoked_at is not None else "expired"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
