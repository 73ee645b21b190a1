"""Everything that can stop an OA from sending, one line each.

Keys and their values (times are aware UTC datetimes):
  mode.live, mode.test, mode.paused
  stop_all {since, by}
  stopped {since, code}, late {count}: connected again after long, a person decides about what waits
  connection.ok {renewed, next}, connection.unproven {expires, next}, connection.ending {days},
  connection.failing {code, next, expires}, connection.broken {code}, connection.revoked, connection.none
  app.no_secret, app.no_id, app.unknown {app_id}, app.unreadable {app_id}
  package.ok / package.soon / package.over {package, days, until, rate}, package.unknown {rate}
  verified.ok, verified.no, verified.not_linked
  events.ok {last}, events.silent {last, hours}, events.never, events.no_secret, events.wrong {last}
  quality.ok / quality.low {now, week}, quality.unknown
  quota.ok / quota.low / quota.empty {remaining, daily, promotion, promotion_total, at}, quota.unknown
  templates.ok {count, usable, at}, templates.never
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from peewee import fn

from models import Delivery, DeliveryState, OaToken, OfficialAccount, TokenState, ZnsTemplate
from services import acceptance, app_rows, apps, counters, halts, pacing, stop_all, templates
from services.desk import VIETNAM, Desk
from services.errors import Refusal
from services.modes import Mode, mode
from services.stop_all import Standstill
from services.tokens import next_renewal
from zalo.payload import as_date

SILENT_AFTER = timedelta(hours=3)
PACKAGE_SOON = timedelta(days=14)
ENDING = timedelta(days=14)  # renewing gives three months anew, so a refresh token this old means renewing fails
REVOKED = "revoked"  # part of the code of an OA whose owner took the app's permission away


class Level(StrEnum):
    """How a line stands."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"  # sending does not work until it is mended
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Line:
    """One line of the OA card; texts by `key`, filled from `values`."""

    level: Level
    key: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Facts:
    """What the lines of some OAs are made from, beside their rows; by the OA's row number or the app's id."""

    now: datetime
    standing: Standstill | None
    badly_signed: datetime | None
    waiting: dict[int, int]
    tokens: dict[int, OaToken]
    templates: dict[int, list[ZnsTemplate]]
    app_of: dict[int, str]
    app_lines: dict[str, Line | None]
    has_webhook_secret: dict[str, bool]


def lines(desk: Desk, oa: OfficialAccount) -> list[Line]:
    """All lines, in the order of the card. Reads only the database."""
    return lines_of_all(desk, [oa])[oa.id]


def lines_of_all(desk: Desk, oas: Sequence[OfficialAccount]) -> dict[int, list[Line]]:
    """As `lines`, by row number. However many OAs there are, the number of reads is the same; apps are read each."""
    facts = _read(desk, oas)
    return {oa.id: [line for make in _LINES if (line := make(facts, oa)) is not None] for oa in oas}


def _read(desk: Desk, oas: Sequence[OfficialAccount]) -> _Facts:
    ids = [oa.id for oa in oas]
    app_of = {oa.id: apps.app_id_of(desk, oa) for oa in oas}
    known = sorted(set(app_of.values()))
    return _Facts(
        now=desk.now(),
        standing=stop_all.in_force(),
        badly_signed=counters.last_at(acceptance.counter(acceptance.Kind.WRONG)),
        waiting=_waiting([oa.id for oa in oas if oa.stopped_code == halts.RECONNECTED]),
        tokens={row.oa_id: row for row in OaToken.select().where(OaToken.oa.in_(ids))},
        templates=_templates_of(ids),
        app_of=app_of,
        app_lines={app_id: _app_line(desk, app_id) for app_id in known},
        has_webhook_secret=_webhook_secrets(desk, known),
    )


def _waiting(ids: list[int]) -> dict[int, int]:
    if not ids:
        return {}
    queued: Any = Delivery.select(Delivery.oa, fn.COUNT(Delivery.id)).where(
        Delivery.oa.in_(ids), Delivery.state == DeliveryState.QUEUED
    )
    return dict(queued.group_by(Delivery.oa).tuples())


def _templates_of(ids: list[int]) -> dict[int, list[ZnsTemplate]]:
    columns = (ZnsTemplate.oa, ZnsTemplate.status)
    found: dict[int, list[ZnsTemplate]] = {}
    for row in ZnsTemplate.select(*columns).where(ZnsTemplate.oa.in_(ids), ZnsTemplate.status != templates.DELETED):
        found.setdefault(row.oa_id, []).append(row)
    return found


def worst(found: list[Line]) -> Level:
    """The level of the OA as a whole; what is not known yet is no alarm."""
    order = (Level.BROKEN, Level.WARNING)
    return next((level for level in order if any(line.level is level for line in found)), Level.OK)


def _mode(facts: _Facts, oa: OfficialAccount) -> Line:
    found = mode(oa)
    return Line(Level.OK if found is Mode.LIVE else Level.WARNING, f"mode.{found.value}")


def _all_stopped(facts: _Facts, oa: OfficialAccount) -> Line | None:
    standing = facts.standing
    return Line(Level.BROKEN, "stop_all", {"since": standing.since, "by": standing.by}) if standing else None


def _stopped(facts: _Facts, oa: OfficialAccount) -> Line | None:
    if oa.stopped_at is None or oa.stopped_code == stop_all.CODE:
        return None
    if oa.stopped_code == halts.RECONNECTED:
        return Line(Level.BROKEN, "late", {"count": facts.waiting.get(oa.id, 0)})
    return Line(Level.BROKEN, "stopped", {"since": oa.stopped_at, "code": oa.stopped_code})


def _app(facts: _Facts, oa: OfficialAccount) -> Line | None:
    return facts.app_lines[facts.app_of[oa.id]]


def _app_line(desk: Desk, app_id: str) -> Line | None:
    try:
        keys = apps.keys_of_app(desk, app_id)
    except Refusal as refusal:  # app.unknown, app.unreadable: nothing of this OA works, whatever its tokens say
        return Line(Level.BROKEN, refusal.key, refusal.values)
    if not keys.app_id:
        return Line(Level.BROKEN, "app.no_id")
    return None if keys.secret else Line(Level.BROKEN, "app.no_secret")


def _connection(facts: _Facts, oa: OfficialAccount) -> Line:
    row = facts.tokens.get(oa.id)
    if row is None:
        return Line(Level.BROKEN, "connection.none")
    if row.state == TokenState.NEEDS_REAUTH:
        if REVOKED in row.error_code:
            return Line(Level.BROKEN, "connection.revoked")
        return Line(Level.BROKEN, "connection.broken", {"code": row.error_code})
    if row.attempts:
        level = Level.BROKEN if row.access_expires_at <= facts.now else Level.WARNING
        values = {"code": row.error_code, "next": row.retry_at, "expires": row.access_expires_at}
        return Line(level, "connection.failing", values)
    if row.state == TokenState.UNPROVEN:
        values = {"expires": row.access_expires_at, "next": next_renewal(row)}
        return Line(Level.WARNING, "connection.unproven", values)
    if row.refresh_expires_at is not None and row.refresh_expires_at - facts.now <= ENDING:
        days = max(0, -(-(row.refresh_expires_at - facts.now) // timedelta(days=1)))
        return Line(Level.WARNING, "connection.ending", {"days": days})
    return Line(Level.OK, "connection.ok", {"renewed": row.refreshed_at, "next": next_renewal(row)})


def _package(facts: _Facts, oa: OfficialAccount) -> Line:
    profile = oa.profile or {}
    rate = pacing.requests_per_minute(oa)
    until = as_date(profile.get("package_valid_through_date"))
    if until is None:
        return Line(Level.UNKNOWN, "package.unknown", {"package": profile.get("package_name") or "", "rate": rate})
    left = _days_left(facts.now, until)
    values = {"package": profile.get("package_name") or "", "days": left, "until": _start_of(until), "rate": rate}
    if left < 0:
        return Line(Level.BROKEN, "package.over", values)
    soon = timedelta(days=left) <= PACKAGE_SOON
    return Line(Level.WARNING if soon else Level.OK, "package.soon" if soon else "package.ok", values)


def _verified(facts: _Facts, oa: OfficialAccount) -> Line | None:
    profile = {key.lower(): value for key, value in (oa.profile or {}).items()}
    if not profile:
        return None
    if str(profile.get("is_verified")).lower() not in {"true", "1"}:
        return Line(Level.WARNING, "verified.no")
    if not profile.get("linked_zca"):
        return Line(Level.WARNING, "verified.not_linked")
    return Line(Level.OK, "verified.ok")


def _events(facts: _Facts, oa: OfficialAccount) -> Line | None:
    app_id = facts.app_of[oa.id]
    if app_id not in facts.has_webhook_secret:  # the line about the app says it
        return None
    if not facts.has_webhook_secret[app_id]:
        return Line(Level.BROKEN, "events.no_secret")
    badly_signed = facts.badly_signed
    if badly_signed is not None and (oa.last_event_at is None or badly_signed > oa.last_event_at):
        return Line(Level.WARNING, "events.wrong", {"last": badly_signed})
    if oa.last_event_at is None:
        return Line(Level.UNKNOWN, "events.never")
    silent = facts.now - oa.last_event_at
    values = {"last": oa.last_event_at, "hours": int(silent / timedelta(hours=1))}
    return (
        Line(Level.WARNING, "events.silent", values) if silent > SILENT_AFTER else Line(Level.OK, "events.ok", values)
    )


def _quality(facts: _Facts, oa: OfficialAccount) -> Line:
    quota = oa.zns_quota or {}
    if not quota.get("quality_48h"):
        return Line(Level.UNKNOWN, "quality.unknown")
    values = {"now": quota["quality_48h"], "week": quota.get("quality_7d") or "UNDEFINED"}
    low = "LOW" in values.values()
    return Line(Level.WARNING if low else Level.OK, "quality.low" if low else "quality.ok", values)


def _quota(facts: _Facts, oa: OfficialAccount) -> Line:
    quota = oa.zns_quota or {}
    remaining, daily = quota.get("remaining"), quota.get("daily")
    if remaining is None:
        return Line(Level.UNKNOWN, "quota.unknown")
    values = {
        "remaining": remaining,
        "daily": daily,
        "promotion": quota.get("remaining_monthly_promotion"),
        "promotion_total": quota.get("monthly_promotion"),
        "at": oa.zns_quota_at,
    }
    if daily and daily > 0 and remaining == 0:
        return Line(Level.WARNING, "quota.empty", values)
    low = bool(daily and daily > 0 and remaining < 0.2 * daily)
    return Line(Level.WARNING if low else Level.OK, "quota.low" if low else "quota.ok", values)


def _templates(facts: _Facts, oa: OfficialAccount) -> Line:
    rows = facts.templates.get(oa.id, [])
    if oa.templates_at is None:
        return Line(Level.UNKNOWN, "templates.never")
    usable = sum(templates.sendable(row) for row in rows)
    values = {"count": len(rows), "usable": usable, "at": oa.templates_at}
    return Line(Level.OK, "templates.ok", values)


def _webhook_secrets(desk: Desk, app_ids: list[str]) -> dict[str, bool]:
    """Which apps have one; an app nobody knows, or whose row cannot be opened, is not among them."""
    found = {}
    for app_id in app_ids:
        with suppress(Refusal):
            found[app_id] = bool(app_rows.of_environment(desk, app_id) or app_rows.added(desk, app_id))
    return found


def _days_left(now: datetime, until: date) -> int:
    return (until - now.astimezone(VIETNAM).date()).days


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(0), VIETNAM).astimezone(UTC)


_LINES: tuple[Callable[[_Facts, OfficialAccount], Line | None], ...] = (
    _mode,
    _all_stopped,
    _stopped,
    _app,
    _connection,
    _package,
    _verified,
    _events,
    _quality,
    _quota,
    _templates,
)
