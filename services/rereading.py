"""What Zalo's events said has changed is read again from Zalo, within a minute or so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from db import in_thread
from models import OaState, OfficialAccount, ZnsTemplate
from services import quotas, templates
from services.desk import Desk
from services.errors import DeskError, NotFound
from zalo.errors import ZaloError

log = structlog.get_logger(__name__)

MOST = 100  # a minute
# While it is being read, and after a reading that failed.
PAUSE = timedelta(minutes=10)


async def run(desk: Desk) -> int:
    """Read what is due; returns how many readings succeeded. Safe in several processes: each takes its own.

    What cannot be read now is tried again in PAUSE; the nightly look at all templates does the same work.
    """
    rows = await in_thread(_due_templates, desk.now())
    done = sum([await _read_template(desk, row) for row in rows])
    accounts = await in_thread(_due_quotas, desk.now())
    return done + sum([await _read_quota(desk, oa) for oa in accounts])


async def _read_template(desk: Desk, row: ZnsTemplate) -> bool:
    began = desk.now()
    if not await in_thread(_take_template, row, began + PAUSE):
        return False
    try:
        await templates.reread(desk, row.oa, row.template_id)
    except NotFound:
        return True
    except (ZaloError, DeskError) as trouble:
        log.info("reread_waits", template_id=row.template_id, oa_id=row.oa.oa_id, problem=type(trouble).__name__)
        return False
    await in_thread(_settle_template, row, began + PAUSE)
    return True


async def _read_quota(desk: Desk, oa: OfficialAccount) -> bool:
    began = desk.now()
    if not await in_thread(_take_quota, oa, began + PAUSE):
        return False
    try:
        await quotas.refresh(desk, oa)
    except (ZaloError, DeskError) as trouble:
        log.info("quota_waits", oa_id=oa.oa_id, problem=type(trouble).__name__)
        return False
    await in_thread(_settle_quota, oa, began + PAUSE)
    return True


def _due_templates(now: datetime) -> Sequence[ZnsTemplate]:
    query = ZnsTemplate.select(ZnsTemplate, OfficialAccount).join(OfficialAccount)
    due = query.where(OfficialAccount.state == OaState.ACTIVE, ZnsTemplate.reread_at <= now)
    return list(due.order_by(ZnsTemplate.reread_at, ZnsTemplate.id).limit(MOST))


def _due_quotas(now: datetime) -> Sequence[OfficialAccount]:
    due = (OfficialAccount.state == OaState.ACTIVE, OfficialAccount.quota_wanted_at <= now)
    return list(OfficialAccount.select().where(*due).order_by(OfficialAccount.quota_wanted_at).limit(MOST))


def _take_template(row: ZnsTemplate, until: datetime) -> bool:
    mine = (ZnsTemplate.id == row.id, ZnsTemplate.reread_at == row.reread_at)
    return bool(ZnsTemplate.update(reread_at=until).where(*mine).execute())


def _settle_template(row: ZnsTemplate, until: datetime) -> None:
    """Done, unless another event came meanwhile: it wrote its own time."""
    ZnsTemplate.update(reread_at=None).where(ZnsTemplate.id == row.id, ZnsTemplate.reread_at == until).execute()


def _take_quota(oa: OfficialAccount, until: datetime) -> bool:
    mine = (OfficialAccount.id == oa.id, OfficialAccount.quota_wanted_at == oa.quota_wanted_at)
    return bool(OfficialAccount.update(quota_wanted_at=until).where(*mine).execute())


def _settle_quota(oa: OfficialAccount, until: datetime) -> None:
    done = (OfficialAccount.id == oa.id, OfficialAccount.quota_wanted_at == until)
    OfficialAccount.update(quota_wanted_at=None).where(*done).execute()
