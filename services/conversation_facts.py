"""Who waits for an answer, merged from chat messages in any order: the conversation row follows from the lines.

Somebody waits since the first of their lines that is later than the last answer and than the moment staff called it
done. An answer is a person's: typed here, or in Zalo's own chat tool (an echo with an admin id). A "dừng" waits for
nobody once Zalo took our confirmation of it.
"""
# ruff: noqa: S608 - statements are put together from the names of this file only, values are parameters

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models import ChatMessage
from services import opt_outs
from services.opt_outs import Meaning
from services.phone_finding import find_phone
from services.rows import chunks, many, marks, one

if TYPE_CHECKING:
    from services.facts import Message

TEXT_KEPT = 120  # characters of the last line, for lists


@dataclass(slots=True)
class _Talk:
    """What a batch says about one conversation. Times are epoch ms, 0 for never."""

    inbound: list[int]  # what waits unless it was answered
    answered_at: int = 0
    last_at: int = -1
    kind: str = ""
    text: str = ""
    phone: bool = False

    def row(self, oa_id: str, user_id: str) -> tuple[object, ...]:
        waiting = min((at for at in self.inbound if at > self.answered_at), default=None)
        last = self.last_at if self.last_at >= 0 else None
        return (oa_id, user_id, waiting, last, self.answered_at or None, self.kind, self.text, self.phone)


def _later(one: str, other: str) -> str:
    return f"(CASE WHEN {one} >= {other} THEN {one} ELSE {other} END)"


def _known(column: str) -> str:
    return f"COALESCE({column}, 0)"


_ANSWERED = _later(_known("conversation.last_outbound_at"), _known("excluded.last_outbound_at"))
_SETTLED = _later(_ANSWERED, _known("conversation.done_at"))
_LAST = _later(_known("conversation.last_inbound_at"), _known("excluded.last_inbound_at"))
_NEWER = f"{_known('excluded.last_inbound_at')} > {_known('conversation.last_inbound_at')}"
# A "dừng" whose confirmation reached the customer.
_CONFIRMED = """EXISTS (SELECT 1 FROM delivery
      WHERE delivery.id = line.confirmed_by AND delivery.state IN ('sent', 'delivered', 'seen'))"""
_WAITS = f"""CASE
    WHEN conversation.waiting_since IS NULL AND excluded.waiting_since IS NULL THEN NULL
    WHEN {_LAST} <= {_SETTLED} THEN NULL
    WHEN conversation.waiting_since > {_SETTLED} THEN
      CASE WHEN excluded.waiting_since > {_SETTLED} AND excluded.waiting_since < conversation.waiting_since
        THEN excluded.waiting_since ELSE conversation.waiting_since END
    WHEN conversation.waiting_since IS NULL AND excluded.waiting_since > {_SETTLED} THEN excluded.waiting_since
    ELSE (SELECT line.at FROM chat_message AS line
      WHERE line.oa_id = conversation.oa_id AND line.user_id = conversation.user_id AND line.inbound
        AND line.at > {_SETTLED} AND NOT {_CONFIRMED} ORDER BY line.at LIMIT 1) END"""
CONVERSATIONS = f"""
INSERT INTO conversation (oa_id, user_id, waiting_since, last_inbound_at, last_outbound_at, last_kind, last_text,
  has_phone)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (oa_id, user_id) DO UPDATE SET
  waiting_since = {_WAITS},
  last_inbound_at = NULLIF({_LAST}, 0),
  last_outbound_at = NULLIF({_ANSWERED}, 0),
  last_kind = CASE WHEN {_NEWER} THEN excluded.last_kind ELSE conversation.last_kind END,
  last_text = CASE WHEN {_NEWER} THEN excluded.last_text ELSE conversation.last_text END,
  has_phone = excluded.has_phone OR (conversation.has_phone AND {_known("conversation.waiting_since")} > {_SETTLED})
"""
# Who waited since a confirmed "dừng" waits since the next line, if there is one.
_PASS_OVER = f"""
UPDATE conversation SET waiting_since = (SELECT line.at FROM chat_message AS line
  WHERE line.oa_id = conversation.oa_id AND line.user_id = conversation.user_id AND line.inbound
    AND line.at >= conversation.waiting_since AND NOT {_CONFIRMED} ORDER BY line.at LIMIT 1)
WHERE oa_id = ? AND user_id = ? AND EXISTS (SELECT 1 FROM chat_message AS line
  WHERE line.oa_id = conversation.oa_id AND line.user_id = conversation.user_id AND line.inbound
    AND line.at = conversation.waiting_since AND {_CONFIRMED})
"""


def merge(messages: Iterable[Message]) -> None:
    """Bring the conversations of these chat messages up to date, in one statement, after the messages are stored.

    Inside the caller's transaction. Safe to repeat, in any order. Our own echoes say nothing.
    """
    talks: dict[tuple[str, str], _Talk] = {}
    messages = list(messages)
    confirmed = _confirmed(messages)
    for message in messages:
        if message.inbound:
            talk = talks.setdefault((message.oa_id, message.user_id), _Talk([]))
            _heard(talk, message, (message.oa_id, message.msg_id) not in confirmed)
        elif message.admin_id:
            talk = talks.setdefault((message.oa_id, message.user_id), _Talk([]))
            talk.answered_at = max(talk.answered_at, message.at)
    many(CONVERSATIONS, [talks[key].row(*key) for key in sorted(talks)])


def _confirmed(messages: Iterable[Message]) -> set[tuple[str, str]]:
    """Those of these lines that are a confirmed "dừng", as a replay brings them; asked only where the word is there."""
    stops = {each[:2] for each in messages if each.inbound and opt_outs.meaning(each.text) is Meaning.STOP}
    found: set[tuple[str, str]] = set()
    for some in chunks(sorted(stops), columns=2):
        oas, ids = zip(*some, strict=True)
        wanted = f"oa_id IN ({marks(len(oas))}) AND msg_id IN ({marks(len(ids))})"
        sql = f"SELECT oa_id, msg_id FROM chat_message AS line WHERE {wanted} AND {_CONFIRMED}"
        found |= {(oa_id, msg_id) for oa_id, msg_id in one(sql, [*oas, *ids]).fetchall()}
    return found


def _heard(talk: _Talk, message: Message, waits: bool) -> None:
    if waits:
        talk.inbound.append(message.at)
    if message.at > talk.last_at:
        talk.last_at, talk.kind, talk.text = message.at, message.kind, message.text[:TEXT_KEPT]
    talk.phone = talk.phone or find_phone(message.text) is not None


def confirm(oa_id: str, user_id: str, until: datetime, delivery_id: int) -> None:
    """The delivery confirms every "dừng" of this person within the hour before `until`, once Zalo takes it.

    Joins the caller's transaction; safe to repeat.
    """
    mine = (ChatMessage.oa_id == oa_id, ChatMessage.user_id == user_id, ChatMessage.inbound, ChatMessage.kind == "text")
    fresh = (ChatMessage.at > until - opt_outs.ANSWER_WITHIN, ChatMessage.at <= until)
    lines = ChatMessage.select(ChatMessage.id, ChatMessage.text).where(*mine, *fresh)
    stops = [line.id for line in lines if opt_outs.meaning(line.text) is Meaning.STOP]
    ChatMessage.update(confirmed_by=delivery_id).where(ChatMessage.id.in_(stops)).execute()
    pass_over(oa_id, user_id)


def pass_over(oa_id: str, user_id: str) -> None:
    """Let a confirmed "dừng" of this person wait no longer; other lines do. Joins the transaction, safe to repeat."""
    many(_PASS_OVER, [(oa_id, user_id)])


def answer(oa_id: str, user_id: str, at: int) -> None:
    """A person of staff answered at `at` (epoch ms); joins the caller's transaction, safe to repeat, in any order."""
    many(CONVERSATIONS, [_Talk([], answered_at=at).row(oa_id, user_id)])
