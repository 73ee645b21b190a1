"""services/updates.py and services/leases.py: nothing lost, nothing twice, one holder."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr

from models import StaffUpdate, UpdateState
from secretbox import SecretBox
from services import leases, updates
from services.updates import Arrival


@pytest.fixture
def box(secret_key):
    return SecretBox([SecretStr(secret_key)])


def arrival(number, chat=1):
    return Arrival(number, chat, 10, f'{{"update_id": {number}, "text": "a token"}}')


def test_what_was_stored_once_is_not_stored_again(database, clock, box):
    """A repetition leaves only what is new, in order."""
    assert [row.update_id for row in updates.store(clock.now(), box, [arrival(1), arrival(2)])] == [1, 2]
    assert [row.update_id for row in updates.store(clock.now(), box, [arrival(2), arrival(3)])] == [3]


def test_the_words_are_sealed_and_forgotten(database, clock, box):
    """At rest nobody can read them; when done they are gone."""
    (row,) = updates.store(clock.now(), box, [arrival(1)])
    assert "token" not in StaffUpdate.get().payload
    assert "a token" in updates.start(box, row.id)
    updates.done(row.id)
    assert StaffUpdate.get().payload == ""


def test_an_update_starts_once(database, clock, box):
    """Whoever comes second gets nothing."""
    (row,) = updates.store(clock.now(), box, [arrival(1)])
    assert updates.start(box, row.id) is not None
    assert updates.start(box, row.id) is None


def test_after_a_crash_new_ones_wait_and_begun_ones_are_named(database, clock, box):
    """Each chat once; they are not run again, and a second start finds nothing."""
    rows = updates.store(clock.now(), box, [arrival(1, 5), arrival(2, 5), arrival(3, 6)])
    updates.start(box, rows[0].id)
    updates.start(box, rows[1].id)
    assert updates.interrupted() == [5]
    assert updates.interrupted() == []
    assert [row.update_id for row in updates.waiting()] == [3]
    assert StaffUpdate.get_by_id(rows[0].id).state == UpdateState.FAILED


def test_a_failed_update_keeps_its_reference_only(database, clock, box):
    """For support, without the person's words."""
    (row,) = updates.store(clock.now(), box, [arrival(1)])
    updates.failed(row.id, "K3V9X2 RuntimeError")
    kept = StaffUpdate.get()
    assert (kept.error, kept.payload) == ("K3V9X2 RuntimeError", "")


def test_a_lease_has_one_holder(database, clock):
    """Prolonged by its holder, refused to others, free when given back or over."""
    second = timedelta(seconds=30)
    assert leases.take(clock.now(), "poll", "a", second)
    assert leases.take(clock.now(), "poll", "a", second)
    assert not leases.take(clock.now(), "poll", "b", second)
    leases.release("poll", "b")
    assert not leases.take(clock.now(), "poll", "b", second)
    leases.release("poll", "a")
    assert leases.take(clock.now(), "poll", "b", second)
    clock.advance(seconds=31)
    assert leases.take(clock.now(), "poll", "a", second)
