"""manage.py staff: entering, changing and removing people without Telegram."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner
from people import ENVIRONMENTS_OWNER

import manage
from models import AuditEntry, Confirmation, Role, Staff
from services import confirmations


@pytest.fixture
def run(place, environment, database_url, monkeypatch):
    """The command line with the settings of the test."""
    for name, value in {**environment, "DATABASE_URL": database_url}.items():
        monkeypatch.setitem(os.environ, name, value)

    def call(*words: str, code: int = 0):
        done = CliRunner().invoke(manage.cli, ["staff", *words])
        assert done.exit_code == code, (done.output, done.stderr)
        return done

    return call


def role_of(number):
    return Staff.get(Staff.telegram_id == number).role


def test_the_environments_owner_stays_owner_and_that_is_said(run):
    """Whatever role is given; the command does not pretend."""
    done = run("add", "--telegram-id", str(ENVIRONMENTS_OWNER), "--role", "viewer", "--name", "Chủ")
    assert "the role stays owner" in done.stderr
    assert role_of(ENVIRONMENTS_OWNER) == Role.OWNER


def test_what_somebody_may_see_is_given_along(run):
    """Unless told otherwise both; each of the two alone."""
    run("add", "--telegram-id", "42", "--role", "operator", "--no-money")
    (row,) = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert (row["sees_numbers"], row["sees_money"], row["every_oa"]) == (True, False, True)


def test_a_lower_role_by_the_command_ends_what_is_open_too(run, place):
    """As in the bot: the question of a manager dies."""
    person = place.person(Role.MANAGER)
    confirmations.ask(place.clock.now(), person, "mode", {})
    run("add", "--telegram-id", str(person.telegram_id), "--role", "operator")
    assert role_of(person.telegram_id) == Role.OPERATOR
    assert Confirmation.select().count() == 0
    assert [(entry.actor, entry.action) for entry in AuditEntry.select()] == [("cli", "staff.role")]


def test_removing_ends_the_access(run, place):
    """Listed as no longer active; a second time there is nobody to remove."""
    place.owner()
    person = place.person(Role.OPERATOR)
    run("remove", "--telegram-id", str(person.telegram_id))
    assert not Staff.get_by_id(person.id).active
    assert "refused: nobody" in run("remove", "--telegram-id", str(person.telegram_id), code=1).stderr


def test_the_last_owner_is_refused_in_one_line(run, place):
    """With what to do instead."""
    boss = place.owner()
    refused = run("remove", "--telegram-id", str(boss.telegram_id), code=1).stderr
    assert refused.startswith("refused: ")
    assert "last owner" in refused
    assert Staff.get_by_id(boss.id).active
