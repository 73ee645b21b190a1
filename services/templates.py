"""ZNS templates as Zalo describes them, and the check of what goes into one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from models import OfficialAccount, ZnsTemplate
from services.desk import Desk

FRESH_FOR = timedelta(minutes=10)


async def sync(desk: Desk, oa: OfficialAccount) -> int:
    """Read all templates of the OA with their details; those gone from Zalo are marked DELETE. Returns how many.

    Raises ZaloError, Refusal `oa.needs_reauth`.
    """
    raise NotImplementedError


def listing(oa: OfficialAccount, *, sendable: bool = False) -> list[ZnsTemplate]:
    """Known templates, those that can be sent first, by name."""
    raise NotImplementedError


def get(oa: OfficialAccount, template_id: str) -> ZnsTemplate:
    """One known template. Raises NotFound `template.unknown` (template_id)."""
    raise NotImplementedError


async def fresh(desk: Desk, oa: OfficialAccount, template_id: str) -> ZnsTemplate:
    """One template, read again from Zalo when what we know is older than 10 minutes.

    An old description serves when Zalo cannot be reached. Raises NotFound `template.unknown` (template_id) when Zalo
    has no such template for this OA, else ZaloError or Refusal if nothing is known at all.
    """
    raise NotImplementedError


def check_params(template: ZnsTemplate, params: Mapping[str, str]) -> dict[str, str]:
    """The values as they will be sent (NFC, line breaks as spaces). Raises Invalid, one key for each rule:

    `param.missing` (param), `param.unknown` (param), `param.too_long` (param, length, limit), `param.too_short`
    (param, length, limit), `param.format` (param, type, example).
    """
    raise NotImplementedError


def set_body(desk: Desk, template: ZnsTemplate, body: str) -> None:
    """Keep the wording a manager pasted; Zalo's API never gives it."""
    raise NotImplementedError


def sendable(template: ZnsTemplate) -> bool:
    """Whether Zalo takes this template now."""
    return bool(template.status == "ENABLE")


async def refresh_quota(desk: Desk, oa: OfficialAccount) -> None:
    """Read the ZNS quota and the sending quality of the OA into its row. Raises ZaloError, Refusal."""
    raise NotImplementedError
