"""A message from its content to Zalo and back, for tests about what leaves."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from models import Delivery, Follower, Staff
from services import messages, receipts, sending
from services.contents import Content


def follower(shop: Any, index: int = 0, hours: float = 1) -> Follower:
    """A follower who wrote that many hours ago, by our rows and by Zalo's."""
    person = shop.zalo.get("/_sandbox/users")["users"][index]
    last = shop.clock.now() - timedelta(hours=hours)
    shop.zalo.post("/_sandbox/users", {"user_id": person["user_id"], "last_interaction": int(last.timestamp() * 1000)})
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id=person["user_id"], display_name="Minh Anh", is_follower=True,
        last_interaction_at=last, first_seen_at=shop.clock.now(),
    )  # fmt: skip


def queue(shop: Any, lan: Staff, content: Content, person: Follower | None = None, phone: str = "") -> Delivery:
    """From the preview and its yes to the row that waits."""
    desk, oa = shop.desk(), shop.again(shop.oa)
    known = shop.again(person) if person is not None else None
    found = messages.preview(desk, oa, content, phone=phone, follower=known)
    return messages.accept(desk, lan, messages.ask(desk, lan, found), 5, 6)


def send(shop: Any, worker: str = "w1") -> int:
    """A batch, and whatever of it takes longer."""

    async def whole(desk: Any) -> int:
        count = await sending.send_due(desk, worker)
        await asyncio.gather(*sending._flying)
        return count

    found: int = shop.run(whole)
    return found


def sent(shop: Any, lan: Staff, content: Content, person: Follower | None = None, phone: str = "") -> Delivery:
    """The row after a batch, as it stands then."""
    row = queue(shop, lan, content, person, phone)
    send(shop)
    found: Delivery = shop.again(row)
    return found


def settle(shop: Any, *keys: str) -> int:
    """What Zalo reported about these message ids, applied."""
    return receipts.settle(shop.clock.now(), [(shop.oa.oa_id, key) for key in keys])


def last_body(shop: Any) -> dict[str, Any]:
    """The body that reached Zalo last."""
    body: dict[str, Any] = shop.zalo.messages()[-1]["body"]
    return body
