"""To be filled."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from models import OfficialAccount
from services.desk import Desk
from zalo.client import Host


class Lane(StrEnum):
    """Who goes first."""

    URGENT = "urgent"  # people's answers and single sends
    CAMPAIGN = "campaign"
    BACKGROUND = "background"  # profiles, nightly pull, checks


async def take(desk: Desk, oa: OfficialAccount, lane: Lane, host: Host) -> None:
    """Wait for a permit."""
    raise NotImplementedError


def block(oa: OfficialAccount, until: datetime) -> None:
    """Nothing new starts before `until`."""
    raise NotImplementedError
