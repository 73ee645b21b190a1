"""The people of an OA: user/getlist, user/detail and user/update."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.zalo_side.answers import JsonObject, Refusal, success
from sandbox.zalo_side.call import Call, number_of, text_of
from sandbox.zalo_side.clock import DAY_MS, VIETNAM, vietnam
from sandbox.zalo_side.people import Person

MAX_OFFSET = 9951
MAX_COUNT = 50
Test = Callable[[Person], bool]


async def list_users(call: Call) -> JsonObject:
    """One page of at most 50 people; only the first 10,000 of any filter can be reached."""
    data = call.data()
    offset, count = number_of(data, "offset", MAX_OFFSET), number_of(data, "count", MAX_COUNT)
    people = call.oa.people.everyone
    for test in _filters(data, call.now):
        people = [person for person in people if test(person)]
    page = [{"user_id": person.user_id} for person in people[offset : offset + count]]
    return success({"total": len(people), "count": len(page), "offset": offset, "users": page})


def _filters(data: dict[str, Any], now: int) -> list[Test]:
    tests: list[Test] = []
    if data.get("tag_name"):
        tag = text_of(data, "tag_name")
        tests.append(lambda person: tag in person.tags)
    if data.get("is_follower") not in (None, ""):
        wanted = _truth(data["is_follower"])
        tests.append(lambda person: person.is_follower is wanted)
    if data.get("last_interaction_period"):
        start, end = period(text_of(data, "last_interaction_period"), now)
        tests.append(lambda person: start <= person.last_interaction < end)
    return tests


def _truth(value: Any) -> bool:
    words = {"true": True, "false": False}
    if str(value).lower() not in words:
        raise Refusal(-201, "is_follower is invalid!")
    return words[str(value).lower()]


def period(text: str, now: int) -> tuple[int, int]:
    """Epoch ms from (included) and to (not included) of TODAY, YESTERDAY, L7D, L30D or YYYY_MM_DD:YYYY_MM_DD."""
    midnight = vietnam(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = round(midnight.timestamp() * 1000)
    named = {
        "TODAY": (today, today + DAY_MS),
        "YESTERDAY": (today - DAY_MS, today),
        "L7D": (today - 6 * DAY_MS, today + DAY_MS),
        "L30D": (today - 29 * DAY_MS, today + DAY_MS),
    }
    if text in named:
        return named[text]
    try:
        first, last = (datetime.strptime(part, "%Y_%m_%d").replace(tzinfo=VIETNAM) for part in text.split(":"))
        after = last + timedelta(days=1)
    except (ValueError, OverflowError):
        raise Refusal(-201, "last_interaction_period is invalid!") from None
    return round(first.timestamp() * 1000), round(after.timestamp() * 1000)


def find_person(call: Call, user_id: str) -> Person:
    """The person behind a user id. Raises Refusal -201: what Zalo answers for a stranger is not documented."""
    person = call.oa.people.find(user_id)
    if person is None:
        raise Refusal(-201, "user_id is invalid!")
    return person


async def user_detail(call: Call) -> JsonObject:
    person = find_person(call, text_of(call.data(), "user_id"))
    avatar = call.world.base + "/_sandbox/media/avatar.png"
    last = person.last_interaction
    return success(
        {
            "user_id": person.user_id,
            "user_id_by_app": person.user_id_by_app,
            "user_external_id": person.external_id,
            "display_name": person.name,
            "user_alias": person.alias,
            "is_sensitive": person.is_sensitive,
            "user_last_interaction_date": vietnam(last).strftime("%d/%m/%Y") if last else "",
            "user_is_follower": person.is_follower,
            "avatar": avatar,
            "avatars": {"120": avatar, "240": avatar},
            "dynamic_param": "",
            "tags_and_notes_info": {"notes": list(person.notes), "tag_names": list(person.tags)},
            "shared_info": person.shared_info or {},
        }
    )


async def update_user(call: Call) -> JsonObject:
    """Alias, external id and shared information, as the OA's staff would change them."""
    body = await call.body()
    person = find_person(call, text_of(body, "user_id"))
    person.alias = str(body.get("user_alias", person.alias))
    person.external_id = str(body.get("user_external_id", person.external_id))
    if isinstance(body.get("shared_info"), dict):
        person.shared_info = {**(person.shared_info or {}), **body["shared_info"]}
    return {"error": 0, "message": "Success"}
