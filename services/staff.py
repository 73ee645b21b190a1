"""Who may use the bot, and for what. Changing it is `services.staffing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import Case

from models import OaState, OfficialAccount, Role, Staff, StaffOa, Stranger
from services.names import tidy
from zalo.payload import clean

SEES_ALL = {"every_oa": True, "sees_numbers": True, "sees_money": True}  # an owner does
RANK = {Role.VIEWER: 0, Role.OPERATOR: 1, Role.MANAGER: 2, Role.OWNER: 3}


@dataclass(frozen=True)
class Rights:
    """What a person may do and see. `oas` are row numbers, and count only where `every_oa` is False."""

    role: Role
    numbers: bool = True  # full phone numbers
    money: bool = True  # prices and costs
    every_oa: bool = True
    oas: tuple[int, ...] = ()
    language: str = "vi"


def usual(role: Role) -> Rights:
    """What somebody new is offered in this role, to be changed before they come.

    Who sends needs numbers and no prices; who looks on (an accountant, a partner) needs figures and nobody's number.
    """
    return {
        Role.VIEWER: Rights(role, numbers=False),
        Role.OPERATOR: Rights(role, money=False),
    }.get(role, Rights(role))


def recognise(now: datetime, telegram_id: int, name: str, owner_id: int | None) -> Staff | None:
    """The active staff member with this id, None for a stranger.

    The owner of the environment is entered at first sight, and keeps the owner's role whatever the table says.
    """
    name = clean(name)
    if telegram_id == owner_id:
        enter_owner(now, owner_id, name)
    person = Staff.get_or_none(Staff.telegram_id == telegram_id)
    if person is None or not person.active:
        return None
    Staff.update(name=name or person.name, last_seen_at=now).where(Staff.id == person.id).execute()
    person.name = name or person.name
    return person


def enter_owner(now: datetime, owner_id: int | None, name: str = "") -> None:
    """Enter the owner of the environment, if it names one: whoever never wrote to the bot is told of alerts too."""
    if owner_id is None:
        return
    owns = {"role": Role.OWNER, "active": True, "removed_at": None, **SEES_ALL}
    Staff.insert(telegram_id=owner_id, name=name, created_at=now, **owns).on_conflict_ignore().execute()
    less = (Staff.role != Role.OWNER) | (Staff.active == False)  # noqa: E712 - SQL
    Staff.update(**owns).where(Staff.telegram_id == owner_id, less).execute()
    Stranger.delete().where(Stranger.telegram_id == owner_id).execute()  # whoever opened the bot before being set


def known(telegram_ids: set[int]) -> set[int]:
    """Which of these belong to active staff: one read for a whole batch."""
    rows = Staff.select(Staff.telegram_id).where(Staff.active, Staff.telegram_id.in_(sorted(telegram_ids)))
    return {row.telegram_id for row in rows} if telegram_ids else set()


def add(now: datetime, telegram_id: int, role: Role, name: str = "", language: str = "vi") -> Staff:
    """Enter a person, or change the role of one who is there. Neither asked nor audited: see `services.staffing`."""
    values = {"role": role, "active": True, "language": language, "removed_at": None} | ({"name": name} if name else {})
    values |= SEES_ALL if role == Role.OWNER else {}
    Staff.insert(telegram_id=telegram_id, created_at=now, **values).on_conflict(
        conflict_target=[Staff.telegram_id], update=values
    ).execute()
    Stranger.delete().where(Stranger.telegram_id == telegram_id).execute()
    return Staff.get(Staff.telegram_id == telegram_id)


def enter(now: datetime, telegram_id: int, name: str, rights: Rights, invited_by: int | None) -> Staff:
    """Enter a person with exactly these rights, whatever they had before. Joins the caller's transaction."""
    person = add(now, telegram_id, rights.role, tidy(name), rights.language)
    owner = rights.role == Role.OWNER
    person.sees_numbers, person.sees_money = owner or rights.numbers, owner or rights.money
    person.every_oa, person.invited_by, person.current_oa = owner or rights.every_oa, invited_by, None
    person.save()
    StaffOa.delete().where(StaffOa.staff == person).execute()
    for oa in OfficialAccount.select(OfficialAccount.id).where(OfficialAccount.id.in_(list(rights.oas))):
        StaffOa.create(staff=person, oa=oa)
    return person


def with_number(telegram_id: int) -> Staff | None:
    """The active person with this Telegram id."""
    return Staff.get_or_none(Staff.telegram_id == telegram_id, Staff.active)


def may(person: Staff, role: Role) -> bool:
    """Whether the person's role reaches `role`."""
    return RANK[Role(person.role)] >= RANK[role]


def usable_oas(person: Staff) -> list[OfficialAccount]:
    """The OAs this person may work with, in no order; removed ones are not among them."""
    query = OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED)
    if not has_every_oa(person):
        query = query.join(StaffOa).where(StaffOa.staff == person)
    return list(query)


def may_use(person: Staff, oa: OfficialAccount) -> bool:
    """Whether this person may see and use the OA at all; what they may do there is the role's matter."""
    if has_every_oa(person):
        return True
    return bool(StaffOa.select().where(StaffOa.staff == person, StaffOa.oa == oa).exists())


def has_every_oa(person: Staff) -> bool:
    """Whether no OA is closed to this person, those that will be added included."""
    return person.every_oa or person.role == Role.OWNER


def let_use(person: Staff, oa: OfficialAccount) -> None:
    """Open an OA to somebody who may not use all: whoever registers one may use it. Joins the transaction."""
    if not has_every_oa(person):
        StaffOa.insert(staff=person, oa=oa).on_conflict_ignore().execute()


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


def page(offset: int, limit: int) -> tuple[list[Staff], int]:
    """Active staff, owners first, then in the order they came; and how many there are."""
    active = Staff.select().where(Staff.active)
    rank: Any = Case(Staff.role, [(role.value, -rank) for role, rank in RANK.items()])
    return list(active.order_by(rank, Staff.id).offset(offset).limit(limit)), int(active.count())


def oas_of(person: Staff) -> set[int]:
    """Row numbers of the OAs entered for this person, whether or not they count now."""
    rows: Any = StaffOa.select(StaffOa.oa).where(StaffOa.staff == person).tuples()
    return {number for (number,) in rows}
