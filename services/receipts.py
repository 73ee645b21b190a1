"""Joins what Zalo reported to what we sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def settle(now: datetime, keys: Iterable[tuple[str, str]]) -> int:
    """Apply the Receipt rows of these (oa_id, msg_id) to their deliveries; returns how many were joined."""
    raise NotImplementedError


def sweep(now: datetime, limit: int = 500) -> int:
    """Try again what is still unmatched."""
    raise NotImplementedError
