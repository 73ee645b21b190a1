"""A desk with one registered OA and no Zalo, and rows of any age."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
from keeping_store import OA, Store

from models import OfficialAccount
from services.desk import Desk


@pytest.fixture
def store(database: Any, settings: Any, clock: Any) -> Iterator[Store]:
    oa = OfficialAccount.create(oa_id=OA, name="Hoa Mai", created_at=clock.now())
    desk = dataclasses.replace(Desk.from_settings(settings), now=clock.now)
    yield Store(desk, clock, oa)
    asyncio.run(desk.close())
