"""What is left of a message when its content is forgotten: who sent what kind, when, how it ended and what it cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from peewee import fn

from db import JsonText
from models import Channel, ChatMessage, Delivery
from services import phones
from services.errors import Conflict
from services.rows import many

MARK = "forgotten"
# A template is no personal data, and costs are counted by it.
_KEPT = ("template_id", "template_name")
_JSON = JsonText()
FILLED = (ChatMessage.text != "") | ChatMessage.attachments.is_null(False)


def chat_messages(which: Any) -> int:
    """Empty these rows of ChatMessage; returns how many had something in them. Joins the transaction.

    Staff are not told of them any more.
    """
    told = fn.COALESCE(ChatMessage.told_at, ChatMessage.at)
    empty = {"text": "", "attachments": None, "quote_msg_id": "", "told_at": told}
    return int(ChatMessage.update(**empty).where(which, FILLED).execute())


def deliveries(which: Any, recipient: Callable[[Delivery], str]) -> int:
    """Empty these rows of Delivery and write what `recipient` says in place of each recipient.

    Returns how many were not empty before; joins the transaction. State, times, price, ids and template stay: money and
    statistics need nothing else. Never give it an open one: what is still to be sent would have no content any more.
    """
    columns = (Delivery.id, Delivery.channel, Delivery.recipient, Delivery.recipient_name, Delivery.content)
    rows = [(row, _rest(row), recipient(row)) for row in Delivery.select(*columns).where(which)]
    changed = [
        (_JSON.db_value(rest), to, row.id)
        for row, rest, to in rows
        if (row.content, row.recipient_name, row.recipient) != (rest, "", to)
    ]
    many("UPDATE delivery SET content = ?, recipient_name = '', recipient = ? WHERE id = ?", changed)
    return len(changed)


def seal(which: Any) -> None:
    """Let nobody send these rows once more, though what they hold is emptied only later; joins the transaction.

    One under way is still recognised by its wording, and may be sent to its end.
    """
    rows = list(Delivery.select(Delivery.id, Delivery.content).where(which).order_by(Delivery.id))
    many(
        "UPDATE delivery SET content = ? WHERE id = ?",
        [(_JSON.db_value({**row.content, MARK: True}), row.id) for row in rows if not is_forgotten(row)],
    )


def is_forgotten(row: Delivery) -> bool:
    """Whether the content is gone or about to go: nothing can be sent from it once more."""
    return bool(row.content.get(MARK))


def check(row: Delivery) -> None:
    """Raises Conflict `delivery.forgotten` when there is nothing left to send once more."""
    if is_forgotten(row):
        raise Conflict("delivery.forgotten")


def mask(row: Delivery) -> str:
    """The recipient of an old message: of a phone number its ends, by which somebody recognises a bill's line.

    A user id stays. It is Zalo's name for the person at this one OA, and stands in the list of followers anyway.
    """
    hidden = row.channel != Channel.ZNS or "*" in row.recipient
    return row.recipient if hidden or not row.recipient else phones.mask(row.recipient)


def shown_recipient(row: Delivery) -> str:
    """The recipient for screens that do not show it in full, whether or not it is forgotten."""
    if row.channel == Channel.ZNS:
        return mask(row) or "…"
    return f"…{row.recipient[-4:]}"


def nobody(row: Delivery) -> str:
    """The recipient of a message whose person is erased."""
    return ""


def _rest(row: Delivery) -> dict[str, Any]:
    return {name: row.content[name] for name in _KEPT if name in row.content} | {MARK: True}
