"""What a person does with a message that came: answering its form, tapping its button."""

from typing import Any

from sandbox.zalo_side.answers import JsonObject
from sandbox.zalo_side.emission import Emission
from sandbox.zalo_side.world import World

# Only these write to the OA and count as doing something with it (oa-api 5.2, 5.4); no event tells of the others.
QUERIES = ("oa.query.show", "oa.query.hide")
# Zalo sends it along with the answer to a form, one integration says (webhooks 3.8).
STOCK_SENTENCE = "Đã gửi thông tin cho Official Account"


async def answer_form(world: World, order: JsonObject) -> JsonObject:
    """The person answers the newest form the OA sent: `info` as typed, `shape` new or old, `also_text` for Zalo's
    stock sentence behind it. Raises ValueError when no form was sent."""
    _newest(world, order, lambda body: _template_type(body) == "request_user_info", "form")
    told = await Emission(world, {**order, "event": "user_submit_info"}).run()
    if order.get("also_text"):
        text: JsonObject = {name: order[name] for name in ("oa_id", "user_id", "wait") if name in order}
        await Emission(world, {**text, "event": "user_send_text", "text": STOCK_SENTENCE}).run()
    return told


async def tap(world: World, order: JsonObject) -> JsonObject:
    """The person taps the button whose title begins with `title`, on the newest message that has one (or `msg_id`).

    oa.query.show and oa.query.hide come back as the person's text; the others open something on the phone and nobody
    hears of it. Raises ValueError when there is no such button.
    """
    title = str(order.get("title", ""))
    row = _newest(world, order, lambda body: any(_begins(button, title) for button in buttons_of(body)), "button")
    button = next(button for button in buttons_of(row["body"]) if _begins(button, title))
    shown: JsonObject = {"msg_id": row["msg_id"], "button": button}
    if button["type"] not in QUERIES:
        return shown | {"effect": button["type"], "events": 0}
    who: JsonObject = {name: order[name] for name in ("oa_id", "user_id", "wait", "app_id") if name in order}
    spec = {**who, "event": "user_send_text", "text": button["payload"]}
    return shown | {"effect": button["type"]} | await Emission(world, spec).run()


def buttons_of(body: Any) -> list[JsonObject]:
    """The buttons of a message as its sender wrote them."""
    message = body.get("message") if isinstance(body, dict) else None
    attachment = message.get("attachment") if isinstance(message, dict) else None
    payload = attachment.get("payload") if isinstance(attachment, dict) else None
    found = payload.get("buttons") if isinstance(payload, dict) else None
    return found if isinstance(found, list) else []


def _begins(button: JsonObject, title: str) -> bool:
    return bool(title) and str(button["title"]).startswith(title)


def _template_type(body: JsonObject) -> object:
    attachment = body.get("message", {}).get("attachment") or {}
    payload = attachment.get("payload")
    return payload.get("template_type") if isinstance(payload, dict) else None


def _newest(world: World, order: JsonObject, test: Any, what: str) -> JsonObject:
    oa_id, user_id = world.find_oa(order.get("oa_id")).oa_id, str(order.get("user_id"))
    for row in reversed(world.ledger.after(0)):
        if (row["oa_id"], row["recipient"]) != (oa_id, user_id) or order.get("msg_id", row["msg_id"]) != row["msg_id"]:
            continue
        if test(row["body"]):
            return dict(row)
    raise ValueError(f"no message with such a {what} went to {user_id}")
