"""/quota: how much of everything an OA may still send."""

from __future__ import annotations

from typing import Any

from bot.keyboards import back_row
from bot.markup import Button, Screen, to
from bot.screens.titles import oa_name, oa_title
from bot.turn import Turn
from models import Notice, OfficialAccount, Role
from services import quotas, staff
from texts import Texts
from texts.html import Html, lines

NOTICES = ("quota_low", "quality_fell")
CHANNELS = ("zns", "uid", "cs", "promotion", "transaction")


async def quota_screen(turn: Turn, oa: OfficialAccount) -> Screen:
    """What Zalo said last, when, and what left from here today."""
    t = turn.t
    used = await turn.db(quotas.used_today, oa, turn.now())
    text = lines(
        oa_title(t, oa),
        t("quota.title"),
        *_zns(turn, oa),
        *_cs(turn, oa),
        "",
        _used(t, used),
        t("quota.alert_rule"),
    )
    read = Button(t.plain("button.quota_read"), to("quota.read", oa.id))
    first = [read] if staff.may(turn.staff, Role.OPERATOR) else []
    first.append(Button(t.plain("button.templates"), to("tpl", oa.id, 0)))
    return Screen(text, [first, back_row(t, to("oa", oa.id))])


async def quota_notice(turn: Turn, notice: Notice) -> Screen | None:
    """An allowance that is nearly used up, or a quality that fell: what it means, what to do."""
    t, payload = turn.t, notice.payload
    oa = await turn.db(OfficialAccount.get_or_none, OfficialAccount.oa_id == str(payload.get("oa_id") or ""))
    if oa is None:
        return None
    if notice.kind == "quota_low":
        which = str(payload["which"])
        what = t(f"quota_which.{which}") if f"quota_which.{which}" in t else Html(which)
        text = t("notice.quota_low", name=oa_name(oa), what=what, left=payload["left"], total=payload["total"])
    else:
        span = t("quota_span.48h" if payload["span"] == "48h" else "quota_span.7d")
        before, after = _quality(t, payload["before"]), _quality(t, payload["after"])
        text = t("notice.quality_fell", name=oa_name(oa), span=span, before=before, after=after)
    return Screen(text, [[Button(t.plain("button.quota"), to("quota", oa.id, fresh=True))]])


def _zns(turn: Turn, oa: OfficialAccount) -> list[Html]:
    t, quota = turn.t, oa.zns_quota or {}
    if not quota:
        return [t("quota.never")]
    days = {"now": _quality(t, quota.get("quality_48h")), "week": _quality(t, quota.get("quality_7d"))}
    found = [
        _left(t, "quota.zns", quota.get("remaining"), quota.get("daily")),
        _left(t, "quota.promotion", quota.get("remaining_monthly_promotion"), quota.get("monthly_promotion")),
    ]
    if quota.get("next_month_promotion") is not None:
        found.append(t("quota.next_month", count=quota["next_month_promotion"]))
    found.append(t("quota.quality", **days))
    if quota.get("tags"):
        found.append(t("quota.tags", tags=", ".join(_tag(t, tag) for tag in quota["tags"])))
    return [*found, _read_at(turn, oa.zns_quota_at)]


def _cs(turn: Turn, oa: OfficialAccount) -> list[Html]:
    t = turn.t
    if oa.cs_quota is None:
        return [Html(""), t("quota.cs_never")]
    rows = [_allowance(t, row) for row in oa.cs_quota] or [t("quota.cs_none")]
    return [Html(""), t("quota.cs_title"), *rows, _read_at(turn, oa.cs_quota_at)]


def _allowance(t: Texts, row: dict[str, Any]) -> Html:
    kind = f"quota_kind.{row.get('quota_type')}"
    name = t(kind) if kind in t else Html("") + str(row.get("quota_type") or "")
    product = t("quota_which.cs" if row.get("product_type") == "cs" else "quota_which.transaction")
    until = t("quota.until", until=str(row["until"])) if row.get("until") else Html("")
    return Html(_left(t, "quota.allowance", row.get("remain"), row.get("total"), what=product, kind=name) + until)


def _left(t: Texts, key: str, left: int | None, total: int | None, **more: Any) -> Html:
    """`left/total`; a number Zalo leaves out is unknown, or unlimited: that is not documented (zns.md 2.2)."""
    if left is None:
        return t(f"{key}_unknown", **more)
    return t(key, left=left, total="–" if total is None else t.number(total), **more)


def _used(t: Texts, used: dict[str, int]) -> Html:
    parts = [t(f"quota_channel.{channel}", count=used[channel]) for channel in CHANNELS if used.get(channel)]
    return t("quota.used", what=Html(" · ".join(parts))) if parts else t("quota.used_nothing")


def _quality(t: Texts, value: object) -> Html:
    key = f"quality_word.{value}"
    return t(key) if value and key in t else t("quality_word.UNDEFINED")


def _tag(t: Texts, tag: str) -> str:
    key = f"tag.{str(tag).lower()}"
    return t.plain(key) if key in t else str(tag)


def _read_at(turn: Turn, at: Any) -> Html:
    return turn.t("tpl.synced", when=turn.t.moment(at, turn.now())) if at else Html("")
