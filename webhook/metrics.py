"""GET /metrics: gauges computed from rows at most every 15 s. No names, no phones, no ids of anybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Response
from peewee import SQL, fn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from config import Settings
from models import Counter, Delivery, Follower, InboxEvent, InboxState, Notice, OfficialAccount, Row
from services import conversation_list, sealed
from services.desk import Desk
from services.health import accounts, machinery
from services.health.findings import RANK, Level
from webhook.health import Watch, is_unusable, may_read
from webhook.reception import Reception

FRESH_FOR = 15.0
SELDOM = 300.0
COUNT_LIMIT = 30.0
_CHECK_HELP = "How each check of `manage.py doctor` that reads rows stands: 0 ok, 1 warning, 2 broken."


def blueprint(settings: Settings, reception: Reception, watch: Watch) -> Blueprint:
    """The metrics route, for METRICS_TOKEN as a bearer token, or this machine while none is set."""
    routes = Blueprint("metrics", __name__)
    token = settings.metrics_token.get_secret_value()
    registry = CollectorRegistry()
    registry.register(Rows(watch.desk))
    kept: tuple[float, bytes] | None = None

    @routes.get("/metrics")
    def metrics() -> Response:
        nonlocal kept
        if not may_read(token):
            return Response("forbidden\n", 403, mimetype="text/plain")
        if kept is None or time.monotonic() - kept[0] > FRESH_FOR:
            checks = watch.levels()
            text = _levels(checks)
            if not is_unusable(checks):
                text += reception.read(lambda: generate_latest(registry), COUNT_LIMIT)
            kept = time.monotonic(), text
        return Response(kept[1], content_type=CONTENT_TYPE_LATEST)

    return routes


def _levels(checks: Mapping[str, Level]) -> bytes:
    registry, family = CollectorRegistry(), GaugeMetricFamily("oadesk_check", _CHECK_HELP, labels=["check"])
    for name, level in checks.items():
        family.add_metric([name], RANK[level])
    registry.register(Given(family))
    return generate_latest(registry)


class Given(Collector):
    """One family that is known already."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


class Rows(Collector):
    """Reads the tables when it is asked; describes itself as nothing, so that registering reads no table.

    Every query ends after a bounded number of rows, however many there are: this runs beside the webhook.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._people = Seldom(_followers)

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._business()
        yield from self._machinery()

    def _business(self) -> Iterator[Metric]:
        yield _labelled("oadesk_inbox_events", "Stored events not applied yet, by state.", "state", _inbox())
        yield _labelled(
            "oadesk_deliveries", f"The last {machinery.RECENT:,} messages by state.", "state", _recent(Delivery)
        )
        yield _labelled("oadesk_deliveries_held", "Messages that wait, by reason.", "reason", _held())
        count, since = conversation_list.everywhere()
        waited = max(0.0, (self._desk.now() - since).total_seconds()) if since else 0.0
        yield GaugeMetricFamily("oadesk_conversations_waiting", "Customers who wait for an answer.", value=count)
        yield GaugeMetricFamily("oadesk_conversation_wait_seconds", "How long the first of them waits.", value=waited)
        yield _labelled("oadesk_official_accounts", "Official Accounts by state.", "state", _recent(OfficialAccount))
        yield GaugeMetricFamily("oadesk_followers", "People following any OA.", value=self._people())
        yield GaugeMetricFamily("oadesk_inbox_lag_seconds", "Age of the oldest event not applied.", value=self._lag())
        happened = CounterMetricFamily("oadesk_webhook_requests", "Requests to the webhook.", labels=["kind"])
        for kind, value in _webhook_counts():
            happened.add_metric([kind], value)
        yield happened

    def _machinery(self) -> Iterator[Metric]:
        now = self._desk.now()
        left = GaugeMetricFamily(
            "oadesk_token_seconds_left", "Least time left of any token of that state.", labels=["state", "token"]
        )
        for (state, kind), seconds in accounts.token_seconds(now).items():
            left.add_metric([state, kind], seconds)
        yield left
        ages = machinery.tick_ages(now)
        yield _labelled("oadesk_clock_tick_age_seconds", "Since the last turn of a job.", "job", ages.items())
        files = float(sum(1 for _ in sealed.journal_files(self._desk)))
        yield GaugeMetricFamily("oadesk_journal_files", "Renewed tokens that wait on disk.", value=files)
        yield _labelled("oadesk_notices", "The last messages to staff, by state.", "state", _recent(Notice))
        waits = machinery.oldest_notice(now).total_seconds()
        yield GaugeMetricFamily("oadesk_notice_age_seconds", "How long the oldest notice has been due.", value=waits)
        failed = machinery.failed_notices(now)
        yield GaugeMetricFamily("oadesk_notices_failed", "Notices of the last day that were given up.", value=failed)

    def _lag(self) -> float:
        oldest = InboxEvent.select().where(machinery.NEW_EVENT).order_by(InboxEvent.id).first()
        return max(0.0, (self._desk.now() - oldest.received_at).total_seconds()) if oldest else 0.0


class Seldom:
    """A number that takes long to count and changes slowly."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count
        self._until = 0.0
        self._value = 0

    def __call__(self) -> int:
        if time.monotonic() > self._until:
            self._value, self._until = self._count(), time.monotonic() + SELDOM
        return self._value


def _labelled(name: str, text: str, label: str, counts: Iterable[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, count in counts:
        family.add_metric([value], count)
    return family


def _recent(table: type[Row]) -> list[tuple[str, int]]:
    newest = int(table.select(fn.MAX(table.id)).scalar() or 0)
    state: Any = table.state  # type: ignore[attr-defined]
    rows: Any = (
        table.select(state, fn.COUNT(table.id)).where(table.id > newest - machinery.RECENT).group_by(state).tuples()
    )
    return list(rows)


def _held() -> list[tuple[str, int]]:
    reason = Delivery.held_reason
    some = Delivery.select(reason).where(machinery.OPEN_DELIVERY, reason != "").limit(machinery.RECENT).alias("some")
    rows: Any = (
        Delivery.select(some.c.held_reason, fn.COUNT(SQL("*"))).from_(some).group_by(some.c.held_reason).tuples()
    )
    return list(rows)


def _inbox() -> list[tuple[str, int]]:
    # Conditions word for word as their indexes have them; the done ones, nearly all rows, are in none.
    left: Any = InboxEvent.select(InboxEvent.state, fn.COUNT(InboxEvent.id)).where(machinery.LEFT_EVENT)
    counts = dict(left.group_by(InboxEvent.state).tuples())
    new = InboxEvent.select().where(machinery.NEW_EVENT).count()
    return [(InboxState.NEW, new), *((state, counts.get(state, 0)) for state in (InboxState.WAITING, InboxState.DEAD))]


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
