"""Erasures under way: a row each, so that a restart goes on where the work stood, and gone when the work is done.

They live among the settings: at most a few at a time, and what a row holds (whom it is about) is to be forgotten too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from db import from_ms, to_ms
from models import Setting

Shown = tuple[int, int]  # chat and message in Telegram that wait to hear of the end
_PREFIX = "erase:"


@dataclass(frozen=True)
class Job:
    """Whom to forget, as far as it is older than `at`; `begun` once their own rows are empty.

    `cursor` is the last raw event looked at, `blocked` says that the next one is not applied yet; `chat_id` and
    `message_id` name the Telegram message that waits to hear of the end; `counts` is what was emptied so far.
    """

    name: str
    at: datetime
    people: list[tuple[str, str]] = field(default_factory=list, repr=False)  # (oa_id, user_id)
    phones: list[str] = field(default_factory=list, repr=False)
    begun: bool = False
    cursor: int = 0
    blocked: bool = False
    chat_id: int | None = None
    message_id: int | None = None
    counts: dict[str, int] = field(default_factory=dict)


def request(now: datetime, oa_id: str, user_id: str, at: int) -> None:
    """The person asked Zalo, at `at` (epoch ms), to be forgotten. Joins the transaction; safe to repeat."""
    # Named by the matter: the same event applied twice is one erasure.
    job = Job(f"{_PREFIX}{oa_id}:{user_id}:{at}", from_ms(at), people=[(oa_id, user_id)])
    Setting.insert(name=job.name, value=_value(job), changed_at=now).on_conflict_ignore().execute()


def add(now: datetime, people: list[tuple[str, str]], phones: list[str], shown: Shown | None) -> Job:
    """An erasure that has begun. Joins the transaction."""
    chat, message = shown or (None, None)
    job = Job(f"{_PREFIX}{token_hex(8)}", now, people, phones, begun=True, chat_id=chat, message_id=message)
    Setting.create(name=job.name, value=_value(job), changed_at=now)
    return job


def pending() -> list[Job]:
    """All of them, oldest first."""
    rows = Setting.select().where(Setting.name.startswith(_PREFIX)).order_by(Setting.id)
    return [_job(row) for row in rows]


def again(job: Job) -> Job | None:
    """The job as it stands now; None when it is done."""
    row = Setting.get_or_none(Setting.name == job.name)
    return None if row is None else _job(row)


def save(now: datetime, job: Job, **changes: Any) -> Job:
    """Note how far it is. Joins the transaction."""
    changed = replace(job, **changes)
    Setting.update(value=_value(changed), changed_at=now).where(Setting.name == job.name).execute()
    return changed


def end(job: Job) -> bool:
    """Forget the job itself; False when another process did."""
    return bool(Setting.delete().where(Setting.name == job.name).execute())


def _value(job: Job) -> dict[str, Any]:
    return {**asdict(job), "at": to_ms(job.at)}


def _job(row: Setting) -> Job:
    found = row.value
    people = [(oa_id, user_id) for oa_id, user_id in found["people"]]
    return Job(**{**found, "at": from_ms(found["at"]), "people": people})
