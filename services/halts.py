"""An OA that stopped sending by itself: what Zalo said concerns all of its messages, or it was away for long."""

from __future__ import annotations

from datetime import datetime

from db import write
from models import Delivery, DeliveryState, OfficialAccount
from services import audit, deliveries, notices, stop_all
from services.audit import MACHINE, Actor
from services.desk import Desk, Work

RECONNECTED = "reconnected"  # the code of an OA that was away for long: shall what waited still go?


def stop(now: datetime, oa: OfficialAccount, code: str, message: str = "") -> bool:
    """Stop the OA's sending, tell managers (notice oa_stopped {oa_id, code, message}); False when it stood already."""
    with write():
        stopped = (
            OfficialAccount.update(stopped_at=now, stopped_code=code)
            .where(OfficialAccount.id == oa.id, OfficialAccount.stopped_at.is_null())
            .execute()
        )
        if stopped:
            payload = {"oa_id": oa.oa_id, "code": code, "message": message[:200]}
            # A reference of its own for every stop: editing last month's message would ring no bell.
            notices.alert(now, "oa_stopped", f"{oa.oa_id}:{now:%Y%m%d%H%M%S}", payload)
            audit.record(now, MACHINE, "oa.stopped", oa_id=oa.oa_id, detail={"code": code})
    return bool(stopped)


def resume_sending(desk: Desk, actor: Actor, oa: OfficialAccount) -> None:
    """Let an OA that stopped itself send again; waiting messages go at once. Audited, safe to call twice.

    Raises Refusal `send.stop_all` (by, since) while everything is stopped: that is lifted as a whole.
    """
    now = desk.now()
    with write():
        stop_all.check()
        resumed = (
            OfficialAccount.update(stopped_at=None, stopped_code="")
            .where(OfficialAccount.id == oa.id, OfficialAccount.stopped_at.is_null(False))
            .execute()
        )
        if not resumed:
            return
        release_waiting(now, oa.id)
        audit.record(now, actor, "oa.resumed", oa_id=oa.oa_id, detail={"code": oa.stopped_code})
    oa.stopped_at, oa.stopped_code = None, ""
    desk.nudge(Work.SEND)


def release_waiting(now: datetime, oa_row: int) -> int:
    """What waited for the OA to be able to send again is due at once; returns how many. Joins the transaction."""
    held = Delivery.held_reason.in_(["stopped", "token"])
    waiting = (Delivery.oa == oa_row, Delivery.state == DeliveryState.QUEUED, held)
    return int(Delivery.update(next_attempt_at=now, held_reason="").where(*waiting).execute())


def ask(now: datetime, oa: OfficialAccount, waiting: int, hours: int) -> None:
    """Keep an OA that is connected again from sending, and ask managers: resume_sending or drop_waiting.

    Notice reconnected_late {oa_id, waiting, hours}. Joins the transaction. An OA that had stopped for a reason of its
    own keeps that reason: then nothing leaves either before a manager says so.
    """
    nothing_else = OfficialAccount.stopped_at.is_null() | (OfficialAccount.stopped_code == stop_all.CODE)
    asked = (
        OfficialAccount.update(stopped_at=now, stopped_code=RECONNECTED)
        .where(OfficialAccount.id == oa.id, nothing_else)
        .execute()
    )
    if not asked:
        return
    payload = {"oa_id": oa.oa_id, "waiting": waiting, "hours": hours}
    notices.alert(now, "reconnected_late", f"{oa.oa_id}:{now:%Y%m%d%H%M%S}", payload)
    audit.record(now, MACHINE, "oa.stopped", oa_id=oa.oa_id, detail={"code": RECONNECTED, "waiting": waiting})


def drop_waiting(desk: Desk, actor: Actor, oa: OfficialAccount) -> int:
    """Cancel everything of the OA that has not left yet; returns how many. Shown in each message's screen, audited.

    Ends the stop of an OA that waited for nothing but this answer. Safe to call twice, and beside senders: what has
    left meanwhile is not among them.
    """
    now = desk.now()
    with write():
        dropped = cancel_waiting(now, oa)
        answered = _end_question(now, oa)
        if dropped or answered:
            audit.record(now, actor, "oa.dropped", oa_id=oa.oa_id, target=oa.name, detail={"dropped": dropped})
    if answered:
        desk.nudge(Work.SEND)
    return dropped


def cancel_waiting(now: datetime, oa: OfficialAccount) -> int:
    """Cancel and show every message of the OA that has not left yet; returns how many. Joins the transaction."""
    queued = (Delivery.oa == oa.id, Delivery.state == DeliveryState.QUEUED)
    shown = [row.id for row in Delivery.select(Delivery.id).where(*queued, Delivery.chat_id.is_null(False))]
    ended = {"state": DeliveryState.CANCELLED, "ended_at": now, "next_attempt_at": None}
    cancelled = int(Delivery.update(**ended, lease_owner="", lease_until=None).where(*queued).execute())
    for delivery_id in shown:
        deliveries.show(now, delivery_id)
    return cancelled


def _end_question(now: datetime, oa: OfficialAccount) -> bool:
    following = stop_all.of_a_new_oa(now)  # like every other OA: it sends, unless everything is stopped
    asking = (OfficialAccount.id == oa.id, OfficialAccount.stopped_code == RECONNECTED)
    ended = OfficialAccount.update(**following).where(*asking).execute()
    if ended:
        oa.stopped_at, oa.stopped_code = following["stopped_at"], following["stopped_code"]
    return bool(ended)
