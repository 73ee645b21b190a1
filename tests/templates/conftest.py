"""Events as Zalo's template service writes them, applied as the inbox does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db import to_ms, write
from models import Delivery, DeliveryState, Notice, Role
from services import deliveries, staff
from services.events import read
from services.facts import Facts, write_facts
from zalo.events import parse


@pytest.fixture
def manager(shop: Any) -> Any:
    return staff.add(shop.clock.now(), 55, Role.MANAGER, "Hoa")


@pytest.fixture
def lan(shop: Any) -> Any:
    """An operator."""
    return staff.add(shop.clock.now(), 66, Role.OPERATOR, "Lan")


@pytest.fixture
def event(shop: Any) -> Any:
    """Apply an event of the shop's OA: its name, and what else its body says."""

    def apply(name: str, **body: Any) -> None:
        now = shop.clock.now()
        whole = {"event_name": name, "app_id": "1", "oa_id": shop.oa.oa_id, "timestamp": str(to_ms(now)), **body}
        raw = json.dumps({key: value for key, value in whole.items() if value is not None}).encode()
        found, facts = parse(raw, to_ms(now)), Facts()
        read(found, found.oa_id or "", to_ms(now), facts)
        with write():
            write_facts(now, facts)

    return apply


@pytest.fixture
def told() -> Any:
    """Kinds of all notices so far, in order."""
    return lambda: [row.kind for row in Notice.select().order_by(Notice.id)]


@pytest.fixture
def sent(shop: Any) -> Any:
    """A message that was delivered."""

    def make(phone: str = "84901234567", template_id: str = "300113", **given: Any) -> Delivery:
        now = shop.clock.now()
        number = Delivery.select().count()
        values = {
            "oa": shop.oa, "channel": "zns", "kind": "template", "recipient": phone, "created_at": now,
            "content": {"template_id": template_id, "params": {}}, "dedupe_key": f"k{number}", "sent_at": now,
            "tracking_id": deliveries.new_tracking_id(now), "msg_id": f"m{number}", "state": DeliveryState.DELIVERED,
        }  # fmt: skip
        return Delivery.create(**{**values, **given})

    return make
