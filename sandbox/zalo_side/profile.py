"""getoa: the OA as Zalo shows it."""

from sandbox.zalo_side.answers import JsonObject, success
from sandbox.zalo_side.call import Call


async def get_oa(call: Call) -> JsonObject:
    """Both spellings of the id are sent, since documentation and live answers disagree."""
    oa = call.oa
    data: JsonObject = {
        "oa_id": oa.oa_id,
        "oaid": oa.oa_id,
        "name": oa.name,
        "description": oa.description,
        "oa_alias": "",
        "is_verified": oa.switches.verified,
        "oa_type": 2,
        "cate_name": "Làm đẹp & Chăm sóc sức khỏe",
        "num_follower": oa.people.followers(),
        "avatar": call.world.base + "/_sandbox/media/avatar.png",
        # Zalo's covers have https addresses, which the sandbox cannot serve; nobody fetches this one.
        "cover": "https://example.com/cover.jpg",
        "package_name": oa.package,
        "package_valid_through_date": oa.package_valid_through,
        "package_auto_renew_date": "",
        "linked_ZCA": f"ZBS-{oa.oa_id[-6:]}" if oa.switches.linked_zca else "",
    }
    return success(data)
