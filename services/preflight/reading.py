"""Facts from the database: the OA's once, the people's for one or for many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from typing import Any

from models import Follower, OaState, OaToken, OfficialAccount, TokenState, UidMessageApi
from services import house, stop_all
from services.desk import Desk
from services.modes import mode
from services.preflight import people
from services.preflight.facts import Facts, OaFacts, Stop
from services.preflight.people import Wanted
from services.preflight.windows import EARLIEST, LATEST, PROMOTION_FROM, PROMOTION_TO, Hours

PROMOTION_HOURS = "promotion_hours"  # the setting: {"from": "08:00", "to": "21:00"}


def facts(
    desk: Desk, oa: OfficialAccount, *, phone: str = "", follower: Follower | None = None, before: int | None = None
) -> Facts:
    """All that is known about one person as this OA sees them, in a handful of queries.

    `phone` is 84...; a phone alone finds the follower who shares it. `before`: see `people.read`.
    """
    now = desk.now()
    (person,) = people.read(now, oa, [Wanted(phone, follower)], before)
    return Facts(now, oa_facts(oa), person)


def facts_of(desk: Desk, oa: OfficialAccount, wanted: Sequence[Wanted]) -> list[Facts]:
    """The same for many people, in their order, by no more queries than for one."""
    now, account = desk.now(), oa_facts(oa)
    return [Facts(now, account, person) for person in people.read(now, oa, wanted)]


def oa_facts(oa: OfficialAccount) -> OaFacts:
    """What holds for every letter of this OA; the row as the caller read it."""
    token = OaToken.get_or_none(OaToken.oa == oa.id)
    return OaFacts(
        name=oa.name,
        mode=mode(oa),
        state=OaState(oa.state),
        has_tokens=token is not None,
        token_code=token.error_code if token is not None else "",
        tokens_lost=token is not None and token.state == TokenState.NEEDS_REAUTH,
        stop=Stop(oa.stopped_code, oa.stopped_at) if oa.stopped_at is not None else None,
        standstill=stop_all.in_force(),
        uid_message_api=UidMessageApi(oa.uid_message_api),
        test_phones=frozenset(oa.test_phones or ()),
        zns_quota=oa.zns_quota or {},
        zns_quota_at=oa.zns_quota_at,
        cs_left=cs_left(oa.cs_quota),
        cs_left_at=oa.cs_quota_at,
        hours=promotion_hours(),
    )


def promotion_hours() -> Hours:
    """When advertising may leave, as the owner set it; never outside 07:00 to 22:00, whatever stands in the setting."""
    value = house.get(PROMOTION_HOURS) or {}
    begin = max(_clock(value.get("from"), PROMOTION_FROM), EARLIEST)
    end = min(_clock(value.get("to"), PROMOTION_TO), LATEST)
    return Hours(begin, end) if begin < end else Hours()


def cs_left(quota: Any) -> int | None:
    """How many consultation messages are paid already, of all allowances; None while nobody asked Zalo."""
    if not isinstance(quota, list):
        return None
    mine = [each.get("remain") for each in quota if each.get("product_type") == "cs"]
    return sum(max(0, left) for left in mine if isinstance(left, int))


def _clock(text: Any, default: time) -> time:
    try:
        return time.fromisoformat(text)
    except (TypeError, ValueError):
        return default
