"""How Zalo judges an OA: messages and reports by day, quality, the ladder of daily quotas, the promotion quota."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

# The ladder since 2026-01-16 (zns 5.3); how Zalo writes "unlimited" is not known, a large number stands for it.
LADDER = (1_000, 10_000, 20_000, 50_000, 10_000_000)
FIRST_PROMOTION_QUOTA = 10_000
PENALTY_SHARE = 0.02
REST_DAYS = 7
# Zalo publishes no thresholds (zns 5.4): these are the sandbox's own, in reports for one message.
MEDIUM_FROM, LOW_FROM = 0.002, 0.01
TOO_FEW = 5


@dataclass(slots=True)
class QualityBook:
    """What one OA sent and how often people reported it, by Vietnam day. Empty until the first message arrives."""

    opened: date | None = None
    sent: Counter[date] = field(default_factory=Counter)
    reports: Counter[date] = field(default_factory=Counter)
    template_sent: Counter[str] = field(default_factory=Counter)
    template_reports: Counter[str] = field(default_factory=Counter)
    useful: Counter[str] = field(default_factory=Counter)
    """Messages of tag 1 and 2 that arrived, by month (YYYY-MM)."""
    changed_on: date | None = None
    punished_on: date | None = None

    def arrived(self, day: date, template_id: str, *, promotion: bool) -> None:
        """Count one message that reached a phone."""
        self.opened = self.opened or day
        self.sent[day] += 1
        self.template_sent[template_id] += 1
        if not promotion:
            self.useful[f"{day:%Y-%m}"] += 1

    def reported(self, day: date, template_id: str, count: int) -> None:
        """Count reports that people made."""
        self.reports[day] += count
        self.template_reports[template_id] += count

    def quality(self, day: date, days: int) -> str:
        """HIGH, MEDIUM, LOW or UNDEFINED over the last `days` days, `day` included."""
        span = [day - timedelta(days=back) for back in range(days)]
        return judged(sum(self.sent[each] for each in span), sum(self.reports[each] for each in span))

    def template_quality(self, template_id: str) -> str:
        return judged(self.template_sent[template_id], self.template_reports[template_id])

    def next_daily(self, day: date, daily: int, quality_7_days: str) -> int:
        """The daily quota from the midnight that begins `day` (zns 5.4); the same one when nothing moves."""
        begun = self.changed_on or self.opened
        if begun is None or (day - begun).days < REST_DAYS:
            return daily
        week = sum(self.sent[day - timedelta(days=back)] for back in range(1, 8))
        if quality_7_days == "LOW":
            return lower(daily)
        return higher(daily) if quality_7_days == "HIGH" and week >= 2 * daily else daily

    def deserves_penalty(self, day: date, daily: int) -> bool:
        """More reports today than 2 % of the daily quota, and not punished today yet; no rest protects from it."""
        return self.punished_on != day and self.reports[day] > daily * PENALTY_SHARE

    def promotion_quota(self, day: date) -> int:
        """The promotion quota of the month of `day`: a sixth of what arrived in the two months before (zns 5.6)."""
        first = min(self.useful, default=f"{day:%Y-%m}")
        if first >= f"{day:%Y-%m}":
            return FIRST_PROMOTION_QUOTA
        last = day.replace(day=1) - timedelta(days=1)
        before = last.replace(day=1) - timedelta(days=1)
        return (self.useful[f"{last:%Y-%m}"] + self.useful[f"{before:%Y-%m}"]) // 6

    def estimate(self, day: date) -> int:
        """What the next month's promotion quota would be if this month ended now."""
        return self.promotion_quota((day.replace(day=28) + timedelta(days=4)).replace(day=1))


def judged(sent: int, reports: int) -> str:
    """Quality by the share of reports; too few messages are UNDEFINED."""
    if sent < TOO_FEW:
        return "UNDEFINED"
    share = reports / sent
    return "LOW" if share >= LOW_FROM else "MEDIUM" if share >= MEDIUM_FROM else "HIGH"


def lower(daily: int) -> int:
    """One step down the ladder; the lowest step stays."""
    return next((step for step in reversed(LADDER) if step < daily), min(daily, LADDER[0]))


def higher(daily: int) -> int:
    """One step up the ladder; the highest step stays."""
    return next((step for step in LADDER if step > daily), daily)
