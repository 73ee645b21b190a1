"""What customers say about advertising in their own words: "dừng" ends it at once, "nhận" brings it back.

Only the whole message counts: exactly one of the words, whatever its case and the signs around it. A longer sentence
with "hủy" in it may be about an appointment, so staff are asked. What was said is recorded in the transaction of the
message itself; the answer to the customer is `services.opt_out_replies`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from db import from_ms
from models import Consent, ConsentSource, Follower, Role, Scope, Setting
from services import consents, notices
from services.consents import EVERYWHERE, Statement
from services.rows import chunks


class Meaning(StrEnum):
    """What a message says about being written to."""

    STOP = "stop"
    RETURN = "return"
    UNCLEAR = "unclear"  # "hủy" with other words: an appointment, or our messages?


# "hủy" and "huỷ" are the same word: the mark may stand over either letter.
STOP_WORDS = frozenset({"dừng", "dung", "stop", "từ chối", "tu choi", "không nhận", "hủy nhận tin", "huỷ nhận tin"})
RETURN_WORDS = frozenset({"nhận", "nhan"})
_CANCEL = re.compile(r"\b(hủy|huỷ)\b")
_LONGEST_WORD = 60  # characters, with the signs around it
STOPPED, RETURNED, ASKED = "opted_out", "opted_in", "stop_or_cancel"  # notices
NOTICES = (STOPPED, RETURNED, ASKED)
TOLD_FOR = timedelta(days=7)  # what comes to light later than this is kept, and nobody is woken for it
ANSWER_WITHIN = timedelta(hours=1)
TO_ANSWER = "opt_out_reply:"  # settings: what is to be answered still; each stays for seconds, as a rule


class Said(NamedTuple):
    """Somebody's words about being written to, at `at` (epoch ms)."""

    oa_id: str
    user_id: str
    at: int
    msg_id: str
    text: str
    meaning: str


class _Known(NamedTuple):
    """The row of a person, and their phone if it is known."""

    row: int
    phone: str


_Words = dict[tuple[str, str], Consent]  # by oa_id and recipient


def meaning(text: str | None) -> Meaning | None:
    """What a message means, None for nearly all of them."""
    words = unicodedata.normalize("NFC", text or "").lower()
    if len(words) <= _LONGEST_WORD:
        bare = " ".join(_without_signs(words).split())
        if bare in STOP_WORDS:
            return Meaning.STOP
        if bare in RETURN_WORDS:
            return Meaning.RETURN
    return Meaning.UNCLEAR if _CANCEL.search(words) else None


def _without_signs(text: str) -> str:
    kept = [at for at, char in enumerate(text) if char.isalnum()]
    return text[kept[0] : kept[-1] + 1] if kept else ""


def write(now: datetime, said: Iterable[Said]) -> None:
    """Record these words and tell operators. Joins the caller's transaction; safe to repeat, in any order.

    A word of a user id holds for that OA, and for their phone, if it is known, over all OAs.
    """
    ordered = sorted(said)
    if not ordered:
        return
    people = _people(ordered)
    words = _standing({*(each.user_id for each in ordered), *(known.phone for known in people.values())})
    for each in ordered:
        known = people.get((each.oa_id, each.user_id))
        if known is not None:
            _WRITERS[Meaning(each.meaning)](now, each, known, words)


def _people(said: list[Said]) -> dict[tuple[str, str], _Known]:
    found: dict[tuple[str, str], _Known] = {}
    columns = (Follower.oa_id, Follower.user_id, Follower.id, Follower.phone)
    for part in chunks(sorted({each.user_id for each in said})):
        rows: Any = Follower.select(*columns).where(Follower.user_id.in_(part)).tuples()
        found |= {(oa_id, user_id): _Known(row, phone) for oa_id, user_id, row, phone in rows}
    return found


def _standing(recipients: set[str]) -> _Words:
    found: _Words = {}
    for part in chunks(sorted(recipients - {""})):
        rows = Consent.select().where(Consent.recipient.in_(part), Consent.scope == Scope.PROMOTION)
        found |= {(row.oa_id, row.recipient): row for row in rows}
    return found


def _stop(now: datetime, said: Said, known: _Known, words: _Words) -> None:
    told = words.get((said.oa_id, said.user_id))
    again = told is not None and told.given is False
    beaten = told is not None and told.at > from_ms(said.at)
    _record(said, known, False, words)
    if not beaten and not again:
        _tell(now, STOPPED, said, known)
    if not beaten:
        _want_answer(now, said)


def _return(now: datetime, said: Said, known: _Known, words: _Words) -> None:
    """In a chat "nhận" mostly means something else: it is a yes only to somebody who had said no before.

    Without that the word is noted without a yes, so that an older "dừng" arriving late does not beat it.
    """
    told = [words[key] for key in _keys(said, known) if key in words]
    returns = any(word.given is False and word.at <= from_ms(said.at) for word in told)
    _record(said, known, True if returns else None, words)
    if returns:
        _tell(now, RETURNED, said, known)
        _want_answer(now, said)


def _ask(now: datetime, said: Said, known: _Known, words: _Words) -> None:
    _tell(now, ASKED, said, known)


def _keys(said: Said, known: _Known) -> list[tuple[str, str]]:
    """The user id at the OA, and the phone everywhere."""
    return [(said.oa_id, said.user_id), *([(EVERYWHERE, known.phone)] if known.phone else [])]


def _record(said: Said, known: _Known, given: bool | None, words: _Words) -> None:
    """None leaves a yes that stands as it is."""
    evidence = {"msg_id": said.msg_id, "text": said.text}
    for key in _keys(said, known):
        if given is None and key in words and words[key].given:
            continue
        at = from_ms(said.at)
        statement = Statement(key[1], Scope.PROMOTION, given, at, ConsentSource.CUSTOMER, key[0], "", evidence)
        consents.record(statement)
        _remember(words, statement)


def _remember(words: _Words, statement: Statement) -> None:
    """What this batch said before counts for what it says next."""
    key = (statement.oa_id, statement.recipient)
    if key not in words or words[key].at <= statement.at:
        words[key] = Consent(given=statement.given, at=statement.at)


def _tell(now: datetime, kind: str, said: Said, known: _Known) -> None:
    if from_ms(said.at) < now - TOLD_FOR:
        return
    payload = {"oa_id": said.oa_id, "user_id": said.user_id, "row": known.row, "at": said.at, "text": said.text[:200]}
    matter = ref(said.oa_id, said.msg_id)
    if not notices.told([kind], matter).exists():
        notices.alert(now, kind, matter, payload, Role.OPERATOR)


def _want_answer(now: datetime, said: Said) -> None:
    if from_ms(said.at) + ANSWER_WITHIN < now:
        return
    value = {name: field for name, field in said._asdict().items() if name != "text"}
    fresh = {"value": value, "changed_at": now}
    row = Setting.insert(name=_note(said.oa_id, said.user_id), **fresh)
    row.on_conflict(conflict_target=[Setting.name], update=fresh).execute()


def _note(oa_id: str, user_id: str) -> str:
    return f"{TO_ANSWER}{oa_id}:{user_id}"


def forget(oa_id: str, user_id: str) -> None:
    """The person is erased: nothing is answered any more. Joins the transaction."""
    Setting.delete().where(Setting.name == _note(oa_id, user_id)).execute()


def ref(oa_id: str, msg_id: str) -> str:
    """By which a notice about this message is known."""
    return f"{oa_id}:{msg_id}"


def retell(now: datetime, kinds: Iterable[str], oa_id: str, msg_id: str, changes: dict[str, Any]) -> None:
    """Bring the notices about a message up to date in every chat that has one. Joins the transaction."""
    for row in list(notices.told(kinds, ref(oa_id, msg_id))):
        notices.post(now, row.chat_id, row.kind, row.ref, {**row.payload, **changes})


_WRITERS = {Meaning.STOP: _stop, Meaning.RETURN: _return, Meaning.UNCLEAR: _ask}
