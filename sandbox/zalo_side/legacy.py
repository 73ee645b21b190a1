"""The older free-form messages to a user id: media (promotion) and transaction, announced to end on 2026-03-01.

What the two addresses answer since then is not known (oa-api 6): a switch of the OA decides, closed by default.
"""

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, block_of, text_of
from sandbox.zalo_side.clock import DAY_MS, at_night
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.documents import PROMOTION, TRANSACTION, Form, check_document
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.paid import Paid, accept, check_cap
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.templates import Tag
from sandbox.zalo_side.windows import check_interaction, check_person

YEAR_MS = 365 * DAY_MS
FEW_FOLLOWERS = 10_000
REQUESTS_OF_FEW = 500
SHARE_OF_MANY = 0.05
EMPTY_API = Refusal(404, "You are accessing an empty or invalid API...")


async def promote(call: Call) -> JsonObject:
    """message/promotion: to followers, in the daytime, once a day, and only so many requests a day."""
    body, person, payload = await _read(call, PROMOTION)
    check_person(person)
    if not person.is_follower:
        raise Refusal(-213, "User has not followed OA")
    if at_night(call.now):
        raise Refusal(-234, "This message cannot be sent at night (10:00PM - 6:00AM)")
    check_cap(call, person)
    _count_request(call.oa, call.world.today())
    return success(
        accept(call, Paid("promotion", person, body, call.oa.media_price, Tag.PROMOTION, _shown(payload), "promotion"))
    )


async def transact(call: Call) -> JsonObject:
    """message/transaction: to people who did something with the OA within a year, at any hour."""
    body, person, payload = await _read(call, TRANSACTION)
    check_person(person)
    check_interaction(person, call.now, YEAR_MS)
    paid = Paid("transaction", person, body, call.oa.transaction_price, Tag.TRANSACTION, _shown(payload))
    return success(accept(call, paid))


async def _read(call: Call, form: Form) -> tuple[JsonObject, Person, JsonObject]:
    if call.oa.shapes.old_messages == "gone":
        raise EMPTY_API
    if call.oa.shapes.old_messages == "closed":
        raise Refusal(-233, "message type is invalid or not support")
    body = await call.body()
    user_id = text_of(block_of(body, "recipient"), "user_id")
    payload = check_document(call, block_of(body, "message"), form)
    return body, find_person(call, user_id), payload


def _count_request(oa: Oa, day: str) -> None:
    """500 requests a day up to 10,000 followers, 5 % of them above; -211 is assumed."""
    followers = oa.people.followers()
    most = REQUESTS_OF_FEW if followers <= FEW_FOLLOWERS else int(followers * SHARE_OF_MANY)
    asked = oa.media_today[1] if oa.media_today[0] == day else 0
    if asked >= most:
        raise Refusal(-211, "Out of quota")
    oa.media_today = (day, asked + 1)


def _shown(payload: JsonObject) -> JsonObject:
    """What the echo shows: its attachment is not recorded for these messages (webhooks 3.3)."""
    texts = [str(each.get("content")) for each in payload["elements"] if each.get("type") in ("header", "text")]
    return {"zinstant_id": "1", "text": "\n".join(texts), "link_url": "", "checksum": ""}
