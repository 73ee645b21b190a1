"""The rules about numbers: quotas of the OA and of a template, and how much advertising a person gets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time

from models import Channel
from services import calendar
from services.errors import Refusal
from services.modes import Mode
from services.preflight.facts import Facts
from services.preflight.rules import DAILY_CAP, MONTHLY_CAP, Finding, is_development
from services.preflight.verdicts import Held, Later, Letter, Note

_MIDNIGHT = time(0)  # when the day's quota returns is not documented, assumed so (zns.md 2.2)


def daily_quota(facts: Facts, letter: Letter) -> Finding:
    """The OA's ZNS of today; development messages have an allowance of their own. No number means unlimited."""
    quota = facts.oa.zns_quota
    if is_development(facts, letter) or not calendar.same_day(facts.oa.zns_quota_at, facts.now):
        return None
    if quota.get("remaining") != 0 or (quota.get("daily") or -1) <= 0:
        return None
    until = calendar.next_time(facts.now, _MIDNIGHT)
    return _later("send.quota_zns", "-144", until, name=facts.oa.name, daily=quota["daily"])


def template_quota(facts: Facts, letter: Letter) -> Finding:
    """The template's own number of today, for templates that have one."""
    row = letter.template
    if row is None or is_development(facts, letter) or not calendar.same_day(row.synced_at, facts.now):
        return None
    if row.remaining_quota != 0 or not row.daily_quota or row.daily_quota < 0:
        return None
    return _later("send.quota_template", "-147", calendar.next_time(facts.now, _MIDNIGHT), template=row.name)


def monthly_quota(facts: Facts, letter: Letter) -> Finding:
    """The OA's advertising by ZNS this month (zns.md 5.6)."""
    quota = facts.oa.zns_quota
    total = quota.get("monthly_promotion") or 0
    if is_development(facts, letter) or quota.get("remaining_monthly_promotion") != 0 or total <= 0:
        return None
    if not calendar.same_month(facts.oa.zns_quota_at, facts.now):
        return None
    if calendar.same_day(calendar.month_start(facts.now), facts.now):
        return Note("quota_of_last_month")  # on the first day what is known may be of the month before
    return _later("send.quota_month", "-1441", calendar.next_month(facts.now), name=facts.oa.name, total=total)


def person_today(facts: Facts, letter: Letter) -> Finding:
    """One advertisement a day, over all OAs of the business; Zalo counts its own."""
    had = [at for at in _counted(facts, letter) if calendar.same_day(at, facts.now)]
    if len(had) < DAILY_CAP:
        return None
    return _later("send.person_today", _code(letter, "-1472"), calendar.next_time(facts.now, _MIDNIGHT), had=len(had))


def person_this_month(facts: Facts, letter: Letter) -> Finding:
    """Four a month, over all OAs of the business."""
    had = [at for at in _counted(facts, letter) if calendar.same_month(at, facts.now)]
    if len(had) < MONTHLY_CAP:
        return None
    return _later("send.person_month", _code(letter, "-1471"), calendar.next_month(facts.now), had=len(had))


def no_relation(facts: Facts, letter: Letter) -> Finding:
    """Zalo wants a tag 1 or 2 message within 6 months; others than we may have sent it (zns.md 5.2)."""
    return Note("relation_unknown") if facts.person.related_at is None else None


def _counted(facts: Facts, letter: Letter) -> Iterable[datetime]:
    # Testers get as many as it takes; Zalo may stop them (-218), and an administrator it never does.
    return () if facts.oa.mode is Mode.TEST or letter.development else facts.person.promoted


def _code(letter: Letter, by_phone: str) -> str:
    return by_phone if letter.channel == Channel.ZNS else "-218"


def _later(key: str, code: str, until: datetime, **values: object) -> Later:
    return Later(Refusal(key, code=code, until=until, **values), until, Held.QUOTA)
