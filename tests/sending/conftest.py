"""Who sends and who gets it, in most of these tests; a file that needs others makes its own."""

from __future__ import annotations

import pytest
from media_desk import follower

from models import Role
from services import staff


@pytest.fixture
def lan(shop):
    """A manager, who also gets the alerts."""
    return staff.add(shop.clock.now(), 55, Role.MANAGER, "Lan")


@pytest.fixture
def fan(shop):
    """A follower who wrote an hour ago."""
    return follower(shop)
