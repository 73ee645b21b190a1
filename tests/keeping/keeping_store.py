"""Rows of any age, for the tests of keeping and forgetting."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from models import ChatMessage, Delivery, InboxEvent, OfficialAccount
from services import deliveries
from services.desk import Desk

OA = "2902001003004005006"
USER = "6503004005006007008"
PHONE = "84901234567"


class Store:
    """A business with things of the past."""

    def __init__(self, desk: Desk, clock: Any, oa: OfficialAccount) -> None:
        self.desk, self.clock, self.oa = desk, clock, oa
        self._number = 0

    def ago(self, days: float) -> Any:
        return self.clock.now() - timedelta(days=days)

    def run(self, work: Any, *args: Any, **named: Any) -> Any:
        return asyncio.run(work(self.desk, *args, **named))

    def number(self) -> int:
        self._number += 1
        return self._number

    def event(self, days: float = 0, state: str = "done", body: bytes = b'{"who": "x"}', **more: Any) -> InboxEvent:
        key = f"k{self.number()}"
        at = self.ago(days)
        headers = {"User-Agent": "Zalo"}
        return InboxEvent.create(dedupe_key=key, body=body, headers=headers, received_at=at, state=state, **more)

    def message(self, days: float = 0, user_id: str = USER, text: str = "xin chào", **more: Any) -> ChatMessage:
        row = {"oa_id": OA, "msg_id": f"m{self.number()}", "user_id": user_id, "inbound": True, "kind": "text"}
        return ChatMessage.create(**{**row, "text": text, "at": self.ago(days), **more})

    def delivery(self, days: float = 0, state: str = "delivered", channel: str = "zns", **more: Any) -> Delivery:
        zns = {"template_id": "300111", "template_name": "Lịch hẹn", "params": {"customer_name": "Lan"}}
        row = {
            "oa": self.oa, "channel": channel, "kind": "template" if channel == "zns" else "text",
            "recipient": PHONE if channel == "zns" else USER, "recipient_name": "Lan",
            "content": zns if channel == "zns" else {"text": "Chào Lan"}, "state": state,
            "dedupe_key": f"d{self.number()}", "tracking_id": deliveries.new_tracking_id(self.clock.now()),
            "price": 300, "vat_percent": 8, "created_at": self.ago(days), "attempted_at": self.ago(days),
        }  # fmt: skip
        return Delivery.create(**{**row, **more})
