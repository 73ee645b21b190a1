"""An OA that stopped sending by itself, because what Zalo said concerns all of its messages."""

from __future__ import annotations

from datetime import datetime

from db import write
from models import Delivery, DeliveryState, OfficialAccount
from services import audit, notices
from services.audit import MACHINE, Actor
from services.desk import Desk, Work


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
    """Let an OA that stopped itself send again; waiting messages go at once. Audited, safe to call twice."""
    now = desk.now()
    with write():
        resumed = (
            OfficialAccount.update(stopped_at=None, stopped_code="")
            .where(OfficialAccount.id == oa.id, OfficialAccount.stopped_at.is_null(False))
            .execute()
        )
        if not resumed:
            return
        Delivery.update(next_attempt_at=now, held_reason="").where(
            Delivery.oa == oa.id, Delivery.state == DeliveryState.QUEUED, Delivery.held_reason == "stopped"
        ).execute()
        audit.record(now, actor, "oa.resumed", oa_id=oa.oa_id, detail={"code": oa.stopped_code})
    oa.stopped_at, oa.stopped_code = None, ""
    desk.nudge(Work.SEND)
