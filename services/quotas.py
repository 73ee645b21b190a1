"""How much an OA may still send: what Zalo says, how much of it is ours, and the alert before it is used up.

ZNS by day, promotions by month, the sending quality over 48 hours and 7 days, the kinds of content allowed
(`zns_quota`), and the consultation messages a package includes (`cs_quota`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from peewee import fn

from db import in_thread, to_ms
from models import Delivery, OfficialAccount
from services import calendar, gateway, notices
from services.desk import VIETNAM, Desk
from services.errors import DeskError
from services.pacing import Lane
from zalo import oa as zalo_oa
from zalo import zns
from zalo.client import Host, Zalo
from zalo.errors import ZaloError
from zalo.oa import Allowance

log = structlog.get_logger(__name__)

NEARLY = 0.2  # of an allowance is left: 80 % are used
RANK = {"LOW": 1, "MEDIUM": 2, "HIGH": 3}  # UNDEFINED: too few messages to judge, neither better nor worse
# A message created two days ago may have been held until today.
_HELD_AT_MOST = timedelta(days=2)


async def refresh(desk: Desk, oa: OfficialAccount, lane: Lane = Lane.BACKGROUND) -> None:
    """Read quota, quality, allowed kinds and allowances of the OA into its row, and tell managers what became scarce.

    Raises ZaloError, Refusal for quota and quality; the rest is kept as it was where Zalo does not answer.
    """
    asked = desk.now()
    quota = await gateway.call(desk, oa, zns.quota, lane=lane, host=Host.BUSINESS)
    quality = await gateway.call(desk, oa, zns.quality, lane=lane, host=Host.BUSINESS)
    values = {
        "daily": quota.daily,
        "remaining": quota.remaining,
        "monthly_promotion": quota.monthly_promotion,
        "remaining_monthly_promotion": quota.remaining_monthly_promotion,
        "next_month_promotion": quota.next_month_promotion,
        "quality_48h": quality.current,
        "quality_7d": quality.week,
        "tags": await _tags(desk, oa, lane),
    }
    await in_thread(_keep_all, desk, oa, values, await _allowances(desk, oa, lane), asked)


def note(desk: Desk, oa: OfficialAccount, daily: int | None, remaining: int | None) -> None:
    """Keep what the answer to a send said about the quota; it is newer than what was asked for."""
    if remaining is not None:
        known = OfficialAccount.get_by_id(oa.id).zns_quota or {}
        values = {**known, "daily": known.get("daily") if daily is None else daily, "remaining": remaining}
        _keep(desk, oa, values)
        # Only at the step itself: every message after it would have to ask whether it was told.
        if not _scarce(known.get("remaining"), values["daily"]):
            _warn(desk.now(), oa, "zns", remaining, values["daily"])


def note_cs(desk: Desk, oa: OfficialAccount, said: dict[str, Any] | None, product: str = "cs") -> None:
    """Keep what the answer to a message to a user id said about the allowance it came out of (its `quota`)."""
    kind, remain = str((said or {}).get("quota_type") or ""), _whole((said or {}).get("remain"))
    if remain is None or kind == "reply":  # that one is the person's, not the OA's
        return
    known = OfficialAccount.get_by_id(oa.id).cs_quota or []
    mine = next((row for row in known if row["quota_type"] == kind and row["product_type"] == product), None)
    if mine is None:
        return  # the next reading brings it whole
    before, mine["remain"] = mine["remain"], remain
    OfficialAccount.update(cs_quota=known, cs_quota_at=desk.now()).where(OfficialAccount.id == oa.id).execute()
    if not _scarce(before, mine["total"]):
        _warn_cs(desk.now(), oa, mine)


def used_today(oa: OfficialAccount, now: datetime) -> dict[str, int]:
    """How many of our own messages left today (in Vietnam), by channel; tests in development mode are not counted."""
    midnight = calendar.day_start(now)
    # Tracking ids ascend with the time: the index leads to the latest rows, however many there ever were.
    lately = Delivery.tracking_id >= f"d{to_ms(midnight - _HELD_AT_MOST):012x}"
    left = (Delivery.oa == oa.id) & (Delivery.sent_at >= midnight) & ~Delivery.development
    rows: Any = Delivery.select(Delivery.channel, fn.COUNT(Delivery.id)).where(lately, left).group_by(Delivery.channel)
    return {str(channel): int(count) for channel, count in rows.tuples()}


async def _tags(desk: Desk, oa: OfficialAccount, lane: Lane) -> list[str] | None:
    try:
        return list(await gateway.call(desk, oa, zns.allowed_tags, lane=lane, host=Host.BUSINESS))
    except (ZaloError, DeskError) as trouble:
        log.info("tags_unknown", oa_id=oa.oa_id, problem=type(trouble).__name__)
        return None


async def _allowances(desk: Desk, oa: OfficialAccount, lane: Lane) -> list[dict[str, Any]] | None:
    async def work(zalo: Zalo, token: str) -> list[Allowance]:
        return await zalo_oa.owner_quota(zalo, token)

    try:
        found = await gateway.call(desk, oa, work, lane=lane)
    except (ZaloError, DeskError) as trouble:  # some packages have no right to ask (-224)
        log.info("allowances_unknown", oa_id=oa.oa_id, problem=type(trouble).__name__)
        return None
    return [
        {
            "product_type": each.product_type,
            "quota_type": each.quota_type,
            "total": each.total,
            "remain": each.remain,
            "until": each.until,
        }
        for each in found
    ]


def _keep_all(
    desk: Desk, oa: OfficialAccount, values: dict[str, Any], cs: list[dict[str, Any]] | None, asked: datetime
) -> None:
    now, before = desk.now(), OfficialAccount.get_by_id(oa.id).zns_quota or {}
    if values["tags"] is None:
        values["tags"] = before.get("tags")
    _keep(desk, oa, values)
    if cs is not None:
        OfficialAccount.update(cs_quota=cs, cs_quota_at=now).where(OfficialAccount.id == oa.id).execute()
        oa.cs_quota, oa.cs_quota_at = cs, now
    answered = (OfficialAccount.id == oa.id, OfficialAccount.quota_wanted_at <= asked)
    OfficialAccount.update(quota_wanted_at=None).where(*answered).execute()
    _warn(now, oa, "zns", values["remaining"], values["daily"])
    _warn(now, oa, "promotion", values["remaining_monthly_promotion"], values["monthly_promotion"])
    for row in cs or []:
        _warn_cs(now, oa, row)
    _tell_quality(now, oa, before, values)


def _keep(desk: Desk, oa: OfficialAccount, values: dict[str, Any]) -> None:
    OfficialAccount.update(zns_quota=values, zns_quota_at=desk.now()).where(OfficialAccount.id == oa.id).execute()
    oa.zns_quota, oa.zns_quota_at = values, desk.now()


def _scarce(left: int | None, total: int | None) -> bool:
    # How Zalo writes "unlimited" is not documented (zns.md 2.2); None and 0 are never divided by.
    return left is not None and bool(total and total > 0 and left <= NEARLY * total)


def _warn(now: datetime, oa: OfficialAccount, which: str, left: int | None, total: int | None, until: str = "") -> None:
    """Notice quota_low {oa_id, which, left, total}: once for each day, or for each month where the month counts."""
    if not _scarce(left, total):
        return
    local = now.astimezone(VIETNAM)
    period = f"{local:%Y%m%d}" if which == "zns" else until or f"{local:%Y%m}"
    payload = {"oa_id": oa.oa_id, "which": which, "left": left, "total": total}
    notices.alert_once(now, "quota_low", f"{oa.oa_id}:{which}:{period}", payload)


def _warn_cs(now: datetime, oa: OfficialAccount, row: dict[str, Any]) -> None:
    which = "cs" if row["product_type"] == "cs" else "transaction"
    _warn(now, oa, which, row["remain"], row["total"], f"{row['quota_type']}:{row['until']}")


def _tell_quality(now: datetime, oa: OfficialAccount, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Notice quality_fell {oa_id, span, before, after} when Zalo judges worse than it did; once a day and span."""
    for span in ("48h", "7d"):
        was, is_now = before.get(f"quality_{span}") or "", after[f"quality_{span}"]
        if RANK.get(is_now, 9) < RANK.get(was, 0):
            payload = {"oa_id": oa.oa_id, "span": span, "before": was, "after": is_now}
            ref = f"{oa.oa_id}:{span}:{now.astimezone(VIETNAM):%Y%m%d}"
            notices.alert_once(now, "quality_fell", ref, payload)


def _whole(value: object) -> int | None:
    return int(str(value)) if str(value).lstrip("-").isdigit() else None
