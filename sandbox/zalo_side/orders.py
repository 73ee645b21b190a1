"""Events on order: what a person, the staff or Zalo does, applied to the sandbox's state and told by webhook."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.attachments import user_message
from sandbox.zalo_side.chats import Line
from sandbox.zalo_side.events import (
    console_test,
    daily_quota_event,
    follow_event,
    message_event,
    submitted_info,
    tag_event,
    template_quality_event,
    template_status_event,
    zns_receipt,
)
from sandbox.zalo_side.ledger import new_message_id
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.people import Person
from sandbox.zalo_side.templates import Status, Template
from sandbox.zalo_side.world import World

# What the history calls them (oa-api 9.3).
KINDS = {"image": "photo", "gif": "GIF", "audio": "voice"}


@dataclass(frozen=True, slots=True)
class Order:
    """One event to make: `spec` is the JSON of the control call."""

    world: World
    oa: Oa
    person: Person
    spec: dict[str, Any]
    at: int

    @property
    def name(self) -> str:
        return str(self.spec["event"])

    @property
    def app_id(self) -> str:
        return self.world.app.app_id

    @property
    def by_app(self) -> str | None:
        return None if self.spec.get("omit_user_id_by_app") else self.person.user_id_by_app

    def say(self, sender: JsonObject, recipient_id: str, message: JsonObject) -> JsonObject:
        return message_event(self.name, self.app_id, sender, recipient_id, message, self.at, self.by_app)


def make_event(order: Order) -> JsonObject:
    """Apply the order to the sandbox's state and return the event's body. Raises ValueError for a wrong order."""
    body = _maker(order.name)(order)
    if order.spec.get("reorder_id"):
        body["reorder_id"] = str(order.at + 7)
    if order.spec.get("timestamp_number"):
        body["timestamp"] = order.at
    extra = order.spec.get("extra")
    return body | extra if isinstance(extra, dict) else body


def _maker(name: str) -> Callable[[Order], JsonObject]:
    if name in MAKERS:
        return MAKERS[name]
    if name.startswith("user_send_") and "group" not in name:
        return _user_sends
    if name.startswith("oa_send_") and name != "oa_send_consent" and "group" not in name:
        return _oa_sends
    return _anything


def _follow(order: Order) -> JsonObject:
    order.person.is_follower = True
    order.person.last_interaction = order.at
    return _follow_body(order, "oa_profile")


def _unfollow(order: Order) -> JsonObject:
    order.person.is_follower = False
    return _follow_body(order, "unfollow")


def _follow_body(order: Order, source: str) -> JsonObject:
    source = str(order.spec.get("source", source))
    return follow_event(order.name, source, order.oa.oa_id, order.app_id, order.person.user_id, order.at, order.by_app)


def _user_sends(order: Order) -> JsonObject:
    kind = order.name.removeprefix("user_send_")
    message = user_message(kind, order.spec, order.world.media)
    order.person.last_interaction = order.at
    _remember(order, kind, message, by_user=True)
    return order.say({"id": order.person.user_id}, order.oa.oa_id, message)


def _oa_sends(order: Order) -> JsonObject:
    """Typed by staff in Zalo's own chat tool when `admin_id` is given."""
    kind = order.name.removeprefix("oa_send_")
    message = user_message(kind, order.spec, order.world.media)
    sender = {"id": order.oa.oa_id}
    if order.spec.get("admin_id"):
        sender["admin_id"] = str(order.spec["admin_id"])
    _remember(order, kind, message, by_user=False)
    return order.say(sender, order.person.user_id, message)


def _remember(order: Order, kind: str, message: JsonObject, *, by_user: bool) -> None:
    person, text = order.person, str(message.get("text", ""))
    found = message.get("attachments")
    first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    shown = first.get("payload")
    url = str(shown.get("url", "")) if isinstance(shown, dict) else ""
    line = Line(
        person.user_id, person.name, by_user, order.at, KINDS.get(kind, kind), text, str(message["msg_id"]), url
    )
    order.world.chats[order.oa.oa_id].add(line)


def _received(order: Order) -> JsonObject:
    """Of a ZNS when `phone` is given, else of a chat message."""
    msg_id = str(order.spec.get("msg_id") or new_message_id())
    if order.spec.get("phone"):
        phone, tracking_id = str(order.spec["phone"]), order.spec.get("tracking_id")
        return zns_receipt(order.oa.oa_id, order.app_id, phone, msg_id, tracking_id, order.at)
    return order.say({"id": order.oa.oa_id}, order.person.user_id, {"msg_id": msg_id})


def _seen(order: Order) -> JsonObject:
    msg_ids = order.spec.get("msg_ids") or [order.spec.get("msg_id") or new_message_id()]
    return order.say({"id": order.oa.oa_id}, order.person.user_id, {"msg_ids": msg_ids})


def _reacted(order: Order) -> JsonObject:
    message = {
        "msg_id": order.spec.get("msg_id") or new_message_id(),
        "react_icon": order.spec.get("react_icon", "/-heart"),
    }
    user, oa = order.person.user_id, order.oa.oa_id
    sender, recipient = (user, oa) if order.name.startswith("user") else (oa, user)
    return order.say({"id": sender}, recipient, message)


def _submit_info(order: Order) -> JsonObject:
    """`shape` old or new (default); `info` as given, else the person's name and phone."""
    person, new_shape = order.person, order.spec.get("shape", "new") != "old"
    info = order.spec.get("info") or _sample_info(person, new_shape=new_shape)
    person.shared_info = {**(person.shared_info or {}), **info}
    person.last_interaction = order.at
    return submitted_info(
        order.app_id,
        order.oa.oa_id,
        person.user_id,
        info,
        order.at,
        new_shape=new_shape,
        user_id_by_app=person.user_id_by_app,
    )


def _sample_info(person: Person, *, new_shape: bool) -> JsonObject:
    city, ward, street = "Thành phố Hồ Chí Minh", "Phường Bến Thành", "12 Lê Lợi"
    if not new_shape:
        place = {"address": street, "phone": person.phone, "city": city, "district": "Quận 1"}
        return place | {"name": person.name, "ward": ward}
    address = {"user_city": city, "user_ward": ward, "user_address": street}
    return {
        "name": person.name,
        "phone": person.phone,
        "user_dob": "30/10/1995",
        "gender": "Nữ",
        "full_address": address,
    }


def _tagging(order: Order) -> JsonObject:
    tag, person = str(order.spec.get("tag", "vip")), order.person
    if order.name == "add_user_to_tag":
        order.oa.people.note_tags([tag])
        person.tags = tuple(dict.fromkeys((*person.tags, tag)))
    else:
        person.tags = tuple(name for name in person.tags if name != tag)
    return tag_event(order.name, order.app_id, order.oa.oa_id, tag, person.user_id, order.at, order.by_app)


def _remove_tag(order: Order) -> JsonObject:
    tag = str(order.spec.get("tag", "vip"))
    order.oa.people.tag_names.pop(tag, None)
    for person in order.oa.people:
        if tag in person.tags:
            person.tags = tuple(name for name in person.tags if name != tag)
    return tag_event(order.name, order.app_id, order.oa.oa_id, tag, None, order.at, None)


def _click_chatnow(order: Order) -> JsonObject:
    order.person.last_interaction = order.at
    body: JsonObject = {"oa_id": order.oa.oa_id, "user_id": order.person.user_id}
    if order.by_app is not None:
        body["user_id_by_app"] = order.by_app
    return body | {"app_id": order.app_id, "event_name": order.name, "timestamp": str(order.at)}


def _feedback(order: Order) -> JsonObject:
    """A rating of a ZNS; rating/get gives it too."""
    spec = order.spec
    rate, note = int(spec.get("rate", 5)), str(spec.get("note", "Rất hài lòng"))
    known = _rated(order)
    msg_id = str(spec.get("msg_id") or known.get("msg_id") or new_message_id())
    tracking_id = str(spec.get("tracking_id") or known.get("tracking_id") or "")
    feedbacks = spec.get("feedbacks", ["Nhân viên thân thiện"])
    common = {"rating_type": "csat", "option": "five_emotions", "note": note, "rate": rate}
    rating = {**common, "feedbacks": feedbacks, "submitDate": str(order.at), "msgId": msg_id, "trackingId": tracking_id}
    key = f"{order.oa.oa_id}:{spec.get('template_id', '300113')}"
    order.world.zns_log.ratings.setdefault(key, []).append(rating)
    message = {**common, "submit_time": str(order.at), "msg_id": msg_id}
    message |= {"feedbacks": feedbacks, "tracking_id": tracking_id}
    head = {"event_name": order.name, "message": message}
    return head | {"app_id": order.app_id, "oa_id": order.oa.oa_id, "timestamp": str(order.at)}


def _rated(order: Order) -> JsonObject:
    """The newest ZNS of the rating template that went to `phone`; empty without a phone."""
    phone, wanted = order.spec.get("phone"), str(order.spec.get("template_id", "300113"))
    if phone is None:
        return {}
    for row in reversed(order.world.ledger.after(0)):
        same = (row["oa_id"], row["recipient"]) == (order.oa.oa_id, str(phone))
        if same and str(row["body"].get("template_id")) == wanted:
            return dict(row)
    raise ValueError(f"no ZNS of template {wanted} went to {phone}")


def _template(order: Order) -> Template:
    return order.world.templates[order.oa.oa_id][str(order.spec["template_id"])]


def _template_status(order: Order) -> JsonObject:
    template = _template(order)
    before, template.status = template.status, Status(order.spec["new_status"])
    template.reason = str(order.spec.get("reason", ""))
    return template_status_event(order.oa, order.app_id, template, before, order.at)


def _template_quality(order: Order) -> JsonObject:
    template = _template(order)
    before, template.quality = template.quality, str(order.spec["quality"])
    return template_quality_event(order.oa, order.app_id, template, before, order.at)


def _daily_quota(order: Order) -> JsonObject:
    before, order.oa.quota.daily = order.oa.quota.daily, int(order.spec["new_value"])
    return daily_quota_event(order.oa, order.app_id, before, order.at)


def _console_test(order: Order) -> JsonObject:
    return console_test(order.app_id, order.person.user_id, order.person.user_id_by_app, order.at)


def _anything(order: Order) -> JsonObject:
    """Any other event: the common head, and whatever `extra` adds."""
    head = {"app_id": order.app_id, "oa_id": order.oa.oa_id, "event_name": order.name}
    return head | {"timestamp": str(order.at)}


MAKERS: dict[str, Callable[[Order], JsonObject]] = {
    "follow": _follow,
    "unfollow": _unfollow,
    "user_received_message": _received,
    "user_seen_message": _seen,
    "user_reacted_message": _reacted,
    "oa_reacted_message": _reacted,
    "user_submit_info": _submit_info,
    "add_user_to_tag": _tagging,
    "remove_user_from_tag": _tagging,
    "remove_tag": _remove_tag,
    "user_click_chatnow": _click_chatnow,
    "user_feedback": _feedback,
    "change_template_status": _template_status,
    "change_template_quality": _template_quality,
    "change_oa_daily_quota": _daily_quota,
    "console_test": _console_test,
}
