"""What an owner does about staff: rights, roles, OAs, removal. Each is audited and orderly when two do it at once.

Every function asks again, inside its transaction, whether the actor is an owner still; the command line always may.
Common refusals: NotAllowed `role.owner`, NotFound `staff.gone`.
"""

from __future__ import annotations

from typing import Any

from db import is_sqlite, write
from models import OfficialAccount, Role, Staff, StaffOa
from services import audit, leaving, notices, staff
from services.audit import Actor
from services.desk import Desk
from services.errors import NotAllowed, NotFound
from services.staff import Rights


def active(row_id: int) -> Staff:
    """The active person with this row number. Raises NotFound `staff.gone`."""
    person = Staff.get_or_none(Staff.id == row_id, Staff.active)
    if person is None:
        raise NotFound("staff.gone")
    return person


def is_environments(desk: Desk, person: Staff) -> bool:
    """Whether the settings name this person as the owner: nobody can take that away here."""
    return bool(person.telegram_id == desk.settings.telegram_owner_id)


def set_role(desk: Desk, actor: Actor, person: Staff, role: Role) -> Staff:
    """Change the role; a lower one ends what was open above it, an owner sees everything.

    Raises NotAllowed `staff.environment_owner`, `staff.last_owner`.
    """
    with write():
        row = _hold(actor, person)
        old = Role(row.role)
        if old == role:
            return row
        _may_stop_owning(desk, row)
        _change(row, role=role, **_rights_with(row, old, role))
        if staff.RANK[role] < staff.RANK[old]:
            leaving.end_above(desk.now(), row, role)
        _record(desk, actor, "staff.role", row, {"from": old, "to": role})
    return row


def _rights_with(row: Staff, old: Role, role: Role) -> dict[str, bool]:
    """An owner sees everything; one who is owner no longer has what is usual, and only the OAs chosen before."""
    if role == Role.OWNER:
        return staff.SEES_ALL
    if old != Role.OWNER:
        return {}
    usual = staff.usual(role)
    chosen = StaffOa.select().where(StaffOa.staff == row).exists()
    return {"every_oa": not chosen, "sees_numbers": usual.numbers, "sees_money": usual.money}


def set_sight(
    desk: Desk, actor: Actor, person: Staff, *, numbers: bool | None = None, money: bool | None = None
) -> Staff:
    """May this person see full numbers, and prices? Raises NotAllowed `staff.owner_sees_all`."""
    given = {"sees_numbers": numbers, "sees_money": money}
    changes = {name: value for name, value in given.items() if value is not None}
    with write():
        row = _hold(actor, person)
        _not_an_owner(row)
        _change(row, **changes)
        if numbers is False:
            leaving.hide_numbers(desk.now(), row)
        _record(desk, actor, "staff.rights", row, changes)
    return row


def set_every_oa(desk: Desk, actor: Actor, person: Staff, every: bool) -> Staff:
    """Open all OAs, future ones included, or only the chosen ones. Raises NotAllowed `staff.owner_sees_all`."""
    with write():
        row = _hold(actor, person)
        _not_an_owner(row)
        _change(row, every_oa=every)
        leaving.end_outside(desk.now(), row)
        _record(desk, actor, "staff.oas", row, {"every": every})
    return row


def allow_oa(desk: Desk, actor: Actor, person: Staff, oa: OfficialAccount, allowed: bool) -> Staff:
    """Open or close one OA; somebody who had them all keeps the chosen ones only."""
    with write():
        row = _hold(actor, person)
        _not_an_owner(row)
        if allowed:
            StaffOa.insert(staff=row, oa=oa).on_conflict_ignore().execute()
        else:
            StaffOa.delete().where(StaffOa.staff == row, StaffOa.oa == oa).execute()
        _change(row, every_oa=False)
        leaving.end_outside(desk.now(), row)
        _record(desk, actor, "staff.oas", row, {"allowed": allowed}, oa.oa_id)
    return row


def speak(desk: Desk, actor: Actor, person: Staff, language: str) -> Staff:
    """Change the language the bot speaks to this person."""
    with write():
        row = _hold(actor, person)
        _change(row, language=language)
        _record(desk, actor, "staff.language", row, {"language": language})
    return row


def check_removable(desk: Desk, person: Staff) -> None:
    """Raise what `remove` would raise now, before the question is asked."""
    _may_stop_owning(desk, person)


def remove(desk: Desk, actor: Actor, person: Staff) -> None:
    """End the person's access: what is open, asked, invited or still to be told ends in the same transaction.

    Their next word gets silence, also one that waits already. Raises NotAllowed `staff.environment_owner`,
    `staff.last_owner`.
    """
    with write():
        row = _hold(actor, person)
        _may_stop_owning(desk, row)
        _change(row, active=False, removed_at=desk.now(), current_oa=None)
        leaving.end_all(desk.now(), row)
        _record(desk, actor, "staff.removed", row, {"role": row.role})


def enter(desk: Desk, actor: Actor, telegram_id: int, name: str, rights: Rights) -> Staff:
    """Let a person in by their number, or back in with new rights, and greet them.

    Somebody who is staff already stays as they are.
    """
    with write():
        hold_owners()
        _owner_acts(actor)
        here = Staff.get_or_none(Staff.telegram_id == telegram_id, Staff.active)
        if here is not None:
            return here
        by = actor.staff.telegram_id if actor.staff else None
        row = staff.enter(desk.now(), telegram_id, name, rights, by)
        greet(desk, row)
        _record(desk, actor, "staff.joined", row, {"role": rights.role, "by": "owner"})
    return row


def greet(desk: Desk, person: Staff) -> None:
    """Post the welcome. Joins the caller's transaction."""
    now = desk.now()
    notices.post(now, person.telegram_id, "welcome", f"{now:%Y%m%d%H%M%S%f}", {})


def _hold(actor: Actor, person: Staff) -> Staff:
    """The person as they are now, and nobody else changes owners meanwhile."""
    hold_owners()
    _owner_acts(actor)
    query = Staff.select().where(Staff.id == person.id, Staff.active)
    row = next(iter(query if is_sqlite() else query.for_update()), None)
    if row is None:
        raise NotFound("staff.gone")
    return row


def hold_owners() -> list[Staff]:
    """All active owners, held until the transaction ends: two owners who demote each other come one after the other."""
    query = Staff.select().where(Staff.active, Staff.role == Role.OWNER).order_by(Staff.id)
    return list(query if is_sqlite() else query.for_update())


def _owner_acts(actor: Actor) -> None:
    if actor.staff is None:
        return
    mine = (Staff.id == actor.staff.id, Staff.active, Staff.role == Role.OWNER)
    if not Staff.select().where(*mine).exists():
        raise NotAllowed("role.owner")


def _may_stop_owning(desk: Desk, row: Staff) -> None:
    if is_environments(desk, row):
        raise NotAllowed("staff.environment_owner", name=row.name)
    if row.role == Role.OWNER and not [other for other in hold_owners() if other.id != row.id]:
        raise NotAllowed("staff.last_owner", name=row.name)


def _not_an_owner(row: Staff) -> None:
    if row.role == Role.OWNER:
        raise NotAllowed("staff.owner_sees_all", name=row.name)


def _change(row: Staff, **values: Any) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    Staff.update(**values).where(Staff.id == row.id).execute()


def _record(desk: Desk, actor: Actor, action: str, row: Staff, detail: dict[str, Any], oa_id: str = "") -> None:
    said = {"name": row.name, **detail}
    audit.record(desk.now(), actor, action, oa_id=oa_id, target=str(row.telegram_id), detail=said)
