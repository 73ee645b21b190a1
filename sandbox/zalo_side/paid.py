"""Messages to a user id that cost money: an allowance or the wallet, acceptance, arrival and charge."""

from dataclasses import dataclass
from functools import partial

from sandbox.zalo_side.answers import JsonObject, Refusal
from sandbox.zalo_side.call import Call
from sandbox.zalo_side.chat import report
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.quotas import hold, spend_asset
from sandbox.zalo_side.templates import TWO_HOURS_MS, Tag
from sandbox.zalo_side.world import World
from sandbox.zalo_side.zns_log import SentZns

# 4 or 30 a month, readings differ; one a day is agreed on (oa-api 7).
A_DAY = 1


@dataclass(frozen=True, slots=True)
class Paid:
    """A valid message: its channel, what it costs, its tag, and what its echo shows."""

    channel: str
    person: Person
    body: JsonObject
    price: int
    tag: Tag
    shown: JsonObject
    product: str = "transaction"
    timeout: int = TWO_HOURS_MS


def check_cap(call: Call, person: Person) -> None:
    """Raise Refusal -218 when this person had today's or this month's media messages."""
    log, day = call.world.zns_log, call.world.today()
    today, month = (log.promoted(call.oa.oa_id, person.user_id, period) for period in (day, day[:7]))
    if today >= A_DAY or month >= call.oa.media_total:
        raise Refusal(-218, "Out of quota receive")


def accept(call: Call, paid: Paid) -> JsonObject:
    """Take the money aside, accept the message and plan its echo, receipts and charge; the answer's data."""
    oa, world, person = call.oa, call.world, paid.person
    quota = spend_asset(oa, paid.product)
    price = paid.price if quota is None else 0
    if quota is None:
        hold(oa, price)
    msg_id = new_message_id()
    world.ledger.accept(oa.oa_id, paid.channel, person.user_id, None, msg_id, paid.body, call.now)
    sent = SentZns(oa.oa_id, person.user_id)
    world.zns_log.add(msg_id, sent, paid.tag, world.today(), call.now)
    echo = {"attachments": [{"payload": paid.shown, "type": "template"}], "msg_id": msg_id}
    report(world, oa.oa_id, person, "oa_send_template", echo, call.now)
    late = round((world.receipts.received_s + world.receipts.zns_arrival_s) * 1000) > paid.timeout
    due = call.now + round(world.receipts.received_s * 1000)
    world.timers.at(due, partial(_arrive, world, oa, sent, price, lost=late or person.unreachable))
    data: JsonObject = {"message_id": msg_id, "user_id": person.user_id, "sent_time": str(call.now)}
    return data if quota is None else data | {"quota": quota}


def _arrive(world: World, oa: Oa, sent: SentZns, price: int, due: int, *, lost: bool) -> None:
    """Charged when it reached the phone in time; else it costs nothing."""
    if lost:
        oa.wallet.release(price)
        return
    sent.delivered_at, sent.price = due + round(world.receipts.zns_arrival_s * 1000), price
    oa.wallet.charge(price)
