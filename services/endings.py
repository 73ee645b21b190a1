"""What ends by itself some day, told before it does: the refresh token, the OA's package, an OA nobody uses.

Each step is told once, however often it is looked for. Notices: refresh_expiring {oa_id, days}, package_ending {oa_id,
days, until}, oa_idle {oa_id, days}; `until` is the last day, 2026-12-31.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import fn

from models import Delivery, OaState, OaToken, OfficialAccount, TokenState
from services import notices
from services.desk import VIETNAM
from zalo.oauth import REFRESH_LIFETIME
from zalo.payload import as_date

TOKEN_STEPS = (1, 3, 7, 14)  # days
PACKAGE_STEPS = (1, 3, 7, 14, 30)
# Zalo is said to close OAs that stand still for long; its limit is not in the facts we have. 150 days leave a month
# where it is half a year, the shortest we heard of.
IDLE_AFTER = timedelta(days=150)


def warn_of_refresh_token(now: datetime) -> int:
    """Tell managers of refresh tokens that die in 14, 7, 3 and 1 days: once for each token and step.

    Renewing gives a refresh token a fresh three months, so this speaks up only where renewing has been failing. One
    that needs a person already was told at once.
    """
    rows = (
        OaToken.select(OaToken, OfficialAccount)
        .join(OfficialAccount)
        .where(OfficialAccount.state != OaState.REMOVED, OaToken.state != TokenState.NEEDS_REAUTH)
    )
    return sum(_warn_of_token(now, row) for row in rows)


def warn_of_package(now: datetime) -> int:
    """Tell managers of packages that end in 30, 14, 7, 3 and 1 days: once for each end and step.

    By the profile Zalo gave last; a package that was prolonged meanwhile has another end, which is not told yet.
    """
    return sum(_warn_of_package(now, oa) for oa in _registered())


def warn_of_idleness(now: datetime) -> int:
    """Tell managers of OAs with no event and no accepted message for 150 days; again a month later."""
    return sum(_warn_of_idleness(now, oa) for oa in _registered())


def _warn_of_token(now: datetime, row: OaToken) -> bool:
    # Pasted, and nobody knows how old it was then: at most as long as one that was fresh that day.
    left = (row.refresh_expires_at or row.changed_at + REFRESH_LIFETIME) - now
    step = next((days for days in TOKEN_STEPS if left <= timedelta(days=days)), None)
    if step is None:
        return False
    payload = {"oa_id": row.oa.oa_id, "days": max(0, -(-left // timedelta(days=1)))}
    return notices.alert_once(now, "refresh_expiring", f"{row.oa.oa_id}:{row.generation}:{step}", payload)


def _warn_of_package(now: datetime, oa: OfficialAccount) -> bool:
    until = as_date((oa.profile or {}).get("package_valid_through_date"))
    if until is None:
        return False
    days = (until - now.astimezone(VIETNAM).date()).days
    step = next((each for each in PACKAGE_STEPS if days <= each), None)
    if step is None or days < 0:
        return False  # one that is over is said by the OA's card, and by Zalo's refusal
    payload = {"oa_id": oa.oa_id, "days": days, "until": until.isoformat()}
    return notices.alert_once(now, "package_ending", f"{oa.oa_id}:{until.isoformat()}:{step}", payload)


def _warn_of_idleness(now: datetime, oa: OfficialAccount) -> bool:
    last = max(filter(None, (oa.created_at, oa.last_event_at)))
    if now - last < IDLE_AFTER:
        return False  # most OAs, without looking at their messages
    sent = Delivery.select(fn.MAX(Delivery.sent_at)).where(Delivery.oa == oa.id).scalar()
    last = max(last, sent) if sent is not None else last
    if now - last < IDLE_AFTER:
        return False
    payload = {"oa_id": oa.oa_id, "days": (now - last).days}
    return notices.alert_once(now, "oa_idle", f"{oa.oa_id}:{last:%Y%m%d}", payload)


def _registered() -> list[OfficialAccount]:
    return list(OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED).order_by(OfficialAccount.id))


WARNINGS = (warn_of_refresh_token, warn_of_package, warn_of_idleness)
