"""What every rule needs from its process: settings, keys, the clock, Zalo, and a way to wake the workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from config import Settings
from secretbox import SecretBox
from zalo.client import AppKeys, Hosts, Zalo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Work(StrEnum):
    """What a nudge can wake. Every one of these is also swept, so a lost nudge costs seconds, never work."""

    INBOX = "inbox"
    SEND = "send"
    PROFILES = "profiles"
    SYNC = "sync"
    CONNECT = "connect"
    TELL = "tell"


class Nudge(Protocol):
    """Wakes a worker, best effort: never raises, never blocks for long."""

    def __call__(self, work: Work) -> None: ...


def no_nudge(work: Work) -> None:
    """For processes without a queue at hand: the sweep finds the work."""


def utc_now() -> datetime:
    """The clock of the real world."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """Handed to the services by the entry points; tests hand in their own clock and Zalo."""

    settings: Settings
    box: SecretBox
    zalo: Zalo = field(repr=False)
    nudge: Nudge = no_nudge
    now: Callable[[], datetime] = utc_now

    @classmethod
    def from_settings(cls, settings: Settings, nudge: Nudge = no_nudge) -> Desk:
        """The desk of a process. Opens no connection yet; `close` ends what it opens later."""
        hosts = Hosts(settings.zalo_oauth_url, settings.zalo_openapi_url, settings.zalo_business_url)
        return cls(settings=settings, box=SecretBox(settings.secret_keys), zalo=Zalo(hosts), nudge=nudge)

    def app_keys(self) -> AppKeys:
        """The Zalo app of the environment, as the client wants it."""
        return AppKeys(
            app_id=self.settings.zalo_app_id,
            secret=self.settings.zalo_app_secret.get_secret_value(),
            use_proof=self.settings.zalo_app_proof,
        )

    async def close(self) -> None:
        """End the connections to Zalo."""
        await self.zalo.aclose()
