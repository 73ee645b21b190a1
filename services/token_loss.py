"""The moment from which only a person can connect an OA again: said at once, in the transaction that records it.

Notice needs_reauth {oa_id, code, lost, revoked}: `lost` when Zalo's answer never reached us, `revoked` when Zalo told
that the OA took the permission back.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from peewee import fn

from db import from_ms, to_ms, write
from models import OaState, OaToken, OfficialAccount, TokenState
from services import audit, notices, token_pairs, token_reconnect
from services.audit import MACHINE
from services.desk import Desk
from zalo.events import FUTURE_LIMIT_MS

log = structlog.get_logger(__name__)

REVOKED = "permission_revoked"
_OUR_CLOCK_MAY_BE_OFF = timedelta(milliseconds=FUTURE_LIMIT_MS)


def lost(desk: Desk, oa: OfficialAccount, code: int | str, lost: bool = False) -> bool:
    """Call the OA's pair dead and tell managers; False when it was called so before, or has none.

    Sending pauses by it, what waits stays. Commits before it returns (or joins the transaction); safe to call twice.
    """
    row = token_pairs.current(oa)
    return row is not None and begin(desk.now(), oa, row, code, lost=lost)


def begin(
    now: datetime, oa: OfficialAccount, row: OaToken, code: int | str, *conditions: Any, lost: bool = False
) -> bool:
    """As `lost`, for the pair of `row`: one that arrived meanwhile wins, and then False comes back."""
    same = (OaToken.id == row.id, OaToken.generation == row.generation, OaToken.state != TokenState.NEEDS_REAUTH)
    with write():
        done = (
            OaToken.update(
                state=TokenState.NEEDS_REAUTH, error_code=str(code), lease_owner="", lease_until=None, changed_at=now
            )
            .where(*same, *conditions)
            .execute()
        )
        if not done:
            return False
        # Where only a pasted pair that proved bad came between, the OA has been away since before that.
        since = fn.COALESCE(OfficialAccount.lost_at, to_ms(now))
        OfficialAccount.update(state=OaState.NEEDS_REAUTH, lost_at=since).where(
            OfficialAccount.id == oa.id, OfficialAccount.state == OaState.ACTIVE
        ).execute()
        payload = {"oa_id": oa.oa_id, "code": code, "lost": lost, "revoked": code == REVOKED}
        ref = token_reconnect.reference(OfficialAccount.get_by_id(oa.id), row.generation)
        notices.alert(now, "needs_reauth", ref, payload)
        audit.record(now, MACHINE, "oa.lost", oa_id=oa.oa_id, target=oa.name, detail={"code": code})
    log.error("needs_reauth", oa_id=oa.oa_id, code=code, lost=lost)
    return True


def revoked(now: datetime, oa_id: str, app_id: str, at_ms: int) -> bool:
    """Zalo's event permission_revoked of `at_ms`: the pair is dead unless it was issued later. Safe to repeat.

    Joins the caller's transaction. The event may come late, or again, when somebody has long connected the OA anew.
    The two times are of two clocks: where the pair is younger by no more than clocks may differ, Zalo is asked, by
    a renewal that is due at once.
    """
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == oa_id, OfficialAccount.state == OaState.ACTIVE)
    row = token_pairs.current(oa) if oa is not None else None
    # Facts name no more than the OA's id in the body; whose app lost the permission is the app the body is signed for.
    if oa is None or row is None or (oa.app_id and app_id and oa.app_id != app_id):
        return False
    issued = row.access_issued_at or row.changed_at
    if from_ms(at_ms) > issued:
        return begin(now, oa, row, REVOKED)
    if from_ms(at_ms) > issued - _OUR_CLOCK_MAY_BE_OFF:
        OaToken.update(access_expires_at=now).where(OaToken.id == row.id, OaToken.access_expires_at > now).execute()
    return False
