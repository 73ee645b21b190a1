"""To be filled."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models import OaToken, OfficialAccount
from services.desk import Desk


@dataclass(frozen=True)
class Access:
    """A usable access token and the generation it belongs to."""

    token: str = field(repr=False)
    generation: int = 0


def save_pair(
    desk: Desk,
    oa: OfficialAccount,
    access: str,
    refresh: str,
    *,
    expires_in: timedelta | None = None,
    proven: bool = False,
) -> OaToken:
    """Store a pair that came from outside (pasted, or by the connect button). Joins the caller's transaction.

    Raises Conflict `token.busy` while a renewal is under way.
    """
    raise NotImplementedError


def current(oa: OfficialAccount) -> OaToken | None:
    """The token row of an OA, still sealed; None for a removed OA."""
    raise NotImplementedError


def due(now: datetime) -> list[OfficialAccount]:
    """OAs whose access token has at most 40 % of its life left and may be renewed now."""
    raise NotImplementedError


def replay_journal(desk: Desk) -> int:
    """Finish renewals that died between Zalo's answer and the row; returns how many pairs were saved by it."""
    raise NotImplementedError


async def access_token(desk: Desk, oa: OfficialAccount) -> Access:
    """A token that is valid by our clock, renewed first if it must be. Raises Refusal `oa.needs_reauth`, NotSent."""
    raise NotImplementedError


async def refresh(desk: Desk, oa: OfficialAccount, seen_generation: int) -> Access:
    """Renew the pair, unless somebody renewed it since `seen_generation`; waits for one who is at it.

    Raises Refusal `oa.needs_reauth` (name) when only a person can connect the OA again, and NotSent when it did not
    work this time.
    """
    raise NotImplementedError


async def prove(desk: Desk, oa: OfficialAccount) -> Access:
    """Spend the pasted refresh token now, to know that it works. Same errors as `refresh`."""
    raise NotImplementedError
