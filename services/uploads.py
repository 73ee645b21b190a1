"""Bytes that staff want to send: kept on disk by their own hash, so that rows hold only a name.

A file's time of change is when it was used last; pictures nobody used for long are dropped by `services.purge`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from services import durable
from services.desk import Desk
from services.errors import Invalid, NotFound
from zalo.media import image_kind
from zalo.messages import MAX_IMAGE_BYTES

__all__ = ["MAX_IMAGE_BYTES", "content_type", "drop_unused", "keep", "read"]

_SUFFIXES = {"jpeg": "jpg", "png": "png"}  # Zalo takes no other kinds
_NAME = re.compile(r"[0-9a-f]{64}\.(jpg|png)")


def keep(desk: Desk, data: bytes) -> str:
    """Store an image and return its name (`<sha256>.jpg` or `.png`); the same bytes get the same name.

    The file is complete and on disk before this returns. Raises Invalid `image.too_big` (limit, size in bytes) and
    `image.wrong_type`.
    """
    if len(data) > MAX_IMAGE_BYTES:
        raise Invalid("image.too_big", limit=MAX_IMAGE_BYTES, size=len(data))
    suffix = _SUFFIXES.get(image_kind(data) or "")
    if suffix is None:
        raise Invalid("image.wrong_type")
    path = _folder(desk) / f"{hashlib.sha256(data).hexdigest()}.{suffix}"
    if not path.exists():
        durable.write(path, data)
    _used(desk, path)
    return path.name


def read(desk: Desk, name: str) -> bytes:
    """The bytes kept under `name`. Raises NotFound `image.gone`."""
    if not _NAME.fullmatch(name):
        raise NotFound("image.gone")
    path = _folder(desk) / name
    try:
        data = path.read_bytes()
    except OSError:
        raise NotFound("image.gone") from None
    _used(desk, path)
    return data


def drop_unused(desk: Desk, before: datetime, needed: Collection[str]) -> int:
    """Delete the pictures that were used last before `before`, except the `needed` names; returns how many."""
    limit, dropped = before.timestamp(), 0
    for path in _folder(desk).glob("*.*"):
        try:
            if _NAME.fullmatch(path.name) and path.name not in needed and path.stat().st_mtime < limit:
                path.unlink()
                dropped += 1
        except FileNotFoundError:
            continue  # another clock on the same disk
    return dropped


def content_type(name: str) -> str:
    """The media type that goes with a name made by `keep`."""
    return "image/png" if name.endswith(".png") else "image/jpeg"


def _used(desk: Desk, path: Path) -> None:
    moment = desk.now().timestamp()
    with suppress(OSError):  # gone this moment, or a disk that is read only: the picture itself matters more
        os.utime(path, (moment, moment))


def _folder(desk: Desk) -> Path:
    return desk.settings.data_dir / "uploads"
