"""What customers say under a ZNS: stars and words, in a webhook's shape and in the one `/rating/get` answers.

Both name the same things a little differently (zns.md 2.5 and 9.3: `submit_time` or `submitDate`, `msg_id` or `msgId`,
`feedbacks` or, in an older client, `feedback`), so one reader takes either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from zalo.client import Answer, Call, Host, Zalo
from zalo.errors import Refused, Table
from zalo.payload import as_dict, as_id, as_int, as_list, as_moment, as_text

PAGE = 50
LEAST, MOST = 1, 5
WRONG_METHOD = -106


@dataclass(frozen=True, slots=True)
class Rating:
    """One answer. Zalo names the message, never the person; `at` is None when it does not say when."""

    rate: int
    note: str
    feedbacks: tuple[str, ...]
    msg_id: str
    tracking_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class RatingPage:
    """One page: what could be read of it, how many entries it had, and how many there are in all."""

    items: tuple[Rating, ...]
    entries: int
    total: int


def read_rating(data: Mapping[str, Any]) -> Rating | None:
    """A rating from either shape; None without 1 to 5 stars or without any id of the message it belongs to."""
    rate = as_int(data.get("rate"))
    msg_id = as_id(data.get("msg_id")) or as_id(data.get("msgId")) or ""
    tracking_id = as_id(data.get("tracking_id")) or as_id(data.get("trackingId")) or ""
    if rate is None or not LEAST <= rate <= MOST or not (msg_id or tracking_id):
        return None
    at = as_moment(data.get("submit_time")) or as_moment(data.get("submitDate"))
    return Rating(rate, as_text(data.get("note")) or "", _words(data), msg_id, tracking_id, at)


async def list_ratings(
    zalo: Zalo, token: str, template_id: str, since: datetime, until: datetime, offset: int, limit: int = PAGE
) -> RatingPage:
    """A page of the ratings a template got between two moments. Raises ZaloError.

    Whether the call is a GET or a POST is in conflict among the sources (zns.md 2.5): GET, and on -106 POST.
    """
    asked: dict[str, str | int] = {
        "template_id": template_id,
        "from_time": _millis(since),
        "to_time": _millis(until),
        "offset": offset,
        "limit": limit,
    }
    try:
        answer = await _ask(zalo, token, "GET", asked)
    except Refused as refused:
        if refused.code != WRONG_METHOD:
            raise
        answer = await _ask(zalo, token, "POST", asked)
    data = as_dict(answer.data)
    listed = as_list(data.get("data"))
    items = tuple(found for item in listed if (found := read_rating(as_dict(item))) is not None)
    total = as_int(data.get("total"))
    return RatingPage(items, len(listed), offset + len(listed) if total is None else total)


async def _ask(zalo: Zalo, token: str, method: str, asked: dict[str, str | int]) -> Answer:
    body = asked if method == "POST" else None
    call = Call(method, Host.BUSINESS, "/rating/get", Table.ZNS, token=token, query=asked, json=body)
    return await zalo.call(call)


def _words(data: Mapping[str, Any]) -> tuple[str, ...]:
    given = data.get("feedbacks") or data.get("feedback")
    listed = given if isinstance(given, list) else [given]
    return tuple(word for item in listed if (word := as_text(item)))


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
