"""Zalo changed something about templates or quotas: what its events ask for, and what staff are told.

An event is a hint, never the truth: its payload is known from few sources or none (zns.md 9.4 to 9.7). It only marks
what is to be read again (services.rereading); what was read is compared with what was known, and the difference is
told, whether an event or the nightly look brought it to light.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from db import EPOCH, is_sqlite
from models import OfficialAccount, ZnsTemplate
from services import notices

REJECTED, DISABLED, LOW = "REJECT", "DISABLE", "LOW"
_TOLD = {REJECTED: "template_rejected", DISABLED: "template_disabled"}


class TemplateChanged(NamedTuple):
    """Zalo says that a template is not what it was."""

    oa_id: str
    template_id: str


class QuotaChanged(NamedTuple):
    """Zalo says that an OA may send more or less than before, or other kinds of content."""

    oa_id: str


class Before(NamedTuple):
    """What was known of a template; an empty status: only that an event named it."""

    status: str
    quality: str


def mark(now: datetime, changed: Iterable[TemplateChanged]) -> None:
    """Have these templates read again; one nobody knew gets a row. Joins the caller's transaction, safe to repeat."""
    ordered = sorted(set(changed))
    if not ordered:
        return
    named = OfficialAccount.oa_id.in_(sorted({each.oa_id for each in ordered}))
    rows = {oa.oa_id: oa.id for oa in OfficialAccount.select(OfficialAccount.id, OfficialAccount.oa_id).where(named)}
    for each in ordered:
        if each.oa_id in rows:
            ZnsTemplate.insert(
                oa=rows[each.oa_id], template_id=each.template_id, synced_at=EPOCH, reread_at=now
            ).on_conflict(
                conflict_target=[ZnsTemplate.oa, ZnsTemplate.template_id], update={ZnsTemplate.reread_at: now}
            ).execute()


def look(oa: OfficialAccount, template_id: str) -> Before | None:
    """What is known before a new description is stored, for `tell`; call both in the transaction that stores it."""
    query = ZnsTemplate.select().where(ZnsTemplate.oa == oa.id, ZnsTemplate.template_id == template_id)
    row = (query if is_sqlite() else query.for_update()).first()
    return None if row is None else Before(row.status, row.quality)


def tell(now: datetime, oa: OfficialAccount, before: Before | None, row: ZnsTemplate) -> None:
    """Tell managers when a template can no longer be sent, or soon not; once for each change.

    Notices template_rejected, template_disabled, template_low {oa_id, template}. What was so when the OA was first
    read is no news.
    """
    kind = _news(before, row)
    if kind:
        ref = f"{oa.oa_id}:{row.template_id}:{now:%Y%m%d%H%M%S}"
        notices.alert(now, kind, ref, {"oa_id": oa.oa_id, "template": row.id})


def _news(before: Before | None, row: ZnsTemplate) -> str:
    if before is None:
        return ""
    if row.status in _TOLD:
        return _TOLD[row.status] if row.status != before.status else ""
    fell = row.quality == LOW and before.quality != LOW and bool(before.status)
    return "template_low" if fell else ""
