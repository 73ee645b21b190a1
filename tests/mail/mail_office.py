"""A mail server that keeps what it is given, and a desk that sends there."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from typing import Any

from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

import config
from models import Notice
from services import mail
from services.desk import Desk
from texts import load
from texts.mail import render

PASSWORD = "mail-password-of-tests"
RENDER = partial(render, load())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Post:
    """What the server was given; it refuses while `refuse` says with what."""

    letters: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuse: str = ""
    port: int = field(default_factory=free_port)
    logins: list[bytes] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.refuse:
            return self.refuse
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.to.append(list(envelope.rcpt_tos))
        return "250 taken"

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        self.logins.append(data.login)
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@dataclass
class Office:
    """A desk with a mail server in its settings, and notices."""

    settings: config.Settings
    clock: Any

    def desk(self) -> Desk:
        return replace(Desk.from_settings(self.settings), now=self.clock.now)

    def send(self) -> int:
        """What the clock does every minute."""

        async def once() -> int:
            desk = self.desk()
            try:
                return await mail.send_late(desk, RENDER)
            finally:
                await desk.close()

        return asyncio.run(once())

    def notice(self, kind: str = "needs_reauth", chat_id: int = 55, ref: str = "1", **more: Any) -> Notice:
        now = self.clock.now()
        values = {"payload": {"oa_id": "290"}, "urgent": True, "created_at": now, "queued_at": now, **more}
        return Notice.create(chat_id=chat_id, kind=kind, ref=ref, **values)
