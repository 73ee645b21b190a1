"""What the rules are given: values only, so that no rule can ask the database, and the same facts give the same answer.

One OA's facts serve any number of people; `services.preflight.people` fills those of one person or of thousands by the
same few queries.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models import Consent, OaState, UidMessageApi
from services.interaction import LastInteraction
from services.modes import Mode
from services.preflight.windows import Hours
from services.stop_all import Standstill


@dataclass(frozen=True)
class Stop:
    """That an OA stopped by itself: Zalo's code, or that it was away for long."""

    code: str
    since: datetime


@dataclass(frozen=True)
class Refused:
    """Zalo's word that somebody is out of the window of consultation messages, and when it said so."""

    code: str
    at: datetime


@dataclass(frozen=True)
class OaFacts:
    """What holds for every letter of one OA."""

    name: str
    mode: Mode = Mode.LIVE
    state: OaState = OaState.ACTIVE
    has_tokens: bool = True
    token_code: str = ""  # why the tokens need a person; "" while they don't
    tokens_lost: bool = False
    stop: Stop | None = None
    standstill: Standstill | None = None
    uid_message_api: UidMessageApi = UidMessageApi.TEMPLATE
    test_phones: frozenset[str] = frozenset()
    zns_quota: dict[str, Any] = field(default_factory=dict)
    zns_quota_at: datetime | None = None
    cs_left: int | None = None  # consultation messages paid already, beyond the free window; None: nobody asked yet
    cs_left_at: datetime | None = None
    hours: Hours = field(default_factory=Hours)  # of advertising, as the owner set them


@dataclass(frozen=True)
class PersonFacts:
    """What is known about one person, as one OA sees them. Without a user id only a phone is known, and vice versa."""

    phone: str = ""
    user_id: str = ""
    name: str = ""
    is_follower: bool | None = None
    under_age: bool = False
    tester: bool = False
    last: LastInteraction | None = None
    never: bool = False  # Zalo described them lately, and knew no interaction
    refused: Refused | None = None  # the newest time Zalo refused them a consultation message for the window
    said: tuple[Consent, ...] = ()  # about being written to, newest first
    promoted: tuple[datetime, ...] = ()  # advertising they had or will have, over all OAs, this month and the last one
    related_at: datetime | None = None  # our last ZNS of another class that Zalo took, from this OA to this phone


@dataclass(frozen=True)
class Facts:
    """Everything a verdict rests on."""

    now: datetime
    oa: OaFacts
    person: PersonFacts
