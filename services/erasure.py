"""Forgetting a person who asked for it, at Zalo (`user_withdraw`) or through the owner.

At once, in one transaction: name, picture, phone, shared details, tags, the contact behind the phone, the words of
ratings and refusals, that somebody of staff looks after them, and what is open (`services.erasure_open`): messages that
wait, drafts, questions, the way to send a message once more. Then, piece by piece (`services.erasure_sweep`): chat
messages, what was sent to them, raw events, notices about them.
Counts, states, dates and money stay, without a name. So does whether they follow the OA, which is Zalo's own list.

`Follower.erased_at` keeps the past away: facts that are older, however late they arrive, do not come back, nor does
what Zalo's profile still knows, until the person acts anew. A refusal to receive messages outlives everything: the
contact of a phone that opted out stays, as the bare number, and so does a block that Zalo told of; else we would write
again to the very person who wanted to be left alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import fn

from db import write
from models import ChatMessage, Contact, Conversation, Delivery, Follower, FollowerTag, Rating, Watch
from services import audit, consents, erasure_jobs, erasure_open, notices, opt_outs, ratings
from services.audit import MACHINE, Actor
from services.desk import Desk
from services.erasure_jobs import Job, Shown
from services.erasure_open import sent_to
from services.errors import NotFound


@dataclass(frozen=True)
class Scope:
    """What an erasure will touch, for the question before it."""

    messages: int  # of the chat with this OA
    deliveries: int  # to the user id, and to the phone from every OA
    others: int  # people of other OAs with the same phone, who are not touched
    opted_out: bool  # that they do not want to be written to stays, without their words


def scope(person: Follower) -> Scope:
    """What `erase` of this person would touch."""
    chat = ChatMessage.select().where(ChatMessage.oa_id == person.oa_id, ChatMessage.user_id == person.user_id)
    said = consents.of_person(person.oa_id, person)
    same = Follower.select().where(Follower.phone == person.phone, Follower.id != person.id)
    phones = [person.phone] if person.phone else []
    return Scope(
        messages=chat.count(),
        deliveries=Delivery.select().where(sent_to([(person.oa_id, person.user_id)], phones)).count(),
        others=same.count() if person.phone else 0,
        opted_out=any(word.given is False for word in said),
    )


def erase(desk: Desk, actor: Actor, oa_id: str, user_id: str, shown: Shown | None = None) -> Job:
    """Forget this person of this OA, the contact behind their phone, and what any OA sent to that phone.

    Commits the first part and returns; `run` of `erasure_sweep` does the rest. `shown` is the Telegram message that
    hears of the end. Raises NotFound `follower.unknown`. Safe to call twice.
    """
    with write():
        row = Follower.get_or_none(Follower.oa_id == oa_id, Follower.user_id == user_id)
        if row is None:
            raise NotFound("follower.unknown", oa_id=oa_id)
        return _erase(desk, actor, [row], {row.phone} - {""}, shown)


def erase_phone(desk: Desk, actor: Actor, phone: str, shown: Shown | None = None) -> Job:
    """As `erase`, for everybody who gave this phone to any OA; `phone` as 84901234567.

    Raises NotFound `erase.nobody` when nobody did and nothing was sent there.
    """
    with write():
        rows = list(Follower.select().where(Follower.phone == phone))
        known = Contact.select().where(Contact.phone == phone).exists()
        if not rows and not known and not Delivery.select().where(sent_to([], [phone])).exists():
            raise NotFound("erase.nobody")
        return _erase(desk, actor, rows, {phone}, shown)


def begin(desk: Desk, job: Job) -> Job:
    """The first part of an erasure that was asked for at Zalo; managers are told."""
    now = desk.now()
    with write():
        phones = {forget_person(oa_id, user_id, job.at) for oa_id, user_id in job.people} - {""}
        _forget_contacts(phones)
        job = replace(job, phones=sorted(phones))
        erasure_open.close(desk, erasure_open.reached(job), job.people, job.phones)
        for oa_id, user_id in job.people:
            row = Follower.get(Follower.oa_id == oa_id, Follower.user_id == user_id)
            _record(now, MACHINE, row, "customer.withdrew")
            notices.alert_once(now, "user_withdrawn", f"{row.id}:{job.at:%Y%m%d%H%M%S}", {"oa_id": oa_id})
        return erasure_jobs.save(now, job, begun=True)


def _erase(desk: Desk, actor: Actor, rows: list[Follower], phones: set[str], shown: Shown | None) -> Job:
    people = [(row.oa_id, row.user_id) for row in rows]
    erasure_open.close(desk, sent_to(people, sorted(phones)), people, sorted(phones))
    # Later than whatever was accepted before the questions about the person were gone, so that the long part finds it.
    now = desk.now()
    for row in rows:
        phones |= {forget_person(row.oa_id, row.user_id, now)} - {""}
        _record(now, actor, row, "customer.erased")
    if not rows:
        audit.record(now, actor, "customer.erased", target="phone")
    _forget_contacts(phones)
    return erasure_jobs.add(now, people, sorted(phones), shown)


def _record(now: datetime, actor: Actor, row: Follower, action: str) -> None:
    audit.record(now, actor, action, oa_id=row.oa_id, target=f"follower {row.id}")


def forget_person(oa_id: str, user_id: str, at: datetime) -> str:
    """Empty the person's row as far as it is older than `at`; returns the phone that was in it. Joins the transaction.

    Somebody nobody knew yet gets an empty row, which keeps older facts away.
    """
    mine = (Follower.oa_id == oa_id) & (Follower.user_id == user_id)
    Follower.insert(oa_id=oa_id, user_id=user_id, first_seen_at=at, profile_wanted=False).on_conflict_ignore().execute()
    # Whoever merges facts about the person at this moment is waited for: the row is locked before it is read.
    Follower.update(erased_at=at).where(mine, Follower.erased_at.is_null() | (Follower.erased_at < at)).execute()
    row = Follower.get(mine)
    Follower.update(**_emptied(row, at)).where(Follower.id == row.id).execute()
    FollowerTag.delete().where(
        FollowerTag.oa_id == oa_id, FollowerTag.user_id == user_id, FollowerTag.changed_at <= at
    ).execute()
    consents.forget_words([user_id])
    opt_outs.forget(oa_id, user_id)
    ratings.forget((Rating.oa_id == oa_id) & (Rating.recipient == user_id) & (Rating.at <= at))
    _forget_work(oa_id, user_id, at)
    return str(row.phone) if _is_old(row.phone_at, at) else ""


def _forget_work(oa_id: str, user_id: str, at: datetime) -> None:
    """Who waits for an answer, and who wanted to hear of the person. A line that came after `at` begins anew."""
    theirs = (Conversation.oa_id == oa_id) & (Conversation.user_id == user_id)
    later = Conversation.last_inbound_at > at
    Conversation.delete().where(theirs, ~fn.COALESCE(later, False)).execute()
    Watch.delete().where(Watch.oa_id == oa_id, Watch.user_id == user_id).execute()


def _emptied(row: Follower, at: datetime) -> dict[str, Any]:
    """Columns to empty. What was told later than `at` was told by the person anew, and stays.

    `is_sensitive` stays too: the mark of somebody under age only protects them, and who forgets it treats a child as
    an adult until Zalo happens to be asked again.
    """
    values: dict[str, Any] = {"user_id_by_app": "", "tester": False}
    if _is_old(row.profile_at, at):
        values |= {
            "display_name": "", "nickname": "", "avatar": "", "search_name": "", "last_interaction_on": "",
            "profile_at": None,
        }  # fmt: skip
    if _is_old(row.shared_at, at):
        values |= {"shared_info": None, "shared_at": None, "shared_rank": "", "shared_name": ""}
    if _is_old(row.phone_at, at):
        values |= {"phone": "", "phone_at": None, "phone_rank": "", "contact": None}
    if _is_old(row.last_interaction_at, at):
        values |= {"last_interaction_at": None, "profile_wanted": False, "profile_next_at": None}
    return values


def _is_old(moment: datetime | None, at: datetime) -> bool:
    return moment is None or moment <= at


def _forget_contacts(phones: set[str]) -> None:
    consents.forget_words(phones)
    ratings.forget(Rating.recipient.in_(sorted(phones)))
    for contact in Contact.select().where(Contact.phone.in_(sorted(phones))):
        needed = Follower.select().where(Follower.phone == contact.phone).exists()
        if needed:
            Contact.update(name="").where(Contact.id == contact.id).execute()
        else:
            Contact.delete().where(Contact.id == contact.id).execute()
