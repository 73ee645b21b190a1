"""A registered OA at a local Zalo whose limits do not slow the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from models import OfficialAccount
from sandbox.running import RunningSandbox, running_sandbox
from services import accounts, pacing
from services.audit import CLI
from services.desk import Desk, Work

DAY_MS = 86_400_000


@dataclass
class Place:
    """An OA, its local Zalo, and a desk for each event loop."""

    settings: Any
    zalo: RunningSandbox
    oa: OfficialAccount
    nudges: list[Work] = field(default_factory=list)

    @property
    def people(self) -> Any:
        return self.zalo.sandbox.world.oas[self.oa.oa_id].people

    @property
    def directory(self) -> list[Any]:
        people: list[Any] = self.people.everyone
        return people

    def run(self, work: Callable[[Desk], Any], **changes: Any) -> Any:
        async def inside() -> Any:
            desk = Desk.from_settings(self.settings, nudge=self.nudges.append)
            try:
                return await work(desk)
            finally:
                await desk.close()

        return asyncio.run(inside())

    def spread_over(self, days: int) -> None:
        """Let people have interacted evenly over the last `days` days."""
        now = self.zalo.sandbox.world.clock.now_ms()
        for index, person in enumerate(self.directory):
            person.last_interaction = now - (index % days) * DAY_MS - 1000


@pytest.fixture
def followers_at_zalo() -> int:
    return 30


@pytest.fixture
def place(
    database: Any, environment: dict[str, str], database_url: str, monkeypatch: Any, followers_at_zalo: int
) -> Iterator[Place]:
    import config

    # Pacing has tests of its own; here it would only make the pull of 25,000 last minutes.
    monkeypatch.setattr(pacing, "APP_PER_MINUTE", 10_000_000)
    with running_sandbox(followers=followers_at_zalo) as zalo:
        settings = config.load(
            {
                **environment,
                "DATABASE_URL": database_url,
                "ZALO_OAUTH_URL": f"{zalo.base}/oauth",
                "ZALO_OPENAPI_URL": f"{zalo.base}/openapi",
                "ZALO_BUSINESS_URL": f"{zalo.base}/business",
            },
            env_file=None,
        )
        first = zalo.oa
        desk = Desk.from_settings(settings)
        asyncio.run(desk.close())
        new = accounts.NewAccount(
            oa_id=first["oa_id"], name="Hoa Mai", access=first["access_token"], refresh=first["refresh_token"],
            expires_in=timedelta(hours=20),
        )  # fmt: skip
        oa = accounts.register(desk, CLI, new)
        OfficialAccount.update(requests_per_minute=10_000_000).where(OfficialAccount.id == oa.id).execute()
        zalo.sandbox.world.oas[oa.oa_id].rate = 10_000_000
        zalo.sandbox.world.app.rate = 10_000_000
        yield Place(settings, zalo, OfficialAccount.get_by_id(oa.id))
