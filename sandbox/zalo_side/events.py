"""The bodies of webhook events, with the key order of recorded live traffic."""

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.templates import Status, Template

# The console's Test button speaks in the name of this OA, whoever presses it.
CONSOLE_OA_ID = "579745863508352884"


def message_event(
    name: str,
    app_id: str,
    sender: JsonObject,
    recipient_id: str,
    message: JsonObject,
    at_ms: int,
    user_id_by_app: str | None,
) -> JsonObject:
    """A message, echo or receipt of a chat."""
    body: JsonObject = {
        "event_name": name,
        "app_id": app_id,
        "sender": sender,
        "recipient": {"id": recipient_id},
        "message": message,
        "timestamp": str(at_ms),
    }
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    return body


def follow_event(
    name: str, source: str, oa_id: str, app_id: str, user_id: str, at_ms: int, user_id_by_app: str | None
) -> JsonObject:
    """follow or unfollow."""
    body: JsonObject = {"oa_id": oa_id, "follower": {"id": user_id}}
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    return body | {"event_name": name, "source": source, "app_id": app_id, "timestamp": str(at_ms)}


def zns_receipt(
    oa_id: str, app_id: str, recipient: str, msg_id: str, tracking_id: str | None, at_ms: int
) -> JsonObject:
    """A ZNS reached the phone (or the hash it was sent to)."""
    message = {"delivery_time": str(at_ms), "msg_id": msg_id}
    if tracking_id is not None:
        message["tracking_id"] = tracking_id
    return {
        "sender": {"id": oa_id},
        "recipient": {"id": recipient},
        "event_name": "user_received_message",
        "message": message,
        "app_id": app_id,
        "timestamp": str(at_ms + 1),
    }


def submitted_info(
    app_id: str, oa_id: str, user_id: str, info: JsonObject, at_ms: int, *, new_shape: bool, user_id_by_app: str
) -> JsonObject:
    """user_submit_info in one of its two generations."""
    sender, recipient = {"id": user_id}, {"id": oa_id}
    if new_shape:
        return {
            "sender": sender,
            "recipient": recipient,
            "event_name": "user_submit_info",
            "app_id": app_id,
            "timestamp": str(at_ms),
            "info": info,
        }
    return {
        "app_id": app_id,
        "user_id_by_app": user_id_by_app,
        "event_name": "user_submit_info",
        "timestamp": str(at_ms),
        "sender": sender,
        "recipient": recipient,
        "info": info,
    }


def tag_event(
    name: str, app_id: str, oa_id: str, tag: str, user_id: str | None, at_ms: int, user_id_by_app: str | None
) -> JsonObject:
    """add_user_to_tag, remove_user_from_tag or remove_tag."""
    body: JsonObject = {"app_id": app_id, "oa_id": oa_id}
    if user_id_by_app is not None:
        body["user_id_by_app"] = user_id_by_app
    block: JsonObject = {"name": tag} if user_id is None else {"user_ids": [user_id], "name": tag}
    return body | {"event_name": name, "tag": block, "timestamp": str(at_ms)}


def console_test(app_id: str, user_id: str, user_id_by_app: str, at_ms: int) -> JsonObject:
    """What the Test button of the developer console posts for user_send_text."""
    return {
        "app_id": app_id,
        "user_id_by_app": user_id_by_app,
        "event_name": "user_send_text",
        "timestamp": str(at_ms),
        "sender": {"id": user_id},
        "recipient": {"id": CONSOLE_OA_ID},
        "message": {"msg_id": "This is message id", "text": "This is testing message"},
    }


def _managed(name: str, app_id: str, at_ms: int, oa_key: str, oa_id: str) -> JsonObject:
    return {"app_id": app_id, "event_name": name, "timestamp": str(at_ms), oa_key: oa_id}


def template_status_event(oa: Oa, app_id: str, template: Template, before: Status, at_ms: int) -> JsonObject:
    """change_template_status, after the change."""
    status = {"prev_status": before.value, "new_status": template.status.value}
    head = _managed("change_template_status", app_id, at_ms, "oa_id", oa.oa_id)
    return head | {"template_id": template.template_id, "status": status, "reason": template.reason}


def template_quality_event(oa: Oa, app_id: str, template: Template, before: str, at_ms: int) -> JsonObject:
    """change_template_quality, after the change."""
    quality: object = template.quality
    if oa.shapes.quality_event == "object":
        quality = {"prev_quality": before, "new_quality": template.quality}
    head = _managed("change_template_quality", app_id, at_ms, "oa_id", oa.oa_id)
    return head | {"template_id": template.template_id, "quality": quality}


def daily_quota_event(oa: Oa, app_id: str, before: int, at_ms: int) -> JsonObject:
    """change_oa_daily_quota, after the change."""
    quota = {"prev_value": str(before), "new_value": str(oa.quota.daily)}
    return _managed("change_oa_daily_quota", app_id, at_ms, oa.shapes.oa_key, oa.oa_id) | {"quota": quota}
