"""Free and paid allowances of consultation messages."""

from typing import Any

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, text_of
from sandbox.zalo_side.clock import HOUR_MS
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.oas import Oa
from sandbox.zalo_side.people import Person

FREE_MS = 48 * HOUR_MS
CS_PRICE = 55


def spend_cs(oa: Oa, person: Person, now: int) -> JsonObject | None:
    """Account for one consultation message; the answer's quota object, None when the message is charged.

    Free within 48 hours, then from the package's allowance, then 55 VND from the wallet. Raises Refusal -320 or -321.
    """
    if now - person.last_interaction <= FREE_MS:
        numbers = {"remain": "8", "total": "8"} if oa.switches.old_quota_numbers else {}
        return {"quota_type": "reply", **numbers}
    if oa.free_cs_left > 0:
        oa.free_cs_left -= 1
        left, total = str(oa.free_cs_left), str(oa.free_cs_total)
        return {"quota_type": "sub_quota", "remain": left, "total": total, "expired_date": oa.package_valid_through}
    pay(oa, CS_PRICE)
    return None


def hold(oa: Oa, price: int) -> None:
    """Hold the price of a message on the OA's wallet. Raises Refusal -320 (not linked) or -321 (no money)."""
    if not oa.switches.linked_zca:
        raise Refusal(-320, "Your app needs to connect with Zalo Cloud Account to use paid features")
    if oa.switches.charge_fails or not oa.wallet.can_pay(price):
        text = "Zalo Cloud Account associated with this app is out of money or unable to be charged"
        raise Refusal(-321, text)
    oa.wallet.hold(price)


def pay(oa: Oa, price: int) -> None:
    hold(oa, price)
    oa.wallet.charge(price)


async def message_quota(call: Call) -> JsonObject:
    """By person with `user_id`, by owner with `quota_owner`."""
    body = await call.body()
    if body.get("quota_owner"):
        return success({"asset": _assets(call.oa, body)})
    person = find_person(call, text_of(body, "user_id"))
    data: JsonObject = {"last_interaction": str(person.last_interaction)}
    if call.oa.switches.old_quota_numbers:
        data["cs_reply"] = {"remain": 8, "total": 8}
    zns, day = call.world.zns_log, call.world.today()
    sent = (zns.promoted(call.oa.oa_id, person.user_id, key) for key in (day, day[:7]))
    today, month = sent
    data["promotion"] = {
        "daily_remain": max(0, 1 - today),
        "daily_total": 1,
        "monthly_remain": max(0, 4 - month),
        "monthly_total": 4,
    }
    return success(data)


def _assets(oa: Oa, body: dict[str, Any]) -> list[JsonObject]:
    if body["quota_owner"] not in ("OA", "APP"):
        raise Refusal(-201, "quota_owner is invalid!")
    if body["quota_owner"] == "APP" or body.get("quota_type", "sub_quota") != "sub_quota":
        return []
    asset = {
        "asset_id": oa.oa_id[-20:].rjust(20, "0"),
        "product_type": "cs",
        "quota_type": "sub_quota",
        "valid_through": oa.package_valid_through,
        "total": oa.free_cs_total,
        "remain": oa.free_cs_left,
    }
    return [asset]
