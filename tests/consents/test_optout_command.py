"""`manage.py optout`: a phone's wish not to be written to, entered, taken back and listed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import AuditEntry, Consent, ConsentSource, OfficialAccount, Scope
from services import consents
from services.consents import Statement

ROOT = Path(__file__).parents[2]
PHONE = "84901234567"


@pytest.fixture
def run(database, environment, database_url, clock):
    OfficialAccount.create(oa_id="2902001003004005006", name="Hoa Mai", created_at=clock.now())
    env = {**environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url}

    def call(*words, code=0):
        command = [sys.executable, "manage.py", "optout", *words]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
        return done

    return call


def test_it_is_entered_listed_and_taken_back(run):
    """In any spelling of the number; each act is audited without it."""
    run("add", "090 123 4567")
    (row,) = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert (row["recipient"], row["oa_id"], row["scope"], row["source"]) == (PHONE, "", "promotion", "staff")
    run("remove", "0901234567")
    assert run("list", "--json").stdout == ""
    assert [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)] == [
        "customer.opted_out", "customer.reopened",
    ]  # fmt: skip
    assert {entry.target for entry in AuditEntry.select()} == {"090***4567"}


def test_all_means_every_message(run):
    """Not only advertising."""
    run("add", PHONE, "--all")
    assert Consent.get().scope == Scope.ALL


def test_the_list_has_every_row_however_many(run, clock):
    """More than one piece is read."""
    for number in range(1203):
        phone = f"849{number:08d}"
        consents.record(Statement(phone, Scope.PROMOTION, False, clock.now(), ConsentSource.CUSTOMER))
    consents.record(Statement("84911111111", Scope.PROMOTION, True, clock.now(), ConsentSource.CUSTOMER))
    assert len(run("list", "--json").stdout.splitlines()) == 1203


def test_a_number_that_is_none_is_refused_in_one_line(run):
    """Exit 1, nothing entered."""
    done = run("add", "12", code=1)
    assert len(done.stderr.splitlines()) == 1
    assert not Consent.select().exists()
