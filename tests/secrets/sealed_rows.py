"""Rows with something in every sealed column, made as the registry says they are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from models import Draft, OaToken, OauthTicket, OfficialAccount, Role, Staff, StaffUpdate, ZaloApp
from secretbox import SecretBox
from services.sealed import COLUMNS, Column


def fill(box: SecretBox, now: datetime, n: int) -> None:
    """One row of each table that seals something, told apart from other calls by `n`."""
    oa = OfficialAccount.create(oa_id=f"29020010030040{n:05}", name="Hoa Mai", created_at=now)
    staff = Staff.create(telegram_id=7001 + n, role=Role.MANAGER, created_at=now)
    rows: list[Any] = [
        ZaloApp.create(app_id=f"4101{n:05}", secret="", webhook_secrets="", created_at=now),
        OaToken.create(oa=oa, access="", refresh="", access_expires_at=now, changed_at=now),
        Draft.create(staff=staff, kind="add_oa", step="name", data="", updated_at=now),
        StaffUpdate.create(update_id=9000 + n, payload="", received_at=now),
        OauthTicket.create(secret_hash=f"{n:064}", staff=staff, app_id="41", chat_id=1, created_at=now, expires_at=now),
    ]
    for row in rows:
        seal_all(box, row)


def seal_all(box: SecretBox, row: Any) -> None:
    """Put a text of its own into each sealed column of the row."""
    for column in columns_of(type(row)):
        setattr(row, column.name, box.seal(text_of(column, row), column.context(row)))
    row.save()


def columns_of(table: type) -> Iterator[Column]:
    return (column for column in COLUMNS if column.table is table)


def text_of(column: Column, row: Any) -> str:
    """What `fill` put there."""
    return f'["{column.place} of {row.id}"]'


def everything(box: SecretBox) -> dict[tuple[str, int], str]:
    """Every sealed column in clear, by place and row."""
    return {
        (column.place, row.id): box.open(getattr(row, column.name), column.context(row))
        for column in COLUMNS
        for row in column.rows()
    }
