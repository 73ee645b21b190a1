"""What may leave in the name of an OA: its two flags as one mode."""

from __future__ import annotations

from enum import StrEnum

from models import OfficialAccount


class Mode(StrEnum):
    """What may leave in the name of an OA."""

    LIVE = "live"  # published, not testing
    TEST = "test"  # published and testing: ZNS as development messages, OA messages to testers
    PAUSED = "paused"  # not published: nothing leaves


def mode(oa: OfficialAccount) -> Mode:
    """The two flags as one mode."""
    if not oa.published:
        return Mode.PAUSED
    return Mode.TEST if oa.testing else Mode.LIVE
