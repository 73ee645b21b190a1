"""The Telegram message a connect link stands on, when nobody uses the link or somebody leaves its screen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from db import write
from models import OauthState, OauthTicket, Staff
from services import notices
from services.connect_codes import NEWER
from services.connect_tickets import ASKING_FOR


class Unused(StrEnum):
    """Why a link brought nothing."""

    LEFT = "left"  # another link took its place, or the person said no to it
    OVER = "over"  # nobody used or confirmed it in time
    REFUSED = "refused"  # the person said no to the OA that was found
    NEWER = "newer"  # the same OA was granted once more, by a later link


def tell_when_over(ticket_id: int) -> None:
    """Have the message say that the link ran out, should it still stand there then. Call after it is shown."""
    with write():
        ticket = OauthTicket.get_or_none(OauthTicket.id == ticket_id, OauthTicket.state == OauthState.OPEN)
        if ticket is not None:
            # An outcome that comes first takes this notice's place: same chat, kind and reference.
            payload = {"ticket": ticket.id}
            at = ticket.expires_at
            notices.post(at, ticket.chat_id, "connect", str(ticket.id), payload, message_id=ticket.message_id, at=at)


def left(ticket_id: int, person: Staff) -> None:
    """The person turned to something else on that message: the link stays good, its outcome becomes a new message."""
    mine = (OauthTicket.id == ticket_id, OauthTicket.staff == person, OauthTicket.state == OauthState.OPEN)
    with write():
        if OauthTicket.update(message_id=None).where(*mine).execute():
            ticket = OauthTicket.get_by_id(ticket_id)
            notices.withdraw(ticket.chat_id, "connect", str(ticket_id))


def unused(now: datetime, ticket: OauthTicket) -> Unused | None:
    """Why an open or dropped ticket brought nothing; None while its link can still be used."""
    if ticket.state == OauthState.OPEN:
        return Unused.OVER if ticket.expires_at <= now else None
    ended = ticket.ended_at or now
    if ticket.error_code == NEWER:
        return Unused.NEWER
    if ticket.used_at is None:
        return Unused.OVER if ended >= ticket.expires_at else Unused.LEFT
    return Unused.OVER if ended >= ticket.used_at + ASKING_FOR else Unused.REFUSED
