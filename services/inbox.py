"""The inbox: events are stored before Zalo gets its 200, and applied later, each exactly once in effect.

`store` (web) and `apply_batch` (worker) are all there is to the way of an event; `replay` and `adopt_waiting` give
events another chance.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from db import is_sqlite, to_ms, write
from models import DeliveryState, InboxEvent, InboxState, OaState, OfficialAccount
from services import counters, notices, opt_out_replies, receipts
from services.acceptance import SERVER
from services.desk import Desk, Work
from services.events import read
from services.facts import Facts, Report, erased, write_facts
from services.rows import chunks, marks, one
from zalo.events import Event, NotAnEvent, parse

log = logging.getLogger(__name__)

FOREIGN_APP = "foreign_app"
# Somebody asks to be forgotten: that holds for what is left of an OA removed here, whose other events wait.
WITHDRAWAL = "user_withdraw"
# Zalo repeats an event it could not deliver after 30 s, 5, 15, 30 and 60 minutes (its webhook reference, section 1.4):
# for that long the app an OA had before still brings what happened before the move.
MOVED_FOR_MS = 2 * 3600 * 1000
GIVE_UP_AFTER = 8
_FIRST_BACK_OFF = timedelta(seconds=2)
_COLUMNS = 7
_INSERT = (
    "INSERT INTO inbox_event (dedupe_key, app_id, oa_id, name, body, headers, received_at, state, attempts, error)"
)


class _Claimed(NamedTuple):
    id: int
    body: bytes
    headers: str
    received_at: int
    app_id: str


class _Owner(NamedTuple):
    """The app that speaks for an OA, since when (epoch ms), and which did before; whether the OA was removed here."""

    app_id: str
    since: int
    before: str
    removed: bool

    def hears(self, app_id: str, received_at: int) -> bool:
        """Whether an event that this app signed counts for the OA."""
        # An app id is missing where neither the OA nor the environment names one: whoever signed is taken.
        if app_id == self.app_id or not app_id or not self.app_id or received_at < self.since:
            return True
        return app_id == self.before and received_at < self.since + MOVED_FOR_MS


class _Named(NamedTuple):
    """An event names this person, of the time `at` (epoch ms)."""

    event_id: int
    oa_id: str
    user_id: str
    at: int


Registered = dict[str, _Owner]


def store(rows: Sequence[tuple[object, ...]]) -> None:
    """Insert signed events (rows of `acceptance.Verdict`), all in one transaction; ones we have are left alone.

    Commits before it returns. Raises peewee's errors: then nothing of `rows` is stored.
    """
    # Two web processes storing the same events in different orders would wait for each other in a ring.
    ordered = sorted(rows, key=lambda row: str(row[0]))
    with write():
        for part in chunks(ordered, _COLUMNS):
            values = ", ".join([f"({marks(_COLUMNS)}, 'new', 0, '')"] * len(part))
            one(
                f"{_INSERT} VALUES {values} ON CONFLICT (dedupe_key) DO NOTHING",
                [value for row in part for value in row],
            )


def apply_batch(desk: Desk, limit: int = 500) -> int:
    """Apply up to `limit` stored events, oldest first; returns how many were taken (0: nothing is due).

    Claim, effect and mark are one transaction, so that a crash leaves either all or nothing of it. When a batch fails,
    each of its events is tried by itself, and the failing ones wait longer and longer; after 8 times they are dead
    and managers are told.
    """
    claimed: list[int] = []
    try:
        facts = _apply(desk, limit, claimed)
    except Exception as error:
        if not claimed:
            raise
        log.warning("a batch of %d events failed (%s), trying each by itself", len(claimed), type(error).__name__)
        facts = _apply_singly(desk, claimed)
    if not claimed and adopt_all():
        return apply_batch(desk, limit)
    _pass_on(desk, facts)
    return len(claimed)


def _apply(desk: Desk, limit: int, claimed: list[int], only: int | None = None) -> Facts:
    now = desk.now()
    with write():
        events = _claim(now, limit, only)
        claimed.extend(event.id for event in events)
        return _apply_claimed(now, events, _registered(desk.settings.zalo_app_id))


def _claim(now: datetime, limit: int, only: int | None) -> list[_Claimed]:
    wanted = "state = 'new' AND " + ("(next_attempt_at IS NULL OR next_attempt_at <= ?)" if only is None else "id = ?")
    columns = "id, body, headers, received_at, app_id"
    sql = f"SELECT {columns} FROM inbox_event WHERE {wanted} ORDER BY id LIMIT {int(limit)}"  # noqa: S608
    rows = one(sql + ("" if is_sqlite() else " FOR UPDATE SKIP LOCKED"), [to_ms(now) if only is None else only])
    return [_Claimed(*row) for row in rows.fetchall()]


def _apply_claimed(now: datetime, events: list[_Claimed], registered: Registered) -> Facts:
    facts = Facts()
    done: list[int] = []
    waiting: list[int] = []
    foreign: list[int] = []
    where = {"": done, FOREIGN_APP: foreign}
    named: list[_Named] = []
    for row in events:
        where.get(_read(row, registered, facts, named), waiting).append(row.id)
    write_facts(now, facts)
    _mark(done, f"state = '{InboxState.DONE}', done_at = {to_ms(now)}, error = ''")
    _mark(waiting, f"state = '{InboxState.WAITING}'")
    _refuse(now, foreign)
    _forget_erased(named)
    return facts


def _refuse(now: datetime, foreign: list[int]) -> None:
    """Signed well, but not by the OA's app: kept for a look, and not applied."""
    if not foreign:
        return
    _mark(foreign, f"state = '{InboxState.DONE}', done_at = {to_ms(now)}, error = '{FOREIGN_APP}'")
    counters.add(now, f"webhook.{FOREIGN_APP}", len(foreign))
    log.warning("%d events came from another app than their OA's", len(foreign))


def _forget_erased(named: list[_Named]) -> None:
    """Empty what arrived late about people who had themselves erased since; its facts were kept away already."""
    gone = erased({(each.oa_id, each.user_id) for each in named})
    ids = {each.event_id for each in named if each.at <= gone.get((each.oa_id, each.user_id), -1)}
    for part in chunks(sorted(ids)):
        InboxEvent.update(body=b"", headers={}).where(InboxEvent.id.in_(part)).execute()


def _read(row: _Claimed, registered: Registered, facts: Facts, named: list[_Named]) -> str:
    """Add the event to `facts`, and whom it names; returns what stands against it: FOREIGN_APP, or the id of its OA.

    The latter says that nobody registered the OA, or that it was removed.
    """
    try:
        event = parse(bytes(row.body), row.received_at, server=_server(row.headers))
    except NotAnEvent:
        return ""
    oa_id = _oa_of(event, registered)
    named += [_Named(row.id, oa_id, user_id, event.at) for user_id in (event.user_id, *event.tag_user_ids) if user_id]
    owner = registered.get(oa_id)
    if owner is None or (owner.removed and event.name != WITHDRAWAL):
        return oa_id
    if not owner.hears(row.app_id, row.received_at):
        return FOREIGN_APP
    read(event, oa_id, row.received_at, facts)
    return ""


def _oa_of(event: Event, registered: Registered) -> str:
    # Every recording of user_seen_message has the OA as sender; some code in the wild reads it the other way round.
    if event.name == "user_seen_message" and event.oa_id not in registered and event.user_id in registered:
        return event.user_id or ""
    return event.oa_id or ""


def _server(headers: str) -> str | None:
    if SERVER not in headers:  # saves a JSON decode for nearly every event
        return None
    value = json.loads(headers).get(SERVER)
    return value if isinstance(value, str) else None


def _registered(default_app: str) -> Registered:
    named = (OfficialAccount.app_id, OfficialAccount.app_since, OfficialAccount.previous_app_id)
    rows: Any = OfficialAccount.select(OfficialAccount.oa_id, OfficialAccount.state, *named)
    return {
        oa_id: _Owner(app_id or default_app, to_ms(since) if since else 0, before, state == OaState.REMOVED)
        for oa_id, state, app_id, since, before in rows.tuples()
    }


def _mark(ids: Iterable[int], values: str) -> None:
    for part in chunks(ids):
        one(f"UPDATE inbox_event SET {values} WHERE id IN ({marks(len(part))})", part)  # noqa: S608


def _apply_singly(desk: Desk, ids: list[int]) -> Facts:
    everything = Facts()
    for event_id in ids:
        try:
            facts = _apply(desk, 1, [], only=event_id)
        except Exception as error:
            _failed(desk.now(), event_id, error)
        else:
            everything.people += facts.people
            everything.reports += facts.reports
            everything.said += facts.said
            everything.messages += facts.messages
    return everything


def _failed(now: datetime, event_id: int, error: Exception) -> None:
    """Count the failure and put the event off; the eighth time it is dead. The text holds no content of the event."""
    log.error("event %d could not be applied: %s", event_id, type(error).__name__, exc_info=error)
    with write():
        event = InboxEvent.get_or_none(InboxEvent.id == event_id, InboxEvent.state == InboxState.NEW)
        if event is None:
            return
        event.attempts += 1
        event.error = type(error).__name__
        event.next_attempt_at = now + _FIRST_BACK_OFF * 4 ** (event.attempts - 1)
        if event.attempts >= GIVE_UP_AFTER:
            event.state = InboxState.DEAD
            notices.alert(now, "inbox_dead", str(event_id), {"event": event_id, "name": event.name})
        event.save()


def _pass_on(desk: Desk, facts: Facts) -> None:
    """What follows from a batch, after it is committed; each of it is also swept, so that a failure costs seconds."""
    if facts.reports:
        try:
            receipts.settle(desk.now(), sorted(_of_our_deliveries(facts.reports)))
        except Exception:
            log.exception("receipts could not be settled now")
    if facts.said:
        try:
            opt_out_replies.send(desk)
        except Exception:
            log.exception("opt-outs could not be answered now")
    if facts.messages:
        desk.nudge(Work.TELL)
    if facts.people:
        desk.nudge(Work.PROFILES)


def _of_our_deliveries(reports: Sequence[Report]) -> set[tuple[str, str]]:
    """Of a thousand receipts and echoes most are of messages typed in Zalo's own tool: these are left out at once."""
    msg_ids = _in_deliveries("msg_id", {report.msg_id for report in reports})
    tracking = _in_deliveries("tracking_id", {report.tracking_id for report in reports if report.tracking_id})
    echoed = {report.user_id for report in reports if report.kind == "echo" and not report.admin_id}
    unsure = _in_deliveries("recipient", echoed, f"AND state = '{DeliveryState.UNCERTAIN}'")
    return {
        (report.oa_id, report.msg_id)
        for report in reports
        if report.msg_id in msg_ids or report.tracking_id in tracking or report.user_id in unsure
    }


def _in_deliveries(column: str, values: set[str], further: str = "") -> set[str]:
    """Those of `values` that some delivery has in `column`."""
    accounts = "oa_id IN (SELECT id FROM official_account)"  # the indexes begin with the OA
    found: set[str] = set()
    for part in chunks(sorted(values)):
        sql = f"SELECT {column} FROM delivery WHERE {accounts} AND {column} IN ({marks(len(part))}) {further}"  # noqa: S608
        found.update(value for (value,) in one(sql, part).fetchall())
    return found


def adopt_waiting(oa_id: str) -> int:
    """Have the events of an OA that is registered now applied; returns how many there are."""
    return _adopt(InboxEvent.oa_id == oa_id)


def adopt_all() -> int:
    """Catches events that were set waiting in the same moment in which their OA was registered.

    And withdrawals that wait for an OA removed here: earlier versions left them there.
    """
    known = OfficialAccount.select(OfficialAccount.oa_id)
    registered = InboxEvent.oa_id.in_(known.where(OfficialAccount.state != OaState.REMOVED))
    due = registered | ((InboxEvent.name == WITHDRAWAL) & InboxEvent.oa_id.in_(known))
    return _adopt(due) if InboxEvent.select().where(_waiting(), due).exists() else 0


def _waiting() -> object:
    return InboxEvent.state == InboxState.WAITING


def _adopt(which: object) -> int:
    with write():
        return int(InboxEvent.update(state=InboxState.NEW).where(_waiting(), which).execute())


def replay(now: datetime, ids: Iterable[int]) -> int:
    """Apply these events again, whatever their state; returns how many there are. Safe: facts do not add up.

    One whose body the purge has emptied holds nothing to apply and is left out.
    """
    return _replay(now, InboxEvent.id.in_(list(ids)))


def replay_dead(now: datetime) -> int:
    """Give every dead event another eight tries; returns how many."""
    return _replay(now, InboxEvent.state == InboxState.DEAD)


def _replay(now: datetime, which: object) -> int:
    fresh = {"state": InboxState.NEW, "attempts": 0, "next_attempt_at": now, "error": "", "done_at": None}
    with write():
        return int(InboxEvent.update(**fresh).where(which, InboxEvent.body != b"").execute())


def iterate(state: str | None = None) -> Iterator[InboxEvent]:
    """All stored events by age, or those in one state, without their bodies; streamed in pieces."""
    shown = [column for column in InboxEvent._meta.sorted_fields if column.name not in {"body", "headers"}]
    last = 0
    while True:
        query = InboxEvent.select(*shown).where(InboxEvent.id > last)
        piece = list((query.where(InboxEvent.state == state) if state else query).order_by(InboxEvent.id).limit(1000))
        yield from piece
        if not piece:
            return
        last = piece[-1].id
