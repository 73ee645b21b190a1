"""Every way to a person: open ones first, cheapest first, then those that open later, then the closed with reasons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models import Channel, SendClass, ZnsTemplate
from services.preflight.facts import Facts
from services.preflight.judge import judge
from services.preflight.tags import class_of_tag
from services.preflight.verdicts import Answer, Letter, Verdict

_ORDER = [Answer.YES, Answer.LATER, Answer.NO]


def letters(templates: Sequence[ZnsTemplate]) -> list[list[Letter]]:
    """One list for each way: a way by template is as good as its best template."""
    return [
        [Letter(Channel.CS, "text", SendClass.CARE)],
        [Letter(Channel.CS, "form", SendClass.CARE)],
        *_by_template(Channel.UID, templates),
        *_by_template(Channel.ZNS, templates),
        [Letter(Channel.TRANSACTION, "transaction_order", SendClass.TRANSACTION)],
        [Letter(Channel.PROMOTION, "promotion", SendClass.PROMOTION)],
    ]


def every_way(facts: Facts, templates: Sequence[ZnsTemplate]) -> list[Verdict]:
    """The best verdict of each way to this person."""
    found = [_best(facts, each) for each in letters(templates)]
    return sorted(found, key=_rank)


def _by_template(channel: Channel, templates: Sequence[ZnsTemplate]) -> list[list[Letter]]:
    made: dict[bool, list[Letter]] = {False: [], True: []}
    for row in templates:
        letter = Letter(channel, "template", class_of_tag(row.tag), row)
        made[letter.promotes].append(letter)
    usual = made[False] or [Letter(channel, "template", SendClass.CARE)]
    return [usual, made[True]] if made[True] else [usual]


def _best(facts: Facts, some: Iterable[Letter]) -> Verdict:
    return min((judge(facts, letter) for letter in some), key=_rank)


def _rank(verdict: Verdict) -> tuple[int, float, bool, int]:
    waits = verdict.until.timestamp() if verdict.until else 0.0
    return _ORDER.index(verdict.answer), waits, verdict.price is None, verdict.price or 0
