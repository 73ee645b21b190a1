"""The request that carries one delivery, for every channel and kind."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import Channel, Delivery
from services import contents, handles
from services.desk import Desk
from zalo import oa as zalo_oa
from zalo import zns
from zalo.client import Host, Zalo
from zalo.errors import Refused, Table
from zalo.oa import SentMessage
from zalo.payload import as_text


@dataclass(frozen=True)
class Taken:
    """Zalo's yes, of any channel."""

    msg_id: str
    sent_at: datetime | None
    quota_type: str = ""  # the allowance it was paid from, when Zalo names one
    daily_quota: int | None = None
    remaining_quota: int | None = None
    quota: dict[str, Any] | None = None  # that allowance, as Zalo writes it


Work = Callable[[Zalo, str], Coroutine[Any, Any, Taken]]


@dataclass(frozen=True)
class Request:
    """What is to be sent, and the uploads at Zalo that it refers to."""

    work: Work
    handles: tuple[str, ...] = ()


_UPLOAD_EXPIRED, _WRONG_FIELD = -100, -201
_SENDERS: Mapping[str, Callable[[Zalo, str, Mapping[str, Any]], Coroutine[Any, Any, SentMessage]]] = {
    Channel.CS: zalo_oa.send_message,
    Channel.UID: zalo_oa.send_template,
    Channel.PROMOTION: zalo_oa.send_promotion,
    Channel.TRANSACTION: zalo_oa.send_transaction,
}


async def prepare(desk: Desk, row: Delivery) -> Request:
    """The request of this delivery, its pictures and files uploaded unless Zalo has them.

    Raises what `handles.handle` does, and InvalidMessage for content that breaks a limit of Zalo.
    """
    if row.channel == Channel.ZNS:
        return Request(_by_phone(row))
    found = {
        name: await handles.handle(desk, row.oa, name, kind, filename=_filename(row, kind))
        for name, kind in contents.uploads(row.content).items()
    }
    body = contents.body(row.content, row.kind, row.recipient, found)
    return Request(_to_user(_SENDERS[row.channel], body), tuple(found.values()))


def host_of(row: Delivery) -> Host:
    """Which of Zalo's hosts takes it, and so whose permits it needs."""
    return Host.BUSINESS if row.channel == Channel.ZNS else Host.OPENAPI


def lost_upload(request: Request, answer: Refused) -> bool:
    """Whether Zalo no longer has an upload the message refers to: it did not act, and a new upload mends it.

    -100 is what the table says. An id that an OA brought along from another Zalo app is not known there; that this is
    answered as a wrong field is an assumption.
    """
    if not request.handles or answer.table is not Table.OA:
        return False
    named = answer.message.startswith(("attachment_id", "token"))
    return answer.code == _UPLOAD_EXPIRED or (answer.code == _WRONG_FIELD and named)


def _filename(row: Delivery, kind: str) -> str:
    return str(row.content["file"].get("name") or "") if kind == "file" else ""


def _by_phone(row: Delivery) -> Work:
    async def work(zalo: Zalo, token: str) -> Taken:
        sent = await zns.send(
            zalo,
            token,
            phone=row.recipient,
            template_id=row.content["template_id"],
            params=row.content["params"],
            tracking_id=row.tracking_id,
            development=row.development,
        )
        return Taken(sent.msg_id, sent.sent_at, "", sent.daily_quota, sent.remaining_quota)

    return work


def _to_user(
    send: Callable[[Zalo, str, Mapping[str, Any]], Coroutine[Any, Any, SentMessage]], body: Mapping[str, Any]
) -> Work:
    async def work(zalo: Zalo, token: str) -> Taken:
        sent = await send(zalo, token, body)
        kind = as_text((sent.quota or {}).get("quota_type")) or ""
        return Taken(sent.message_id, sent.sent_at, kind, quota=sent.quota)

    return work
