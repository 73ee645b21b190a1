"""services/quotas.py: what may still be sent, and the alert before it is used up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from db import to_ms
from models import Delivery, Follower, Notice, OfficialAccount
from services import deliveries, quotas, sending

CS = {"free_cs_total": 500, "free_cs_left": 480, "package_valid_through": "31/12/2026"}


@pytest.fixture(autouse=True)
def at_full_speed(shop: Any) -> None:
    """The clock stands still, so permits of a slow OA would be waited for in real time."""
    OfficialAccount.update(requests_per_minute=60_000).execute()


def patch(shop: Any, **changes: Any) -> None:
    shop.zalo.post(f"/_sandbox/oas/{shop.oa.oa_id}", changes)


def refresh(shop: Any) -> Any:
    shop.run(lambda desk: quotas.refresh(desk, shop.again(shop.oa)))
    return shop.again(shop.oa)


def alerts() -> list[tuple[str, Any]]:
    return [
        (row.kind, row.payload.get("which") or row.payload.get("span")) for row in Notice.select().order_by(Notice.id)
    ]


def test_everything_zalo_says_is_kept(shop: Any, manager: Any) -> None:
    """Quota, promotions with next month's estimate, quality, kinds allowed, allowances."""
    patch(shop, **CS)
    oa = refresh(shop)
    assert {"daily", "remaining", "monthly_promotion", "next_month_promotion", "quality_48h"} <= set(oa.zns_quota)
    assert "TRANSACTION" in oa.zns_quota["tags"]
    (row,) = oa.cs_quota
    assert (row["total"], row["remain"], row["until"]) == (500, 480, "31/12/2026")
    assert (oa.zns_quota_at, oa.cs_quota_at) == (shop.clock.now(), shop.clock.now())
    assert alerts() == []


@pytest.mark.parametrize("container", ["asset", "assets", "data"])
def test_the_list_of_allowances_stands_where_it_likes(shop: Any, container: str) -> None:
    """Sources disagree on its place."""
    patch(shop, **CS, quota_container=container)
    assert [row["remain"] for row in refresh(shop).cs_quota] == [480]


@pytest.mark.parametrize("match", ["/openapi/v3.0/oa/quota/message", "/business/message/template-tag"])
def test_what_zalo_does_not_answer_stays_as_it_was(shop: Any, match: str) -> None:
    """Some packages may not ask; the quota itself is read all the same."""
    patch(shop, **CS)
    before = refresh(shop)
    shop.zalo.post("/_sandbox/faults", {"match": match, "kind": "http_502"})
    patch(shop, daily_quota=7)
    oa = refresh(shop)
    assert oa.zns_quota["daily"] == 7
    assert (oa.cs_quota, oa.zns_quota["tags"]) == (before.cs_quota, before.zns_quota["tags"])


def test_an_allowance_nearly_used_up_is_told_once(shop: Any, manager: Any) -> None:
    """Once a day and quota, the monthly and the package's once for their time."""
    refresh(shop)  # the sandbox counts a new day from its first question on
    patch(shop, daily_quota=1000, sent_today=800, **{**CS, "free_cs_left": 100})
    refresh(shop)
    assert sorted(alerts()) == [("quota_low", "cs"), ("quota_low", "zns")]
    refresh(shop)
    assert len(alerts()) == 2
    shop.advance(days=1)
    refresh(shop)
    patch(shop, sent_today=900)
    refresh(shop)
    assert [which for _, which in alerts()].count("zns") == 2
    assert [which for _, which in alerts()].count("cs") == 1


@pytest.mark.parametrize(("left", "total"), [(None, 1000), (0, 0), (0, None), (10, -1), (201, 1000)])
def test_no_alert_without_a_limit_or_above_a_fifth(shop: Any, manager: Any, left: Any, total: Any) -> None:
    """How Zalo writes "unlimited" is not documented; nothing is divided by it."""
    quotas._warn(shop.clock.now(), shop.oa, "zns", left, total)
    assert alerts() == []


def test_a_quality_that_fell_is_told_and_one_that_rose_is_not(shop: Any, manager: Any) -> None:
    """Too few messages to judge is neither."""
    for quality in ("HIGH", "UNDEFINED", "HIGH", "MEDIUM", "HIGH"):
        patch(shop, quality=quality)
        refresh(shop)
    assert alerts() == [("quality_fell", "48h")]
    assert (Notice.get().payload["before"], Notice.get().payload["after"]) == ("HIGH", "MEDIUM")


def test_the_answer_to_a_send_is_newer_than_what_was_asked(shop: Any, manager: Any) -> None:
    """The step over the line is told at once, the messages after it ask nothing."""
    patch(shop, daily_quota=1000)
    oa = refresh(shop)
    desk = shop.desk()
    for left in (500, 200, 199, 198):
        quotas.note(desk, oa, 1000, left)
    assert shop.again(oa).zns_quota["remaining"] == 198
    assert "tags" in shop.again(oa).zns_quota
    assert alerts() == [("quota_low", "zns")]


def test_the_allowance_of_a_message_to_a_user_is_counted_down(shop: Any, manager: Any) -> None:
    """What belongs to the person is not the OA's; nonsense changes nothing."""
    patch(shop, **CS)
    oa, desk = refresh(shop), shop.desk()
    for said in (None, {}, {"quota_type": "reply", "remain": "8"}, {"quota_type": "sub_quota", "remain": "x"}):
        quotas.note_cs(desk, oa, said)
    assert shop.again(oa).cs_quota[0]["remain"] == 480
    quotas.note_cs(desk, oa, {"quota_type": "sub_quota", "remain": "99", "total": "500"})
    assert shop.again(oa).cs_quota[0]["remain"] == 99
    assert alerts() == [("quota_low", "cs")]


def test_our_own_messages_of_today_are_counted_by_channel(shop: Any, sent: Any) -> None:
    """Since midnight in Vietnam; tests and other OAs are not among them."""
    sent()
    sent(channel="cs", created_at=shop.clock.now() - timedelta(days=1))
    sent(development=True)
    sent(sent_at=None)
    sent(sent_at=shop.clock.now() - timedelta(days=1))
    other = OfficialAccount.create(oa_id="9", name="Khác", created_at=shop.clock.now())
    sent(oa=other)
    assert quotas.used_today(shop.oa, shop.clock.now()) == {"zns": 1, "cs": 1}


def test_a_consultation_message_counts_the_package_down(shop: Any, manager: Any) -> None:
    """The answer to the send says what is left; nobody has to ask."""
    patch(shop, **CS)
    oa = refresh(shop)
    now = shop.clock.now()
    user_id = shop.zalo.get("/_sandbox/users")["users"][0]["user_id"]
    early = to_ms(now - timedelta(days=3))  # beyond the free 48 hours
    shop.zalo.post("/_sandbox/users", {"user_id": user_id, "last_interaction": early})
    Follower.create(
        oa_id=oa.oa_id,
        user_id=user_id,
        is_follower=True,
        last_interaction_at=now - timedelta(days=3),
        first_seen_at=now,
    )
    Delivery.create(
        oa=oa, channel="cs", kind="text", recipient=user_id, content={"text": "Chào chị"}, dedupe_key="x",
        tracking_id=deliveries.new_tracking_id(now), created_at=now, next_attempt_at=now, staff_id=manager.telegram_id,
    )  # fmt: skip
    assert shop.run(lambda desk: sending.send_due(desk, "w")) == 1
    assert shop.again(oa).cs_quota[0]["remain"] == 479
