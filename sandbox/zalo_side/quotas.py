"""Free and paid allowances of consultation messages."""

from typing import Any

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, text_of
from sandbox.zalo_side.clock import HOUR_MS
from sandbox.zalo_side.directory import find_person
from sandbox.zalo_side.oas import Asset, Oa
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
    bought = spend_asset(oa, "cs")
    if bought is None:
        pay(oa, CS_PRICE)
    return bought


def spend_asset(oa: Oa, product: str) -> JsonObject | None:
    """Take one message of an allowance that was bought or given; the answer's quota object, None when none is left."""
    for asset in oa.assets:
        if asset.product_type == product and asset.remain > 0:
            asset.remain -= 1
            owner = {"owner_type": asset.owner_type, "owner_id": oa.oa_id}
            return {"quota_type": asset.quota_type, "remain": str(asset.remain), **owner}
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
        assets = _assets(call.oa, body)
        container = call.oa.shapes.quota_container
        return success(assets if container == "data" else {container: assets})
    person = find_person(call, text_of(body, "user_id"))
    data: JsonObject = {"last_interaction": str(person.last_interaction)}
    if call.oa.switches.old_quota_numbers:
        data["cs_reply"] = {"remain": 8, "total": 8}
    return success(data | {"promotion": _promotion(call, person)})


def _promotion(call: Call, person: Person) -> JsonObject:
    log, day, total = call.world.zns_log, call.world.today(), call.oa.media_total
    today, month = (log.promoted(call.oa.oa_id, person.user_id, period) for period in (day, day[:7]))
    daily = {"daily_remain": max(0, 1 - today), "daily_total": 1}
    return daily | {"monthly_remain": max(0, total - month), "monthly_total": total}


async def old_message_quota(call: Call) -> JsonObject:
    """v2.0: of the OA with an empty body, of a message that came in, or of one person's media messages."""
    raw = await call.request.read()
    body = await call.body() if raw.strip() else {}
    if body.get("message_id"):
        return success({"type": "reply", "remain": 8, "total": 8})
    if body.get("user_id"):
        found = _promotion(call, find_person(call, text_of(body, "user_id")))
        return success({"type": "promotion", "remain": found["monthly_remain"], "total": found["monthly_total"]})
    return success({"type": "active", "remain": call.oa.free_cs_left, "total": call.oa.free_cs_total})


def _assets(oa: Oa, body: dict[str, Any]) -> list[JsonObject]:
    """The package's allowance and what was bought or given, as far as the request asks for them."""
    owner = body["quota_owner"]
    if owner not in ("OA", "APP"):
        raise Refusal(-201, "quota_owner is invalid!")
    found = [
        {
            "asset_id": asset.asset_id,
            "product_type": asset.product_type,
            "quota_type": asset.quota_type,
            "valid_through": asset.valid_through,
            "total": asset.total,
            "remain": asset.remain,
        }
        for asset in [_package(oa), *oa.assets]
        if asset.owner_type.upper() == owner
    ]
    wanted = {name: body[name] for name in ("product_type", "quota_type") if body.get(name)}
    return [each for each in found if all(each[name] == value for name, value in wanted.items())]


def _package(oa: Oa) -> Asset:
    asset_id, through = oa.oa_id[-20:].rjust(20, "0"), oa.package_valid_through
    return Asset(asset_id, "cs", "sub_quota", oa.free_cs_total, oa.free_cs_left, through)
