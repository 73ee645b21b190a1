"""The life of a delivery: which state may follow which, and telling people about it.

Facts about a message reach us in any order: the answer to the request, Zalo's receipts, our own sweep. Each is applied
on its own and leaves the same end state whatever came before. A state never goes down; a late answer only fills in what
is missing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from db import to_ms, write
from models import Channel, Delivery, DeliveryState, OfficialAccount
from services import answering, notices, prices
from services.errors import NotFound

S = DeliveryState

# To each state: where it may come from.
MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    S.QUEUED: frozenset({S.SENDING}),  # surely not sent, or refused until later
    S.SENDING: frozenset({S.QUEUED}),
    S.SENT: frozenset({S.SENDING, S.UNCERTAIN}),
    # A receipt may overtake the answer, or be the only one to tell that the message left at all. An expired message
    # may still turn out delivered in time: its receipt was late, not the message.
    S.DELIVERED: frozenset({S.SENDING, S.SENT, S.UNCERTAIN, S.EXPIRED}),
    S.SEEN: frozenset({S.SENDING, S.SENT, S.DELIVERED, S.UNCERTAIN, S.EXPIRED}),
    S.FAILED: frozenset({S.QUEUED, S.SENDING, S.UNCERTAIN}),  # uncertain: the refusal came after the lease was over
    S.SKIPPED: frozenset({S.QUEUED}),
    S.EXPIRED: frozenset({S.SENDING, S.SENT, S.UNCERTAIN}),
    S.UNCERTAIN: frozenset({S.SENDING}),
    S.CANCELLED: frozenset({S.QUEUED}),
}
ENDED = (S.SEEN, S.FAILED, S.SKIPPED, S.EXPIRED, S.CANCELLED)
# Asked a little after the timeout: a receipt that is merely slow makes the question needless.
QUESTION_GRACE = timedelta(minutes=5)
_CLOCK_SLACK_MS = 2_000  # our clock against Zalo's
_FREE = {"lease_owner": "", "lease_until": None}
_NO_ERROR = {"held_reason": "", "error_code": "", "error_message": "", "error_class": ""}


def new_tracking_id(now: datetime) -> str:
    """A new id of 24 letters and digits; later ones sort after earlier ones, which keeps its index in few pages."""
    return f"d{to_ms(now):012x}{secrets.token_hex(5)}x"


def move(now: datetime, delivery_id: int, to: DeliveryState, *conditions: Any, **values: Any) -> bool:
    """Bring a delivery into `to` if that is legal from where it is, and show it.

    False when it is not: somebody else got there first, and what stands is at least as new. Joins the transaction.
    """
    if to is not S.SENDING:
        values = {**_FREE, **values}
    if to in ENDED:
        values = {"ended_at": now, "next_attempt_at": None, **values}
    with write():
        legal = Delivery.state.in_(sorted(MOVES[to]))
        moved = Delivery.update(state=to, **values).where(Delivery.id == delivery_id, legal, *conditions).execute()
        if moved and to is not S.SENDING:
            _charge(delivery_id)
            if to in answering.REACHED:
                answering.reached(now, get(delivery_id))
            show(now, delivery_id)
    return bool(moved)


def answered(now: datetime, delivery_id: int, msg_id: str, sent_at: datetime | None, quota_type: str = "") -> bool:
    """Zalo took the message as `msg_id`, and paid it from the allowance `quota_type` if it named one.

    Safe after its receipts; False when nothing is left to say.
    """
    with write():
        row = get(delivery_id)
        sent_at = sent_at or row.attempted_at or now
        _fill(delivery_id, Delivery.msg_id == "", msg_id=msg_id)
        _fill(delivery_id, Delivery.sent_at.is_null(), sent_at=sent_at)
        _fill(delivery_id, Delivery.quota_type == "", quota_type=quota_type)
        _charge(delivery_id)
        return move(now, delivery_id, S.SENT, next_attempt_at=_question_at(row, sent_at), **_NO_ERROR)


def arrived(now: datetime, delivery_id: int, at: datetime, msg_id: str = "") -> bool:
    """The message was on the phone at `at`. After the template's timeout it counts, and costs, as expired."""
    with write():
        row = get(delivery_id)
        _fill(delivery_id, Delivery.msg_id == "", msg_id=msg_id)
        _fill(delivery_id, Delivery.sent_at.is_null(), sent_at=row.attempted_at or now)
        _fill(delivery_id, Delivery.delivered_at.is_null(), delivered_at=at)
        too_late = _too_late(row, at)
        moved = move(now, delivery_id, S.EXPIRED if too_late else S.DELIVERED, next_attempt_at=None, **_NO_ERROR)
        if not moved and row.state == S.SEEN:
            show(now, delivery_id)
        return moved


def looked_at(now: datetime, delivery_id: int, at: datetime, msg_id: str = "") -> bool:
    """The person saw the message."""
    with write():
        row = get(delivery_id)
        _fill(delivery_id, Delivery.msg_id == "", msg_id=msg_id)
        _fill(delivery_id, Delivery.sent_at.is_null(), sent_at=row.attempted_at or now)
        _fill(delivery_id, Delivery.seen_at.is_null(), seen_at=at)
        return move(now, delivery_id, S.SEEN, **_NO_ERROR)


def unknown(now: datetime, delivery_id: int, *conditions: Any) -> bool:
    """Nobody knows whether Zalo took it: it is never sent again by itself, and a person is told."""
    with write():
        if not move(now, delivery_id, S.UNCERTAIN, *conditions, next_attempt_at=None):
            return False
        row = get(delivery_id)
        if row.chat_id is not None:
            notices.post(now, row.chat_id, "uncertain", str(row.id), {"delivery": row.id})
    return True


def show(now: datetime, delivery_id: int) -> None:
    """Post the delivery's newest state to the Telegram message that shows it, if there is one."""
    row = get(delivery_id)
    if row.chat_id is not None:
        notices.post(now, row.chat_id, "delivery", str(row.id), {"delivery": row.id}, row.chat_message_id)


def get(delivery_id: int) -> Delivery:
    """One delivery. Raises NotFound `delivery.unknown`."""
    row = Delivery.get_or_none(Delivery.id == delivery_id)
    if row is None:
        raise NotFound("delivery.unknown")
    return row


def iterate(*, oa_id: str | None = None, chunk: int = 1000) -> Iterator[Delivery]:
    """All of them, oldest first, each with its `oa`, in bounded memory and without one long transaction."""
    last = 0
    while rows := list(_of(oa_id).where(Delivery.id > last).order_by(Delivery.id).limit(chunk)):
        yield from rows
        last = rows[-1].id


def cost(delivery: Delivery) -> int | None:
    """VND with VAT that this delivery has cost so far: 0 for what did not come in time; None while nobody knows."""
    if delivery.state == S.QUEUED:
        return 0
    charged = delivery.charged if delivery.charged is not None else prices.charge(delivery)
    return None if charged is None else prices.with_vat(charged, delivery.vat_percent or 0)


def _fill(delivery_id: int, empty: Any, **values: Any) -> None:
    if all(value not in {"", None} for value in values.values()):
        Delivery.update(**values).where(Delivery.id == delivery_id, empty).execute()


def _charge(delivery_id: int) -> None:
    """Keep what it cost, as far as its row tells now: the answer, the receipts and our own sweep come in any order."""
    Delivery.update(charged=prices.charge(get(delivery_id))).where(Delivery.id == delivery_id).execute()


def _question_at(row: Delivery, sent_at: datetime) -> datetime | None:
    if row.channel != Channel.ZNS or row.timeout_ms is None:
        return None
    return sent_at + timedelta(milliseconds=row.timeout_ms) + QUESTION_GRACE


def _too_late(row: Delivery, at: datetime) -> bool:
    # The attempt, not the answer, is the start: it is known whether or not an answer came. It lies a moment earlier,
    # so a delivery in the last moment of the timeout may be called late.
    start = row.attempted_at or row.sent_at
    if row.channel not in prices.BY_TEMPLATE or row.timeout_ms is None or start is None:
        return False
    return bool(to_ms(at) - to_ms(start) > row.timeout_ms + _CLOCK_SLACK_MS)


def _of(oa_id: str | None) -> Any:
    query = Delivery.select(Delivery, OfficialAccount).join(OfficialAccount)
    return query if oa_id is None else query.where(OfficialAccount.oa_id == oa_id)
