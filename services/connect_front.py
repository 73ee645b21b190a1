"""What the web process may know and do about a ticket of [Connect with Zalo], by the secret of its link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from config import Settings
from models import OauthState
from secretbox import CannotOpen, SecretBox
from services import connect_tickets
from services.connect_tickets import CALLBACK
from zalo import oauth
from zalo.client import Hosts

__all__ = ["CannotOpen", "Front", "Seen"]


@dataclass(frozen=True)
class Seen:
    """A ticket as its pages need it: nothing of it is sealed or secret. `expected` and `found` are names of OAs."""

    state: OauthState
    language: str
    expected: str
    found: str
    code: str
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None

    @property
    def working(self) -> bool:
        """Whether the worker has to do with it."""
        return self.state in connect_tickets.WORKING


class Front:
    """Blocking; call it where the database may be asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._box = SecretBox(settings.secret_keys)
        self._hosts = Hosts(settings.zalo_oauth_url, settings.zalo_openapi_url, settings.zalo_business_url)

    def seen(self, secret: str) -> Seen | None:
        """The ticket as it stands; None for a link nobody made."""
        ticket = connect_tickets.find(secret)
        if ticket is None:
            return None
        return Seen(
            state=OauthState(ticket.state),
            language=ticket.staff.language,
            expected=ticket.oa.name if ticket.oa is not None else "",
            found=ticket.found_name or ticket.found_oa_id,
            code=ticket.error_code,
            expires_at=ticket.expires_at,
            used_at=ticket.used_at,
            ended_at=ticket.ended_at,
        )

    def permission_url(self, secret: str) -> str:
        """Zalo's page for this ticket. Raises CannotOpen when the ticket is gone, or the key it was sealed with."""
        ticket = connect_tickets.find(secret)
        if ticket is None:
            raise CannotOpen("the ticket is gone")
        verifier = connect_tickets.opened(self._box, ticket, "verifier")
        challenge = oauth.challenge(verifier) if verifier else None
        back = self._settings.public_url + CALLBACK
        return oauth.permission_url(self._hosts, ticket.app_id, back, secret, challenge)

    def spend(self, now: datetime, secret: str, code: str, oa_id: str, error: str) -> bool:
        """The person came back from Zalo; False when that changed nothing. Commits before it returns.

        What Zalo sends when somebody says no is documented nowhere: whatever comes without a code is a no.
        """
        ticket = connect_tickets.find(secret)
        if ticket is None:
            return False
        if not code:
            return connect_tickets.denied(now, ticket, error)
        return connect_tickets.returned(now, self._box, ticket, code, oa_id)
