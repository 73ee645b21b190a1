"""What customers said under a ZNS: kept with the message it belongs to, and told at once where somebody is unhappy.

They reach us twice, by `user_feedback` at once and by the daily look at `/rating/get`; one message has one rating, and
the latest counts. Zalo names the message only: who it was for is known from our own delivery.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from peewee import fn

from db import from_ms, is_sqlite, write
from models import Delivery, Follower, OfficialAccount, Rating, Role
from services import audit, deliveries, forgetting, notices
from services.audit import Actor
from services.desk import Desk
from services.errors import NotFound

UNHAPPY = 3  # stars at most
STALE = timedelta(days=3)  # who waited this long is not helped by an alert
NOTICE = "low_rating"
WORDS = 5  # of a summary
_PHONE = re.compile(r"84\d{9}")


class Rated(NamedTuple):
    """One rating as it reached us; `at` in epoch ms. Either id may be missing, not both."""

    oa_id: str
    msg_id: str
    tracking_id: str
    rate: int
    note: str
    feedbacks: tuple[str, ...]
    at: int
    template_id: str = ""


@dataclass(frozen=True)
class Summary:
    """All ratings of a template: how many with each number of stars, and the last ones with words."""

    stars: dict[int, int]
    latest: list[Rating]

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.stars.values())

    @property
    def average(self) -> float | None:
        """Stars on average; None without any rating."""
        return sum(star * count for star, count in self.stars.items()) / self.count if self.count else None


def record(now: datetime, rated: Iterable[Rated]) -> int:
    """Keep ratings; returns how many said something new. Joins the caller's transaction, safe to repeat, in any order.

    Three stars or less, not older than STALE, are told to the operators of the OA (notice low_rating {oa_id, rating}),
    and the message's own screen shows the stars.
    """
    ordered = sorted(rated, key=lambda each: (each.oa_id, each.msg_id, each.tracking_id, each.at))
    if not ordered:
        return 0
    named = OfficialAccount.oa_id.in_(sorted({each.oa_id for each in ordered}))
    accounts = {oa.oa_id: oa for oa in OfficialAccount.select().where(named)}
    with write():
        return sum(_record(now, accounts[each.oa_id], each) for each in ordered if each.oa_id in accounts)


def of_delivery(row: Delivery) -> Rating | None:
    """The rating of a message, if it has one."""
    oa: OfficialAccount = row.oa
    return Rating.get_or_none(Rating.oa_id == oa.oa_id, Rating.msg_id == row.msg_id) if row.msg_id else None


def of_recipient(oa_id: str, recipients: Collection[str], limit: int = 5) -> list[Rating]:
    """What the person with these phones and user ids said to the OA, latest first."""
    wanted = sorted({recipient for recipient in recipients if recipient})
    mine = (Rating.oa_id == oa_id, Rating.recipient.in_(wanted))
    return list(Rating.select().where(*mine).order_by(Rating.at.desc(), Rating.id.desc()).limit(limit))


def person_of(row: Rating) -> tuple[Follower | None, str]:
    """The follower whose rating it is, and their number; None and "" for what is not known, or no longer."""
    if not row.recipient or "*" in row.recipient:
        return None, ""
    mine = Follower.oa_id == row.oa_id
    if _PHONE.fullmatch(row.recipient):
        found = Follower.select().where(mine, Follower.phone == row.recipient).order_by(Follower.id).first()
        return found, str(row.recipient)
    found = Follower.get_or_none(mine, Follower.user_id == row.recipient)
    return found, found.phone if found is not None else ""


def summary(oa: OfficialAccount, template_id: str, limit: int = WORDS) -> Summary:
    """All ratings of a template in figures, and its last ones that have words."""
    mine = (Rating.oa_id == oa.oa_id) & (Rating.template_id == template_id)
    counted: Any = Rating.select(Rating.rate, fn.COUNT(Rating.id)).where(mine).group_by(Rating.rate).tuples()
    spoken = mine & ((Rating.note != "") | Rating.feedbacks.is_null(False))
    latest = Rating.select().where(spoken).order_by(Rating.at.desc(), Rating.id.desc()).limit(limit)
    return Summary({int(rate): int(count) for rate, count in counted}, list(latest))


def page(oa: OfficialAccount, template_id: str, offset: int, limit: int) -> list[Rating]:
    """Ratings of a template, latest first."""
    mine = (Rating.oa_id == oa.oa_id, Rating.template_id == template_id)
    found = Rating.select().where(*mine).order_by(Rating.at.desc(), Rating.id.desc())
    return list(found.offset(offset).limit(limit))


def get(rating_id: int) -> Rating:
    """One rating. Raises NotFound `rating.unknown`."""
    row = Rating.get_or_none(Rating.id == rating_id)
    if row is None:
        raise NotFound("rating.unknown")
    return row


def handle(desk: Desk, actor: Actor, rating_id: int) -> bool:
    """Somebody looked after it: audited, and shown in the message of every colleague. False when it was done before."""
    now = desk.now()
    with write():
        row = get(rating_id)
        by = actor.staff.telegram_id if actor.staff else None
        open_one = (Rating.id == rating_id, Rating.handled_at.is_null())
        if not Rating.update(handled_at=now, handled_by=by).where(*open_one).execute():
            return False
        audit.record(
            now, actor, "rating.handled", oa_id=row.oa_id, target=f"rating {row.id}", detail={"rate": row.rate}
        )
        _show_again(now, row)
    return True


def forget(which: Any) -> int:
    """Empty the words and the recipient of these rows of Rating; the stars stay. Joins the transaction."""
    empty = {"note": "", "feedbacks": None, "recipient": ""}
    filled = (Rating.note != "") | Rating.feedbacks.is_null(False) | (Rating.recipient != "")
    return int(Rating.update(**empty).where(which, filled).execute())


def _record(now: datetime, oa: OfficialAccount, rated: Rated) -> bool:
    delivery = _delivery_of(oa, rated)
    msg_id = rated.msg_id or (delivery.msg_id if delivery else "") or rated.tracking_id
    key = (Rating.oa_id == oa.oa_id, Rating.msg_id == msg_id)
    before = (Rating.select().where(*key) if is_sqlite() else Rating.select().where(*key).for_update()).first()
    values = _values(oa, rated, delivery, msg_id)
    if before is not None and not _is_news(before, values):
        _fill(before, values)
        return False
    fresh = {**values, "handled_at": None, "handled_by": None}
    Rating.insert(**fresh).on_conflict(conflict_target=[Rating.oa_id, Rating.msg_id], update=fresh).execute()
    row = Rating.get(*key)
    if delivery is not None:
        deliveries.show(now, delivery.id)
    if row.rate <= UNHAPPY and row.at > now - STALE:
        notices.alert(now, NOTICE, str(row.id), {"oa_id": oa.oa_id, "rating": row.id}, Role.OPERATOR)
    elif before is not None:
        _show_again(now, row)
    return True


def _values(oa: OfficialAccount, rated: Rated, delivery: Delivery | None, msg_id: str) -> dict[str, Any]:
    # Somebody was erased, or the message is too old: the stars count, the words and whose they are stay away.
    silent = delivery is not None and forgetting.is_forgotten(delivery)
    return {
        "oa_id": oa.oa_id,
        "msg_id": msg_id,
        "tracking_id": rated.tracking_id,
        "template_id": (delivery.content.get("template_id") if delivery else "") or rated.template_id,
        "delivery_id": delivery.id if delivery else None,
        "recipient": delivery.recipient if delivery and not silent else "",
        "rate": rated.rate,
        "note": "" if silent else rated.note[:1000],
        "feedbacks": None if silent or not rated.feedbacks else [word[:200] for word in rated.feedbacks[:10]],
        "at": from_ms(rated.at),
    }


def _is_news(before: Rating, values: dict[str, Any]) -> bool:
    said = ("rate", "note", "feedbacks")
    return values["at"] >= before.at and any(getattr(before, name) != values[name] for name in said)


def _fill(before: Rating, values: dict[str, Any]) -> None:
    """What the other road did not know: whose message it was, or which template."""
    names = ("template_id", "delivery_id", "recipient", "tracking_id")
    more = {name: values[name] for name in names if values[name] and not getattr(before, name)}
    if more:
        Rating.update(**more).where(Rating.id == before.id).execute()


def _delivery_of(oa: OfficialAccount, rated: Rated) -> Delivery | None:
    mine = Delivery.oa == oa.id
    if rated.tracking_id:  # ours, and new for every attempt
        found = Delivery.get_or_none(mine, Delivery.tracking_id == rated.tracking_id)
        if found is not None:
            return found
    return Delivery.get_or_none(mine, Delivery.msg_id == rated.msg_id) if rated.msg_id else None


def _show_again(now: datetime, row: Rating) -> None:
    """Edit the message of everybody who was told."""
    for notice in list(notices.told([NOTICE], str(row.id))):
        notices.post(now, notice.chat_id, NOTICE, str(row.id), {"oa_id": row.oa_id, "rating": row.id})
