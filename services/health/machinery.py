"""Whether things move: the bot, the worker, the clock, the notices, the journal of tokens; and who hears of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from peewee import SQL, NodeList, fn

from db import from_ms
from models import ClockTick, Delivery, DeliveryState, InboxEvent, Lease, Notice, NoticeState, Role, Staff
from services import counters, house, journal, leases, mail, sending
from services.desk import Desk
from services.health.findings import Finding, Teller
from services.journal import Leftover, Reason
from services.schedule import TURNS, Turn

SLOW, STUCK = timedelta(minutes=1), timedelta(minutes=10)
LATE = timedelta(minutes=5)  # a clock that is up takes a slot within seconds
ENDLESS = timedelta(hours=1)
FRESH = timedelta(minutes=2)  # a renewal under way leaves its file for a moment
LETTERS_OF = timedelta(days=1)
RECENT = 100_000  # rows that a look between two requests may read
POLLING = "telegram-polling"  # the lease of the bot that polls
POLLING_LASTS = timedelta(seconds=30)
# Word for word as their partial indexes have it: with a parameter SQLite would read the whole table.
NEW_EVENT = NodeList((InboxEvent.state, SQL("= 'new'")))
LEFT_EVENT = NodeList((InboxEvent.state, SQL("IN ('waiting', 'dead')")))
OPEN_DELIVERY = NodeList((Delivery.state, SQL("IN ('queued', 'sending')")))
_QUEUED = NodeList((Notice.state, SQL("= 'queued'")))
_JOURNAL_DO = {
    Reason.WAITING: "start the clock: its next look saves the pair; see `database` if it does not",
    Reason.UNREADABLE: "put the key it was sealed with back into SECRET_KEYS: until then the OA is not renewed; if the "
    "key is gone, connect the OA again, then delete the file",
    Reason.OLD_DATABASE: "the database is older than the pair: connect the OA again in Telegram, then delete the file",
    Reason.NO_TOKENS: "its OA was removed here: delete the file, or restore the backup in which the OA still is",
    Reason.OTHER_OA: "this database has no such OA: restore the backup it belongs to; if it is of another desk, move "
    "the file into that one's journal",
}


def bot(desk: Desk) -> Iterator[Finding]:
    """Whether a bot holds the right to poll Telegram."""
    tell, lease = Teller("bot"), Lease.get_or_none(Lease.name == POLLING)
    if lease is not None and not leases.is_over(desk.now(), lease.until, POLLING_LASTS):
        yield tell.ok("a bot polls Telegram")
    else:
        yield tell.broken("no bot polls Telegram: staff get no answers and no notices", "start it: python -m bot")


def worker(desk: Desk) -> Iterator[Finding]:
    """How long the oldest event and the oldest message have been due."""
    tell, now = Teller("worker"), desk.now()
    waits = {"an event": _oldest_event(now), "a message": _oldest_delivery(now)}
    due = {what: now - since for what, since in waits.items() if since is not None and now - since > SLOW}
    if not due:
        yield tell.ok("no event and no message is overdue")
        return
    text = " and ".join(f"{what} has been due for {_long(wait)}" for what, wait in due.items())
    do = "start the worker (see Procfile), or look at what its log says"
    yield tell.broken(text, do) if max(due.values()) > STUCK else tell.warning(text, do)


def _oldest_event(now: datetime) -> datetime | None:
    open_now = InboxEvent.next_attempt_at.is_null() | (InboxEvent.next_attempt_at <= now)
    row = InboxEvent.select().where(NEW_EVENT, open_now).order_by(InboxEvent.id).first()
    return None if row is None else (row.next_attempt_at or row.received_at)


def _oldest_delivery(now: datetime) -> datetime | None:
    free = leases.over(now, Delivery.lease_until, sending.LEASE)
    due = Delivery.select().where(
        OPEN_DELIVERY, Delivery.state == DeliveryState.QUEUED, Delivery.next_attempt_at <= now, free
    )
    row = due.order_by(Delivery.next_attempt_at).first()
    return None if row is None else row.next_attempt_at


def clock(desk: Desk) -> Iterator[Finding]:
    """For every job of the timetable whether its last turn was taken, and how it went."""
    tell, now = Teller("clock"), desk.now()
    last = {job.name: _last(job) for job in TURNS}
    if not any(last.values()):
        yield tell.broken("the clock has never run", "start it: python clock.py")
        return
    late = [job.name for job in TURNS if _is_late(job, last[job.name], now)]
    if len(late) == len(TURNS) or "tokens" in late:
        yield tell.broken(f"the clock does not run: {', '.join(late)} late", "start it: python clock.py")
    elif late:
        yield tell.warning(f"late: {', '.join(late)}", "look at the clock's log: it takes no new turns of these")
    bad = [text for job in TURNS if (text := _went_badly(last[job.name], now))]
    if bad:
        yield tell.warning("; ".join(bad), "look at the clock's log; each is tried again")
    if not late and not bad:
        newest = max(tick.slot for tick in last.values() if tick is not None)
        yield tell.ok(f"all {len(TURNS)} jobs were done in time, the last {_long(now - newest)} ago")


def _last(job: Turn) -> ClockTick | None:
    ticks = ClockTick.select().where(ClockTick.job == job.name)
    newest: ClockTick | None = ticks.order_by(ClockTick.slot.desc()).first()
    return newest


def _is_late(job: Turn, tick: ClockTick | None, now: datetime) -> bool:
    return tick is None or tick.slot < job.slot(now - LATE)


def _went_badly(tick: ClockTick | None, now: datetime) -> str:
    if tick is None:
        return ""
    if tick.error:
        return f"{tick.job} failed ({tick.error})"
    return f"{tick.job} has not ended since {_long(now - tick.slot)}" if _endless(tick, now) else ""


def _endless(tick: ClockTick, now: datetime) -> bool:
    return tick.done_at is None and now - tick.slot > ENDLESS


def tick_ages(now: datetime) -> dict[str, float]:
    """Seconds since the last turn of each job that ever had one."""
    last = ((job.name, _last(job)) for job in TURNS)
    return {name: max(0.0, (now - tick.slot).total_seconds()) for name, tick in last if tick is not None}


def notices(desk: Desk) -> Iterator[Finding]:
    """Whether what staff are to hear reaches Telegram."""
    tell, now = Teller("notices"), desk.now()
    failed = failed_notices(now)
    wait = oldest_notice(now)
    if wait > SLOW:
        text = f"a notice has waited for {_long(wait)}"
        do = "look at the lines `bot` and `telegram`"
        yield tell.broken(text, do) if wait > STUCK else tell.warning(text, do)
    if failed:
        yield tell.warning(
            f"{failed} notice(s) of the last day were given up",
            "somebody may have blocked the bot: they open it and press Start; or nobody is entered: see `staff`",
        )
    if wait <= SLOW and not failed:
        yield tell.ok("nothing waits to be told")


def failed_notices(now: datetime) -> int:
    """Notices of the last day that Telegram never took."""
    newest = int(Notice.select(fn.MAX(Notice.id)).scalar() or 0)
    lately = (Notice.id > newest - RECENT, Notice.created_at > now - timedelta(days=1))
    return int(Notice.select().where(Notice.state == NoticeState.FAILED, *lately).count())


def oldest_notice(now: datetime) -> timedelta:
    """How long the notice that waits longest has been due."""
    row = Notice.select().where(_QUEUED, Notice.next_attempt_at <= now)
    first = row.order_by(Notice.next_attempt_at).first()
    since = (
        None if first is None else (first.queued_at or first.created_at if first.attempts else first.next_attempt_at)
    )
    return timedelta(0) if since is None else max(timedelta(0), now - since)


def letters(desk: Desk) -> Iterator[Finding]:
    """Whether the mail server took the last urgent notice that Telegram did not."""
    tell, now = Teller("mail"), desk.now()
    failed, sent = counters.last_at(mail.FAILED), house.get(mail.SENT)
    over = failed is None or now - failed > LETTERS_OF or (sent is not None and from_ms(sent) >= failed)
    if over or failed is None:
        yield tell.ok("no letter was refused lately")
    else:
        yield tell.warning(
            f"the mail server took no letter {_long(now - failed)} ago: urgent notices may reach nobody",
            "look at the line `email`, then for mail_failed in the clock's log",
        )


def pairs_left(desk: Desk) -> Iterator[Finding]:
    """Whether a renewed pair lies in the journal that its row does not have."""
    tell = Teller("journal")
    left = [each for each in journal.leftover(desk) if not _under_way(each)]
    for each in left:
        yield tell.warning(
            f"{each.file} has lain in the journal for {_long(each.age)} ({each.reason})", _JOURNAL_DO[each.reason]
        )
    if not left:
        yield tell.ok("no renewed token waits on disk")


def _under_way(left: Leftover) -> bool:
    return left.reason is Reason.WAITING and left.age < FRESH


def staff(desk: Desk) -> Iterator[Finding]:
    """Whether somebody owns the desk, and whether anybody could stand in."""
    tell, owner_id = Teller("staff"), desk.settings.telegram_owner_id
    owners = list(Staff.select().where(Staff.active, Staff.role == Role.OWNER))
    if owner_id is None and not owners:
        yield tell.broken(
            "nobody owns the desk", "write /start to the bot: its log names your id for TELEGRAM_OWNER_ID"
        )
        return
    others = Staff.select().where(
        Staff.active,
        Staff.role.in_([Role.MANAGER, Role.OWNER]),
        Staff.telegram_id != (owner_id or owners[0].telegram_id),
    )
    if not others.exists():
        yield tell.warning("only the owner could reconnect an OA: there is no second manager", "invite one in Telegram")
    else:
        yield tell.ok(f"an owner and {others.count()} who can stand in")


def _long(wait: timedelta) -> str:
    minutes = int(wait / timedelta(minutes=1))
    if minutes < 1:
        return f"{int(wait.total_seconds())} s"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"
