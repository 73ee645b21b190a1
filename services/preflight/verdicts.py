"""What is asked and what is answered: a letter that wants to leave, and the verdict on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from models import Channel, SendClass, ZnsTemplate
from services.errors import Refusal
from services.preflight.tags import is_promotion


class Answer(StrEnum):
    YES = "yes"  # it may leave now; the notes say where that is not certain
    LATER = "later"  # not before `until`
    NO = "no"  # not at all, because of `refusal`


class Held(StrEnum):
    """What a letter that goes later waits for, as `Delivery.held_reason` names it."""

    NIGHT = "night"  # decent hours, or the end of Zalo's night
    QUOTA = "quota"  # a new day's or month's allowance, of the OA or of the person


@dataclass(frozen=True)
class Letter:
    """One message that wants to leave, without its wording: that is checked elsewhere."""

    channel: Channel
    kind: str  # as Delivery.kind
    send_class: SendClass
    template: ZnsTemplate | None = None
    development: bool = False  # ZNS: to an administrator of the OA only, free, whatever the OA's mode

    @property
    def promotes(self) -> bool:
        """Whether it is advertising: by its class, or by the tag Zalo approved its template with."""
        by_tag = self.template is not None and is_promotion(self.template.tag)
        return by_tag or self.send_class == SendClass.PROMOTION

    @property
    def counts_as(self) -> SendClass:
        """The class that rules it: a template with an advertising tag is advertising, whatever it was called."""
        return SendClass.PROMOTION if self.promotes else self.send_class


@dataclass(frozen=True)
class Note:
    """Something nobody knows for sure; the letter goes all the same. Text: `note.<key>`."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Later:
    """An objection that ends by itself."""

    refusal: Refusal
    until: datetime
    held: Held


@dataclass(frozen=True)
class Verdict:
    """Whether a letter may leave now, what it costs, and what is not certain about that.

    `refusal` says why not (NO), or why not yet (LATER). `price` is VND before VAT, at most, and None where nobody knows
    it; `free_until` is until when the same letter costs nothing. `rule` names what decided: Zalo's code, or `own:...`.
    """

    answer: Answer
    letter: Letter
    refusal: Refusal | None = None
    until: datetime | None = None
    price: int | None = None
    free_until: datetime | None = None
    notes: tuple[Note, ...] = ()
    rule: str = ""
    held: Held | None = None  # LATER: what it waits for
