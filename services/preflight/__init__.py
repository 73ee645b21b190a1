"""May this message leave now, not before a time, or not at all; what does it cost; what else would reach the person?

Asked before the preview, again when the yes comes, and a last time by the sender. Everything is known locally: nothing
is asked of Zalo. The facts are read once (`facts`), and `judge` is a pure function of them and of the letter. Where
Zalo's rule is uncertain, or a date is known only to the day, the letter goes, and the verdict's notes say so.

Refusals a verdict may carry: send.paused {name}, oa.no_tokens {name}, oa.needs_reauth {name}, send.stop_all {by,
since}, oa.late {name, since}, oa.stopped {name, since}, send.older_way {name}, send.template_way {name}, way.no_phone,
way.no_user, way.no_template, template.not_sendable {template_id, template, status, reason}, template.not_by_user
{template_id, template}, template.kind_not_allowed {template, name}, send.not_tester {name, user}, send.blocked,
send.opted_out, send.said_no_customer and send.said_no_staff {user, since}, send.under_age {user}, send.not_following
{user}, send.never_interacted {user}, send.window_closed and send.year_over {user, last}, send.window_refused {user,
since}, send.hours {begin, end, until}, send.night {template, until}, send.quota_zns {name, daily, until},
send.quota_template {template, until}, send.quota_month {name, total, until}, send.person_today and send.person_month
{had, until}.
"""

from __future__ import annotations

from models import Channel, Delivery, Follower, OfficialAccount, SendClass, ZnsTemplate
from services import templates
from services.desk import Desk
from services.preflight.facts import Facts, OaFacts, PersonFacts
from services.preflight.judge import judge
from services.preflight.people import Wanted
from services.preflight.reading import PROMOTION_HOURS, facts, facts_of, oa_facts, promotion_hours
from services.preflight.tags import class_of_tag
from services.preflight.verdicts import Answer, Held, Letter, Note, Verdict
from services.preflight.ways import every_way
from services.preflight.windows import NIGHT_END

__all__ = [
    "NIGHT_END",
    "PROMOTION_HOURS",
    "Answer",
    "Facts",
    "Held",
    "Letter",
    "Note",
    "OaFacts",
    "PersonFacts",
    "Verdict",
    "Wanted",
    "check",
    "class_of_tag",
    "facts",
    "facts_of",
    "judge",
    "letter_of",
    "oa_facts",
    "of_delivery",
    "promotion_hours",
    "ways",
]


def check(
    desk: Desk, oa: OfficialAccount, letter: Letter, *, phone: str = "", follower: Follower | None = None
) -> Verdict:
    """The verdict on one letter. Raises its Refusal on NO; LATER comes back with `until`, and `held` for the row."""
    return _raising(judge(facts(desk, oa, phone=phone, follower=follower), letter))


def ways(desk: Desk, oa: OfficialAccount, *, phone: str = "", follower: Follower | None = None) -> list[Verdict]:
    """Every way to this person: open ones first, cheapest first; then LATER by their time; then NO with reasons."""
    return every_way(facts(desk, oa, phone=phone, follower=follower), templates.listing(oa, only_sendable=True))


def of_delivery(desk: Desk, row: Delivery) -> Verdict:
    """The verdict on a delivery that is about to be sent; itself it does not count. Raises its Refusal on NO."""
    follower = None
    if row.channel != Channel.ZNS:
        follower = Follower.get_or_none(Follower.oa_id == row.oa.oa_id, Follower.user_id == row.recipient)
    phone = row.recipient if row.channel == Channel.ZNS else ""
    return _raising(judge(facts(desk, row.oa, phone=phone, follower=follower, before=row.id), letter_of(row)))


def letter_of(row: Delivery) -> Letter:
    """What a delivery is, as the rules look at it."""
    template = None
    if row.channel in (Channel.ZNS, Channel.UID):
        wanted = (ZnsTemplate.oa == row.oa_id, ZnsTemplate.template_id == row.content["template_id"])
        template = ZnsTemplate.get_or_none(*wanted)
    return Letter(Channel(row.channel), row.kind, SendClass(row.send_class), template, row.development)


def _raising(verdict: Verdict) -> Verdict:
    if verdict.answer is Answer.NO and verdict.refusal is not None:
        raise verdict.refusal
    return verdict
