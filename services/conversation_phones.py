"""A number a customer wrote in a chat, kept as if they had shared it."""

from __future__ import annotations

from datetime import datetime

from db import to_ms, write
from models import ChatMessage, Follower
from services import audit, phones
from services.audit import Actor
from services.errors import Conflict, NotFound
from services.facts import Person, write_people
from services.phone_finding import find_phone

RANK = "staff"  # of two facts of the same millisecond what the customer shared through Zalo's form wins


def written(person: Follower, limit: int = 30) -> tuple[str, datetime] | None:
    """The number in the latest of their last lines that holds one, and when it was written; None when none does."""
    mine = (ChatMessage.oa_id == person.oa_id, ChatMessage.user_id == person.user_id, ChatMessage.inbound)
    for line in ChatMessage.select().where(*mine).order_by(ChatMessage.at.desc()).limit(limit):
        found = find_phone(line.text)
        if found and not (person.erased_at and line.at <= person.erased_at):
            return found, line.at
    return None


def save(now: datetime, actor: Actor, person: Follower, phone: str, at: datetime, *, replace: str = "") -> Follower:
    """Keep `phone` (84901234567), written at `at`, as the person's; the contact behind it is made. Audited.

    Raises Conflict `inbox.other_phone` (old, new: masked) when there is another number, unless that is `replace`: what
    the person of staff was shown and said yes to. Safe to repeat.
    """
    with write():
        row = Follower.get_or_none(Follower.id == person.id)
        if row is None:
            raise NotFound("follower.unknown", oa_id=person.oa_id)
        if row.phone and row.phone != phone and row.phone != replace:
            raise Conflict("inbox.other_phone", old=phones.mask(row.phone), new=phones.mask(phone))
        # A yes of staff counts from when it was given: the old number may be younger than the words in the chat.
        moment = to_ms(now if row.phone and row.phone != phone else at)
        told = Person(row.oa_id, row.user_id, to_ms(at), phone=phone, phone_at=moment, phone_rank=RANK)
        write_people(now, [told])
        audit.record(
            now, actor, "customer.number_saved", oa_id=row.oa_id, target=phones.mask(phone), detail={"row": row.id}
        )
        kept: Follower = Follower.get_by_id(row.id)
        return kept
