"""listrecentchat and conversation."""

from typing import Any

from sandbox.zalo_side.answers import JsonObject, success
from sandbox.zalo_side.call import Call, number_of, text_of

MAX_COUNT = 10
MAX_OFFSET = 1_000_000


def _page(call: Call, data: dict[str, Any], user_id: str | None) -> JsonObject:
    offset, count = number_of(data, "offset", MAX_OFFSET), number_of(data, "count", MAX_COUNT)
    oa = call.oa
    return success(call.world.chats[oa.oa_id].page(oa.oa_id, oa.name, offset, count, user_id))


async def recent_chats(call: Call) -> JsonObject:
    """The newest messages over all people: a feed, not a list of conversations."""
    return _page(call, call.data(), None)


async def conversation(call: Call) -> JsonObject:
    data = call.data()
    return _page(call, data, text_of(data, "user_id"))
