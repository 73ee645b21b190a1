"""Joins what Zalo reported to what we sent, whichever of the two was there first.

A receipt and the answer to our request are committed by different processes in any order. Each side commits, then looks
for the other; whoever comes second finds it, and the sweep repeats the look for the case that both looked too early.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from db import write
from models import Channel, Delivery, DeliveryState, OfficialAccount, Receipt
from services import deliveries
from services.events import text_hash

# An echo belongs to an attempt only if Zalo's time of it lies in here, seen from the attempt.
ECHO_FROM, ECHO_TO = timedelta(seconds=-10), timedelta(minutes=3)
# As what kind a message of ours comes back in an event's name (webhooks.md F2). Which name a form, a template or a text
# with buttons gets is not recorded: either of these may be it.
_STRUCTURED = frozenset({"template", "list"})
_BY_ITS_OWN_NAME = frozenset({"text", "image", "gif", "file"})
_LATE = timedelta(hours=2)  # Zalo repeats an event it could not deliver for about that long
_ORDER = {"echo": 0, "delivered": 1, "seen": 2}


def settle(now: datetime, keys: Iterable[tuple[str, str]]) -> int:
    """Apply the unmatched Receipt rows of these (oa_id, msg_id) to their deliveries; returns how many were joined.

    Each message is joined in a transaction of its own; those of messages that are not ours cost a few reads. Safe to
    call twice and from several processes.
    """
    return sum(_settle_one(now, oa_id, msg_id) for oa_id, msg_id in dict.fromkeys(keys))


def sweep(now: datetime, window: timedelta = timedelta(minutes=10)) -> int:
    """Look again for the deliveries of receipts that came in the last `window` and are still unmatched."""
    fresh = (Receipt.delivery.is_null()) & (Receipt.created_at > now - window)
    ours = OfficialAccount.oa_id == Receipt.oa_id
    keys = Receipt.select(Receipt.oa_id, Receipt.msg_id).join(OfficialAccount, on=ours)
    by_msg = keys.join(Delivery, on=(Delivery.oa == OfficialAccount.id) & (Delivery.msg_id == Receipt.msg_id))
    by_tracking = keys.join(
        Delivery, on=(Delivery.oa == OfficialAccount.id) & (Delivery.tracking_id == Receipt.tracking_id)
    )
    echoes = keys.join(Delivery, on=(Delivery.oa == OfficialAccount.id) & (Delivery.recipient == Receipt.user_id))
    queries: list[Any] = [
        by_msg.where(fresh),
        by_tracking.where(fresh, Receipt.tracking_id != ""),
        echoes.where(fresh, Receipt.kind == "echo", Delivery.state == DeliveryState.UNCERTAIN),
    ]
    return settle(now, [(row.oa_id, row.msg_id) for query in queries for row in query])


def look_for(now: datetime, row: Delivery) -> int:
    """Settle what was reported, at any time since its attempt, about a message whose outcome is not known."""
    since = row.attempted_at + ECHO_FROM
    echo = (Receipt.kind == "echo") & (Receipt.oa_id == row.oa.oa_id) & (Receipt.user_id == row.recipient)
    mine = (Receipt.tracking_id == row.tracking_id) | (echo & (Receipt.at <= row.attempted_at + ECHO_TO))
    found = Receipt.select(Receipt.oa_id, Receipt.msg_id).where(
        Receipt.delivery.is_null(), Receipt.created_at >= since, mine
    )
    return settle(now, [(receipt.oa_id, receipt.msg_id) for receipt in found])


def _settle_one(now: datetime, oa_id: str, msg_id: str) -> int:
    if _delivery_of(oa_id, msg_id, _unmatched(oa_id, msg_id)) is None:
        return 0  # most messages of an OA are not ours; no write lock for those
    with write():
        rows = _unmatched(oa_id, msg_id)
        delivery_id = _delivery_of(oa_id, msg_id, rows)
        if delivery_id is None:
            return 0
        for row in sorted(rows, key=lambda row: _ORDER.get(row.kind, 3)):
            _apply(now, delivery_id, row)
        Receipt.update(delivery=delivery_id).where(Receipt.id.in_([row.id for row in rows])).execute()
        return len(rows)


def _unmatched(oa_id: str, msg_id: str) -> list[Receipt]:
    wanted = (Receipt.oa_id == oa_id) & (Receipt.msg_id == msg_id) & Receipt.delivery.is_null()
    return list(Receipt.select().where(wanted))


def _apply(now: datetime, delivery_id: int, row: Receipt) -> None:
    if row.kind == "delivered":
        deliveries.arrived(now, delivery_id, row.at, row.msg_id)
    elif row.kind == "seen":
        deliveries.looked_at(now, delivery_id, row.at, row.msg_id)
    elif row.kind == "echo":
        deliveries.answered(now, delivery_id, row.msg_id, row.at)


def _delivery_of(oa_id: str, msg_id: str, rows: list[Receipt]) -> int | None:
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == oa_id) if rows else None
    if oa is None:
        return None
    known = Delivery.get_or_none(Delivery.oa == oa.id, Delivery.msg_id == msg_id)
    if known is not None:
        return int(known.id)
    tracking = next((row.tracking_id for row in rows if row.tracking_id), "")
    if tracking:
        # The tracking id is ours and new for every attempt, so it proves the message even without an answer.
        named = Delivery.get_or_none(Delivery.tracking_id == tracking, Delivery.oa == oa.id)
        return int(named.id) if named is not None else None
    echoed = (_echoed(oa, row) for row in rows if row.kind == "echo")
    return next((found for found in echoed if found is not None), None)


def _echoed(oa: OfficialAccount, echo: Receipt) -> int | None:
    """The one uncertain message this echo can belong to; None when there is none, or more than one."""
    if echo.admin_id or not echo.user_id:
        return None  # typed by a person in Zalo's own chat tool
    candidates = [
        row
        for row in Delivery.select().where(
            Delivery.oa == oa.id,
            Delivery.channel != Channel.ZNS,
            Delivery.recipient == echo.user_id,
            # One under way may be the one echoed, its answer still on the road: a resend of the same words, say.
            Delivery.state.in_([DeliveryState.UNCERTAIN, DeliveryState.SENDING]),
            Delivery.msg_id == "",
            Delivery.attempted_at.between(echo.at - ECHO_TO, echo.at - ECHO_FROM),
        )
        if _may_be(row, echo)
    ]
    sure = len(candidates) == 1 and candidates[0].state == DeliveryState.UNCERTAIN and _only_echo(echo)
    return int(candidates[0].id) if sure else None


def _may_be(row: Delivery, echo: Receipt) -> bool:
    """Whether the echo is of the delivery's kind and says the same; pictures, files and forms show no text of ours."""
    said, buttons = text_hash(row.content.get("text")), row.content.get("buttons")
    if echo.echoed == "" or (row.kind == "text" and not buttons):
        return bool(said) and said == echo.text_hash and echo.echoed in {"", row.kind}
    kinds = {row.kind} if row.kind in _BY_ITS_OWN_NAME else set()
    if not kinds or buttons:
        kinds |= _STRUCTURED
    return echo.echoed in kinds and (said == echo.text_hash or not echo.text_hash)


def _only_echo(echo: Receipt) -> bool:
    """Whether no other echo without words could as well be of the same message: then nobody can tell them apart."""
    if echo.text_hash:
        return True
    others = Receipt.select().where(
        Receipt.oa_id == echo.oa_id,
        Receipt.user_id == echo.user_id,
        Receipt.kind == "echo",
        Receipt.echoed == echo.echoed,
        Receipt.text_hash == "",
        Receipt.admin_id == "",
        Receipt.delivery.is_null(),
        Receipt.id != echo.id,
        Receipt.created_at >= echo.created_at - _LATE,  # for the index of what is unmatched
        Receipt.at.between(echo.at - ECHO_TO, echo.at + ECHO_TO),
    )
    return not others.exists()
