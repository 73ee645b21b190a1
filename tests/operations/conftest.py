"""A desk where everything is as it should be; each test breaks one thing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import ClockTick, Lease, OaToken, OfficialAccount, Role
from services import staff
from services.desk import Desk
from services.health.machinery import POLLING
from services.schedule import TURNS


@pytest.fixture
def well(shop: Any) -> Desk:
    """The shop's desk with a bot, a clock, an owner and a manager, and an OA that hears from Zalo."""
    now = shop.clock.now()
    changed = {"public_url": "https://desk.example.vn", "telegram_api_url": f"{shop.zalo.base}/telegram"}
    desk = replace(shop.desk(), settings=shop.settings.model_copy(update=changed))
    desk.settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    Lease.create(name=POLLING, owner="bot", until=now + timedelta(seconds=20))
    for job in TURNS:
        ClockTick.create(job=job.name, slot=job.slot(now), done_at=now)
    staff.recognise(now, shop.settings.telegram_owner_id, "Hoa", shop.settings.telegram_owner_id)
    staff.add(now, 55, Role.MANAGER, "Lan")
    profile = {"package_name": "Toàn diện", "package_valid_through_date": "31/12/2027"}
    OfficialAccount.update(last_event_at=now - timedelta(minutes=5), profile=profile).execute()
    OaToken.update(state="ok", refresh_expires_at=now + timedelta(days=80)).execute()
    return desk
