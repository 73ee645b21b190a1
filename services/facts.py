"""The facts events tell, and their way into the tables (by the registers of `services.registers`).

Rows are sorted by key before they are written, so that two workers never wait for each other in a ring.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from db import is_sqlite, to_ms
from services import conversation_facts, erasure_jobs, form_answers, opt_outs, ratings, template_changes, token_loss
from services.form_answers import Answered
from services.opt_outs import Said
from services.ratings import Rated
from services.registers import CONTACTS, HEARD, LINK, MESSAGES, PEOPLE, QUOTA_WANTED, REPORTS, TAGGED, TAGS, TOUCH
from services.rows import chunks, many, marks, one
from services.template_changes import QuotaChanged, TemplateChanged

PULLED = ""  # rank of a fact Zalo's API told: an event of the same millisecond is more exact


class Person(NamedTuple):
    """What one event says about one user. None = says nothing about it. Times are epoch ms."""

    oa_id: str
    user_id: str
    at: int  # somebody with this id existed then
    is_follower: bool | None = None
    follow_at: int | None = None
    follow_rank: str = ""
    interaction_at: int | None = None
    shared_info: str | None = None
    shared_at: int | None = None
    shared_rank: str = ""
    shared_name: str = ""
    phone: str = ""
    phone_at: int | None = None
    phone_rank: str = ""


class Tagged(NamedTuple):
    """Somebody has a tag, or has it no more."""

    oa_id: str
    user_id: str
    name: str
    present: bool
    changed_at: int
    rank: str = PULLED


class TagSeen(NamedTuple):
    """A tag existed at `seen_at`, or was removed at `removed_at`."""

    oa_id: str
    name: str
    seen_at: int | None = None
    removed_at: int | None = None


class Message(NamedTuple):
    """One chat message; `attachments` is JSON text."""

    oa_id: str
    msg_id: str
    user_id: str
    inbound: bool
    kind: str
    text: str
    attachments: str | None
    quote_msg_id: str
    admin_id: str
    at: int


class Report(NamedTuple):
    """What Zalo reported about a message id: delivered, seen or echo."""

    oa_id: str
    msg_id: str
    kind: str
    at: int
    tracking_id: str = ""
    user_id: str = ""
    text_hash: str = ""
    admin_id: str = ""
    echoed: str = ""  # of what kind the echoed message is, as the event's name has it


class Revoked(NamedTuple):
    """The OA took back the permission it had given to an app."""

    oa_id: str
    app_id: str
    at: int


class Withdrawn(NamedTuple):
    """Somebody asked Zalo that the OA forget them."""

    oa_id: str
    user_id: str
    at: int


@dataclass(slots=True)
class Facts:
    """All facts of a batch of events."""

    people: list[Person] = field(default_factory=list)
    tagged: list[Tagged] = field(default_factory=list)
    tags: list[TagSeen] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    rated: list[Rated] = field(default_factory=list)
    templates: list[TemplateChanged] = field(default_factory=list)
    quotas: list[QuotaChanged] = field(default_factory=list)
    heard: dict[str, int] = field(default_factory=dict)  # oa_id -> when an event last arrived, epoch ms

    def __len__(self) -> int:
        return sum(len(getattr(self, kind.name)) for kind in fields(self))


def write_facts(now: datetime, facts: Facts) -> None:
    """Merge everything into the tables, inside the caller's transaction. Safe to repeat, in any order."""
    write_people(now, facts.people)
    # Asked after the rows of the people are locked: an erasure that began before is seen, a later one finds the rest.
    about = {each[:2] for each in facts.tagged} | {(each.oa_id, each.user_id) for each in facts.messages}
    about |= {each[:2] for each in facts.answers} | {each[:2] for each in facts.said}
    gone = erased(about)
    many(TAGGED, sorted(each for each in facts.tagged if each.changed_at > gone.get(each[:2], -1)))
    many(TAGS, sorted(facts.tags, key=lambda tag: tag[:2]))
    kept = [each for each in facts.messages if each.at > gone.get((each.oa_id, each.user_id), -1)]
    many(MESSAGES, [(*each, to_ms(now), _told(each, now)) for each in sorted(kept, key=lambda each: each[:2])])
    conversation_facts.merge(kept)
    alive = (each for each in facts.answers if each.at > gone.get((each.oa_id, each.user_id), -1))
    form_answers.tell(now, alive)
    opt_outs.write(now, [each for each in facts.said if each.at > gone.get((each.oa_id, each.user_id), -1)])
    many(REPORTS, [(*report, to_ms(now)) for report in sorted(facts.reports)])
    for request in sorted(facts.withdrawn):
        erasure_jobs.request(now, *request)
    ratings.record(now, facts.rated)
    template_changes.mark(now, facts.templates)
    _write_oas(now, facts)


def _write_oas(now: datetime, facts: Facts) -> None:
    """OA after OA, as every batch does; of each its token before itself, as whoever saves tokens does."""
    for oa_id in sorted(
        {each.oa_id for each in facts.revoked} | {each.oa_id for each in facts.quotas} | facts.heard.keys()
    ):
        for each in sorted(each for each in facts.revoked if each.oa_id == oa_id):
            token_loss.revoked(now, *each)
        if QuotaChanged(oa_id) in facts.quotas:
            many(QUOTA_WANTED, [(to_ms(now), oa_id)])
        if oa_id in facts.heard:
            many(HEARD, [(facts.heard[oa_id], oa_id, facts.heard[oa_id])])


def write_people(now: datetime, people: Iterable[Person]) -> None:
    """Merge what is known of people; phones they shared become contacts."""
    ordered = sorted(people, key=lambda person: person[:2])
    # On PostgreSQL everything goes through the one statement: two passes over the rows could lock in a ring.
    short = [person for person in ordered if is_sqlite() and not _says_more(person)]
    many(PEOPLE, ordered if not short else [person for person in ordered if _says_more(person)])
    many(TOUCH, [(person.oa_id, person.user_id, person.at, person.interaction_at) for person in short])
    told = [person for person in ordered if person.phone_at is not None]
    gone = erased({person[:2] for person in told})
    reachable = [person for person in told if (person.phone_at or 0) > gone.get(person[:2], -1)]
    many(CONTACTS, [(phone, to_ms(now)) for phone in sorted({person.phone for person in reachable})])
    many(LINK, sorted({(person.oa_id, person.user_id) for person in reachable}))


def erased(people: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Those of these (oa_id, user_id) who had themselves erased, and when (epoch ms)."""
    found: dict[tuple[str, str], int] = {}
    for part in chunks(sorted({user_id for _, user_id in people})):
        sql = f"""SELECT oa_id, user_id, erased_at FROM follower
            WHERE erased_at IS NOT NULL AND user_id IN ({marks(len(part))})"""  # noqa: S608
        found |= {(oa_id, user_id): at for oa_id, user_id, at in one(sql, part).fetchall()}
    return found


def _told(message: Message, now: datetime) -> int | None:
    """Nobody is to be told of what we sent ourselves; `services.telling` tells of the rest."""
    return None if message.inbound or message.admin_id else to_ms(now)


def _says_more(person: Person) -> bool:
    return person.follow_at is not None or person.shared_at is not None or person.phone_at is not None


def as_json(value: Any) -> str:
    """JSON text the way `db.JsonText` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
