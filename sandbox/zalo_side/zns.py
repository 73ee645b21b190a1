"""Sending ZNS: the checks in Zalo's (assumed) order, then acceptance, arrival and charge."""

import re
from functools import partial
from typing import Any

from sandbox.zalo_side.answers import JsonObject, read_object
from sandbox.zalo_side.call import Call
from sandbox.zalo_side.clock import at_night
from sandbox.zalo_side.events import zns_receipt
from sandbox.zalo_side.judging import note_arrival
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.shapes import number_or_text
from sandbox.zalo_side.template_data import check_template_data, zns_refusal
from sandbox.zalo_side.templates import Status, Tag, Template
from sandbox.zalo_side.world import World
from sandbox.zalo_side.zns_errors import ZNS_MESSAGES
from sandbox.zalo_side.zns_log import SentZns

PHONE = re.compile(r"\+?(84[35789]\d{8})", re.ASCII)
HASH = re.compile(r"[0-9a-f]{64}")
MAX_TRACKING_ID = 48
# Only numbers with this beginning: a list of numbers in sequence must not meet an error by accident.
SPECIAL = {f"8490000{-code:04d}": code for code in ZNS_MESSAGES}


async def send_by_phone(call: Call) -> JsonObject:
    """message/template: one message to one phone number."""
    body = await zns_body(call)
    return _send(call, body, lambda: _phone(body.get("phone")))


async def send_by_hash(call: Call) -> JsonObject:
    """message/template/hashphone: the number as lowercase hex SHA-256 of its 84 form."""
    body = await zns_body(call)
    return _send(call, body, lambda: _hash(body.get("hash_phone")))


async def zns_body(call: Call) -> JsonObject:
    """The JSON object of a request to the ZNS host. Raises Refusal -121 (empty) or -122 (no JSON object)."""
    raw = await call.request.read()
    if not raw.strip():
        raise zns_refusal(-121)
    body = read_object(raw)
    if body is None:
        raise zns_refusal(-122)
    return body


def _phone(value: Any) -> str:
    found = PHONE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise zns_refusal(-108)
    return found[1]


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not HASH.fullmatch(value):
        raise zns_refusal(-108)
    return value


def _send(call: Call, body: JsonObject, read_recipient: Any) -> JsonObject:
    oa, world = call.oa, call.world
    development = body.get("mode") == "development"
    template = usable_template(call, body.get("template_id"), development=development)
    mode = _sending_mode(body, template)
    tracking_id = _tracking_id(oa, body)
    check_template_data(template, body.get("template_data"))
    recipient: str = read_recipient()
    check_account(oa)
    if template.tag.value not in oa.tags:
        raise zns_refusal(-145)
    if template.night_rule and at_night(call.now):
        raise zns_refusal(-133)
    if development:
        _check_development(oa, recipient)
    else:
        _check_quotas(world, oa, template, mode)
    _check_recipient(call, template, recipient, counted=not development)
    if not development:
        _check_wallet(oa, template.price_phone)
    return _accept(call, body, template, recipient, tracking_id, mode, development=development)


def usable_template(call: Call, value: Any, *, development: bool = False) -> Template:
    """The OA's template. Raises Refusal -109 unknown, -146 disabled, -131 rejected or (for customers) in review."""
    template = call.world.templates[call.oa.oa_id].get(str(value))
    if template is None:
        raise zns_refusal(-109)
    if template.status is Status.DISABLE:
        raise zns_refusal(-146)
    pending = template.status is Status.PENDING_REVIEW and not development
    if template.status is Status.REJECT or pending:
        raise zns_refusal(-131)
    return template


def _sending_mode(body: JsonObject, template: Template) -> str:
    mode = str(body.get("sending_mode", "1"))
    if mode not in ("1", "3"):
        raise zns_refusal(-161)
    if mode == "3" and template.tag is not Tag.PROMOTION:
        raise zns_refusal(-162)
    return mode


def _tracking_id(oa: Oa, body: JsonObject) -> str | None:
    value = body.get("tracking_id")
    if value is None and not oa.switches.tracking_id_required:
        return None
    if not isinstance(value, str) or len(value) > MAX_TRACKING_ID:
        raise zns_refusal(-132, "tracking_id")
    return value


def check_account(oa: Oa) -> None:
    """Raise Refusal -135, -1351 or -136 for an OA that may not send ZNS at all."""
    if not oa.switches.verified:
        raise zns_refusal(-135)
    if oa.switches.zns_blocked:
        raise zns_refusal(-1351)
    if not oa.switches.linked_zca:
        raise zns_refusal(-136)


def _check_development(oa: Oa, recipient: str) -> None:
    if recipient not in oa.admins:
        raise zns_refusal(-127)
    if oa.quota.development <= 0:
        raise zns_refusal(-126)


def _check_quotas(world: World, oa: Oa, template: Template, mode: str) -> None:
    day = world.today()
    oa.quota.roll(day)
    template.roll(day)
    if oa.quota.sent_today >= oa.quota.daily:
        raise zns_refusal(-144)
    if template.daily_quota is not None and template.sent_today >= template.daily_quota:
        raise zns_refusal(-147)
    over = oa.quota.promoted_this_month >= oa.quota.monthly_promotion
    if template.tag is Tag.PROMOTION and mode != "3" and over:
        raise zns_refusal(-1441)


def _check_recipient(call: Call, template: Template, recipient: str, *, counted: bool) -> None:
    special = SPECIAL.get(recipient)
    if special is not None:
        raise zns_refusal(special)
    person = call.oa.people.by_phone(recipient)
    if person is not None and person.no_account:
        raise zns_refusal(-118)
    if person is not None and person.refuses in ZNS_MESSAGES:
        raise zns_refusal(person.refuses)
    if person is not None and person.inactive:
        raise zns_refusal(-114)
    if person is not None and (person.opted_out or person.blocked):
        raise zns_refusal(-141)
    if template.tag is Tag.PROMOTION and counted and call.oa.switches.promotion_needs_relation:
        _check_promotion(call, recipient, person is not None and person.related)


def _check_promotion(call: Call, recipient: str, related: bool) -> None:
    log, oa_id, day = call.world.zns_log, call.oa.oa_id, call.world.today()
    if not related and not log.related(oa_id, recipient, call.now):
        raise zns_refusal(-140)
    if log.promoted(oa_id, recipient, day[:7]) >= 4:
        raise zns_refusal(-1471)
    if log.promoted(oa_id, recipient, day) >= 1:
        raise zns_refusal(-1472)


def _check_wallet(oa: Oa, price: int) -> None:
    if not oa.wallet.can_pay(price):
        raise zns_refusal(-115)
    if oa.switches.charge_fails:
        raise zns_refusal(-137)


def _accept(
    call: Call,
    body: JsonObject,
    template: Template,
    recipient: str,
    tracking_id: str | None,
    mode: str,
    *,
    development: bool,
) -> JsonObject:
    oa, world = call.oa, call.world
    msg_id = new_message_id()
    _count(oa, template, development=development)
    price = 0 if development else template.price_phone
    oa.wallet.hold(price)
    sent = SentZns(oa.oa_id, recipient, template.template_id)
    world.zns_log.add(msg_id, sent, template.tag, world.today(), call.now)
    world.ledger.accept(oa.oa_id, "zns", recipient, tracking_id, msg_id, body, call.now)
    arrival = partial(_arrive, world, oa, sent, msg_id, tracking_id, price, call.now, template)
    world.timers.at(call.now + round(world.receipts.received_s * 1000), arrival)
    left = max(0, oa.quota.daily - oa.quota.sent_today)
    numbers = {"dailyQuota": oa.quota.daily, "remainingQuota": left}
    quota = {name: number_or_text(number, oa.shapes.quota_numbers, str) for name, number in numbers.items()}
    data = {"msg_id": msg_id, "sent_time": str(call.now), "sending_mode": mode, "quota": quota}
    return {"error": 0, "message": "Success", "data": data}


def _count(oa: Oa, template: Template, *, development: bool) -> None:
    if development:
        oa.quota.development -= 1
        return
    oa.quota.sent_today += 1
    template.sent_today += 1
    oa.quota.promoted_this_month += template.tag is Tag.PROMOTION


def _arrive(
    world: World,
    oa: Oa,
    sent: SentZns,
    msg_id: str,
    tracking_id: str | None,
    price: int,
    accepted: int,
    template: Template,
    due: int,
) -> None:
    """The phone got it, and Zalo charges; or it came too late or never, and costs nothing."""
    at = due + round(world.receipts.zns_arrival_s * 1000)
    person = oa.people.by_phone(sent.recipient)
    if at - accepted > template.timeout or (person is not None and person.unreachable):
        oa.wallet.release(price)
        return
    sent.delivered_at, sent.price = at, price
    oa.wallet.charge(price)
    note_arrival(oa, template, at)
    if world.receipts.enabled:
        app_id = world.app.app_id
        receipt = zns_receipt(oa.oa_id, app_id, sent.recipient, msg_id, tracking_id, at)
        world.emit(oa.oa_id, receipt, zns=True)
