"""The words in which Zalo's refusals are told apart."""

from dataclasses import dataclass
from enum import StrEnum


class Table(StrEnum):
    """Which of Zalo's code tables an answer speaks; the same number means different things in each."""

    OA = "oa"
    ZNS = "zns"
    OAUTH = "oauth"


class ErrorClass(StrEnum):
    """What a refusal asks of us."""

    RECIPIENT = "recipient"  # this person cannot be reached; the next one may be
    FIX = "fix"  # our data or request is wrong; the same again fails the same
    TEMPLATE = "template"  # nothing of this template goes out until somebody looks
    TRANSIENT = "transient"  # try again soon, a few times
    LATER = "later"  # try again at `ErrorInfo.resume`
    TOKEN = "token"  # noqa: S105 - renew the token once, repeat once
    GLOBAL = "global"  # nothing of this OA goes out until somebody acts
    UNKNOWN = "unknown"  # in no table: never repeat blindly


class ResumeAt(StrEnum):
    """When a LATER code stops applying (times of Asia/Ho_Chi_Minh)."""

    NEXT_MINUTE = "next_minute"
    NIGHT_END = "night_end"
    NEXT_DAY = "next_day"
    NEXT_MONTH = "next_month"


class Scope(StrEnum):
    """What a LATER code holds back: everything of the OA, one template, or one person."""

    OA = "oa"
    TEMPLATE = "template"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One code: its class, a short meaning, and for LATER when and for whom it ends."""

    code: int
    error_class: ErrorClass
    meaning: str
    resume: ResumeAt | None = None
    remember_optout: bool = False
    scope: Scope = Scope.OA
