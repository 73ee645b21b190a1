"""Token pairs as they lie in the database: sealed, numbered, replaced only by who saw the last number."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from db import write
from models import OaToken, OfficialAccount, TokenState
from secretbox import SecretBox
from services import token_reconnect
from zalo.oauth import ACCESS_LIFETIME, REFRESH_LIFETIME


@dataclass(frozen=True)
class Pair:
    """An access token and the refresh token that belongs to it. `issued_at` None: pasted, nobody knows."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_at: datetime
    issued_at: datetime | None = None

    @property
    def refresh_expires_at(self) -> datetime | None:
        """Zalo gives a refresh token three months from its issue."""
        return self.issued_at + REFRESH_LIFETIME if self.issued_at else None


def current(oa: OfficialAccount) -> OaToken | None:
    """The token row of an OA, still sealed; None for a removed OA."""
    return OaToken.get_or_none(OaToken.oa == oa.id)


def lock(oa_row: int) -> None:
    """Keep the OA's pair from changing until the caller's transaction ends.

    Whoever is going to write an OA and its pair calls this before the OA: a renewal writes the pair first, and on
    PostgreSQL two that lock the two rows crosswise end one another.
    """
    OaToken.update(generation=OaToken.generation).where(OaToken.oa == oa_row).execute()


def open_access(box: SecretBox, row: OaToken) -> str:
    """The access token. Raises CannotOpen."""
    return box.open(row.access, _context(row.oa_id, "access"))


def open_refresh(box: SecretBox, row: OaToken) -> str:
    """The refresh token. Raises CannotOpen."""
    return box.open(row.refresh, _context(row.oa_id, "refresh"))


def lifetime(row: OaToken) -> timedelta:
    """How long the access token lives in all; 25 hours when nobody knows when it was issued."""
    if row.access_issued_at is None:
        return ACCESS_LIFETIME
    whole: timedelta = row.access_expires_at - row.access_issued_at
    return whole


def insert(
    box: SecretBox, now: datetime, oa: OfficialAccount, pair: Pair, state: TokenState, generation: int = 0
) -> OaToken:
    """The first pair of an OA; its number is `journal.next_generation`."""
    return OaToken.create(oa=oa, state=state, changed_at=now, generation=generation, **_sealed(box, oa.id, pair))


def replace(
    box: SecretBox, now: datetime, oa_row: int, generation: int, pair: Pair, state: TokenState, *conditions: Any
) -> bool:
    """Put both tokens in one UPDATE under the next number, if `generation` is still the number; ends every lease.

    The OA works again by it; what that means for one that needed a person, services.token_reconnect says. Joins the
    caller's transaction, or makes one.
    """
    with write():
        done = _put(now, oa_row, generation, _sealed(box, oa_row, pair), state, *conditions)
        if done:
            token_reconnect.good_pair(now, oa_row, generation, proven=state == TokenState.OK)
    return done


def _put(
    now: datetime, oa_row: int, generation: int, sealed: dict[str, Any], state: TokenState, *conditions: Any
) -> bool:
    return bool(
        OaToken.update(
            **sealed,
            generation=generation + 1,
            state=state,
            error_code="",
            attempts=0,
            retry_at=None,
            lease_owner="",
            lease_until=None,
            changed_at=now,
        )
        .where(OaToken.oa == oa_row, OaToken.generation == generation, *conditions)
        .execute()
    )


def _sealed(box: SecretBox, oa_row: int, pair: Pair) -> dict[str, Any]:
    return {
        "access": box.seal(pair.access, _context(oa_row, "access")),
        "refresh": box.seal(pair.refresh, _context(oa_row, "refresh")),
        "access_expires_at": pair.access_expires_at,
        "refresh_expires_at": pair.refresh_expires_at,
        "access_issued_at": pair.issued_at,
        "refreshed_at": pair.issued_at,
    }


def _context(oa_row: int, which: str) -> str:
    return f"oa_token:{oa_row}:{which}"
