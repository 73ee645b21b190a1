"""Single messages, from what staff typed to the row that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from models import Delivery, Follower, OfficialAccount, Staff, ZnsTemplate
from services.accounts import Mode
from services.desk import Desk

ZNS, CS = "zns", "cs"  # kinds of confirmation


@dataclass(frozen=True)
class ZnsPreview:
    """What a ZNS will be, before the yes. Money in VND; None where the template names no price."""

    oa: OfficialAccount
    mode: Mode
    phone: str  # 84901234567
    template: ZnsTemplate
    params: dict[str, str]
    price: int | None
    vat_percent: int
    total: int | None  # with VAT; 0 in test mode
    timeout: timedelta
    body: str  # the pasted wording with the values filled in; empty when nobody pasted it
    goes_at: datetime | None  # None: now
    last_same: datetime | None  # when this number last got this template
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class CsPreview:
    """What a consultation message will be, before the yes."""

    oa: OfficialAccount
    mode: Mode
    follower: Follower
    kind: str  # text, image
    text: str
    image: dict[str, str] | None  # {"upload": name} or {"url": address}
    free: bool | None  # None: unknown, Zalo tells only by refusing or charging
    free_until: datetime | None
    payload: dict[str, Any] = field(repr=False)


def preview_zns(desk: Desk, oa: OfficialAccount, phone: str, template_id: str, params: Mapping[str, str]) -> ZnsPreview:
    """Check everything and freeze it. `phone` in any spelling.

    Raises Invalid `phone.<reason>` and the `param.*` keys, NotFound `template.unknown`, Refusal (see preflight).
    """
    raise NotImplementedError


def preview_cs(
    desk: Desk, oa: OfficialAccount, follower: Follower, text: str = "", image: Mapping[str, str] | None = None
) -> CsPreview:
    """Check everything and freeze it: a text, or an image with `text` as its caption.

    Raises Invalid `text.empty`, `text.too_long` (length, limit), `image.url_invalid`, NotFound `image.gone`, Refusal.
    """
    raise NotImplementedError


def ask(desk: Desk, staff: Staff, preview: ZnsPreview | CsPreview) -> str:
    """Store the question; returns the confirmation token for the button."""
    raise NotImplementedError


def accept(desk: Desk, staff: Staff, token: str, chat_id: int, message_id: int) -> Delivery:
    """Spend the yes and queue the message, both in one transaction; a second tap gives the same delivery.

    Raises NotFound and Conflict of the confirmation (`confirm.*`) and Refusal when something changed meanwhile; the
    confirmation is then not spent.
    """
    raise NotImplementedError
