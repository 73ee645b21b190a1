"""The big red button: no message of any OA departs until a manager lets them go again.

The setting `stop_all` alone decides; whoever lets a message depart asks for it under the same lock that pressing the
button takes. That every OA is also stopped with the code `stopall` is for whoever looks at a single OA. Both are lifted
together, and an OA that had stopped for a reason of its own keeps that reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db import from_ms, is_sqlite, to_ms, write
from models import Delivery, DeliveryState, Notice, OaState, OfficialAccount, Role, Staff
from services import audit, confirmations, house, notices, rows, staff
from services.audit import Actor
from services.desk import VIETNAM, Desk, Work
from services.errors import Conflict, NotAllowed, Refusal

STOP_ALL = "stop_all"  # the setting, the notice, and the kind of confirmation
CODE = "stopall"
# Any constant that no other lock of ours has.
_LOCK = 6_202_411_224
_HERE = OfficialAccount.state != OaState.REMOVED

SERVER = "máy chủ (server)"  # who it was, when it was the command line; read by people of both languages


@dataclass(frozen=True)
class Standstill:
    """That everything is stopped: since when, by whom, and how many OAs there were."""

    since: datetime
    by: str
    staff_id: int | None
    oas: int


@dataclass(frozen=True)
class Outlook:
    """What letting everything go again will do."""

    resumes: int  # OAs that send again
    stay: list[OfficialAccount]  # those that had stopped for a reason of their own
    waiting: int  # messages that may leave at once


def in_force() -> Standstill | None:
    """The standstill, None while messages may leave."""
    value = house.get(STOP_ALL)
    if not value:
        return None
    return Standstill(from_ms(value["since"]), value["by"], value["staff"], value["oas"])


def stop_all(desk: Desk, actor: Actor) -> int:
    """Stop every OA, also those added later. After it returned nothing departs that had not departed before.

    Returns how many OAs stand still by it; 0 when everything stood still before. Tells managers (notice stop_all),
    audited, safe to call twice. Whoever may use some OAs only stops all of them too: safer wins.
    """
    now = desk.now()
    with write():
        _wait_for_departures()
        if in_force() is not None:
            return 0
        oas = OfficialAccount.select().where(_HERE).count()
        OfficialAccount.update(stopped_at=now, stopped_code=CODE).where(
            _HERE, OfficialAccount.stopped_at.is_null()
        ).execute()
        person = actor.staff.telegram_id if actor.staff else None
        house.put(now, STOP_ALL, {"since": to_ms(now), "by": _name(actor), "staff": person, "oas": oas})
        audit.record(now, actor, "stop_all.on", detail={"oas": oas})
        _tell(now, actor)
    return oas


def start_all(desk: Desk, actor: Actor) -> int:
    """Let everything go again that `stop_all` stopped; what waited for it is due at once. Returns how many OAs.

    Raises NotAllowed `stop_all.every_oa` for whoever may use some OAs only, Conflict `stop_all.over`. Audited.
    """
    if actor.staff is not None:
        _may_start(actor.staff)
    now = desk.now()
    with write():
        _wait_for_departures()
        standing = in_force()
        if standing is None:
            raise Conflict("stop_all.over")
        resumed = _resume()
        house.put(now, STOP_ALL, None)
        released = _release(now)
        audit.record(now, actor, "stop_all.off", detail={"oas": resumed, "waiting": released})
        _tell_over(now, actor, standing, resumed)
    desk.nudge(Work.SEND)
    return resumed


def ask_start(desk: Desk, person: Staff) -> tuple[str, Standstill]:
    """Store the question whether to let everything go again; void when the button is pressed anew.

    Raises NotAllowed `stop_all.every_oa`, Conflict `stop_all.over`.
    """
    _may_start(person)
    standing = in_force()
    if standing is None:
        raise Conflict("stop_all.over")
    return confirmations.ask(desk.now(), person, STOP_ALL, {"since": to_ms(standing.since)}), standing


def accept_start(desk: Desk, actor: Actor, token: str) -> int:
    """Spend the yes of `ask_start`. Raises as `start_all` and the confirmation do; it is then not spent."""
    assert actor.staff is not None
    with write():
        asked = confirmations.use(desk.now(), actor.staff, token, STOP_ALL)
        standing = in_force()
        if standing is not None and to_ms(standing.since) != asked.payload["since"]:
            raise Conflict("stop_all.again", by=standing.by, since=standing.since)
        resumed = start_all(desk, actor)
    desk.nudge(Work.SEND)  # again: the nudge within the transaction came before anybody could see the change
    return resumed


def outlook() -> Outlook:
    """What `start_all` would do now."""
    stopped = OfficialAccount.select().where(_HERE, OfficialAccount.stopped_at.is_null(False))
    oas = list(stopped.order_by(OfficialAccount.name))
    stay = [oa for oa in oas if oa.stopped_code != CODE]
    waiting = _held().where(Delivery.oa.not_in([oa.id for oa in stay])).count()
    return Outlook(len(oas) - len(stay), stay, waiting)


def may_depart() -> None:
    """Call in the transaction that lets a message depart. Raises Refusal `send.stop_all` (by, since).

    Whoever presses the button waits for this transaction, and this one waits for whoever is pressing it.
    """
    if not is_sqlite():  # a write transaction has SQLite for itself
        rows.one("SELECT pg_advisory_xact_lock_shared(?)", (_LOCK,))
    check()


def check() -> None:
    """Raise Refusal `send.stop_all` (by, since) while everything stands still."""
    standing = in_force()
    if standing is not None:
        raise Refusal("send.stop_all", by=standing.by, since=standing.since)


def of_a_new_oa(now: datetime) -> dict[str, Any]:
    """The columns of an OA entered now: stopped, while everything is. Joins the caller's transaction."""
    if not is_sqlite():
        rows.one("SELECT pg_advisory_xact_lock_shared(?)", (_LOCK,))
    return {"stopped_at": now, "stopped_code": CODE} if in_force() else {"stopped_at": None, "stopped_code": ""}


def _may_start(person: Staff) -> None:
    if not staff.has_every_oa(person):
        raise NotAllowed("stop_all.every_oa")


def _wait_for_departures() -> None:
    """On PostgreSQL a transaction that saw no standstill may commit after ours, unless both take one lock."""
    if not is_sqlite():
        rows.one("SELECT pg_advisory_xact_lock(?)", (_LOCK,))


def _resume() -> int:
    standing = OfficialAccount.update(stopped_at=None, stopped_code="").where(OfficialAccount.stopped_code == CODE)
    return int(standing.execute())


def _release(now: datetime) -> int:
    open_oas = OfficialAccount.select(OfficialAccount.id).where(
        OfficialAccount.state == OaState.ACTIVE, OfficialAccount.stopped_at.is_null()
    )
    due = [row.id for row in _held().where(Delivery.oa.in_(open_oas))]
    for piece in rows.chunks(due):
        Delivery.update(next_attempt_at=now, held_reason="").where(Delivery.id.in_(piece)).execute()
    return len(due)


def _held() -> Any:
    return Delivery.select(Delivery.id).where(
        Delivery.state == DeliveryState.QUEUED, Delivery.next_attempt_at.is_null(), Delivery.held_reason == "stopped"
    )


def _tell(now: datetime, actor: Actor) -> None:
    """Every manager but the one who pressed it and sees it on the screen. Theirs stand too, however few."""
    standing = in_force()
    assert standing is not None
    # `at` is for letters, which know no more of a notice than its text.
    at = f"{now.astimezone(VIETNAM):%H:%M %d/%m}"
    payload = {"by": standing.by, "since": to_ms(now), "oas": standing.oas, "at": at}
    for chat in _managers() - _own_chat(actor):
        notices.post(now, chat, STOP_ALL, str(to_ms(now)), payload)


def _tell_over(now: datetime, actor: Actor, standing: Standstill, resumed: int) -> None:
    """What was told becomes past, and loses its button; managers and who pressed it hear that messages leave again."""
    since = to_ms(standing.since)
    payload = {"by": _name(actor), "at": to_ms(now), "oas": resumed}
    of_this = (Notice.kind == STOP_ALL, Notice.ref == str(since))
    for told in Notice.select().where(*of_this):
        notices.post(now, told.chat_id, STOP_ALL, told.ref, {**told.payload, "over": payload})
    Notice.update(urgent=False).where(*of_this).execute()  # no letter about what is over
    pressed = {standing.staff_id} if standing.staff_id is not None else set()
    for chat in (_managers() | pressed) - _own_chat(actor):
        notices.post(now, chat, "start_all", str(since), payload)


def _name(actor: Actor) -> str:
    return actor.name if actor.staff is not None else SERVER


def _managers() -> set[int]:
    return {person.telegram_id for person in staff.at_least(Role.MANAGER)}


def _own_chat(actor: Actor) -> set[int]:
    return {actor.staff.telegram_id} if actor.staff is not None else set()
