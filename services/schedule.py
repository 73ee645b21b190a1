"""What the clock has to do, and when: clock.py runs it, the doctor asks whether it was run.

A job belongs to slots; each slot is taken by one clock. A job that fails is repeated, see services.ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from services import chores, ticks
from services.desk import Desk

Slot = Callable[[datetime], datetime]


@dataclass(frozen=True)
class Turn:
    """A name, and when it is due."""

    name: str
    slot: Slot


@dataclass(frozen=True)
class Job(Turn):
    """And what is done then."""

    act: Callable[[Desk], Coroutine[Any, Any, int]]


def _every(**period: int) -> Slot:
    return lambda now: ticks.every(timedelta(**period), now)


def _daily(hour: int, minute: int) -> Slot:
    return lambda now: ticks.daily(time(hour, minute), now)


JOBS = (
    Job("tokens", _every(minutes=1), chores.renew_tokens),
    Job("newcomers", _every(minutes=1), chores.look_at_newcomers),
    Job("connect", _every(minutes=1), chores.drop_connect_tickets),
    Job("rereading", _every(minutes=1), chores.reread_changed),
    Job("opt_outs", _every(minutes=1), chores.answer_opt_outs),
    Job("silence", _every(minutes=15), chores.warn_of_silence),
    Job("profiles", _every(hours=3), chores.refresh_profiles),
    Job("windows", _every(minutes=5), chores.warn_of_windows),
    Job("endings", _every(hours=1), chores.warn_of_endings),
    Job("reconcile", _daily(2, 30), chores.reconcile_all),
    # By day: an unhappy customer's words of the night are told at once, and nobody is woken by them.
    Job("ratings", _daily(7, 30), chores.pull_ratings),
    Job("erasures", _every(minutes=1), chores.go_on_erasing),
    Job("purge", _daily(3, 30), chores.purge),
)
# Its letters need words, and services know none: clock.py brings what is done.
MAIL = Turn("mail", _every(minutes=1))
TURNS: tuple[Turn, ...] = (*JOBS, MAIL)
