"""What Zalo's API says about people, merged beside what events said.

A pulled fact carries the time at which the pull began: whatever an event told since then is newer. It is written only
where it says something else than the row, so that "follower since" stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from db import from_ms, to_ms
from models import Follower, FollowerTag
from services.events import with_shared
from services.facts import PULLED, Person, Tagged, TagSeen, write_people
from services.names import fold_name
from services.registers import FOUND, TAGGED, TAGS
from services.rows import many
from zalo.oa import UserDetail


def followers_found(oa_id: str, user_ids: Iterable[str], at: datetime) -> int:
    """These follow the OA as of `at`; returns for how many that was news. Joins the caller's transaction."""
    moment = to_ms(at)
    return many(FOUND, [(oa_id, user_id, moment, moment) for user_id in sorted(set(user_ids))])


def followers_gone(now: datetime, oa_id: str, user_ids: Iterable[str], at: datetime) -> int:
    """These did not follow the OA at `at`; facts after that stay. Returns how many were asked to be changed."""
    gone = [_follows(oa_id, user_id, False, at) for user_id in user_ids]
    write_people(now, gone)
    return len(gone)


def write_detail(now: datetime, oa_id: str, detail: UserDetail, at: datetime) -> None:
    """Merge one `user/detail` read at `at`. Joins the caller's transaction."""
    moment = to_ms(at)
    person = Person(oa_id, detail.user_id, moment)
    if detail.is_follower is not None and not _is_known(oa_id, detail):
        person = _follows(oa_id, detail.user_id, detail.is_follower, at)
    write_people(now, [person])  # and by that locked: an erasure comes before all of this or after it
    erased = _erased(oa_id, detail.user_id)
    if erased is None:
        if detail.shared_info:
            write_people(now, [with_shared(person, detail.shared_info, moment, PULLED)])
        _write_profile(oa_id, detail, moment)
        _write_tags(oa_id, detail, moment)
    elif erased.last_interaction_at is not None and at > erased.erased_at:
        # They are back, and show their name again. What Zalo still has of the time before is not theirs to be kept.
        _write_profile(oa_id, replace(detail, alias=None, user_id_by_app=None), moment)
    else:
        Follower.update(profile_wanted=False, profile_next_at=None).where(Follower.id == erased.id).execute()


def _erased(oa_id: str, user_id: str) -> Follower | None:
    """The row of somebody who had themselves erased; None for everybody else."""
    found: Follower | None = Follower.get_or_none(
        Follower.oa_id == oa_id, Follower.user_id == user_id, Follower.erased_at.is_null(False)
    )
    return found


def _follows(oa_id: str, user_id: str, follows: bool, at: datetime) -> Person:
    return Person(oa_id, user_id, to_ms(at), is_follower=follows, follow_at=to_ms(at), follow_rank=PULLED)


def _is_known(oa_id: str, detail: UserDetail) -> bool:
    return bool(
        Follower.select()
        .where(Follower.oa_id == oa_id, Follower.user_id == detail.user_id, Follower.is_follower == detail.is_follower)
        .exists()
    )


def _write_profile(oa_id: str, detail: UserDetail, moment: int) -> None:
    day = detail.last_interaction_date
    values = {
        "user_id_by_app": detail.user_id_by_app or "",
        "display_name": detail.display_name,
        "nickname": detail.alias or "",
        "avatar": detail.avatar or "",
        "is_sensitive": detail.is_sensitive,
        "search_name": fold_name(f"{detail.display_name} {detail.alias or ''}"),
        "last_interaction_on": day.isoformat() if day else "",
        "profile_at": from_ms(moment),
        "profile_wanted": False,
        "profile_attempts": 0,
        "profile_next_at": None,
    }
    Follower.update(**values).where(
        Follower.oa_id == oa_id,
        Follower.user_id == detail.user_id,
        Follower.profile_at.is_null() | (Follower.profile_at <= from_ms(moment)),
    ).execute()


def _write_tags(oa_id: str, detail: UserDetail, moment: int) -> None:
    names = sorted(set(detail.tag_names))
    mine = (FollowerTag.oa_id == oa_id) & (FollowerTag.user_id == detail.user_id)
    stored = {row.name: row.present for row in FollowerTag.select().where(mine)}
    rows = [Tagged(oa_id, detail.user_id, name, True, moment) for name in names if not stored.get(name)]
    rows += [
        Tagged(oa_id, detail.user_id, name, False, moment)
        for name, present in sorted(stored.items())
        if present and name not in names
    ]
    many(TAGGED, sorted(rows))
    many(TAGS, [TagSeen(oa_id, name, seen_at=moment) for name in names])
