"""Events for benchmarks: distinct, of the mix a busy OA has, all signed with the same secret."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from db import to_ms
from services.acceptance import check
from zalo.signature import sign

APP = "4101110220330440550"
SECRET = "AbCdEfGhIjKlMnOpQrSt"
OA = "2902001003004005006"
PEOPLE = 5000


def body(number: int, at: int) -> dict[str, Any]:
    """The number-th event: six messages, three receipts and echoes, one follow in ten."""
    user = str(6_503_004_005_000_000_000 + number % PEOPLE)
    msg_id = f"{number:020x}"
    moment = str(at + number)
    to_oa = {"sender": {"id": user}, "recipient": {"id": OA}}
    to_user = {"sender": {"id": OA}, "recipient": {"id": user}}
    kind = number % 10
    if kind == 0:
        return {"oa_id": OA, "follower": {"id": user}, "event_name": "follow", "app_id": APP, "timestamp": moment}
    if kind == 1:
        message: dict[str, Any] = {"msg_ids": [msg_id]}
        return {"event_name": "user_seen_message", "app_id": APP, **to_user, "message": message, "timestamp": moment}
    if kind == 2:
        message = {"msg_id": msg_id}
        name = "user_received_message"
        return {"event_name": name, "app_id": APP, **to_user, "message": message, "timestamp": moment}
    message = {"text": f"Cho em hỏi giá gói số {number} với ạ 🎁", "msg_id": msg_id}
    if kind == 3:
        return {"event_name": "oa_send_text", "app_id": APP, **to_user, "message": message, "timestamp": moment}
    return {"event_name": "user_send_text", "app_id": APP, **to_oa, "message": message, "timestamp": moment}


def signed(number: int, at: int) -> tuple[bytes, str]:
    """The bytes of the number-th event and their signature header."""
    event = body(number, at)
    raw = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    return raw, sign(APP, raw, event["timestamp"], SECRET)


def mixed(count: int, now: datetime) -> list[tuple[object, ...]]:
    """Rows as the web process stores them."""
    rows = []
    for number in range(count):
        raw, mac = signed(number, to_ms(now) - count)
        verdict = check({APP: (SECRET,)}, APP, raw, {"X-ZEvent-Signature": mac}, now)
        assert verdict.row is not None
        rows.append(verdict.row)
    return rows
