"""What a file of ours is called at Zalo: uploaded once, used again while Zalo surely has it.

Uploads live at most 7 days at Zalo, and 5,000 a month is all there are (oa-api 9.1), so one that is younger than six
days serves again. Zalo's -100 on a send says that one is gone all the same: `forget` it and upload again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from db import in_thread, write
from models import OfficialAccount, ZaloUpload
from services import gateway, uploads
from services.desk import Desk
from zalo import oa as zalo_oa
from zalo.client import Zalo
from zalo.errors import NotSent, PerhapsSent

REUSED_FOR = timedelta(days=6)
PATIENCE = 5.0  # seconds to wait for a permit
_locks: WeakValueDictionary[tuple[object, ...], asyncio.Lock] = WeakValueDictionary()


async def handle(
    desk: Desk, oa: OfficialAccount, name: str, kind: str, *, filename: str = "", patience: float | None = PATIENCE
) -> str:
    """The attachment id (image, gif) or file token (file) of a kept file at Zalo, for this OA; uploaded if need be.

    `filename` is what the customer sees of a file. Raises NotFound `image.gone`, NotSent (also when nobody knows
    whether the upload arrived: one that nobody refers to reaches nobody), and what gateway.call raises.
    """
    key = (oa.oa_id, name, kind, filename)
    async with _lock(key):  # many messages with one new picture upload it once, not each
        known = await in_thread(_young, desk, key)
        if known is not None:
            return known
        made = await _upload(desk, oa, key, patience)
        await in_thread(_store, desk, key, made)
        return made


def forget(oa: OfficialAccount, handles: list[str]) -> int:
    """Zalo has these no more (-100): the next message uploads again. Returns how many were known."""
    mine = (ZaloUpload.oa_id == oa.oa_id) & ZaloUpload.handle.in_(handles)
    return int(ZaloUpload.delete().where(mine).execute())


def _lock(key: tuple[str, ...]) -> asyncio.Lock:
    # A lock belongs to one event loop, and a process may have several.
    return _locks.setdefault((id(asyncio.get_running_loop()), *key), asyncio.Lock())


def _row(key: tuple[str, ...]) -> Any:
    columns = (ZaloUpload.oa_id, ZaloUpload.name, ZaloUpload.kind, ZaloUpload.filename)
    oa_id, name, kind, filename = (column == value for column, value in zip(columns, key, strict=True))
    return oa_id & name & kind & filename


def _young(desk: Desk, key: tuple[str, ...]) -> str | None:
    fresh = ZaloUpload.uploaded_at > desk.now() - REUSED_FOR
    found = ZaloUpload.get_or_none(_row(key), fresh)
    return None if found is None else str(found.handle)


def _store(desk: Desk, key: tuple[str, ...], made: str) -> None:
    """The newest wins: two processes that uploaded at once made two handles, and either serves."""
    oa_id, name, kind, filename = key
    values = {"oa_id": oa_id, "name": name, "kind": kind, "filename": filename}
    with write():
        ZaloUpload.insert(**values, handle=made, uploaded_at=desk.now()).on_conflict(
            conflict_target=[ZaloUpload.oa_id, ZaloUpload.name, ZaloUpload.kind, ZaloUpload.filename],
            update={ZaloUpload.handle: made, ZaloUpload.uploaded_at: desk.now()},
        ).execute()


async def _upload(desk: Desk, oa: OfficialAccount, key: tuple[str, ...], patience: float | None) -> str:
    _, name, kind, filename = key
    data = await in_thread(uploads.read, desk, name)
    call = {"image": zalo_oa.upload_image, "gif": zalo_oa.upload_gif, "file": zalo_oa.upload_file}[kind]

    def work(zalo: Zalo, token: str) -> Coroutine[Any, Any, str]:
        return call(zalo, token, filename or name, data, uploads.content_type(name))

    try:
        return await gateway.call(desk, oa, work, sending=True, patience=patience)
    except PerhapsSent:
        raise NotSent("the file could not be uploaded") from None
