"""GET /metrics: gauges computed from rows at most every 15 s. No names, no phones, no ids of anybody."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request
from peewee import fn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from config import LOOPBACK, Settings
from models import Counter, Delivery, Follower, InboxEvent, InboxState, Notice, OfficialAccount, Row
from webhook.reception import Reception

FRESH_FOR = 15.0
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


def blueprint(settings: Settings, reception: Reception, now: Callable[[], datetime]) -> Blueprint:
    """The metrics route, for METRICS_TOKEN as a bearer token, or this machine while none is set."""
    routes = Blueprint("metrics", __name__)
    token = settings.metrics_token.get_secret_value()
    registry = CollectorRegistry()
    registry.register(Rows(now))
    kept: tuple[float, bytes] | None = None

    @routes.get("/metrics")
    def metrics() -> Response:
        nonlocal kept
        if not _may_read(token):
            return Response("forbidden\n", 403, mimetype="text/plain")
        if kept is None or time.monotonic() - kept[0] > FRESH_FOR:
            kept = time.monotonic(), reception.read(lambda: generate_latest(registry))
        return Response(kept[1], content_type=CONTENT_TYPE_LATEST)

    return routes


def _may_read(token: str) -> bool:
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    # Behind a proxy on the same machine everybody seems to be local; the proxy's header gives the stranger away.
    return request.remote_addr in LOOPBACK and not any(name in request.headers for name in _FORWARDED)


class Rows(Collector):
    """Reads the tables when it is asked; describes itself as nothing, so that registering reads no table."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield _states("oadesk_inbox_events", "Stored events not applied yet, by state.", _inbox())
        yield _states("oadesk_deliveries", "Messages by state.", _by_state(Delivery))
        yield _states("oadesk_notices", "Messages to staff, by state.", _by_state(Notice))
        yield _states("oadesk_official_accounts", "Official Accounts by state.", _by_state(OfficialAccount))
        yield GaugeMetricFamily("oadesk_followers", "People following any OA.", value=_followers())
        yield GaugeMetricFamily("oadesk_inbox_lag_seconds", "Age of the oldest event not applied.", value=self._lag())
        happened = CounterMetricFamily("oadesk_webhook_requests", "Requests to the webhook.", labels=["kind"])
        for kind, value in _webhook_counts():
            happened.add_metric([kind], value)
        yield happened

    def _lag(self) -> float:
        oldest = InboxEvent.select().where(InboxEvent.state == InboxState.NEW).order_by(InboxEvent.id).first()
        return max(0.0, (self._now() - oldest.received_at).total_seconds()) if oldest else 0.0


def _states(name: str, text: str, counts: Iterable[tuple[str, int]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state, value in counts:
        family.add_metric([state], value)
    return family


def _by_state(table: type[Row]) -> list[tuple[str, int]]:
    state: Any = table.state  # type: ignore[attr-defined]
    rows: Any = table.select(state, fn.COUNT(table.id)).group_by(state).tuples()
    return list(rows)


def _inbox() -> list[tuple[str, int]]:
    # The done ones are nearly all rows and tell nothing; counting them would read the whole table.
    states = (InboxState.NEW, InboxState.WAITING, InboxState.DEAD)
    return [(state, InboxEvent.select().where(InboxEvent.state == state).count()) for state in states]


def _followers() -> int:
    return int(Follower.select().where(Follower.is_follower == True).count())  # noqa: E712


def _webhook_counts() -> list[tuple[str, int]]:
    rows: Any = (
        Counter.select(Counter.name, fn.SUM(Counter.value))
        .where(Counter.name.startswith("webhook."), fn.LENGTH(Counter.day) == len("2026-11-23"))
        .group_by(Counter.name)
        .tuples()
    )
    # Names with a further dot hold an app id.
    return [(name.removeprefix("webhook."), int(value)) for name, value in rows if name.count(".") == 1]
