"""Messages that leave without a question: an answer that costs nothing, a test, and our own short answers."""

from __future__ import annotations

import hashlib
import json

from db import write
from models import Channel, Delivery, DeliveryState, Follower, OfficialAccount, Origin, SendClass, Staff
from services import followers, preflight
from services.contents import Content
from services.desk import Desk, Work
from services.errors import Conflict, Refusal
from services.messages import recipients, rows
from services.messages.previews import Preview, preview, previewed
from services.modes import Mode, mode

MOST_TESTERS = 5
_ENDED_BADLY = {DeliveryState.FAILED, DeliveryState.SKIPPED, DeliveryState.EXPIRED, DeliveryState.CANCELLED}


def reply(
    desk: Desk,
    staff: Staff,
    oa: OfficialAccount,
    follower: Follower,
    content: Content,
    chat_id: int,
    message_id: int,
) -> Delivery:
    """Send a person's answer at once; the same Telegram message gives the same delivery. Commits before it returns.

    Raises what `preview` raises, and Conflict `reply.costs` (price, user) when it would, or might, cost money: then the
    caller shows a preview.
    """
    key = f"reply:{chat_id}:{message_id}"
    with write():
        existing = Delivery.get_or_none(Delivery.dedupe_key == key)
        if existing is not None:
            return existing
        found = preview(desk, oa, content, follower=follower)
        if found.price != 0:
            raise Conflict("reply.costs", price=found.price, user=followers.called(follower))
        made = rows.create(desk, found, key, origin=Origin.REPLY, staff=staff, chat_id=chat_id)
        rows.record(desk, staff, made, "message.replied", chat_id, message_id)
    desk.nudge(Work.SEND)
    return made


def test(
    desk: Desk,
    staff: Staff,
    oa: OfficialAccount,
    content: Content,
    chat_id: int,
    message_id: int,
    *,
    paid: bool = False,  # noqa: PT028 - no test of pytest's
) -> list[Delivery]:
    """Send it to the OA's test numbers (ZNS, in development mode) or to its testers, five at most.

    Tapping twice sends once; what ended badly goes again. Raises Refusal `test.no_phones` and `test.no_testers`
    (name), Conflict `test.costs` (price, None where nobody knows it; count) when it may cost money and `paid` is not
    said, and what `preview` raises.
    """
    found = _tests(desk, oa, content)
    cost = 0 if content.channel == Channel.ZNS else _together(found)
    if cost != 0 and not paid:
        raise Conflict("test.costs", price=cost, count=len(found))
    with write():
        made = [_test(desk, staff, each, chat_id, message_id) for each in found]
    desk.nudge(Work.SEND)
    return made


def automatic(desk: Desk, oa: OfficialAccount, follower: Follower, text: str, key: str) -> Delivery | None:
    """An answer of our own, such as the confirmation of "stop"; the same `key` gives the same delivery.

    None when the OA is not live, or when the message may not leave now or would cost money. Joins the transaction.
    """
    if mode(oa) is not Mode.LIVE:
        return None
    with write():
        existing = Delivery.get_or_none(Delivery.dedupe_key == f"auto:{key}")
        if existing is not None:
            return existing
        content = Content(Channel.CS, "text", SendClass.CARE, {"text": text}, filled=True)
        try:
            found = preview(desk, oa, content, follower=follower)
        except Refusal:
            return None
        if found.goes_at is not None or found.price != 0:
            return None
        made = rows.create(desk, found, f"auto:{key}", origin=Origin.AUTOMATIC)
    desk.nudge(Work.SEND)
    return made


def _tests(desk: Desk, oa: OfficialAccount, content: Content) -> list[Preview]:
    by_phone = content.channel == Channel.ZNS
    whom: list[tuple[str, Follower | None]]
    if by_phone:
        whom = [(phone, None) for phone in (oa.test_phones or [])[:MOST_TESTERS]]
    else:
        theirs = Follower.select().where(Follower.oa_id == oa.oa_id, Follower.tester)
        whom = [("", person) for person in theirs.order_by(Follower.id).limit(MOST_TESTERS)]
    if not whom:
        raise Refusal("test.no_phones" if by_phone else "test.no_testers", name=oa.name)
    return [_at_once(_tested(desk, oa, content, phone, person)) for phone, person in whom]


def _together(found: list[Preview]) -> int | None:
    """VND with VAT of all of them; None when the price of one is not known."""
    totals = [each.total for each in found]
    return None if None in totals else sum(total or 0 for total in totals)


def _tested(desk: Desk, oa: OfficialAccount, content: Content, phone: str, person: Follower | None) -> Preview:
    reader = recipients.shown(recipients.of(oa, person, phone))
    by_phone = content.channel == Channel.ZNS
    return previewed(desk, oa, content, phone=phone, follower=person, reader=reader, development=by_phone)


def _at_once(found: Preview) -> Preview:
    """A test that would go tomorrow tells nobody anything today."""
    if found.verdict.answer is preflight.Answer.LATER and found.verdict.refusal is not None:
        raise found.verdict.refusal
    return found


def _test(desk: Desk, staff: Staff, found: Preview, chat_id: int, message_id: int) -> Delivery:
    key = f"test:{chat_id}:{message_id}:{_fingerprint(found)}"
    while (before := Delivery.get_or_none(Delivery.dedupe_key == key)) is not None:
        if before.state not in _ENDED_BADLY:
            return before
        key += "+"
    development = {"development": True} if found.channel == Channel.ZNS else {}
    made = rows.create(desk, found, key, origin=Origin.TEST, staff=staff, chat_id=chat_id, **development)
    rows.record(desk, staff, made, "message.tested", chat_id, message_id)
    return made


def _fingerprint(found: Preview) -> str:
    said = json.dumps([found.recipient, found.content.kind, found.content.data], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]
