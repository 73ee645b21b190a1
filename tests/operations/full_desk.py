"""A row in every table, with the values that are hard to carry over, and a way to compare two databases."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import models as m
from db import database
from services import tables


def fill(now: datetime, n: int = 1) -> None:
    """One row of each table and more of some; `n` tells calls apart."""
    oa = m.OfficialAccount.create(
        oa_id=f"2902{n:05}", name="Hoa Mai ạ 🏢", published=True, profile={"name": "Hoa", "x": None}, created_at=now
    )
    m.OaToken.create(oa=oa, access="gAAAAsealed", refresh="gAAAAsealed", access_expires_at=now, changed_at=now)
    staff = m.Staff.create(telegram_id=7_001_002_003_004 + n, name="Lan", current_oa=oa, created_at=now)
    contact = m.Contact.create(phone=f"8490{n:07}", created_at=now)
    m.Follower.create(oa_id=oa.oa_id, user_id=f"65{n}", is_follower=True, contact=contact, first_seen_at=now)
    m.Follower.create(oa_id=oa.oa_id, user_id=f"66{n}", is_follower=None, first_seen_at=now)
    sync = m.FollowerSync.create(oa=oa, started_at=now, segments=[])
    m.FollowerSeen.create(sync=sync, user_id="65")
    m.FollowerTag.create(oa_id=oa.oa_id, user_id="65", name="vip", present=False, changed_at=now)
    m.Tag.create(oa_id=oa.oa_id, name='a "quoted" tag\n')
    m.ZaloApp.create(app_id=f"41{n:04}", secret="gAAAA", webhook_secrets="gAAAA", created_at=now)
    m.InboxEvent.create(dedupe_key=f"key{n}", body=bytes(range(256)), headers={"a": "b"}, received_at=now)
    m.ChatMessage.create(oa_id=oa.oa_id, msg_id=f"m{n}", user_id="65", inbound=True, kind="text", at=now)
    m.ZnsTemplate.create(oa=oa, template_id=f"30{n}", params=[], synced_at=now)
    first = _delivery(oa, now, f"a{n}")
    second = _delivery(oa, now, f"b{n}", resend_of=first)
    m.Receipt.create(oa_id=oa.oa_id, msg_id=f"m{n}", kind="seen", at=now, delivery=second, created_at=now)
    _people(now, n, oa.oa_id)
    _machinery(now, n, oa, staff)


def _people(now: datetime, n: int, oa_id: str) -> None:
    m.Consent.create(recipient=f"8490{n:07}", scope="promotion", given=False, at=now, source="customer")
    m.Conversation.create(oa_id=oa_id, user_id="65", waiting_since=now, last_text="Shop ơi", has_phone=True)
    m.Watch.create(oa_id=oa_id, user_id="65", staff_id=7_001, content={"text": "Dạ"}, created_at=now)
    m.Rating.create(oa_id=oa_id, msg_id=f"m{n}", rate=2, feedbacks=["chậm"], at=now)
    m.ZaloUpload.create(oa_id=oa_id, name=f"{n:064}.png", kind="image", handle="h", uploaded_at=now)


def _delivery(oa: Any, now: datetime, key: str, **more: Any) -> Any:
    return m.Delivery.create(
        oa=oa, channel="zns", kind="template", recipient="84901234567", content={"a": ["é", 1]}, dedupe_key=key,
        tracking_id=key, created_at=now, next_attempt_at=now, price=880, **more,
    )  # fmt: skip


def _machinery(now: datetime, n: int, oa: Any, staff: Any) -> None:
    m.Pace.create(key=f"oa:{n}", next_us=2**53 + n)
    m.StaffOa.create(staff=staff, oa=oa)
    m.Invitation.create(secret_hash=f"{n:064}", role="viewer", created_by=staff, created_at=now, expires_at=now)
    m.Stranger.create(telegram_id=99 + n, first_seen_at=now, last_seen_at=now)
    m.TelegramGroup.create(chat_id=-100_200_300_400 - n, seen_at=now)
    m.OauthTicket.create(
        secret_hash=f"{n:064}", staff=staff, app_id="41", chat_id=1, created_at=now, expires_at=now, used_at=now
    )
    m.StaffUpdate.create(update_id=n, payload="", state="done", received_at=now)
    m.Draft.create(staff=staff, kind="add_oa", step="name", data="gAAAA", updated_at=now)
    m.Confirmation.create(
        token=f"t{n}", staff=staff, kind="send", payload={}, created_at=now, expires_at=now + timedelta(days=1)
    )
    m.Notice.create(chat_id=n, kind="hello", ref="1", payload={"a": 1}, created_at=now)
    m.AuditEntry.create(at=now, actor="cli", action="test", detail={"n": n})
    m.ClockTick.create(job="tokens", slot=now + timedelta(minutes=n))
    m.Lease.create(name=f"lease{n}")
    m.Setting.create(name=f"setting{n}", value=None, changed_at=now)
    m.Counter.create(name=f"counter{n}", day="2026-11-23")


def every_row() -> dict[str, list[list[Any]]]:
    """The whole database, table by table, columns by name, values as both databases give them."""
    found = {}
    for table in tables.every():
        order = sorted(range(len(table.columns)), key=lambda index: table.columns[index])
        found[table.name] = [[_plain(row[index]) for index in order] for row in table.read()]
    return found


def read_all() -> dict[str, list[list[Any]]]:
    """The same in a transaction of its own."""
    with database.atomic():
        return every_row()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return int(value) if isinstance(value, bool) else value  # SQLite knows no other yes and no
