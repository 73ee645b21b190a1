"""What a good pair means for an OA that only a person could bring back.

Back within the hour, what waited goes by itself. Later than that a message may be worse than none (an appointment that
is over, a code that ran out), so sending stays stopped and a manager is asked. Nothing is lost either way.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from db import to_ms
from models import Delivery, DeliveryState, Notice, OaState, OfficialAccount
from services import audit, halts, notices
from services.audit import MACHINE

BY_ITSELF_WITHIN = timedelta(minutes=60)


def good_pair(now: datetime, oa_row: int, generation: int, *, proven: bool) -> bool:
    """Take up an OA whose pair `generation` was lost; False when it was not. In the transaction that stores a pair.

    What was said of the loss is edited. Notice reconnected_late {oa_id, waiting, hours} asks when it was away for over
    an hour and something waits. Since when it was away is forgotten once Zalo proved the pair (`proven`): a pasted one
    that turns out bad must not begin a new hour.
    """
    oa = OfficialAccount.get_by_id(oa_row)
    back = (
        OfficialAccount.update(state=OaState.ACTIVE)
        .where(OfficialAccount.id == oa_row, OfficialAccount.state == OaState.NEEDS_REAUTH)
        .execute()
    )
    if proven and oa.lost_at is not None:
        OfficialAccount.update(lost_at=None).where(OfficialAccount.id == oa_row).execute()
    if not back:
        return False
    _tell_it_is_over(now, reference(oa, generation))
    audit.record(now, MACHINE, "oa.back", oa_id=oa.oa_id, target=oa.name)
    away = now - (oa.lost_at or oa.created_at)  # not known: long enough to ask
    waiting = _waiting(oa_row) if away > BY_ITSELF_WITHIN else 0
    if waiting:
        halts.ask(now, oa, waiting, int(away / timedelta(hours=1)))
    elif oa.stopped_at is None:
        halts.release_waiting(now, oa_row)
    return True


def reference(oa: OfficialAccount, generation: int) -> str:
    """Of the notice about the loss of a pair. With its moment: an OA that is added again counts its pairs anew."""
    return f"{oa.oa_id}:{generation}:{to_ms(oa.lost_at) if oa.lost_at else ''}"


def _tell_it_is_over(now: datetime, ref: str) -> None:
    for told in Notice.select().where(Notice.kind == "needs_reauth", Notice.ref == ref):
        notices.post(now, told.chat_id, told.kind, ref, told.payload)


def _waiting(oa_row: int) -> int:
    queued = Delivery.state == DeliveryState.QUEUED
    return int(Delivery.select().where(Delivery.oa == oa_row, queued).count())
