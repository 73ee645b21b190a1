"""People who open the bot and are not staff: they get silence, and the owners a bounded number of notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from peewee import EXCLUDED

from db import from_ms, to_ms, write
from models import OaState, OfficialAccount, Role, Staff, Stranger
from services import audit, house, notices, staff, staffing
from services.audit import Actor
from services.desk import Desk
from services.errors import NotFound
from services.names import tidy

TOLD_EVERY = timedelta(days=1)  # of one stranger
MOST_AN_HOUR = 5  # notices about strangers altogether
AN_HOUR = timedelta(hours=1)
MOST_KEPT = 1000
_TOLD = "strangers_told"  # setting: milliseconds of the last notices


def seen(now: datetime, names: Mapping[int, str]) -> None:
    """These people wrote or tapped: keep that they did, never what, and tell the owners within the limits.

    One transaction for all of them. Whoever was dismissed is nobody new to the owners and leaves no row.
    """
    with write():
        gone = Staff.select(Staff.telegram_id).where(Staff.telegram_id.in_(sorted(names)))
        known = {row.telegram_id for row in gone}
        for telegram_id, name in sorted(names.items()):
            if telegram_id not in known:
                _keep(now, telegram_id, tidy(name))
        _forget_the_oldest()
        _tell(now, [telegram_id for telegram_id in names if telegram_id not in known])


def _keep(now: datetime, telegram_id: int, name: str) -> None:
    Stranger.insert(telegram_id=telegram_id, name=name, first_seen_at=now, last_seen_at=now).on_conflict(
        conflict_target=[Stranger.telegram_id],
        update={Stranger.name: EXCLUDED.name, Stranger.last_seen_at: EXCLUDED.last_seen_at},
    ).execute()


def _forget_the_oldest() -> None:
    """A flood of made-up accounts must not fill the disk; those told to ignore stay ignored."""
    beyond = Stranger.select(Stranger.id).order_by(Stranger.id.desc()).offset(MOST_KEPT).limit(1).scalar()
    if beyond is not None:
        Stranger.delete().where(Stranger.id <= beyond, Stranger.ignored_at.is_null()).execute()


def _tell(now: datetime, telegram_ids: list[int]) -> None:
    told = [from_ms(ms) for ms in house.get(_TOLD, [])]
    recent = [at for at in told if at > now - AN_HOUR]
    if len(recent) >= MOST_AN_HOUR or not staff.at_least(Role.OWNER):
        return
    news = Stranger.telegram_id.in_(sorted(telegram_ids)) & Stranger.ignored_at.is_null()
    due = Stranger.told_at.is_null() | (Stranger.told_at <= now - TOLD_EVERY)
    rows = list(Stranger.select().where(news, due).order_by(Stranger.id).limit(MOST_AN_HOUR - len(recent)))
    for row in rows:
        others = _untold(now, told[-1] if told else row.first_seen_at, [other.id for other in rows])
        payload = {"stranger": row.telegram_id, "name": row.name, "others": others if row is rows[0] else 0}
        notices.alert(now, "stranger", f"{row.telegram_id}:{now:%Y%m%d%H%M}", payload, Role.OWNER)
        Stranger.update(told_at=now).where(Stranger.id == row.id).execute()
    if rows:
        house.put(now, _TOLD, [to_ms(at) for at in [*recent, *([now] * len(rows))]])


def _untold(now: datetime, since: datetime, but: list[int]) -> int:
    """Who came since the last notice and was not told of, because of the limit."""
    quiet = Stranger.told_at.is_null() & Stranger.ignored_at.is_null() & Stranger.id.not_in(but)
    return int(Stranger.select().where(quiet, Stranger.last_seen_at > since, Stranger.last_seen_at < now).count())


def get(telegram_id: int) -> Stranger:
    """Somebody who wrote. Raises NotFound `stranger.gone`."""
    row = Stranger.get_or_none(Stranger.telegram_id == telegram_id)
    if row is None:
        raise NotFound("stranger.gone")
    return row


def page(offset: int, limit: int) -> tuple[list[Stranger], int]:
    """Those who wrote last first, and how many there are."""
    every = Stranger.select()
    return list(every.order_by(Stranger.last_seen_at.desc(), Stranger.id).offset(offset).limit(limit)), every.count()


def ignore(desk: Desk, actor: Actor, telegram_id: int, ignored: bool = True) -> Stranger:
    """Say nothing more about this person, or take that back. Audited. Raises NotFound `stranger.gone`."""
    with write():
        row = get(telegram_id)
        row.ignored_at = desk.now() if ignored else None
        row.save(only=[Stranger.ignored_at])
        action = "stranger.ignored" if ignored else "stranger.heeded"
        audit.record(desk.now(), actor, action, target=str(telegram_id), detail={"name": row.name})
    return row


def admit(desk: Desk, actor: Actor, telegram_id: int, role: Role) -> Staff:
    """Make a stranger staff with the role's usual rights, and greet them. Raises NotFound `stranger.gone`.

    Where there are several OAs they begin with none: which are theirs is the owner's next answer.
    """
    with write():
        row = get(telegram_id)
        several = OfficialAccount.select().where(OfficialAccount.state != OaState.REMOVED).count() > 1
        rights = replace(staff.usual(role), every_oa=not several)
        return staffing.enter(desk, actor, telegram_id, row.name, rights)
