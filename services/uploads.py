"""Bytes that staff want to send: kept on disk by their own hash, so that rows hold only a name.

A file's time of change is when it was used last; what nobody used for long is dropped by `services.purge`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from services import durable, filekinds, pictures
from services.desk import Desk
from services.errors import NotFound

MAX_SOURCE_BYTES = pictures.MAX_SOURCE_BYTES  # of a picture before it is made smaller
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
}
SUFFIXES = "|".join(_TYPES)
NAME = re.compile(rf"[0-9a-f]{{64}}\.(?:{SUFFIXES})")


@dataclass(frozen=True)
class Kept:
    """A file on our disk. `kind` is image, gif or file; sizes are in pixels, 0 for files."""

    name: str  # <sha256>.<suffix>
    kind: str
    width: int = 0
    height: int = 0
    original: str = ""  # files: the name that the customer sees


def keep_image(desk: Desk, data: bytes) -> Kept:
    """Store a picture as Zalo takes it: JPG and PNG up to 1 MB and GIF up to 5 MB as they are, all else as a JPG.

    Takes seconds of CPU for a big one: never call it on the event loop. The file is complete and on disk before this
    returns; the same bytes get the same name. Raises Invalid `image.too_big` (limit, size in bytes),
    `image.too_many_pixels` (limit, width, height), `image.not_a_picture`, `image.broken`, `gif.too_big` (limit, size).
    """
    made = pictures.prepare(data)
    name = _keep(desk, made.data, made.suffix)
    return Kept(name, "gif" if made.suffix == "gif" else "image", made.width, made.height)


def keep_file(desk: Desk, data: bytes, filename: str) -> Kept:
    """Store a file that Zalo takes: pdf, doc, docx or csv up to 5 MB, by its content and its name.

    Raises Invalid `file.empty`, `file.too_big` (limit, size in bytes), `file.wrong_type` (name, allowed) and
    `file.not_what_it_says` (name, suffix).
    """
    suffix = filekinds.check(data, filename)
    return Kept(_keep(desk, data, suffix), "file", original=filekinds.clean_name(filename))


def read(desk: Desk, name: str) -> bytes:
    """The bytes kept under `name`. Raises NotFound `image.gone`."""
    if not NAME.fullmatch(name):
        raise NotFound("image.gone")
    path = _folder(desk) / name
    try:
        data = path.read_bytes()
    except OSError:
        raise NotFound("image.gone") from None
    _used(desk, path)
    return data


def drop_unused(desk: Desk, before: datetime, needed: Collection[str]) -> int:
    """Delete the files that were used last before `before`, except the `needed` names; returns how many."""
    limit, dropped = before.timestamp(), 0
    for path in _folder(desk).glob("*.*"):
        try:
            if NAME.fullmatch(path.name) and path.name not in needed and path.stat().st_mtime < limit:
                path.unlink()
                dropped += 1
        except FileNotFoundError:
            continue  # another clock on the same disk
    return dropped


def content_type(name: str) -> str:
    """The media type that goes with a name made here."""
    return _TYPES[name.rpartition(".")[2]]


def _keep(desk: Desk, data: bytes, suffix: str) -> str:
    path = _folder(desk) / f"{hashlib.sha256(data).hexdigest()}.{suffix}"
    if not path.exists():
        durable.write(path, data)
    _used(desk, path)
    return path.name


def _used(desk: Desk, path: Path) -> None:
    moment = desk.now().timestamp()
    with suppress(OSError):  # gone this moment, or a disk that is read only: the file itself matters more
        os.utime(path, (moment, moment))


def _folder(desk: Desk) -> Path:
    return desk.settings.data_dir / "uploads"
