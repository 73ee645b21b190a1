"""All rules, in the order they are asked. docs/preflight.md describes each; a test compares the two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models import Channel, SendClass
from services.preflight import approvals, limits, rules
from services.preflight.facts import Facts
from services.preflight.rules import Finding
from services.preflight.verdicts import Letter

_EVERY_CLASS = frozenset(SendClass)
_ZNS, _CS, _UID = frozenset({Channel.ZNS}), frozenset({Channel.CS}), frozenset({Channel.UID})
_TEMPLATES = _ZNS | _UID
_OLDER = frozenset({Channel.PROMOTION, Channel.TRANSACTION})
_TO_USER = _CS | _UID | _OLDER
_PROMOTION, _TRANSACTION = frozenset({SendClass.PROMOTION}), frozenset({SendClass.TRANSACTION})


@dataclass(frozen=True)
class Rule:
    """One rule: named after Zalo's codes, or `own:...`, with the letters it concerns."""

    name: str
    finds: Callable[[Facts, Letter], Finding]
    channels: frozenset[Channel] = frozenset(Channel)
    classes: frozenset[SendClass] = _EVERY_CLASS

    def concerns(self, letter: Letter) -> bool:
        """Whether this rule has a say about the letter."""
        return letter.channel in self.channels and letter.counts_as in self.classes


RULES: tuple[Rule, ...] = (
    Rule("own:paused", rules.paused),
    Rule("own:no_tokens", rules.no_tokens),
    Rule("own:needs_reauth", rules.needs_reauth),
    Rule("own:stop_all", rules.stop_all),
    Rule("own:stopped", rules.stopped),
    Rule("-233", rules.older_way, _OLDER),
    Rule("own:template_way", rules.template_way, _UID),
    Rule("own:no_phone", rules.no_phone, _ZNS),
    Rule("own:no_user", rules.no_user, _TO_USER),
    Rule("own:no_template", approvals.no_template, _TEMPLATES),
    Rule("-109", approvals.deleted, _TEMPLATES),
    Rule("-131", approvals.not_approved, _TEMPLATES),
    Rule("-146", approvals.disabled, _TEMPLATES),
    Rule("-145", approvals.kind_not_allowed, _ZNS),
    Rule("-249", approvals.not_by_user, _UID),
    Rule("own:not_tester", rules.not_tester, _TO_USER),
    Rule("-127", rules.administrators_only, _ZNS),
    Rule("-139 -141 -217 -244", rules.objected),
    Rule("own:under_age", rules.under_age, classes=_PROMOTION),
    Rule("-213", rules.not_following, _UID | _OLDER, _PROMOTION),
    Rule("-232", rules.never_interacted, _CS | _UID | _OLDER),
    Rule("-230 (7 days)", rules.window_closed, _CS),
    Rule("-230 (1 year)", rules.year_over, _UID | _OLDER, _TRANSACTION),
    Rule("-230 (unknown)", rules.window_unknown, _UID, _EVERY_CLASS - _TRANSACTION),
    Rule("own:hours", rules.decent_hours, classes=_PROMOTION),
    Rule("-133", rules.night_by_phone, _ZNS),
    Rule("-234", rules.night_by_user, _UID | _OLDER, _PROMOTION),
    Rule("-144", limits.daily_quota, _ZNS),
    Rule("-147", limits.template_quota, _ZNS),
    Rule("-1441", limits.monthly_quota, _ZNS, _PROMOTION),
    Rule("-1472 -218", limits.person_today, classes=_PROMOTION),
    Rule("-1471 -218", limits.person_this_month, classes=_PROMOTION),
    Rule("-140", limits.no_relation, _ZNS, _PROMOTION),
)
