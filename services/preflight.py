"""May this message leave now, and what else would reach the person?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import Channel, Follower, OfficialAccount, ZnsTemplate
from services.desk import Desk


@dataclass(frozen=True)
class Way:
    """One way to a person. Closed ones say why by `key` (the Refusal's), open ones what it costs."""

    channel: Channel
    open: bool
    key: str  # open: way.cs_free, way.cs_charged, way.zns ; closed: the key of the Refusal
    values: dict[str, Any] = field(default_factory=dict)
    price: int | None = None  # VND before VAT; None: not known
    until: datetime | None = None  # free until / possible from


def ways(desk: Desk, oa: OfficialAccount, follower: Follower) -> list[Way]:
    """All ways to a follower, open ones first, cheapest first."""
    raise NotImplementedError


def check_zns(
    desk: Desk, oa: OfficialAccount, phone: str, template: ZnsTemplate, params: Mapping[str, str] | None = None
) -> None:
    """Raise the first Refusal that keeps this ZNS from leaving."""
    raise NotImplementedError


def check_cs(desk: Desk, oa: OfficialAccount, follower: Follower) -> None:
    """Raise the first Refusal that keeps a consultation message from leaving."""
    raise NotImplementedError
