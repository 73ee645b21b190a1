"""What a good pair means for an OA that only a person could bring back.

Back within the hour, what waited goes by itself. Later than that a message may be worse than none (an appointment that
is over, a code that ran out), so sending stays stopped and a manager is asked. Nothing is lost either way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from models import Delivery, DeliveryState, Notice, OaState, OfficialAccount
from services import audit, halts, notices
from services.audit import MACHINE

BY_ITSELF_WITHIN = timedelta(minutes=60)


def good_pair(now: datetime, oa_row: int, generation: int) -> bool:
    """Take up an OA whose pair `generation` was lost; False when it was not. In the transaction that stores a pair.

    What was said of the loss is edited. Notice reconnected_late {oa_id, waiting, hours} asks when it was away for over
    an hour and something waits.
    """
    oa = OfficialAccount.get_by_id(oa_row)
    back = (
        OfficialAccount.update(state=OaState.ACTIVE, lost_at=None)
        .where(OfficialAccount.id == oa_row, OfficialAccount.state == OaState.NEEDS_REAUTH)
        .execute()
    )
    if not back:
        return False
    _tell_it_is_over(now, f"{oa.oa_id}:{generation}")
    audit.record(now, MACHINE, "oa.back", oa_id=oa.oa_id, target=oa.name)
    away = now - oa.lost_at if oa.lost_at is not None else timedelta(0)
    waiting = _waiting(oa_row) if away > BY_ITSELF_WITHIN else 0
    if waiting:
        halts.ask(now, oa, waiting, int(away / timedelta(hours=1)))
    elif oa.stopped_at is None:
        halts.release_waiting(now, oa_row)
    return True


def _tell_it_is_over(now: datetime, ref: str) -> None:
    for told in Notice.select().where(Notice.kind == "needs_reauth", Notice.ref == ref):
        notices.post(now, told.chat_id, told.kind, ref, told.payload)


def _waiting(oa_row: int) -> int:
    queued = Delivery.state == DeliveryState.QUEUED
    return int(Delivery.select().where(Delivery.oa == oa_row, queued).count())
