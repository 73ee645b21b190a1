"""The commands menu follows what the command line does."""

from __future__ import annotations

import asyncio

from models import Role, Staff
from services import staffing
from services.audit import CLI


def sweep(desk):
    asyncio.run_coroutine_threadsafe(desk.bot.poller._sweep(), desk._loop).result(20)
    desk.settle()


def names(person):
    return {command["command"] for command in person.commands()}


def test_removal_and_a_new_role_reach_the_menu(desk):
    """Whoever was removed by the command line sees no commands after the next sweep, whoever lost a role fewer."""
    gone, less = desk.person(Role.MANAGER), desk.person(Role.OPERATOR)
    desk.oa()
    for person in (gone, less):
        person.say("/start")
        person.wait_for("Hôm nay")
        assert "zns" in names(person)
    staffing.remove(desk.desk(), CLI, Staff.get(Staff.telegram_id == gone.id))
    staffing.set_role(desk.desk(), CLI, Staff.get(Staff.telegram_id == less.id), Role.VIEWER)
    sweep(desk)
    assert names(gone) == set()
    assert "zns" not in names(less)
    assert "oa" in names(less)


def test_who_was_removed_while_the_bot_was_down_loses_the_menu_too(desk):
    """The new process has never seen that person."""
    person = desk.person(Role.MANAGER)
    desk.oa()
    person.say("/start")
    person.wait_for("Hôm nay")
    desk.stop()
    staffing.remove(desk.desk(), CLI, Staff.get(Staff.telegram_id == person.id))
    desk.start()
    sweep(desk)
    assert names(person) == set()
