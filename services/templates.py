"""ZNS templates as Zalo describes them.

The rules of a template are what Zalo says about it (`listParams`), never a table of ours: kinds of parameters come and
go, and a template keeps the rules it was approved with. What may go into one is checked by `template_params`, its
wording is kept by `template_bodies`, the quota by `quotas`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog

from db import in_thread, to_ms, write
from models import OfficialAccount, ZnsTemplate
from services import gateway, template_changes
from services.desk import Desk
from services.errors import DeskError, NotFound, Refusal
from services.pacing import Lane
from zalo import zns
from zalo.client import Host, Zalo
from zalo.errors import Refused, ZaloError

log = structlog.get_logger(__name__)

FRESH_FOR = timedelta(minutes=10)
ENABLED, DELETED = "ENABLE", "DELETE"
# Zalo's answers for "this OA has no such template".
_NO_SUCH = {-109, -117}


async def sync(desk: Desk, oa: OfficialAccount, lane: Lane = Lane.BACKGROUND) -> int:
    """Read all templates of the OA with their details; those gone from Zalo are marked DELETE. Returns how many.

    Each template is stored as it comes. Raises ZaloError, Refusal `oa.needs_reauth`.
    """
    started = desk.now()
    seen: list[str] = []
    while True:
        listed = _list_from(len(seen))
        page = await gateway.call(desk, oa, listed, lane=lane, host=Host.BUSINESS)
        for item in page.items:
            await _read(desk, oa, item.template_id, lane)
        seen += [item.template_id for item in page.items]
        if not page.items or len(seen) >= page.total:
            break
    await in_thread(_drop_others, oa, seen, to_ms(started))
    await in_thread(_whole_list_read, oa, started)
    return len(seen)


def known(oa: OfficialAccount) -> bool:
    """Whether the whole list was ever read; single templates may be known before."""
    row = OfficialAccount.select(OfficialAccount.templates_at).where(OfficialAccount.id == oa.id).get()
    return row.templates_at is not None


def _whole_list_read(oa: OfficialAccount, at: datetime) -> None:
    oa.templates_at = at
    OfficialAccount.update(templates_at=at).where(OfficialAccount.id == oa.id).execute()


def listing(oa: OfficialAccount, *, only_sendable: bool = False) -> list[ZnsTemplate]:
    """Known templates, those that can be sent first, by name."""
    # One without a status was named by an event and is not read yet.
    rows = ZnsTemplate.select().where(ZnsTemplate.oa == oa.id, ZnsTemplate.status.not_in([DELETED, ""]))
    found = sorted(rows, key=lambda row: (not sendable(row), row.name.casefold(), row.template_id))
    return [row for row in found if sendable(row)] if only_sendable else found


def get(oa: OfficialAccount, template_id: str) -> ZnsTemplate:
    """One known template. Raises NotFound `template.unknown` (template_id)."""
    row = ZnsTemplate.get_or_none(ZnsTemplate.oa == oa.id, ZnsTemplate.template_id == template_id)
    if row is None:
        raise NotFound("template.unknown", template_id=template_id[:40])
    return row


async def fresh(desk: Desk, oa: OfficialAccount, template_id: str) -> ZnsTemplate:
    """One template, read again from Zalo when what we know is older than 10 minutes.

    An old description serves when Zalo cannot be reached. Raises NotFound `template.unknown` (template_id) when Zalo
    has no such template for this OA, else ZaloError or Refusal if nothing is known at all.
    """
    known = await in_thread(_known, oa, template_id)
    if known is not None and known.params is not None and known.synced_at > desk.now() - FRESH_FOR:
        return known
    try:
        return await reread(desk, oa, template_id, Lane.URGENT)
    except (ZaloError, Refusal) as trouble:
        return _or_raise(known, trouble)


async def reread(desk: Desk, oa: OfficialAccount, template_id: str, lane: Lane = Lane.BACKGROUND) -> ZnsTemplate:
    """One template as Zalo describes it now. One that Zalo does not have for this OA is marked DELETE.

    Raises NotFound `template.unknown` (template_id) for such a one, else ZaloError, Refusal.
    """
    try:
        return await _read(desk, oa, template_id, lane)
    except Refused as refused:
        if refused.code not in _NO_SUCH:
            raise
        await in_thread(_gone, oa, template_id)
        raise NotFound("template.unknown", code=str(refused.code), template_id=template_id[:40]) from None


async def sample(desk: Desk, oa: OfficialAccount, template_id: str) -> dict[str, str]:
    """The template's sample value of each parameter, kept with the parameters once it is known; {} if it is not.

    Asks Zalo only when none is known. Raises NotFound `template.unknown` (template_id).
    """
    row = await in_thread(get, oa, template_id)
    rules: list[dict[str, Any]] = row.params or []
    if any("sample" not in rule for rule in rules):
        given = await _samples(desk, oa, template_id, Lane.URGENT)
        if given is not None:
            rules = [{**rule, "sample": given.get(rule["name"], "")} for rule in rules]
            await in_thread(_keep_params, row, rules)
    return {rule["name"]: rule["sample"] for rule in rules if rule.get("sample")}


def sendable(template: ZnsTemplate) -> bool:
    """Whether Zalo takes this template now."""
    return bool(template.status == ENABLED)


def _list_from(offset: int) -> Callable[[Zalo, str], Coroutine[Any, Any, zns.TemplatePage]]:
    return lambda zalo, token: zns.list_templates(zalo, token, offset)


async def _read(desk: Desk, oa: OfficialAccount, template_id: str, lane: Lane) -> ZnsTemplate:
    asked = desk.now()
    found = await gateway.call(
        desk, oa, lambda zalo, token: zns.template_info(zalo, token, template_id), lane=lane, host=Host.BUSINESS
    )
    row = await in_thread(_known, oa, template_id)
    rules = _with_samples([_rule(param) for param in found.params], row)
    if (
        any("sample" not in rule for rule in rules)
        and (given := await _samples(desk, oa, template_id, lane)) is not None
    ):
        rules = [{**rule, "sample": given.get(rule["name"], "")} for rule in rules]
    return await in_thread(_store, desk, oa, found, rules, asked)


async def _samples(desk: Desk, oa: OfficialAccount, template_id: str, lane: Lane) -> dict[str, str] | None:
    """None when Zalo does not say: samples are a help, nothing waits for them."""

    async def work(zalo: Zalo, token: str) -> dict[str, str]:
        return await zns.sample_data(zalo, token, template_id)

    try:
        return await gateway.call(desk, oa, work, lane=lane, host=Host.BUSINESS)
    except (ZaloError, DeskError) as trouble:
        log.info("no_sample_data", oa_id=oa.oa_id, template_id=template_id, problem=type(trouble).__name__)
        return None


def _with_samples(rules: list[dict[str, Any]], row: ZnsTemplate | None) -> list[dict[str, Any]]:
    """The samples already known; a template with a new parameter is asked for anew."""
    before = {rule["name"]: rule["sample"] for rule in (row.params or [] if row else []) if "sample" in rule}
    if not {rule["name"] for rule in rules} <= before.keys():
        return rules
    return [{**rule, "sample": before[rule["name"]]} for rule in rules]


def _keep_params(row: ZnsTemplate, rules: list[dict[str, Any]]) -> None:
    ZnsTemplate.update(params=rules).where(ZnsTemplate.id == row.id).execute()


def _store(
    desk: Desk, oa: OfficialAccount, found: zns.Template, rules: list[dict[str, Any]], asked: datetime
) -> ZnsTemplate:
    values = {
        "name": found.name,
        "status": found.status,
        "reason": found.reason or "",
        "params": rules,
        "buttons": list(found.buttons),
        "timeout_ms": found.timeout // timedelta(milliseconds=1),
        "preview_url": found.preview_url or "",
        "quality": found.quality or "",
        "tag": found.tag or "",
        "price_phone": found.price_phone,
        "price_uid": found.price_uid,
        "daily_quota": found.daily_quota,
        "remaining_quota": found.remaining_quota,
        "synced_at": desk.now(),
    }
    with write():
        before = template_changes.look(oa, found.template_id)
        ZnsTemplate.insert(oa=oa.id, template_id=found.template_id, **values).on_conflict(
            conflict_target=[ZnsTemplate.oa, ZnsTemplate.template_id], update=values
        ).execute()
        row = get(oa, found.template_id)
        # An event that came while Zalo was being asked may be newer than the answer: that one waits for the next look.
        answered = (ZnsTemplate.id == row.id, ZnsTemplate.reread_at <= asked)
        ZnsTemplate.update(reread_at=None).where(*answered).execute()
        template_changes.tell(desk.now(), oa, before, row)
    return row


def _gone(oa: OfficialAccount, template_id: str) -> None:
    which = (ZnsTemplate.oa == oa.id, ZnsTemplate.template_id == template_id)
    ZnsTemplate.update(status=DELETED, reread_at=None).where(*which).execute()


def _rule(param: zns.TemplateParam) -> dict[str, Any]:
    return {
        "name": param.name,
        "required": param.required,
        "max_length": param.max_length,
        "min_length": param.min_length,
        "accept_null": param.accept_null,
        "type": param.type,
    }


def _drop_others(oa: OfficialAccount, seen: list[str], started_ms: int) -> None:
    with write():
        for row in ZnsTemplate.select().where(ZnsTemplate.oa == oa.id, ZnsTemplate.synced_at < started_ms):
            if row.template_id not in seen:
                ZnsTemplate.update(status=DELETED).where(ZnsTemplate.id == row.id).execute()


def _known(oa: OfficialAccount, template_id: str) -> ZnsTemplate | None:
    return ZnsTemplate.get_or_none(ZnsTemplate.oa == oa.id, ZnsTemplate.template_id == template_id)


def _or_raise(known: ZnsTemplate | None, trouble: Exception) -> ZnsTemplate:
    if known is None or known.params is None:
        raise trouble
    return known
