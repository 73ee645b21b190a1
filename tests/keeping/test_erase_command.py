"""`manage.py erase`: asked before it acts, refuses in one line, finishes by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from keeping_store import OA, PHONE, USER

from models import ChatMessage, Follower, OfficialAccount

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(store, environment, database_url):
    Follower.create(oa_id=OA, user_id=USER, display_name="Lan", phone=PHONE, first_seen_at=store.ago(9))
    store.message(3)
    env = {**environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url}

    def call(*words, code=0, typed=""):
        done = subprocess.run(
            [sys.executable, "manage.py", "erase", *words],
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
            input=typed,
        )
        assert done.returncode == code, done.stderr
        return done

    return call


def test_a_person_is_erased_to_the_end(run):
    """One call, one line, nothing left to do."""
    done = run("--oa", OA, "--user-id", USER, "--yes", "--json")
    assert json.loads(done.stdout) == {"people": 1, "phones": 1, "done": True}
    assert (Follower.get().display_name, ChatMessage.get().text) == ("", "")


def test_a_person_of_an_oa_that_was_removed_is_erased_too(run):
    """The OA is gone from the bot; its past is not, nor is their right."""
    OfficialAccount.update(state="removed").execute()
    run("--oa", OA, "--user-id", USER, "--yes")
    assert Follower.get().display_name == ""


def test_by_phone_in_any_spelling(run):
    """As a person would type it."""
    assert json.loads(run("--phone", "090 123 4567", "--yes", "--json").stdout)["people"] == 1
    assert Follower.get().phone == ""


def test_it_asks_first(run):
    """What cannot be undone is not done by a slip."""
    run("--oa", OA, "--user-id", USER, typed="n\n", code=1)
    assert Follower.get().display_name == "Lan"
    run("--oa", OA, "--user-id", USER, typed="y\n")
    assert Follower.get().display_name == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--oa", OA), 2),
        (("--oa", OA, "--user-id", USER, "--phone", PHONE), 2),
        (("--oa", OA, "--user-id", "1"), 1),
        (("--oa", "1", "--user-id", USER), 1),
        (("--phone", "0909999999"), 1),
        (("--phone", "1234"), 1),
    ],
)
def test_wrong_usage_and_unknown_people_change_nothing(run, words, code):
    """Exit 2 for wrong usage, 1 with one line for nobody."""
    done = run(*words, "--yes", code=code)
    assert "Traceback" not in done.stderr
    assert Follower.get().display_name == "Lan"
