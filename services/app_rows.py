"""Rows of Zalo apps and what is sealed in them, as ``zalo_app:<app_id>:secret`` and ``...:webhook_secrets``."""

from __future__ import annotations

import json

from models import ZaloApp
from secretbox import CannotOpen
from services.desk import Desk
from services.errors import Refusal


def row(app_id: str) -> ZaloApp:
    """The row. Raises Refusal `app.unknown` (app_id)."""
    found = ZaloApp.get_or_none(ZaloApp.app_id == app_id)
    if found is None:
        raise Refusal("app.unknown", app_id=app_id)
    return found


def to_change(desk: Desk, app_id: str) -> ZaloApp:
    """The row, made first for the environment's app, and locked until the transaction ends. Raises as `row`."""
    if app_id == desk.settings.zalo_app_id and ZaloApp.get_or_none(ZaloApp.app_id == app_id) is None:
        insert(desk, app_id, "", "", [])
    # A list is read, changed and written back: two owners at once must come one after the other.
    ZaloApp.update(name=ZaloApp.name).where(ZaloApp.app_id == app_id).execute()
    return row(app_id)


def insert(desk: Desk, app_id: str, name: str, secret: str, webhook_secrets: list[str]) -> None:
    """Make the row. Raises peewee's IntegrityError when there is one."""
    ZaloApp.create(
        app_id=app_id,
        name=name,
        secret=desk.box.seal(secret, _context(app_id, "secret")),
        webhook_secrets=desk.box.seal(json.dumps(webhook_secrets), _context(app_id, "webhook_secrets")),
        created_at=desk.now(),
    )


def open_secret(desk: Desk, app_id: str) -> str:
    """The app secret in clear. Raises Refusal `app.unknown`, `app.unreadable` (app_id)."""
    return _open(desk, row(app_id), "secret")


def write_secret(desk: Desk, found: ZaloApp, secret: str) -> None:
    """Seal another app secret."""
    sealed = desk.box.seal(secret, _context(found.app_id, "secret"))
    ZaloApp.update(secret=sealed).where(ZaloApp.id == found.id).execute()


def added(desk: Desk, app_id: str) -> list[str]:
    """The row's webhook secrets in clear, newest first; none for the environment's app without a row.

    Raises as `open_secret`.
    """
    found = ZaloApp.get_or_none(ZaloApp.app_id == app_id)
    if found is None and app_id == desk.settings.zalo_app_id:
        return []
    return [str(secret) for secret in json.loads(_open(desk, found or row(app_id), "webhook_secrets"))]


def write_added(desk: Desk, found: ZaloApp, secrets: list[str]) -> None:
    """Seal the list anew."""
    sealed = desk.box.seal(json.dumps(secrets), _context(found.app_id, "webhook_secrets"))
    ZaloApp.update(webhook_secrets=sealed).where(ZaloApp.id == found.id).execute()


def of_environment(desk: Desk, app_id: str) -> list[str]:
    """The webhook secrets the environment holds for this app."""
    if app_id != desk.settings.zalo_app_id:
        return []
    return [secret.get_secret_value() for secret in desk.settings.zalo_webhook_secret]


def _open(desk: Desk, found: ZaloApp, field: str) -> str:
    try:
        return desk.box.open(getattr(found, field), _context(found.app_id, field))
    except CannotOpen:
        raise Refusal("app.unreadable", app_id=found.app_id) from None


def _context(app_id: str, field: str) -> str:
    return f"zalo_app:{app_id}:{field}"
