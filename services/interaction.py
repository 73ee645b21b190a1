"""When a person last interacted with an OA: to the millisecond from events, or only the day from Zalo's profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from models import Follower
from services.desk import VIETNAM

# What Zalo counts from it.
FREE_WINDOW = timedelta(hours=48)  # a consultation message costs nothing within it (oa-api.md 5.4)
CARE_WINDOW = timedelta(days=7)  # and is refused after this
YEAR = timedelta(days=365)  # of the transaction class by user id (oa-api.md 6, zns.md 1.5)


@dataclass(frozen=True)
class LastInteraction:
    """It happened between `earliest` and `latest`; the two are equal when an event told the moment."""

    earliest: datetime
    latest: datetime

    @property
    def shown(self) -> datetime | date:
        """The moment, or the day when only that is known."""
        exact = self.earliest == self.latest
        return self.earliest if exact else self.earliest.astimezone(VIETNAM).date()


def last_interaction(person: Follower | None) -> LastInteraction | None:
    """What is known; None when nothing is. A profile's day counts only if it is later than the last event's."""
    if person is None:
        return None
    moment: datetime | None = person.last_interaction_at
    if not person.last_interaction_on:
        return LastInteraction(moment, moment) if moment else None
    day = date.fromisoformat(person.last_interaction_on)
    if moment is not None and moment.astimezone(VIETNAM).date() >= day:
        return LastInteraction(moment, moment)
    begin = datetime.combine(day, time(0), VIETNAM).astimezone(UTC)
    return LastInteraction(begin, begin + timedelta(days=1))
