"""Groups and channels the bot was added to: it stays only where an owner allowed it, and never speaks there."""

from __future__ import annotations

from datetime import datetime, timedelta

from peewee import EXCLUDED

from db import from_ms, to_ms, write
from models import Role, TelegramGroup
from services import audit, house, notices
from services.audit import Actor
from services.desk import Desk
from services.errors import NotFound
from services.names import tidy

TOLD_EVERY = timedelta(days=1)  # of one group
MOST_AN_HOUR = 5
AN_HOUR = timedelta(hours=1)
MOST_KEPT = 1000
_TOLD = "groups_told"  # setting: {chat id: milliseconds of the last notice}


def entered(now: datetime, chat_id: int, title: str, added_by: int | None = None, added_name: str = "") -> None:
    """The bot is in this chat. Unless it is allowed, the bot leaves (`unwelcome`) and the owners are told."""
    title, added_name = tidy(title), tidy(added_name)
    with write():
        fresh = {"title": title, "seen_at": now, "left_at": None}
        by = {"added_by": added_by, "added_name": added_name} if added_by is not None else {}
        TelegramGroup.insert(chat_id=chat_id, **{**fresh, **by}).on_conflict(
            conflict_target=[TelegramGroup.chat_id], update={**fresh, **by}
        ).execute()
        row = TelegramGroup.get(TelegramGroup.chat_id == chat_id)
        if not row.allowed:
            _forget_the_oldest()
            _tell(now, row)


def present(now: datetime, chat_id: int, title: str) -> None:
    """Something was written in this chat, so the bot is in it: noted unless that is known."""
    row = TelegramGroup.get_or_none(TelegramGroup.chat_id == chat_id)
    if row is None or (row.left_at is not None and row.left_at < now - timedelta(minutes=1)):
        entered(now, chat_id, title)


def moved(now: datetime, old_chat: int, new_chat: int) -> None:
    """A group became a supergroup and has another number: what was allowed stays allowed."""
    with write():
        row = TelegramGroup.get_or_none(TelegramGroup.chat_id == old_chat)
        if row is None:
            return
        values = {"title": row.title, "allowed": row.allowed, "seen_at": now, "left_at": None}
        TelegramGroup.insert(chat_id=new_chat, added_by=row.added_by, added_name=row.added_name, **values).on_conflict(
            conflict_target=[TelegramGroup.chat_id], update={TelegramGroup.allowed: EXCLUDED.allowed}
        ).execute()
        row.delete_instance()


def unwelcome() -> list[TelegramGroup]:
    """Chats the bot is in and must leave."""
    return list(
        TelegramGroup.select()
        .where(~TelegramGroup.allowed, TelegramGroup.left_at.is_null())
        .order_by(TelegramGroup.seen_at)
        .limit(20)
    )


def left(now: datetime, chat_id: int) -> None:
    """The bot is no longer in this chat."""
    TelegramGroup.update(left_at=now).where(TelegramGroup.chat_id == chat_id, TelegramGroup.left_at.is_null()).execute()


def allowed(offset: int, limit: int) -> tuple[list[TelegramGroup], int]:
    """A page of the chats the bot may stay in, by title, and how many there are."""
    every = TelegramGroup.select().where(TelegramGroup.allowed)
    page = every.order_by(TelegramGroup.title, TelegramGroup.id).offset(offset).limit(limit)
    return list(page), every.count()


def allow(desk: Desk, actor: Actor, row_id: int, wanted: bool = True) -> TelegramGroup:
    """Let the bot stay in this chat from now on, or have it leave. Audited. Raises NotFound `group.gone`."""
    with write():
        row = TelegramGroup.get_or_none(TelegramGroup.id == row_id)
        if row is None:
            raise NotFound("group.gone")
        if row.allowed != wanted:
            row.allowed = wanted
            row.save(only=[TelegramGroup.allowed])
            action = "group.allowed" if wanted else "group.forbidden"
            audit.record(desk.now(), actor, action, target=str(row.chat_id), detail={"title": row.title})
    return row


def _forget_the_oldest() -> None:
    """Anybody can make groups by the thousand; the ones already left are forgotten first."""
    newest = TelegramGroup.select(TelegramGroup.id).order_by(TelegramGroup.id.desc())
    beyond = newest.offset(MOST_KEPT).limit(1).scalar()
    if beyond is not None:
        done = (TelegramGroup.id <= beyond, ~TelegramGroup.allowed, TelegramGroup.left_at.is_null(False))
        TelegramGroup.delete().where(*done).execute()


def _tell(now: datetime, row: TelegramGroup) -> None:
    told = {chat: ms for chat, ms in house.get(_TOLD, {}).items() if from_ms(ms) > now - TOLD_EVERY}
    within_the_hour = [ms for ms in told.values() if from_ms(ms) > now - AN_HOUR]
    if str(row.chat_id) in told or len(within_the_hour) >= MOST_AN_HOUR:
        return
    payload = {"group": row.id, "title": row.title, "by": row.added_name}
    if notices.alert(now, "group_added", f"{row.chat_id}:{now:%Y%m%d%H%M}", payload, Role.OWNER):
        house.put(now, _TOLD, {**told, str(row.chat_id): to_ms(now)})
