"""The names callers had before there were verdicts, until the last of them has moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import Channel, Consent, Follower, OfficialAccount, SendClass, ZnsTemplate
from services import templates
from services.desk import Desk
from services.interaction import last_interaction
from services.preflight.facts import Facts, PersonFacts
from services.preflight.judge import judge
from services.preflight.reading import facts, oa_facts
from services.preflight.tags import class_of_tag, is_promotion
from services.preflight.verdicts import Answer, Held, Letter, Verdict
from services.preflight.ways import ways
from services.preflight.windows import FREE, PROMOTION_FROM, Hours, is_open, next_time


@dataclass(frozen=True)
class Case:
    """One message that wants to leave, with all that is known about it."""

    now: datetime
    oa: OfficialAccount
    channel: Channel
    follower: Follower | None = None
    said: tuple[Consent, ...] = ()
    template: ZnsTemplate | None = None


@dataclass(frozen=True)
class Way:
    """One way to a person. Closed ones say why by `key` (the Refusal's), open ones what it costs."""

    channel: Channel
    open: bool
    key: str
    values: dict[str, Any] = field(default_factory=dict)
    price: int | None = None
    until: datetime | None = None


def check_zns(desk: Desk, oa: OfficialAccount, phone: str, template: ZnsTemplate) -> None:
    """Raise the Refusal that keeps a ZNS of `template` to `phone` (84...) from leaving today."""
    letter = Letter(Channel.ZNS, "template", class_of_tag(template.tag), template)
    _raise(judge(facts(desk, oa, phone=phone), letter))


def check_cs(desk: Desk, oa: OfficialAccount, follower: Follower) -> None:
    """Raise the Refusal that keeps a consultation message from leaving."""
    _raise(judge(facts(desk, oa, follower=follower), Letter(Channel.CS, "text", SendClass.CARE)))


def check_case(case: Case) -> None:
    """Raise what stands against it."""
    person = case.follower
    known = PersonFacts(
        phone="somebody's",
        user_id=person.user_id if person is not None else "somebody's",
        tester=person is not None and person.tester,
        last=last_interaction(person),
        said=case.said,
    )
    kind = class_of_tag(case.template.tag) if case.template is not None else SendClass.CARE
    letter = Letter(Channel(case.channel), "template" if case.template else "text", kind, case.template)
    _raise(judge(Facts(case.now, oa_facts(case.oa), known), letter))


def former_ways(desk: Desk, oa: OfficialAccount, follower: Follower) -> list[Way]:
    """Consultation and ZNS."""
    found = ways(facts(desk, oa, follower=follower), templates.listing(oa, only_sendable=True))
    wanted = [each for each in found if each.letter.kind == "text" or each.letter.channel == Channel.ZNS]
    return [_way(follower, each) for each in wanted if not each.letter.promotes]


def _way(follower: Follower, verdict: Verdict) -> Way:
    channel = verdict.letter.channel
    if verdict.refusal is not None:
        return Way(channel, False, verdict.refusal.key, verdict.refusal.values)
    if channel == Channel.ZNS:
        return Way(channel, True, "way.zns", {"phone": follower.phone}, price=verdict.price)
    if verdict.free_until is not None:
        return Way(channel, True, "way.cs_free", {"until": verdict.free_until}, price=0, until=verdict.free_until)
    return Way(channel, True, "way.cs_charged" if last_interaction(follower) else "way.cs_unknown")


def goes_at(now: datetime, template: ZnsTemplate) -> datetime | None:
    """When a ZNS of this template leaves if queued now; None: at once. Promotion waits for decent hours."""
    if not is_promotion(template.tag) or is_open(now, Hours()):
        return None
    return next_time(now, PROMOTION_FROM)


def free_until(follower: Follower) -> datetime | None:
    """Until when consultation messages to this person cost nothing; None when no interaction is known."""
    last = last_interaction(follower)
    return last.earliest + FREE if last is not None else None


def _raise(verdict: Verdict) -> None:
    waits_for_hours = verdict.answer is Answer.LATER and verdict.held is Held.NIGHT
    if verdict.refusal is not None and not waits_for_hours:
        raise verdict.refusal
