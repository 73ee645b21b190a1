"""services/interaction.py and the 7-day window: what a day without a time allows."""

from datetime import UTC, datetime, timedelta

import pytest

from models import Follower
from services.interaction import last_interaction

MOMENT = datetime(2026, 11, 12, 10, 30, tzinfo=UTC)  # 17:30 in Vietnam


def person(**known: object) -> Follower:
    return Follower(oa_id="1", user_id="2", **{"last_interaction_on": "", **known})


def test_nothing_known_is_nothing():
    """Neither an event nor a profile told anything."""
    assert last_interaction(None) is None
    assert last_interaction(person()) is None


def test_an_event_tells_the_moment():
    """Both ends are the same moment."""
    found = last_interaction(person(last_interaction_at=MOMENT))
    assert (found.earliest, found.latest, found.shown) == (MOMENT, MOMENT, MOMENT)


def test_a_profile_tells_the_whole_day_in_vietnam():
    """From midnight to midnight there; shown as a day, not as a time nobody knows."""
    found = last_interaction(person(last_interaction_on="2026-11-12"))
    assert found.earliest == datetime(2026, 11, 11, 17, tzinfo=UTC)
    assert found.latest == found.earliest + timedelta(days=1)
    assert found.shown.isoformat() == "2026-11-12"


@pytest.mark.parametrize(("day", "exact"), [("2026-11-11", True), ("2026-11-12", True), ("2026-11-13", False)])
def test_the_day_counts_only_if_it_is_later_than_the_moment(day, exact):
    """A profile read after an event repeats it with less detail."""
    found = last_interaction(person(last_interaction_at=MOMENT, last_interaction_on=day))
    assert (found.shown == MOMENT) is exact
