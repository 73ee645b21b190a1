"""services/endings.py: what ends by itself some day is told before it does, once for each step."""

from datetime import timedelta

import pytest

from models import Delivery, Notice, OaState, OaToken, OfficialAccount, TokenState
from services import chores, deliveries, endings, tokens
from services.desk import VIETNAM


def days_told(shop, warn, days):
    """On which days, looked at twice each, somebody was told; counted from today."""
    start = shop.clock.now()
    return [day for day in range(days) for _ in range(2) if warn(start + timedelta(days=day))]


def told():
    return [row.payload for row in Notice.select().order_by(Notice.id)]


def test_a_dying_refresh_token_is_told_at_14_7_3_and_1_days(shop, manager):
    """Once for each step, and not again when the job runs twice."""
    OaToken.update(refresh_expires_at=shop.clock.now() + timedelta(days=90)).execute()
    assert days_told(shop, endings.warn_of_refresh_token, 91) == [76, 83, 87, 89]
    assert [payload["days"] for payload in told()] == [14, 7, 3, 1]


def test_a_pasted_token_of_unknown_age_counts_from_the_day_it_was_pasted(shop, manager):
    """It cannot live longer than that."""
    assert OaToken.get().refresh_expires_at is None
    assert days_told(shop, endings.warn_of_refresh_token, 91) == [76, 83, 87, 89]


def test_a_token_that_needs_a_person_already_is_not_warned_of(shop, manager):
    """It was said at once; a second alarm would only confuse."""
    tokens.lost(shop.desk(), shop.oa, -14014)
    Notice.delete().execute()
    assert days_told(shop, endings.warn_of_refresh_token, 91) == []


def test_a_package_that_ends_is_told_at_30_14_7_3_and_1_days(shop, manager):
    """By the calendar of Vietnam; on the day itself and after it the card says so."""
    until = shop.clock.now().astimezone(VIETNAM).date() + timedelta(days=40)
    OfficialAccount.update(profile={"package_valid_through_date": f"{until:%d/%m/%Y}"}).execute()
    assert days_told(shop, endings.warn_of_package, 60) == [10, 26, 33, 37, 39]
    assert [payload["days"] for payload in told()] == [30, 14, 7, 3, 1]
    assert told()[0] == {"oa_id": shop.oa.oa_id, "days": 30, "until": until.isoformat()}


def test_a_prolonged_package_is_told_of_anew(shop, manager):
    """Its steps belong to its end, not to the OA."""
    for days in (5, 6):
        until = shop.clock.now().date() + timedelta(days=days)
        OfficialAccount.update(profile={"package_valid_through_date": f"{until:%d/%m/%Y}"}).execute()
        assert endings.warn_of_package(shop.clock.now()) == 1


@pytest.mark.parametrize("profile", [None, {}, {"package_valid_through_date": ""}, {"package_valid_through_date": 7}])
def test_a_package_nobody_knows_the_end_of_is_not_told(shop, manager, profile):
    """Zalo gave no date, or none that is one."""
    OfficialAccount.update(profile=profile).execute()
    assert days_told(shop, endings.warn_of_package, 2) == []


def test_an_oa_that_stands_idle_for_150_days_is_told(shop, manager):
    """Neither an event nor an accepted message since."""
    OfficialAccount.update(last_event_at=shop.clock.now() + timedelta(days=3)).execute()
    assert days_told(shop, endings.warn_of_idleness, 160) == [153]
    assert told() == [{"oa_id": shop.oa.oa_id, "days": 150}]


def test_a_message_zalo_took_is_life(shop, manager):
    """Also where no event ever comes."""
    tracking = deliveries.new_tracking_id(shop.clock.now())
    Delivery.create(
        oa=shop.oa, channel="cs", kind="text", recipient="u", content={}, dedupe_key=tracking, tracking_id=tracking,
        created_at=shop.clock.now(), sent_at=shop.clock.now() + timedelta(days=20),
    )  # fmt: skip
    assert days_told(shop, endings.warn_of_idleness, 180) == [170]


def test_nothing_is_said_of_a_removed_oa(shop, manager):
    """Its tokens are erased; its past stays."""
    until = shop.clock.now().date() + timedelta(days=3)
    gone = {"state": OaState.REMOVED, "profile": {"package_valid_through_date": f"{until:%d/%m/%Y}"}}
    OfficialAccount.update(**gone).execute()
    later = shop.clock.now() + timedelta(days=200)
    assert [warn(later) for warn in endings.WARNINGS] == [0, 0, 0]


def test_what_is_no_emergency_waits_for_the_morning(shop, manager):
    """A package that ends in a month wakes nobody."""
    OaToken.update(refresh_expires_at=shop.clock.now() + timedelta(days=7), state=TokenState.OK).execute()
    shop.clock.moment = shop.clock.moment.replace(hour=20)  # three at night in Vietnam
    assert shop.run(chores.warn_of_endings) == 0
    shop.clock.advance(hours=5)
    assert shop.run(chores.warn_of_endings) == 1
