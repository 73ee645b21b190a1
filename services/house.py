"""What the owner set in the bot instead of the environment, and bookmarks of the machinery."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models import Setting

VERIFICATION_CODE = "zalo_verification_code"  # Zalo's check that the domain is ours; wins over the environment's


def get(name: str, default: Any = None) -> Any:
    """The value as it is now, `default` while nobody set it."""
    row = Setting.get_or_none(Setting.name == name)
    return default if row is None else row.value


def put(now: datetime, name: str, value: Any) -> None:
    """Set it. Joins the caller's transaction."""
    fresh = {"value": value, "changed_at": now}
    Setting.insert(name=name, **fresh).on_conflict(conflict_target=[Setting.name], update=fresh).execute()
