"""Template messages to a user id on the OA host."""

from functools import partial

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, text_of
from sandbox.zalo_side.chat import report
from sandbox.zalo_side.clock import DAY_MS, at_night
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.quotas import hold
from sandbox.zalo_side.template_data import check_template_data
from sandbox.zalo_side.templates import Status, Tag, Template
from sandbox.zalo_side.windows import check_interaction, check_person
from sandbox.zalo_side.zns_log import SentZns

YEAR_MS = 365 * DAY_MS


async def send_template(call: Call) -> JsonObject:
    """message/template: this host's error numbers, the template's price_uid, charged when received."""
    body = await call.body()
    user_id = text_of(body, "user_id")
    template = _template(call, text_of(body, "template_id"))
    try:
        check_template_data(template, body.get("template_data"))
    except Refusal as refusal:
        raise Refusal(-201, f"template_data is invalid! {refusal.message}") from None
    person = find_person(call, user_id)
    _check(call, template, person)
    hold(call.oa, template.price_uid)
    msg_id = new_message_id()
    call.world.ledger.accept(call.oa.oa_id, "uid", user_id, None, msg_id, body, call.now)
    sent = SentZns(call.oa.oa_id, user_id)
    call.world.zns_log.add(msg_id, sent, template.tag, call.world.today(), call.now)
    report(call.world, call.oa.oa_id, person, "oa_send_template", _echo(template, msg_id), call.now)
    due = call.now + round(call.world.receipts.received_s * 1000)
    call.world.timers.at(due, partial(_charge, call.oa, sent, template.price_uid))
    return success({"message_id": msg_id, "user_id": user_id, "sent_time": str(call.now)})


def _template(call: Call, template_id: str) -> Template:
    template = call.world.templates[call.oa.oa_id].get(template_id)
    if template is None or template.status is not Status.ENABLE:
        raise Refusal(-201, "template_id is invalid!")
    if not template.by_uid:
        raise Refusal(-249, "Template does not support send via UID")
    return template


def _check(call: Call, template: Template, person: Person) -> None:
    if not call.oa.switches.verified:
        raise Refusal(-221, "The OA needs to be verified to use this feature")
    check_person(person)
    check_interaction(person, call.now, YEAR_MS)
    if template.tag is not Tag.PROMOTION:
        return
    if not person.is_follower:
        raise Refusal(-213, "User has not followed OA")
    if at_night(call.now):
        raise Refusal(-234, "This message cannot be sent at night (10:00PM - 6:00AM)")
    if call.world.zns_log.promoted(call.oa.oa_id, person.user_id, call.world.today()):
        raise Refusal(-218, "Out of quota receive")


def _echo(template: Template, msg_id: str) -> JsonObject:
    shown = {"zinstant_id": template.template_id, "text": template.name, "link_url": "", "checksum": ""}
    return {"attachments": [{"payload": shown, "type": "template"}], "msg_id": msg_id}


def _charge(oa: Oa, sent: SentZns, price: int, at: int) -> None:
    oa.wallet.charge(price)
    sent.delivered_at, sent.price = at, price
