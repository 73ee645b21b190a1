"""The OAs staff registered: their mode, their names, their coming and going."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from models import OfficialAccount
from services.audit import Actor
from services.desk import Desk
from zalo.oa import OaProfile


class Mode(StrEnum):
    """What may leave in the name of an OA."""

    LIVE = "live"  # published, not testing
    TEST = "test"  # published and testing: ZNS as development messages, OA messages to testers
    PAUSED = "paused"  # not published: nothing leaves


@dataclass(frozen=True)
class NewAccount:
    """What staff entered. `expires_in` None: pasted, taken as a fresh 25 hours."""

    oa_id: str
    name: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    description: str = ""
    published: bool = False
    testing: bool = False
    expires_in: timedelta | None = None


def mode(oa: OfficialAccount) -> Mode:
    """The two flags as one mode."""
    if not oa.published:
        return Mode.PAUSED
    return Mode.TEST if oa.testing else Mode.LIVE


def towards_sending(old: Mode, new: Mode) -> bool:
    """Whether the change lets more leave than before, and so needs a confirmation."""
    rank = {Mode.PAUSED: 0, Mode.TEST: 1, Mode.LIVE: 2}
    return rank[new] > rank[old]


def register(desk: Desk, actor: Actor, new: NewAccount) -> OfficialAccount:
    """Enter an OA with its token pair, or bring a removed one back. Commits before it returns; audited.

    Events that came before are applied from now on. Raises Invalid `oa.id_invalid` (oa_id), `oa.name_empty`,
    `oa.token_empty` and Conflict `oa.exists` (name).
    """
    raise NotImplementedError


async def check_access_token(desk: Desk, access: str, oa_id: str | None = None) -> OaProfile:
    """Ask Zalo whom the token belongs to, before anything is stored.

    Raises Invalid `oa.token_dead` (code), `oa.wrong_id` (given, found, found_name) and Conflict `zalo.unreachable`.
    """
    raise NotImplementedError


def get(oa_id: str) -> OfficialAccount:
    """The OA with Zalo's id `oa_id`, not a removed one. Raises NotFound `oa.unknown` (oa_id)."""
    raise NotImplementedError


def active() -> list[OfficialAccount]:
    """All OAs that are not removed, by name."""
    raise NotImplementedError


def find(text: str) -> list[OfficialAccount]:
    """OAs whose id is `text` or whose name contains it, accents and case aside; exact ones first."""
    raise NotImplementedError


def rename(desk: Desk, actor: Actor, oa: OfficialAccount, name: str) -> None:
    """Change the name shown on every screen. Raises Invalid `oa.name_empty`, `oa.name_long` (limit)."""
    raise NotImplementedError


def describe(desk: Desk, actor: Actor, oa: OfficialAccount, description: str) -> None:
    """Change the description; empty is allowed. Raises Invalid `oa.description_long` (limit)."""
    raise NotImplementedError


def set_flags(
    desk: Desk, actor: Actor, oa: OfficialAccount, *, published: bool | None = None, testing: bool | None = None
) -> Mode:
    """Change one flag or both; returns the mode that results. Open confirmations of this OA become void. Audited."""
    raise NotImplementedError


def remove(desk: Desk, actor: Actor, oa: OfficialAccount) -> None:
    """Erase the tokens and cancel what waits; the rows of the past stay. Audited."""
    raise NotImplementedError


def resume_sending(desk: Desk, actor: Actor, oa: OfficialAccount) -> None:
    """Let an OA that stopped itself send again; waiting messages go at once. Audited."""
    raise NotImplementedError


async def refresh_profile(desk: Desk, oa: OfficialAccount) -> OaProfile:
    """Read `getoa` again and keep it in the row (name shown to staff stays theirs). Raises ZaloError, Refusal."""
    raise NotImplementedError
