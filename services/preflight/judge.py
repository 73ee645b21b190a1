"""The verdict on one letter, from facts alone: same facts, same verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from services.errors import Refusal
from services.preflight import cost
from services.preflight.facts import Facts
from services.preflight.rules import Finding
from services.preflight.table import RULES, Rule
from services.preflight.verdicts import Answer, Later, Letter, Note, Verdict

_ROUNDS = 40  # a person's queued advertising may fill a few days to come; more than a month is never looked ahead


def judge(facts: Facts, letter: Letter) -> Verdict:
    """Yes, not before a time, or no, by the rules in their order: the first no counts, else the longest wait."""
    waiting: list[tuple[Rule, Later]] = []
    notes: list[Note] = []
    for rule, found in _findings(facts, letter):
        if isinstance(found, Refusal):
            return Verdict(Answer.NO, letter, found, rule=rule.name)
        if isinstance(found, Later):
            waiting.append((rule, found))
        elif found is not None:
            notes.append(found)
    if waiting:
        return _later(facts, letter, waiting)
    price, free_until, uncertain = cost.of(facts, letter)
    return Verdict(Answer.YES, letter, price=price, free_until=free_until, notes=(*notes, *uncertain))


def _later(facts: Facts, letter: Letter, waiting: list[tuple[Rule, Later]]) -> Verdict:
    rule, longest = max(waiting, key=lambda each: each[1].until)
    until = _until(facts, letter, longest.until)
    then = replace(facts, now=until)
    notes: list[Note] = []  # of the moment it leaves: what is not certain now may be so then, and the other way round
    for decides, found in _findings(then, letter):
        if isinstance(found, Refusal):  # a window closes while it waits
            return Verdict(Answer.NO, letter, found, rule=decides.name)
        if isinstance(found, Note):
            notes.append(found)
    refusal = Refusal(longest.refusal.key, longest.refusal.code, **{**longest.refusal.values, "until": until})
    price = cost.of(then, letter).price
    return Verdict(Answer.LATER, letter, refusal, until, price, notes=tuple(notes), rule=rule.name, held=longest.held)


def _until(facts: Facts, letter: Letter, at: datetime) -> datetime:
    """The first moment from `at` on at which nothing has to wait any more: midnight may be outside the hours."""
    for _ in range(_ROUNDS):
        found = [each for _, each in _findings(replace(facts, now=at), letter) if isinstance(each, Later)]
        if not found:
            break
        at = max(each.until for each in found)
    return at


def _findings(facts: Facts, letter: Letter) -> Iterator[tuple[Rule, Finding]]:
    for rule in RULES:
        if rule.concerns(letter):
            yield rule, rule.finds(facts, letter)
