"""A desk with one registered OA and no Zalo."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from models import OfficialAccount
from services.desk import Desk

OA = "2902001003004005006"


@pytest.fixture
def nudges() -> list[str]:
    return []


@pytest.fixture
def inbox_desk(database: Any, settings: Any, clock: Any, nudges: list[str]) -> Iterator[Desk]:
    OfficialAccount.create(oa_id=OA, name="Hoa Mai", created_at=clock.now())
    desk = dataclasses.replace(Desk.from_settings(settings, nudge=nudges.append), now=clock.now)
    yield desk
    asyncio.run(desk.close())
