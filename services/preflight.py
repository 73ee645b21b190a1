"""May this message leave now, and what else would reach the person?

Asked before the preview, again when the yes comes, and a last time by the sender. One table of rules, read from the
top; the first that objects is the answer. Everything is known locally: nothing is asked of Zalo.

Refusals: send.paused {name}, oa.no_tokens {name}, oa.needs_reauth {name}, send.stop_all {by, since}, oa.late {name,
since}, oa.stopped {name, code}, send.not_tester {name, user}, send.blocked {user, code}, send.window_closed {user,
last}, send.opted_out {since, code}, template.not_sendable {template_id, template, status, reason}, send.quota_zns
{name, daily, until}, send.quota_template {template, until}.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from models import Channel, Consent, ConsentSource, Follower, OaState, OfficialAccount, Scope, TokenState, ZnsTemplate
from services import consents, stop_all, templates, token_pairs
from services.accounts import Mode, mode
from services.desk import VIETNAM, Desk
from services.errors import Refusal
from services.halts import RECONNECTED
from services.interaction import last_interaction

WINDOW = timedelta(days=7)  # a consultation message needs an interaction within it
FREE = timedelta(hours=48)  # and costs nothing within this
PROMOTION = "PROMOTION"
PROMOTION_FROM, PROMOTION_TO = time(8), time(21)
NIGHT_END = time(6)
_UNLIMITED = -1


@dataclass(frozen=True)
class Case:
    """One message that wants to leave, with all that is known about it."""

    now: datetime
    oa: OfficialAccount
    channel: Channel
    follower: Follower | None = None
    said: tuple[Consent, ...] = ()  # what the person said about being written to
    template: ZnsTemplate | None = None

    @property
    def mode(self) -> Mode:
        """What may leave in the name of the OA at all."""
        return mode(self.oa)


@dataclass(frozen=True)
class Rule:
    """One reason why a message may not leave, and the channels it concerns."""

    objects: Callable[[Case], Refusal | None]
    channels: frozenset[Channel] = frozenset(Channel)


@dataclass(frozen=True)
class Way:
    """One way to a person. Closed ones say why by `key` (the Refusal's), open ones what it costs."""

    channel: Channel
    open: bool
    key: str  # open: way.cs_free, way.cs_charged, way.cs_unknown, way.zns; closed: the key of the Refusal
    values: dict[str, Any] = field(default_factory=dict)
    price: int | None = None  # VND before VAT, the lowest there is; None: not known
    until: datetime | None = None  # open: free until


def check_zns(desk: Desk, oa: OfficialAccount, phone: str, template: ZnsTemplate) -> None:
    """Raise the first Refusal that keeps a ZNS of `template` to `phone` (84...) from leaving."""
    said = tuple(consents.of_person(oa.oa_id, None, phone))
    check(Case(desk.now(), oa, Channel.ZNS, said=said, template=template))


def check_cs(desk: Desk, oa: OfficialAccount, follower: Follower) -> None:
    """Raise the first Refusal that keeps a consultation message from leaving."""
    check(Case(desk.now(), oa, Channel.CS, follower=follower, said=tuple(consents.of_person(oa.oa_id, follower))))


def check(case: Case) -> None:
    """Raise what the first objecting rule says."""
    for rule in RULES:
        if case.channel in rule.channels:
            refusal = rule.objects(case)
            if refusal is not None:
                raise refusal


def ways(desk: Desk, oa: OfficialAccount, follower: Follower) -> list[Way]:
    """All ways to a follower, open ones first, cheapest first."""
    found = [_cs_way(desk, oa, follower), _zns_way(desk, oa, follower)]
    return sorted(found, key=lambda way: (not way.open, way.price is None, way.price or 0))


def goes_at(now: datetime, template: ZnsTemplate) -> datetime | None:
    """When a ZNS of this template leaves if queued now; None: at once. Promotion waits for decent hours."""
    local = now.astimezone(VIETNAM)
    if template.tag.upper() != PROMOTION or PROMOTION_FROM <= local.time() < PROMOTION_TO:
        return None
    return next_time(now, PROMOTION_FROM)


def next_time(now: datetime, at: time) -> datetime:
    """The next moment when clocks in Vietnam show `at`."""
    local = now.astimezone(VIETNAM)
    today = datetime.combine(local.date(), at, VIETNAM)
    found = today if today > local else datetime.combine(local.date() + timedelta(days=1), at, VIETNAM)
    return found.astimezone(now.tzinfo)


def free_until(follower: Follower) -> datetime | None:
    """Until when consultation messages to this person cost nothing; None when no interaction is known."""
    last = last_interaction(follower)
    return last.earliest + FREE if last is not None else None


def _cs_way(desk: Desk, oa: OfficialAccount, follower: Follower) -> Way:
    try:
        check_cs(desk, oa, follower)
    except Refusal as refusal:
        return Way(Channel.CS, False, refusal.key, refusal.values)
    until = free_until(follower)
    if until is None:
        return Way(Channel.CS, True, "way.cs_unknown")
    if until > desk.now():
        return Way(Channel.CS, True, "way.cs_free", {"until": until}, price=0, until=until)
    last = last_interaction(follower)
    return Way(Channel.CS, True, "way.cs_charged", {"last": last.shown if last else None})


def _zns_way(desk: Desk, oa: OfficialAccount, follower: Follower) -> Way:
    usable = templates.listing(oa, only_sendable=True)
    if not follower.phone:
        return Way(Channel.ZNS, False, "way.no_phone")
    if not usable:
        return Way(Channel.ZNS, False, "way.no_template")
    try:
        check_zns(desk, oa, follower.phone, usable[0])
    except Refusal as refusal:
        return Way(Channel.ZNS, False, refusal.key, refusal.values)
    prices = [row.price_phone for row in usable if row.price_phone is not None]
    return Way(Channel.ZNS, True, "way.zns", {"phone": follower.phone}, price=min(prices, default=None))


def _paused(case: Case) -> Refusal | None:
    return Refusal("send.paused", name=case.oa.name) if case.mode is Mode.PAUSED else None


def _disconnected(case: Case) -> Refusal | None:
    row = token_pairs.current(case.oa)
    if row is None:
        return Refusal("oa.no_tokens", name=case.oa.name)
    if row.state == TokenState.NEEDS_REAUTH or case.oa.state == OaState.NEEDS_REAUTH:
        return Refusal("oa.needs_reauth", code=row.error_code, name=case.oa.name)
    return None


def _all_stopped(case: Case) -> Refusal | None:
    standing = stop_all.in_force()
    return Refusal("send.stop_all", by=standing.by, since=standing.since) if standing else None


def _stopped(case: Case) -> Refusal | None:
    if case.oa.stopped_at is None:
        return None
    if case.oa.stopped_code == RECONNECTED:
        return Refusal("oa.late", name=case.oa.name, since=case.oa.stopped_at)
    return Refusal("oa.stopped", code=case.oa.stopped_code, name=case.oa.name, since=case.oa.stopped_at)


def _not_tester(case: Case) -> Refusal | None:
    if case.mode is not Mode.TEST or (case.follower is not None and case.follower.tester):
        return None
    return Refusal("send.not_tester", name=case.oa.name, user=_called(case.follower))


def _blocked(case: Case) -> Refusal | None:
    person = case.follower
    no = consents.objection(case.said, {Scope.CARE})
    if person is None or no is None:
        return None
    if no.source == ConsentSource.ZALO and person.last_interaction_at and person.last_interaction_at > no.at:
        return None  # they wrote again since
    return Refusal("send.blocked", code=no.code, user=_called(person))


def _window_closed(case: Case) -> Refusal | None:
    last = last_interaction(case.follower)
    # Nothing known, or not surely over: Zalo knows better, and says so without harm.
    if last is None or last.latest + WINDOW > case.now:
        return None
    return Refusal("send.window_closed", code="-230", user=_called(case.follower), last=last.shown)


def _not_sendable(case: Case) -> Refusal | None:
    row = case.template
    if row is None or templates.sendable(row):
        return None
    return Refusal(
        "template.not_sendable", template_id=row.template_id, template=row.name, status=row.status, reason=row.reason
    )


def _opted_out(case: Case) -> Refusal | None:
    kind = Scope.PROMOTION if case.template and case.template.tag.upper() == PROMOTION else Scope.CARE
    no = consents.objection(case.said, {kind})
    return Refusal("send.opted_out", code=no.code, since=no.at) if no else None


def _oa_quota(case: Case) -> Refusal | None:
    if case.mode is Mode.TEST or not _today(case.now, case.oa.zns_quota_at):
        return None  # development messages have an allowance of their own
    quota = case.oa.zns_quota or {}
    if quota.get("remaining") != 0 or (quota.get("daily") or _UNLIMITED) <= 0:
        return None  # unlimited is told by a missing, negative or absent number
    return Refusal(
        "send.quota_zns", code="-144", name=case.oa.name, daily=quota["daily"], until=next_time(case.now, time(0))
    )


def _template_quota(case: Case) -> Refusal | None:
    row = case.template
    if row is None or case.mode is Mode.TEST or not _today(case.now, row.synced_at):
        return None
    if row.remaining_quota != 0 or not row.daily_quota or row.daily_quota < 0:
        return None
    return Refusal("send.quota_template", code="-147", template=row.name, until=next_time(case.now, time(0)))


def _today(now: datetime, moment: datetime | None) -> bool:
    return moment is not None and moment.astimezone(VIETNAM).date() == now.astimezone(VIETNAM).date()


def _called(person: Follower | None) -> str:
    return "" if person is None else str(person.nickname or person.display_name or person.user_id)


_CS, _ZNS = frozenset({Channel.CS}), frozenset({Channel.ZNS})
RULES: tuple[Rule, ...] = (
    Rule(_paused),
    Rule(_disconnected),
    Rule(_all_stopped),
    Rule(_stopped),
    Rule(_not_tester, _CS),
    Rule(_blocked, _CS),
    Rule(_window_closed, _CS),
    Rule(_not_sendable, _ZNS),
    Rule(_opted_out, _ZNS),
    Rule(_oa_quota, _ZNS),
    Rule(_template_quota, _ZNS),
)
