"""The OAs staff registered: their mode, their names, their coming and going.

Every change raises the OA's revision, which makes open confirmations about it void.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from peewee import IntegrityError

from db import in_thread, write
from models import OaState, OaToken, OfficialAccount
from services import apps, audit, gateway, halts, inbox, journal, stop_all, token_pairs, tokens
from services.account_fields import LONGEST_NAME, check_description, check_id, check_name, check_token
from services.audit import Actor
from services.desk import Desk, Work
from services.errors import Conflict, Invalid, NotFound
from services.halts import resume_sending, stop
from services.modes import Mode, mode
from services.names import fold_name
from services.pacing import Lane
from services.staff import let_use
from zalo import oa as zalo_oa
from zalo.errors import Refused, ZaloError
from zalo.oa import OaProfile

__all__ = [
    "LONGEST_NAME",
    "NewAccount",
    "active",
    "check_access_token",
    "check_id",
    "check_name",
    "check_token",
    "describe",
    "find",
    "get",
    "refresh_profile",
    "register",
    "remove",
    "rename",
    "resume_sending",
    "set_flags",
    "stop",
    "towards_sending",
]


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
    profile: dict[str, Any] | None = field(default=None, repr=False)  # `OaProfile.raw`, when it was asked already
    app_id: str = ""  # the Zalo app that issued the tokens; "": the environment's


def towards_sending(old: Mode, new: Mode) -> bool:
    """Whether the change lets more leave than before, and so needs a confirmation."""
    rank = {Mode.PAUSED: 0, Mode.TEST: 1, Mode.LIVE: 2}
    return rank[new] > rank[old]


def register(desk: Desk, actor: Actor, new: NewAccount) -> OfficialAccount:
    """Enter an OA with its token pair, or bring a removed one back. Commits before it returns; audited.

    Events that came before are applied from now on. Raises Invalid `oa.id_invalid` (oa_id), `oa.name_empty`,
    `oa.name_long`, `oa.token_empty`, `oa.token_shape`, `oa.description_long`, and Conflict `oa.exists` (name).
    """
    now = desk.now()
    oa_id = check_id(new.oa_id)
    access, refresh = check_token(new.access), check_token(new.refresh)
    values = {
        "name": check_name(new.name),
        "description": check_description(new.description),
        "published": new.published,
        "testing": new.testing,
        "profile": new.profile,
        "profile_at": now if new.profile else None,
        "created_by": actor.staff.telegram_id if actor.staff else None,
        "app_id": apps.find(desk, new.app_id).app_id if new.app_id else desk.settings.zalo_app_id,
        "app_since": None,
    }
    try:
        with write():
            oa = _enter(desk, oa_id, values)
            if actor.staff is not None:
                let_use(actor.staff, oa)
            tokens.save_pair(desk, oa, access, refresh, expires_in=new.expires_in)
            detail = {"mode": mode(oa), "published": new.published, "testing": new.testing}
            audit.record(now, actor, "oa.added", oa_id=oa_id, target=oa.name, detail=detail)
            inbox.adopt_waiting(oa_id)
    except IntegrityError:  # somebody else entered it this very moment
        raise Conflict("oa.exists", name=new.name, oa_id=oa_id) from None
    desk.nudge(Work.INBOX)
    return oa


def _enter(desk: Desk, oa_id: str, values: dict[str, Any]) -> OfficialAccount:
    old = OfficialAccount.get_or_none(OfficialAccount.oa_id == oa_id)
    now = desk.now()
    values = {**values, **stop_all.of_a_new_oa(now)}
    if old is None:
        return OfficialAccount.create(oa_id=oa_id, created_at=now, **values)
    if old.state != OaState.REMOVED:
        raise Conflict("oa.exists", name=old.name, oa_id=oa_id)
    fresh = {"state": OaState.ACTIVE, "removed_at": None, "lost_at": None}
    OfficialAccount.update(**values, **fresh, revision=OfficialAccount.revision + 1).where(
        OfficialAccount.id == old.id
    ).execute()
    return OfficialAccount.get_by_id(old.id)


async def check_access_token(desk: Desk, access: str, oa_id: str | None = None, app_id: str = "") -> OaProfile:
    """Ask Zalo whom the token of the app `app_id` (the environment's) belongs to, before anything is stored.

    Raises Invalid `oa.token_dead` (code), `oa.wrong_id` (given, found, found_name), `oa.token_empty`, `oa.token_shape`,
    Conflict `zalo.unreachable`, and Refusal `app.unknown`.
    """
    app = await in_thread(apps.keys_of_app, desk, app_id) if app_id else desk.app_keys()
    try:
        zalo = desk.zalo.for_app(app) if app.use_proof else desk.zalo
        profile = await zalo_oa.get_profile(zalo, check_token(access))
    except Refused as refused:
        raise Invalid("oa.token_dead", code=str(refused.code)) from None
    except ZaloError:
        raise Conflict("zalo.unreachable") from None
    if oa_id is not None and profile.oa_id is not None and profile.oa_id != oa_id:
        raise Invalid("oa.wrong_id", given=oa_id, found=profile.oa_id, found_name=profile.name)
    return profile


def get(oa_id: str) -> OfficialAccount:
    """The OA with Zalo's id `oa_id`, not a removed one. Raises NotFound `oa.unknown` (oa_id)."""
    oa = OfficialAccount.get_or_none(OfficialAccount.oa_id == oa_id, OfficialAccount.state != OaState.REMOVED)
    if oa is None:
        raise NotFound("oa.unknown", oa_id=oa_id[:40])
    return oa


def active() -> list[OfficialAccount]:
    """All OAs that are not removed, by name."""
    rows = OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED)
    return sorted(rows, key=lambda oa: (fold_name(oa.name), oa.id))


def find(text: str) -> list[OfficialAccount]:
    """OAs whose id is `text` or whose name contains it, accents and case aside; exact ones first."""
    wanted = fold_name(text.strip())
    found = [oa for oa in active() if oa.oa_id == text.strip() or (wanted and wanted in fold_name(oa.name))]
    return sorted(found, key=lambda oa: oa.oa_id != text.strip() and fold_name(oa.name) != wanted)


def rename(desk: Desk, actor: Actor, oa: OfficialAccount, name: str) -> None:
    """Change the name shown on every screen. Raises Invalid `oa.name_empty`, `oa.name_long` (limit). Audited."""
    change(desk, actor, oa, "oa.renamed", name=check_name(name))


def describe(desk: Desk, actor: Actor, oa: OfficialAccount, description: str) -> None:
    """Change the description; empty is allowed. Raises Invalid `oa.description_long` (limit). Audited."""
    change(desk, actor, oa, "oa.described", description=check_description(description))


def set_flags(
    desk: Desk, actor: Actor, oa: OfficialAccount, *, published: bool | None = None, testing: bool | None = None
) -> Mode:
    """Change one flag or both; returns the mode that results. Open confirmations of this OA become void. Audited.

    Compared with the row as it is now, not with what an old screen showed; `oa` is brought up to date.
    """
    given = {"published": published, "testing": testing}
    with write():
        _read_again(oa)
        changes = {name: value for name, value in given.items() if value is not None and value != getattr(oa, name)}
        if changes:
            change(desk, actor, oa, "oa.mode", **changes)
    if changes:
        desk.nudge(Work.SEND)
    return mode(oa)


def remove(desk: Desk, actor: Actor, oa: OfficialAccount) -> None:
    """Erase the tokens and cancel what waits; the rows of the past stay. Audited, safe to call twice."""
    now = desk.now()
    with write():
        token_pairs.lock(oa.id)
        if not _bump(oa, state=OaState.REMOVED, removed_at=now, published=False):
            return
        OaToken.delete().where(OaToken.oa == oa.id).execute()
        cancelled = halts.cancel_waiting(now, oa)
        audit.record(now, actor, "oa.removed", oa_id=oa.oa_id, target=oa.name, detail={"cancelled": cancelled})
    journal.forget(desk, oa.id)


async def refresh_profile(desk: Desk, oa: OfficialAccount, *, lane: Lane = Lane.BACKGROUND) -> OaProfile:
    """Read `getoa` again and keep it in the row (the name staff gave stays). Raises ZaloError, Refusal."""
    profile = await gateway.call(desk, oa, zalo_oa.get_profile, lane=lane)
    await in_thread(_keep_profile, desk, oa, profile)
    return profile


def _keep_profile(desk: Desk, oa: OfficialAccount, profile: OaProfile) -> None:
    OfficialAccount.update(profile=profile.raw, profile_at=desk.now()).where(OfficialAccount.id == oa.id).execute()
    oa.profile, oa.profile_at = profile.raw, desk.now()


def change(desk: Desk, actor: Actor, oa: OfficialAccount, action: str, **values: Any) -> None:
    """Write columns of an OA that is not removed; its open confirmations become void. Audited. Raises NotFound."""
    with write():
        if not _bump(oa, **values):
            raise NotFound("oa.unknown", oa_id=oa.oa_id)
        audit.record(desk.now(), actor, action, oa_id=oa.oa_id, target=oa.name, detail=values)


def _read_again(oa: OfficialAccount) -> None:
    fresh = OfficialAccount.get_or_none(OfficialAccount.id == oa.id)
    if fresh is not None:
        oa.__data__.update(fresh.__data__)


def _bump(oa: OfficialAccount, **values: Any) -> bool:
    """Write `values` and the next revision, unless the OA is removed; `oa` shows them too."""
    done = (
        OfficialAccount.update(**values, revision=OfficialAccount.revision + 1)
        .where(OfficialAccount.id == oa.id, OfficialAccount.state != OaState.REMOVED)
        .execute()
    )
    if done:
        for name, value in values.items():
            setattr(oa, name, value)
        oa.revision += 1
    return bool(done)
