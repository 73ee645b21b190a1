"""A desk with one OA, staff who may use it, and customers who write to it."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from db import to_ms
from models import Conversation, Follower, Notice, OfficialAccount, Role, Staff
from services import inbox, staff, telling
from services.audit import Actor
from services.desk import Desk
from zalo.events import parse

APP = "4101110220330440550"
OA = "2902001003004005006"
ANH = "6503004005006007008"


class Shop:
    """Events come in by `writes` and `types`; `tell` is what a worker does."""

    def __init__(self, desk: Desk, clock: Any) -> None:
        self.desk, self.clock = desk, clock
        self.oa = OfficialAccount.create(oa_id=OA, name="Hoa Mai", created_at=clock.now())
        self._number = 0

    def person(self, role: Role = Role.OPERATOR, name: str = "Lan") -> Staff:
        self._number += 1
        return staff.add(self.clock.now(), 7_100_000_000 + self._number, role, name)

    def actor(self, person: Staff) -> Actor:
        return Actor(person.name, person)

    def event(self, name: str, user: str = ANH, at: datetime | None = None, admin: str = "", **message: Any) -> Any:
        self._number += 1
        sides: dict[str, Any] = {"sender": {"id": user}, "recipient": {"id": OA}}
        if name.startswith("oa_send_"):
            sides = {"sender": {"id": OA} | ({"admin_id": admin} if admin else {}), "recipient": {"id": user}}
        moment = str(to_ms(at or self.clock.now()))
        message = {"msg_id": f"m{self._number:06}", **message}
        return {"event_name": name, "app_id": APP, **sides, "message": message, "timestamp": moment}

    def take_in(self, *bodies: Any) -> None:
        inbox.store([self._row(body) for body in bodies])
        while inbox.apply_batch(self.desk):
            pass

    def _row(self, body: Any) -> tuple[object, ...]:
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        event = parse(raw, to_ms(self.clock.now()))
        return (event.dedupe_key, APP, event.oa_id or "", event.name, raw, "{}", to_ms(self.clock.now()))

    def writes(self, text: str = "Shop ơi", user: str = ANH, **more: Any) -> None:
        self.take_in(self.event("user_send_text", user, text=text, **more))

    def types(self, text: str = "Dạ còn ạ", user: str = ANH, at: datetime | None = None) -> None:
        """A colleague answers in Zalo's own chat tool."""
        self.take_in(self.event("oa_send_text", user, at=at, admin="7700800900100200300", text=text))

    def tell(self) -> int:
        return telling.tell(self.clock.now())

    def talk(self, user: str = ANH) -> Conversation:
        return Conversation.get(Conversation.oa_id == OA, Conversation.user_id == user)

    def follower(self, user: str = ANH) -> Follower:
        return Follower.get(Follower.oa_id == OA, Follower.user_id == user)

    def notices(self, kind: str = telling.WROTE, person: Staff | None = None) -> list[Notice]:
        which = Notice.select().where(Notice.kind == kind).order_by(Notice.id)
        return [row for row in which if person is None or row.chat_id == person.telegram_id]

    def told(self, person: Staff | None = None) -> list[list[str]]:
        """The words of each notice."""
        rows = self.notices(person=person)
        return [[line.text for line in telling.lines_of(row.payload, self.owner_of(row))] for row in rows]

    def owner_of(self, notice: Notice) -> Follower:
        return Follower.get_by_id(notice.payload["row"])


@pytest.fixture
def chats(database: Any, settings: Any, clock: Any) -> Iterator[Shop]:
    desk = dataclasses.replace(Desk.from_settings(settings), now=clock.now)
    yield Shop(desk, clock)
    asyncio.run(desk.close())
