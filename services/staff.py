"""Who may use the bot, and for what."""

from __future__ import annotations

from datetime import datetime

from models import OaState, OfficialAccount, Role, Staff, StaffOa
from services.audit import Actor, record
from zalo.payload import clean

RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.MANAGER: 2, Role.OWNER: 3}


def recognise(now: datetime, telegram_id: int, name: str, owner_id: int | None) -> Staff | None:
    """The active staff member with this id, None for a stranger.

    The owner of the environment is entered at first sight, and keeps the owner's role whatever the table says.
    """
    name = clean(name)
    person = Staff.get_or_none(Staff.telegram_id == telegram_id)
    if telegram_id == owner_id:
        person = person or Staff.create(telegram_id=telegram_id, name=name, created_at=now)
        if person.role != Role.OWNER or not person.active:
            person.role, person.active = Role.OWNER, True
            person.save(only=[Staff.role, Staff.active])
    if person is None or not person.active:
        return None
    Staff.update(name=name or person.name, last_seen_at=now).where(Staff.id == person.id).execute()
    person.name = name or person.name
    return person


def add(now: datetime, telegram_id: int, role: Role, name: str = "", language: str = "vi") -> Staff:
    """Enter a person, or change the role of one who is there."""
    values = {"role": role, "active": True, "language": language} | ({"name": name} if name else {})
    Staff.insert(telegram_id=telegram_id, created_at=now, **values).on_conflict(
        conflict_target=[Staff.telegram_id], update=values
    ).execute()
    return Staff.get(Staff.telegram_id == telegram_id)


def may(person: Staff, role: Role) -> bool:
    """Whether the person's role reaches `role`."""
    return RANK[Role(person.role)] >= RANK[role]


def usable_oas(person: Staff) -> list[OfficialAccount]:
    """The OAs this person may work with, in no order; removed ones are not among them."""
    query = OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED)
    if not _every_oa(person):
        query = query.join(StaffOa).where(StaffOa.staff == person)
    return list(query)


def may_use(person: Staff, oa: OfficialAccount) -> bool:
    """Whether this person may see and use the OA at all; what they may do there is the role's matter."""
    if _every_oa(person):
        return True
    return bool(StaffOa.select().where(StaffOa.staff == person, StaffOa.oa == oa).exists())


def _every_oa(person: Staff) -> bool:
    return person.every_oa or person.role == Role.OWNER


def set_language(person: Staff, language: str) -> None:
    """Change the language the bot speaks to this person."""
    person.language = language
    person.save(only=[Staff.language])


def at_least(role: Role, oa_id: str = "") -> list[Staff]:
    """Active staff whose role reaches `role`, for alerts; with `oa_id` only those who may use that OA."""
    roles = [name for name, rank in RANK.items() if rank >= RANK[role]]
    query = Staff.select().where(Staff.active, Staff.role.in_(roles))
    if oa_id:
        theirs = StaffOa.select(StaffOa.staff).join(OfficialAccount).where(OfficialAccount.oa_id == oa_id)
        query = query.where(Staff.every_oa | (Staff.role == Role.OWNER) | Staff.id.in_(theirs))
    return list(query.order_by(Staff.id))


def record_change(now: datetime, actor: Actor, action: str, telegram_id: int, role: str) -> None:
    """Audit a change of the staff list."""
    record(now, actor, action, target=str(telegram_id), detail={"role": role})
