"""What a message of staff means for the conversation it belongs to: whoever waited has been answered.

A reply and a single consultation message count, from the moment they were written; what OA Desk sends by itself, tests
and messages to many do not. What people type in Zalo's own chat tool counts by its echo (`conversation_facts`).
"""

from __future__ import annotations

from datetime import datetime

from db import to_ms
from models import Channel, Delivery, DeliveryState, Follower, Origin
from services import conversation_facts, conversations, telling

_ANSWERS = (Origin.REPLY, Origin.SINGLE)
REACHED = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.SEEN)


def reached(now: datetime, row: Delivery) -> None:
    """Zalo took this message: lines from before it was written wait no longer, and staff see who answered.

    A confirmation of our own ends the waiting of the "dừng" it is about. Joins the transaction; safe to repeat.
    """
    if row.origin == Origin.AUTOMATIC:
        conversation_facts.pass_over(row.oa.oa_id, row.recipient)
    if row.channel != Channel.CS or row.origin not in _ANSWERS or row.staff_id is None:
        return
    talk = conversations.of(row.oa.oa_id, row.recipient)
    if talk is None:
        return  # they never wrote: nobody waits
    conversation_facts.answer(talk.oa_id, talk.user_id, to_ms(row.created_at))
    person = Follower.get_or_none(Follower.oa_id == talk.oa_id, Follower.user_id == talk.user_id)
    if person is not None and talk.waiting_since is not None:
        telling.retell(now, person)
