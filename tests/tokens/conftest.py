"""Somebody to tell, and real processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from models import Role
from services import staff
from tests.tokens.fleet import Fleet, fleet_of


@pytest.fixture
def manager(shop: Any) -> Any:
    return staff.add(shop.clock.now(), 55, Role.MANAGER, "Hoa")


@pytest.fixture
def fleet(database: Any, environment: dict[str, str], database_url: str) -> Iterator[Fleet]:
    """One OA whose access token is over, and no process yet."""
    with fleet_of(environment, database_url) as made:
        yield made
