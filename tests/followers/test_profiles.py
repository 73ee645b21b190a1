"""New people get their names by themselves."""

from __future__ import annotations

from datetime import timedelta

from db import to_ms
from models import Follower
from services import followers, profiles
from services.desk import utc_now
from services.facts import Person, write_people


def known(place, *user_ids):
    write_people(utc_now(), [Person(place.oa.oa_id, user_id, to_ms(utc_now())) for user_id in user_ids])


def fetch(place):
    return place.run(lambda desk: profiles.fetch_due(desk))


def test_a_new_person_gets_a_profile(place):
    """Name, tags, phone and whether they follow, and the name is searchable without accents."""
    someone = next(person for person in place.directory if person.tags and person.shared_info)
    known(place, someone.user_id)
    assert fetch(place) == 1
    row = followers.get(place.oa.oa_id, someone.user_id)
    assert (row.display_name, row.is_follower, row.phone) == (someone.name, True, someone.phone)
    assert row.user_id_by_app == someone.user_id_by_app
    assert row.last_interaction_on.startswith("20")
    assert not row.profile_wanted
    assert followers.tags_of(place.oa.oa_id, [someone.user_id])[someone.user_id] == sorted(someone.tags)
    assert row in followers.find(place.oa.oa_id, row.search_name)
    assert fetch(place) == 0


def test_an_event_after_the_fetch_began_wins(place):
    """The profile may be older than an unfollow that has just come."""
    someone = place.directory[0]
    now = to_ms(utc_now() + timedelta(seconds=5))
    write_people(utc_now(), [Person(place.oa.oa_id, someone.user_id, now, False, now, "unfollow")])
    fetch(place)
    row = followers.get(place.oa.oa_id, someone.user_id)
    assert row.is_follower is False
    assert row.display_name == someone.name


def test_people_zalo_shows_nothing_of_are_not_asked_for_again(place):
    """A refusal that will not change ends the asking, and says nothing about following."""
    known(place, "1234567890")
    assert fetch(place) == 1
    row = followers.get(place.oa.oa_id, "1234567890")
    assert (row.profile_wanted, row.is_follower) == (False, None)


def test_one_failure_puts_off_one_person(place):
    """A gateway error waits and is tried again; the others get their names."""
    known(place, *(person.user_id for person in place.directory[:5]))
    place.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/user/detail", "kind": "http_502", "times": 1})
    assert fetch(place) == 5
    waiting = list(Follower.select().where(Follower.profile_wanted))
    assert [row.profile_attempts for row in waiting] == [1]
    assert waiting[0].profile_next_at > utc_now()
    assert fetch(place) == 0
    Follower.update(profile_next_at=None).execute()
    assert fetch(place) == 1


def test_tags_taken_away_in_zalo_are_taken_away_here(place):
    """A later fetch corrects what events missed."""
    someone = next(person for person in place.directory if person.tags)
    known(place, someone.user_id)
    fetch(place)
    someone.tags = ()
    from models import FollowerTag

    FollowerTag.update(changed_at=utc_now() - timedelta(days=1)).execute()
    Follower.update(profile_wanted=True, profile_at=utc_now() - timedelta(days=1)).execute()
    fetch(place)
    assert followers.tags_of(place.oa.oa_id, [someone.user_id])[someone.user_id] == []
