"""Logging for every process: one line an event, and no secret or phone number in it."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

HIDDEN = "***"
# A bot token (also inside a URL), sealed text, and what follows the name of a secret.
SECRETS = re.compile(
    r"(?<!\d)\d{6,}:[A-Za-z0-9_-]{10,}"
    r"|gAAAA[A-Za-z0-9_=-]{20,}"
    r"|(?i:(?<=access_token=)|(?<=refresh_token=)|(?<=secret_key=)|(?<=app_secret=))[^&\s'\"]+"
)
# A mobile number with or without what people put between its digits. A local one begins with three digits in a row
# (a date has two) and the country code is one: so dates, amounts, ids and epoch milliseconds stay readable.
_GAP = "[ .\u00a0\u202f\u2010-\u2015-]{0,3}"
PHONE = re.compile(
    rf"(?<![0-9])(?:(?:\+|00)?84{_GAP}(?:\(0\){_GAP}|0{_GAP})?[35789]{_GAP}[0-9]|\(?0[35789][0-9]\)?)"
    rf"(?:{_GAP}[0-9]){{7}}(?![0-9])"
)
# Their info lines carry the request's URL, and Telegram's URLs carry the bot token; peewee's debug lines carry every
# value of every row: names of customers, and what they wrote.
TOO_TALKATIVE = ("httpx", "httpcore", "telegram", "apscheduler", "huey", "aiohttp.access", "asyncio", "peewee")


def is_phone(value: Any) -> bool:
    """Whether this is a whole number, and a phone number as Zalo takes it: 84901234567."""
    return isinstance(value, int) and value > 0 and PHONE.fullmatch(str(value)) is not None


class Redact:
    """A processor that hides secrets in every text of an event, exceptions included."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._exact = sorted({secret for secret in secrets if len(secret) >= 6}, key=len, reverse=True)

    def __call__(self, logger: Any, name: str, event: EventDict) -> EventDict:
        return {key: self.clean(value) for key, value in event.items()}

    def clean(self, value: Any) -> Any:
        """The value with secrets and phone numbers replaced; containers too."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {key: self.clean(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.clean(inner) for inner in value]
        if is_phone(value):
            return HIDDEN
        return value if value is None or isinstance(value, int | float | bool) else self._text(str(value))

    def _text(self, text: str) -> str:
        for secret in self._exact:
            text = text.replace(secret, HIDDEN)
        return PHONE.sub(HIDDEN, SECRETS.sub(HIDDEN, text))


def setup(level: str, *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> None:
    """Log to stderr: for people on a terminal, as JSON lines elsewhere. `secrets` never appear, whoever logs them."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if out.isatty() else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, Redact(secrets), renderer],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
