"""Customers of the house of these tests write to its OA, and a worker tells staff of it."""

from __future__ import annotations

import itertools
import json
from typing import Any

from db import to_ms
from models import Conversation, Follower, Role
from services import inbox, telling
from zalo.events import parse

_numbers = itertools.count(1)


def started(house: Any, role: Role = Role.OPERATOR, name: str = "Lan", language: str = "vi") -> Any:
    """Somebody of staff who has the bot's first screen behind them."""
    person = house.person(role, name=name, language=language)
    person.say("/start")
    person.wait_for("OA")
    house.settle()
    person.mark()
    return person


def writes(house: Any, person: Follower, text: str = "", kind: str = "text", admin: str = "", **more: Any) -> None:
    """One line; `admin` makes it a colleague's answer in Zalo's own tool, `back` (minutes) an old one."""
    at = to_ms(house.clock.now()) - int(more.pop("back", 0)) * 60_000
    name, oa = f"{'oa' if admin else 'user'}_send_{kind}", {"id": person.oa_id}
    sides: dict[str, Any] = {"sender": {"id": person.user_id}, "recipient": oa}
    if admin:
        sides = {"sender": {**oa, "admin_id": admin}, "recipient": {"id": person.user_id}}
    message = {"msg_id": f"line{next(_numbers):08}", **({"text": text} if text else {}), **more}
    app = house.settings.zalo_app_id
    body = {"event_name": name, "app_id": app, **sides, "message": message, "timestamp": str(at)}
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    event, now = parse(raw, to_ms(house.clock.now())), to_ms(house.clock.now())
    inbox.store([(event.dedupe_key, app, event.oa_id, event.name, raw, "{}", now)])
    while inbox.apply_batch(house.desk()):
        pass


def told(house: Any) -> None:
    """Five seconds later staff are told, and the bot sends it."""
    house.advance(seconds=5)
    telling.tell(house.clock.now())
    house.drain()


def says(house: Any, person: Follower, text: str = "Shop ơi mai còn chỗ không", **more: Any) -> None:
    """A customer writes, and staff are told."""
    writes(house, person, text, **more)
    told(house)


def talk(person: Follower) -> Conversation:
    """The conversation as it is now."""
    return Conversation.get(Conversation.oa_id == person.oa_id, Conversation.user_id == person.user_id)
