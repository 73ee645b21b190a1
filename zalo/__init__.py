"""Zalo Official Accounts and ZNS from Python: async, typed, with the errors told apart.

    import asyncio
    from zalo import Zalo, Refused, messages, oa

    async def main(token: str, user_id: str) -> None:
        async with Zalo() as zalo:
            print((await oa.get_profile(zalo, token)).name)
            try:
                sent = await oa.send_message(zalo, token, messages.text(user_id, "Xin chào"))
                print(sent.message_id)
            except Refused as refusal:
                print(refusal.code, refusal.error_class)

    asyncio.run(main("<access token>", "<user id>"))

Modules: `oauth` (tokens), `oa` (profile, users, messages, uploads), `zns` (template messages by phone), `messages`,
`buttons` and `documents` (bodies and limits), `events` and `signature` (webhooks), `phone`, `media` (fetching files
safely), `errors`. Nothing here knows a database, a web framework or this program's settings.
"""

from zalo.client import Answer, AppKeys, Call, Host, Hosts, Zalo
from zalo.errors import (
    ConsumedRefreshToken,
    ErrorClass,
    ErrorInfo,
    NotSent,
    PerhapsSent,
    Refused,
    ResumeAt,
    Scope,
    Table,
    ZaloError,
    lookup,
)
from zalo.events import Event, NotAnEvent
from zalo.oauth import TokenPair
from zalo.phone import PhoneError, PhoneReason
from zalo.shared_info import SharedInfo

__all__ = [
    "Answer",
    "AppKeys",
    "Call",
    "ConsumedRefreshToken",
    "ErrorClass",
    "ErrorInfo",
    "Event",
    "Host",
    "Hosts",
    "NotAnEvent",
    "NotSent",
    "PerhapsSent",
    "PhoneError",
    "PhoneReason",
    "Refused",
    "ResumeAt",
    "Scope",
    "SharedInfo",
    "Table",
    "TokenPair",
    "Zalo",
    "ZaloError",
    "lookup",
]
