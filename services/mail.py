"""E-mail for urgent notices while Telegram cannot be reached: one letter with all of them, at most every ten minutes.

An OA that cannot send must not wait for Telegram to come back. A notice counts as late when its latest version has been
queued for ten minutes; one that Telegram refused for good (a chat that is gone, a person who blocked the bot) counts
only while nobody else got the same one. A letter is remembered once the server took it: after a crash in between it may
come twice, never not at all. The words come from the caller, for services know no languages.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, make_msgid
from typing import Any

import structlog

from config import LOOPBACK, Settings
from db import from_ms, in_thread, to_ms, write
from models import Notice, NoticeState, OfficialAccount
from services import counters, house
from services.desk import Desk
from services.logs import Redact

log = structlog.get_logger(__name__)

LATE = timedelta(minutes=10)
EVERY = timedelta(minutes=10)
REFUSED_FOR = timedelta(days=1)  # what Telegram refused longer ago than this is no news any more
TIMEOUT = 20.0  # seconds for each step of the talk with the mail server
SENT = "mail.sent_at"
FAILED = "mail.failed"  # the name of the counter


class MailRefused(Exception):
    """The settings or the server do not allow a safe talk; the text holds no secret."""


@dataclass(frozen=True)
class Alert:
    """One urgent matter, whoever of the staff it was for; `rows` are its notices."""

    kind: str
    payload: dict[str, Any]
    since: datetime
    oa_name: str
    rows: list[int] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Letter:
    """What is written, without addresses."""

    subject: str
    body: str


Render = Callable[[datetime, Sequence[Alert]], Letter]


async def send_late(desk: Desk, render: Render) -> int:
    """Mail what Telegram did not take for ten minutes; returns how many matters the letter held (0: none was sent).

    A failing mail server is logged and counted, and tried again at the next call. Never raises for it.
    """
    if not desk.settings.smtp_host:
        return 0
    alerts = await in_thread(late, desk.now())
    if not alerts:
        return 0
    try:
        await asyncio.to_thread(deliver, desk.settings, letter_of(desk, render(desk.now(), alerts)))
    except (OSError, smtplib.SMTPException, MailRefused) as trouble:
        await in_thread(counters.add, desk.now(), FAILED)
        log.error("mail_failed", problem=problem_of(trouble))
        return 0
    await in_thread(_remember, desk.now(), alerts)
    log.info("mail_sent", matters=len(alerts))
    return len(alerts)


def late(now: datetime) -> list[Alert]:
    """The urgent matters Telegram did not take in time, oldest first; none within ten minutes of the last letter."""
    sent: int | None = house.get(SENT)
    if sent is not None and from_ms(sent) > now - EVERY:
        return []
    new = Notice.mailed_at.is_null() | (Notice.mailed_at < Notice.queued_at)
    waiting = (Notice.state == NoticeState.QUEUED) & (Notice.queued_at <= now - LATE)
    refused = (Notice.state == NoticeState.FAILED) & Notice.queued_at.between(now - REFUSED_FOR, now - LATE)
    rows = list(Notice.select().where(Notice.urgent, new, waiting | refused).order_by(Notice.queued_at, Notice.id))
    return _by_matter([row for row in rows if row.state == NoticeState.QUEUED or not _told(row)])


def _told(row: Notice) -> bool:
    """Whether somebody else got the same notice."""
    same = (Notice.kind == row.kind) & (Notice.ref == row.ref)
    return bool(Notice.select().where(same, Notice.state == NoticeState.SENT).exists())


def _by_matter(rows: list[Notice]) -> list[Alert]:
    found: dict[tuple[str, str], Alert] = {}
    for row in rows:
        first = found.setdefault(
            (row.kind, row.ref), Alert(row.kind, row.payload, row.queued_at, _name_of(row.payload))
        )
        first.rows.append(row.id)
    return list(found.values())


def _name_of(payload: dict[str, Any]) -> str:
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == str(payload.get("oa_id") or ""))
    return str(oa.name) if oa else ""


def _remember(now: datetime, alerts: list[Alert]) -> None:
    with write():
        Notice.update(mailed_at=now).where(Notice.id.in_([row for alert in alerts for row in alert.rows])).execute()
        house.put(now, SENT, to_ms(now))


def letter_of(desk: Desk, letter: Letter) -> EmailMessage:
    """The letter with its addresses. Whatever the words hold, no secret and no phone number leaves with it."""
    settings = desk.settings
    clean = Redact(settings.secrets()).clean
    message = EmailMessage(policy=SMTP_POLICY)
    message["From"] = settings.smtp_from
    message["To"] = ", ".join(settings.alert_email)
    message["Subject"] = " ".join(clean(letter.subject).split())
    message["Date"] = format_datetime(desk.now())
    message["Message-ID"] = make_msgid("oadesk", settings.smtp_from.rpartition("@")[2])
    # No answering machine may answer, and no list may take it for a person's letter.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(clean(letter.body), charset="utf-8", cte="quoted-printable")
    return message


def deliver(settings: Settings, message: EmailMessage) -> None:
    """Hand the letter to the mail server; blocks for some seconds. Returns once the server took it for everybody.

    Raises OSError, smtplib.SMTPException, and MailRefused where the password or the letter would go unprotected.
    """
    with connect(settings) as server:
        refused = server.send_message(message)
    if refused:
        log.warning("mail_partly_refused", addresses=len(refused))


def connect(settings: Settings) -> smtplib.SMTP:
    """A logged-in talk with the mail server, as SMTP_SECURITY wants it. Raises as `deliver` does."""
    server = _open(settings)
    try:
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _open(settings: Settings) -> smtplib.SMTP:
    where = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(*where, timeout=TIMEOUT, context=ssl.create_default_context())
    if settings.smtp_security == "none" and settings.smtp_host not in LOOPBACK:
        if settings.smtp_user:
            raise MailRefused("SMTP_SECURITY is none: the password would be read by everybody on the way")
        log.warning("mail_unprotected", hint="SMTP_SECURITY is none, and the mail server is another machine")
    server = smtplib.SMTP(*where, timeout=TIMEOUT)
    if settings.smtp_security == "starttls":
        _protect(server)
    return server


def _protect(server: smtplib.SMTP) -> None:
    try:
        server.ehlo()
        if not server.has_extn("starttls"):
            # Somebody in between may have struck it out of the server's answer.
            raise MailRefused("the mail server offers no STARTTLS; set SMTP_SECURITY to tls if it speaks TLS at once")
        server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise


def problem_of(trouble: Exception) -> str:
    """What went wrong, for logs and the doctor: without the server's words, which may repeat what it was sent."""
    if isinstance(trouble, MailRefused):
        return str(trouble)
    if isinstance(trouble, smtplib.SMTPResponseException):
        return f"{type(trouble).__name__} {trouble.smtp_code}"
    return type(trouble).__name__
