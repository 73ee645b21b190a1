"""ZNS templates as Zalo describes them, and the check of what goes into one.

The rules of a template are what Zalo says about it (`listParams`), never a table of ours: kinds of parameters come and
go, and a template keeps the rules it was approved with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any

from db import in_thread, to_ms, write
from models import OfficialAccount, ZnsTemplate
from services import gateway
from services.desk import Desk
from services.errors import Invalid, NotFound, Refusal
from services.pacing import Lane
from zalo import zns
from zalo.client import Host, Zalo
from zalo.errors import Refused, ZaloError
from zalo.payload import clean

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
    rows = ZnsTemplate.select().where(ZnsTemplate.oa == oa.id, ZnsTemplate.status != DELETED)
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
        return await _read(desk, oa, template_id, Lane.URGENT)
    except Refused as refused:
        if refused.code in _NO_SUCH:
            raise NotFound("template.unknown", code=str(refused.code), template_id=template_id[:40]) from None
        return _or_raise(known, refused)
    except (ZaloError, Refusal) as trouble:
        return _or_raise(known, trouble)


def check_params(template: ZnsTemplate, params: Mapping[str, str]) -> dict[str, str]:
    """The values as they will be sent: NFC, line breaks as spaces, in the template's order.

    Raises Invalid, one key for each rule: `param.unknown` (param), `param.missing` (param), `param.too_long` and
    `param.too_short` (param, length, limit), `param.format` (param, type, example).
    """
    rules = template.params or []
    names = {rule["name"] for rule in rules}
    for name in params:
        if name not in names:
            raise Invalid("param.unknown", param=name[:60])
    checked = {rule["name"]: check_param(rule, params.get(rule["name"])) for rule in rules}
    return {name: value for name, value in checked.items() if value is not None}


def check_param(rule: Mapping[str, Any], given: str | None) -> str | None:
    """One value by the rule of its parameter; None when it is left out, rightly. Raises Invalid as `check_params`."""
    name = rule["name"]
    value = _tidy(given or "")
    if not value:
        if rule["required"] and not rule["accept_null"]:
            raise Invalid("param.missing", param=name)
        return "" if given is not None and rule["accept_null"] else None
    if rule["max_length"] is not None and len(value) > rule["max_length"]:
        raise Invalid("param.too_long", param=name, length=len(value), limit=rule["max_length"])
    if len(value) < rule["min_length"]:
        raise Invalid("param.too_short", param=name, length=len(value), limit=rule["min_length"])
    fits, example = _FORMATS.get(str(rule["type"]).upper(), _ANY)
    if not fits(value):
        raise Invalid("param.format", param=name, type=rule["type"], example=example)
    return value


def set_body(template: ZnsTemplate, body: str) -> None:
    """Keep the wording a manager pasted; Zalo's API never gives it. Placeholders are written `<name>`."""
    ZnsTemplate.update(body=clean(body)[:4000]).where(ZnsTemplate.id == template.id).execute()
    template.body = clean(body)[:4000]


def filled_body(template: ZnsTemplate, params: Mapping[str, str]) -> str:
    """The pasted wording with the values in it; empty when nobody pasted it."""
    text = str(template.body)
    for name, value in params.items():
        text = text.replace(f"<{name}>", value)
    return text


def sendable(template: ZnsTemplate) -> bool:
    """Whether Zalo takes this template now."""
    return bool(template.status == ENABLED)


async def refresh_quota(desk: Desk, oa: OfficialAccount, lane: Lane = Lane.BACKGROUND) -> None:
    """Read the ZNS quota and the sending quality of the OA into its row. Raises ZaloError, Refusal."""
    quota = await gateway.call(desk, oa, zns.quota, lane=lane, host=Host.BUSINESS)
    quality = await gateway.call(desk, oa, zns.quality, lane=lane, host=Host.BUSINESS)
    values = {
        "daily": quota.daily,
        "remaining": quota.remaining,
        "monthly_promotion": quota.monthly_promotion,
        "remaining_monthly_promotion": quota.remaining_monthly_promotion,
        "quality_48h": quality.current,
        "quality_7d": quality.week,
    }
    await in_thread(_keep_quota, desk, oa, values)


def note_quota(desk: Desk, oa: OfficialAccount, daily: int | None, remaining: int | None) -> None:
    """Keep what the answer to a send said about the quota; it is newer than what was asked for."""
    if remaining is not None:
        known = OfficialAccount.get_by_id(oa.id).zns_quota or {}
        _keep_quota(
            desk, oa, {**known, "daily": known.get("daily") if daily is None else daily, "remaining": remaining}
        )


def _keep_quota(desk: Desk, oa: OfficialAccount, values: dict[str, Any]) -> None:
    OfficialAccount.update(zns_quota=values, zns_quota_at=desk.now()).where(OfficialAccount.id == oa.id).execute()
    oa.zns_quota, oa.zns_quota_at = values, desk.now()


def _list_from(offset: int) -> Callable[[Zalo, str], Coroutine[Any, Any, zns.TemplatePage]]:
    return lambda zalo, token: zns.list_templates(zalo, token, offset)


async def _read(desk: Desk, oa: OfficialAccount, template_id: str, lane: Lane) -> ZnsTemplate:
    found = await gateway.call(
        desk, oa, lambda zalo, token: zns.template_info(zalo, token, template_id), lane=lane, host=Host.BUSINESS
    )
    return await in_thread(_store, desk, oa, found)


def _store(desk: Desk, oa: OfficialAccount, found: zns.Template) -> ZnsTemplate:
    values = {
        "name": found.name,
        "status": found.status,
        "reason": found.reason or "",
        "params": [_rule(param) for param in found.params],
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
    ZnsTemplate.insert(oa=oa.id, template_id=found.template_id, **values).on_conflict(
        conflict_target=[ZnsTemplate.oa, ZnsTemplate.template_id], update=values
    ).execute()
    return get(oa, found.template_id)


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


def _tidy(text: str) -> str:
    # What Zalo does with a line break inside a value is not documented; a space reads the same.
    return " ".join(unicodedata.normalize("NFC", clean(text)).split())


Fits = Callable[[str], bool]


def _matches(pattern: str) -> Fits:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


# Only types that say what they are; `STRING`, the usual one, is free text and Zalo judges the rest.
_TIME = r"(?:\d{1,2}:\d{2}(?::\d{2})?(?: \d{1,2}/\d{1,2}/\d{4})?|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}/\d{4})"
_ANY: tuple[Fits, str] = (lambda value: True, "")
_FORMATS: Mapping[str, tuple[Fits, str]] = {
    "DATE": (_matches(_TIME), "24/11/2026"),
    "TIME": (_matches(_TIME), "09:30 24/11/2026"),
    "DATETIME": (_matches(_TIME), "09:30 24/11/2026"),
    "NUMBER": (_matches(r"-?\d+(?:\.\d+)?"), "1000"),
    "CURRENCY": (_matches(r"\d+"), "250000"),
    "PHONE": (_matches(r"\+?\d+"), "0901234567"),
    "URL": (_matches(r"\S+"), "https://example.vn"),
}
