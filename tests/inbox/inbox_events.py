"""Events as Zalo writes them, for the tests of the inbox."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from db import to_ms
from services import inbox
from services.acceptance import SERVER
from zalo.events import parse

APP = "4101110220330440550"
OA = "2902001003004005006"
USER = "6503004005006007008"
T0 = 1_767_225_600_000


def chat(name: str, msg_id: str, at: int, user: str = USER, oa: str = OA, **message: Any) -> dict[str, Any]:
    sides = {"sender": {"id": user}, "recipient": {"id": oa}}
    if name.startswith("oa_send_"):
        sides = {"sender": {"id": oa}, "recipient": {"id": user}}
    return {"event_name": name, "app_id": APP, **sides, "message": {"msg_id": msg_id, **message}, "timestamp": str(at)}


def follow(name: str, at: int, user: str = USER, oa: str = OA) -> dict[str, Any]:
    return {"oa_id": oa, "follower": {"id": user}, "event_name": name, "app_id": APP, "timestamp": str(at)}


def tag(name: str, label: str, at: int, users: list[str] | None = None, oa: str = OA) -> dict[str, Any]:
    body: dict[str, Any] = {"name": label} | ({"user_ids": users} if users else {})
    return {"app_id": APP, "oa_id": oa, "event_name": name, "tag": body, "timestamp": str(at)}


def info(at: int, user: str = USER, oa: str = OA, **fields: Any) -> dict[str, Any]:
    return {
        "app_id": APP, "event_name": "user_submit_info", "timestamp": str(at), "sender": {"id": user},
        "recipient": {"id": oa}, "info": fields,
    }  # fmt: skip


def received(msg_id: str, at: int, to: str = USER, oa: str = OA, **message: Any) -> dict[str, Any]:
    sides = {"sender": {"id": oa}, "recipient": {"id": to}}
    body = {"msg_id": msg_id, **message}
    return {"event_name": "user_received_message", "app_id": APP, **sides, "message": body, "timestamp": str(at)}


def seen(msg_ids: list[str], at: int, to: str = USER, oa: str = OA) -> dict[str, Any]:
    sides = {"sender": {"id": oa}, "recipient": {"id": to}}
    body = {"msg_ids": msg_ids}
    return {"event_name": "user_seen_message", "app_id": APP, **sides, "message": body, "timestamp": str(at)}


def row(body: dict[str, Any], now: datetime, headers: dict[str, str] | None = None) -> tuple[object, ...]:
    """A row as the web process stores it."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    event = parse(raw, to_ms(now), server=(headers or {}).get(SERVER))
    return (
        event.dedupe_key,
        str(body.get("app_id", "")),
        event.oa_id or "",
        event.name,
        raw,
        json.dumps(headers or {}),
        to_ms(now),
    )


def take_in(desk: Any, *bodies: dict[str, Any], headers: dict[str, str] | None = None) -> None:
    """Store the events one after the other and apply them."""
    inbox.store([row(body, desk.now(), headers) for body in bodies])
    drain(desk)


def drain(desk: Any, limit: int = 500) -> None:
    while inbox.apply_batch(desk, limit):
        pass
