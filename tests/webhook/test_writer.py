"""Group commit: many requests, few commits, and no answer before its row is durable."""

from __future__ import annotations

import threading

import gevent
import pytest
from peewee import DataError, OperationalError

from webhook.writer import GroupCommit, NotStored


class Store:
    """Stands in for the database: keeps rows, fails or waits on order."""

    def __init__(self):
        self.batches = []
        self.gate = threading.Event()
        self.gate.set()
        self.poison = None
        self.outage = False

    def commit(self, rows):
        self.gate.wait(10)
        if self.outage:
            raise OperationalError("server closed the connection")
        if self.poison in rows:
            raise DataError("a value nobody can store")
        self.batches.append(list(rows))


@pytest.fixture
def store():
    return Store()


def submit_all(writer, rows):
    outcomes = {}

    def one(row):
        try:
            writer.submit(row)
            outcomes[row] = "stored"
        except NotStored:
            outcomes[row] = "refused"

    gevent.joinall([gevent.spawn(one, row) for row in rows], timeout=20)
    return outcomes


def test_waiting_rows_are_committed_together(store):
    """While one commit runs the others gather, and the next takes them all."""
    writer = GroupCommit(store.commit, lambda: None)
    rows = [(number,) for number in range(50)]
    assert set(submit_all(writer, rows).values()) == {"stored"}
    assert sorted(row for batch in store.batches for row in batch) == rows
    assert len(store.batches) <= 3


def test_a_row_nobody_can_store_costs_only_its_own_request(store):
    """A poisoned batch is redone one by one."""
    store.poison = (7,)
    outcomes = submit_all(GroupCommit(store.commit, lambda: None), [(number,) for number in range(20)])
    assert [row for row, outcome in outcomes.items() if outcome == "refused"] == [(7,)]


def test_no_answer_in_time_is_a_refusal(store):
    """The database hangs: requests are refused in time, not answered 200."""
    store.gate.clear()
    outcomes = submit_all(GroupCommit(store.commit, lambda: None, limit=0.2), [(1,), (2,)])
    assert outcomes == {(1,): "refused", (2,): "refused"}
    assert store.batches == []
    store.gate.set()


def test_an_outage_refuses_the_whole_batch_at_once(store):
    """A database that is away is not asked again for each row."""
    store.outage = True
    outcomes = submit_all(GroupCommit(store.commit, lambda: None), [(number,) for number in range(5)])
    assert set(outcomes.values()) == {"refused"}


def test_a_failure_is_over_when_the_database_is_back(store):
    """The writer goes on after any failure."""
    writer = GroupCommit(store.commit, lambda: None)
    store.outage = True
    assert submit_all(writer, [(1,)]) == {(1,): "refused"}
    store.outage = False
    assert submit_all(writer, [(1,)]) == {(1,): "stored"}


def test_the_worker_hears_of_stored_rows_only(store):
    """A nudge before the commit would find nothing."""
    told = []
    writer = GroupCommit(store.commit, lambda: told.append(sum(map(len, store.batches))))
    submit_all(writer, [(1,), (2,)])
    assert told
    assert told[-1] == 2
    store.outage = True
    submit_all(writer, [(3,)])
    assert told[-1] == 2
