"""Template messages to a user id on the OA host (oa-api 6.1, zns 1.5)."""

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, text_of
from sandbox.zalo_side.clock import DAY_MS, at_night
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.paid import Paid, accept, check_cap
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.template_data import check_template_data
from sandbox.zalo_side.templates import Status, Tag, Template
from sandbox.zalo_side.windows import check_interaction, check_person

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
    shown = {"zinstant_id": template.template_id, "text": template.name, "link_url": "", "checksum": ""}
    paid = Paid("uid", person, body, template.price_uid, template.tag, shown, timeout=template.timeout)
    data = accept(call, paid)
    if call.oa.shapes.uid_sent_time == "outside":
        sent_time = data.pop("sent_time")
        return success(data) | {"sent_time": sent_time}
    return success(data)


def _template(call: Call, template_id: str) -> Template:
    template = call.world.templates[call.oa.oa_id].get(template_id)
    if template is None or template.status is not Status.ENABLE:
        raise Refusal(-201, "template_id is invalid!")
    if not template.goes_by_uid():
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
    check_cap(call, person)
