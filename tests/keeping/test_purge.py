"""services/purge.py: what is forgotten, what stays, and that nobody has to wait for it."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from datetime import timedelta

import pytest
import structlog

import db
from models import (
    AuditEntry,
    ChatMessage,
    ClockTick,
    Confirmation,
    Counter,
    Delivery,
    Draft,
    FollowerSync,
    InboxEvent,
    Invitation,
    Notice,
    OauthTicket,
    Receipt,
    Role,
    StaffUpdate,
    Stranger,
    TelegramGroup,
    Watch,
)
from services import house, inbox, messages, purge, staff, uploads
from services.errors import Conflict
from tests.sample_files import picture

PNG = picture()


def again(row):
    return type(row).get_by_id(row.id)


async def no_pause(_seconds):
    await asyncio.sleep(0)


def purged(store, **named):
    return store.run(purge.run, **{"pause": no_pause, **named})


# ------------------------------------------------------------------ events


@pytest.mark.parametrize("state", ["done", "dead", "waiting"])
def test_a_raw_event_is_emptied_after_30_days_and_goes_after_90(store, state):
    """The row outlives the body: by its key a late repetition is recognised. Dead and waiting ones are no exception."""
    event = store.event(31, state)
    young = store.event(29, state)
    purged(store)
    assert (again(event).body, again(event).headers, again(event).state) == (b"", {}, state)
    assert again(young).body
    store.clock.advance(days=60)
    purged(store)
    assert [row.id for row in InboxEvent.select()] == [young.id]


def test_events_nobody_applied_are_kept_whatever_their_age(store):
    """A worker that was down for months still finds its work; what lies behind waits for it."""
    old, waiting, behind = store.event(200), store.event(100, "new"), store.event(99)
    purged(store)
    assert [row.id for row in InboxEvent.select().order_by(InboxEvent.id)] == [waiting.id]
    assert again(waiting).body
    assert not InboxEvent.select().where(InboxEvent.id.in_([old.id, behind.id])).exists()


def test_emptying_stops_at_an_event_to_be_applied_and_goes_on_when_it_was(store):
    """The bookmark does not pass it."""
    waiting, behind = store.event(40, "new"), store.event(39)
    purged(store)
    assert again(behind).body
    InboxEvent.update(state="done").where(InboxEvent.id == waiting.id).execute()
    purged(store)
    assert not again(waiting).body
    assert not again(behind).body


def test_an_emptied_event_is_not_applied_again(store):
    """Nothing is left to apply; a replay says so instead of doing nothing in silence."""
    event = store.event(31, "dead")
    purged(store)
    assert inbox.replay(store.clock.now(), [event.id]) == 0
    assert inbox.replay_dead(store.clock.now()) == 0
    assert again(event).state == "dead"


def test_an_emptied_table_begins_from_its_start_again(store):
    """SQLite gives the first numbers once more; a bookmark above them would hide them for ever."""
    for _ in range(5):
        store.event(100)
    purged(store)
    assert InboxEvent.select().count() == 0
    fresh = [store.event(31) for _ in range(8)]
    purged(store)
    assert not any(again(row).body for row in fresh)


def test_a_night_does_no_more_than_its_share_and_the_next_one_goes_on(store, monkeypatch):
    """Bounded: so many transactions of so many rows; nothing is read twice."""
    monkeypatch.setattr(purge, "BATCH", 10)
    events = [store.event(31) for _ in range(35)]
    assert purged(store, most=2)["event_bodies"] == 20
    assert [bool(again(row).body) for row in events] == [False] * 20 + [True] * 15
    assert purged(store, most=2)["event_bodies"] == 15
    assert "event_bodies" not in purged(store)
    assert house.get("purge.event_bodies") == events[-1].id


def test_others_write_between_any_two_pieces(store, monkeypatch):
    """The web process, on its own connection, stores events while the purge is at work: no lock outlives a piece."""
    monkeypatch.setattr(purge, "BATCH", 5)
    for _ in range(50):
        store.event(31)
    stored = []

    def web(number):
        with db.database.connection_context():
            inbox.store([(f"new{number}", "1", "2", "follow", b"{}", json.dumps({}), 0)])
        stored.append(number)

    async def pause(seconds):
        assert seconds > 0
        await asyncio.to_thread(web, len(stored))

    purged(store, pause=pause)
    assert len(stored) >= 9
    assert InboxEvent.select().where(InboxEvent.dedupe_key.startswith("new")).count() == len(stored)


def test_two_purges_at_once_do_no_harm(store, monkeypatch):
    """Somebody runs it by hand while the clock is at it."""
    monkeypatch.setattr(purge, "BATCH", 5)
    events = [store.event(31) for _ in range(30)]

    async def both(desk):
        return await asyncio.gather(purge.run(desk, pause=no_pause), purge.run(desk, pause=no_pause))

    done = store.run(both)
    assert sum(each.get("event_bodies", 0) for each in done) >= 30
    assert not any(again(row).body for row in events)


def test_memory_does_not_grow_with_what_is_forgotten(store):
    """Bodies are emptied where they lie and never read."""
    body, count = b"x" * 20_000, 600
    for _ in range(count):
        store.event(31, body=body)
    tracemalloc.start()
    purged(store)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < len(body) * count / 3


# ------------------------------------------------------------------ messages


def test_old_messages_are_emptied_and_what_they_cost_stays(store):
    """A year by default: text, name and the middle of the number go; state, price and template stay."""
    chat, young = store.message(366, attachments=[{"kind": "image"}]), store.message(364)
    row, cs = store.delivery(366), store.delivery(366, channel="cs")
    purged(store)
    assert (again(chat).text, again(chat).attachments, again(chat).kind) == ("", None, "text")
    assert again(young).text
    row = again(row)
    assert row.content == {"template_id": "300111", "template_name": "Lịch hẹn", "forgotten": True}
    assert (row.recipient, row.recipient_name) == ("090***4567", "")
    assert (row.state, row.price, row.vat_percent) == ("delivered", 300, 8)
    assert again(cs).content == {"forgotten": True}


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_an_open_message_is_never_touched_and_forgotten_once_it_has_ended(store, state):
    """The bookmark goes past it and comes back."""
    row, behind = store.delivery(400, state), store.delivery(399)
    purged(store)
    assert again(row).content["params"]
    assert again(behind).content["forgotten"]
    Delivery.update(state="failed").where(Delivery.id == row.id).execute()
    purged(store)
    assert again(row).content["forgotten"]
    assert house.get("purge.deliveries") == {"after": behind.id, "back": None, "open": 0}


def test_any_number_of_open_messages_stops_nothing(store, monkeypatch):
    """Neither what lies behind them, nor they themselves once they end; the log says how many there are."""
    monkeypatch.setattr(purge, "BATCH", 3)
    first = store.delivery(401)
    stuck = [store.delivery(400, "queued") for _ in range(11)]
    behind = [store.delivery(399) for _ in range(8)]
    with structlog.testing.capture_logs() as said:
        assert purged(store) == {"deliveries": 9}
    assert [line for line in said if line["event"] == "old_messages_open"] == [
        {"event": "old_messages_open", "log_level": "warning", "count": 11, "after": first.id}
    ]
    assert purged(store) == {}
    Delivery.update(state="failed").where(Delivery.id.in_([row.id for row in stuck])).execute()
    assert purged(store) == {"deliveries": 11}
    assert not [row for row in [*stuck, *behind] if not again(row).content.get("forgotten")]


def test_a_walk_past_open_messages_that_a_night_cuts_short_is_gone_on_with(store, monkeypatch):
    """It comes back to them when it has been at the end, not before: else it would never get there."""
    monkeypatch.setattr(purge, "BATCH", 2)
    store.delivery(400, "queued")
    rows = [store.delivery(399) for _ in range(9)]
    for _ in range(4):
        purged(store, most=2)
    assert all(again(row).content.get("forgotten") for row in rows)


def test_an_uncertain_message_is_forgotten_with_its_year(store, settings):
    """Nobody will learn any more what became of it; a week it keeps its words whatever the setting."""
    old = store.delivery(366, "uncertain")
    purged(store)
    assert (again(old).state, again(old).content["forgotten"]) == ("uncertain", True)
    short = settings.model_copy(update={"keep_messages_days": 1})
    store.desk = type(store.desk)(short, store.desk.box, store.desk.zalo, now=store.clock.now)
    young = store.delivery(6, "uncertain")
    purged(store)
    assert "forgotten" not in again(young).content
    store.clock.advance(days=2)
    purged(store)
    assert again(young).content["forgotten"]


def test_masking_twice_changes_nothing(store):
    """A crash between work and bookmark repeats a piece."""
    row = store.delivery(400)
    purged(store)
    house.put(store.clock.now(), "purge.deliveries", {"after": 0})
    purged(store)
    assert again(row).recipient == "090***4567"


def test_a_forgotten_message_cannot_be_sent_again(store):
    """There is nothing left to send; the button's answer says so."""
    person = staff.add(store.clock.now(), 55, Role.OPERATOR)
    row = store.delivery(400, "failed")
    purged(store)
    with pytest.raises(Conflict) as refused:
        messages.resend(store.desk, person, row.id, 55, 1)
    assert refused.value.key == "delivery.forgotten"


def test_receipts_are_kept_for_a_month(store):
    """Matched or not: by then each has found its message."""
    kept = {"oa_id": "1", "kind": "seen", "at": store.ago(0)}
    Receipt.create(msg_id="old", created_at=store.ago(31), **kept)
    Receipt.create(msg_id="matched", created_at=store.ago(31), delivery=store.delivery(31), **kept)
    Receipt.create(msg_id="young", created_at=store.ago(29), **kept)
    purged(store)
    assert [row.msg_id for row in Receipt.select()] == ["young"]


# ------------------------------------------------------------------ the rest


def test_the_audit_is_kept_for_its_own_time(store):
    """Three years by default."""
    for days in (1096, 1094):
        AuditEntry.create(at=store.ago(days), actor="cli", action=f"x{days}")
    purged(store)
    assert [row.action for row in AuditEntry.select()] == ["x1094"]


def test_traces_of_the_machinery_go_when_their_time_is_over(store):
    """Each kind once too old, once young enough."""
    person = staff.add(store.clock.now(), 55, Role.OWNER)
    other = staff.add(store.clock.now(), 56, Role.OWNER)
    for name, days in (("old", 31), ("young", 6)):
        at = store.ago(days)
        number = store.number()
        ClockTick.create(job=name, slot=at)
        StaffUpdate.create(update_id=number, payload="", state="done", received_at=at)
        Confirmation.create(token=name, staff=person, kind="x", payload={}, created_at=at, expires_at=at)
        Notice.create(chat_id=number, kind="x", ref=name, payload={}, state="sent", created_at=at, queued_at=at)
        Draft.create(staff=person if name == "old" else other, kind="x", step="x", data="", updated_at=at)
        ticket = {"staff": person, "app_id": "1", "chat_id": 55, "created_at": at, "expires_at": at}
        OauthTicket.create(secret_hash=name, **ticket)
        Invitation.create(secret_hash=name, role="viewer", created_by=person, created_at=at, expires_at=at)
        Stranger.create(telegram_id=number, first_seen_at=at, last_seen_at=at)
        TelegramGroup.create(chat_id=number, seen_at=at, left_at=at)
    done = purged(store)
    assert set(done.values()) == {1}
    for model, column in ((ClockTick, "job"), (Confirmation, "token"), (Notice, "ref"), (OauthTicket, "secret_hash")):
        assert [getattr(row, column) for row in model.select()] == ["young"]
    for model in (StaffUpdate, Draft, Invitation, Stranger, TelegramGroup):
        assert model.select().count() == 1


def test_what_is_due_is_looked_for_before_the_lock(store, monkeypatch):
    """A search through a whole table would hold up whoever stores an event meanwhile."""
    AuditEntry.create(at=store.ago(2000), actor="cli", action="x")
    Notice.create(chat_id=1, kind="x", ref="a", payload={}, state="sent", created_at=store.ago(40))
    StaffUpdate.create(update_id=1, payload="", state="done", received_at=store.ago(40))
    run, locked = db.database.obj.execute_sql, []

    def spy(sql, *args, **named):
        if sql.startswith("SELECT") and db.database.in_transaction():
            locked.append(sql)
        return run(sql, *args, **named)

    monkeypatch.setattr(db.database.obj, "execute_sql", spy)
    assert purged(store) == {"audit": 1, "notices": 1, "updates": 1}
    walked = ("inbox_event", "chat_message", "delivery", "receipt", "setting")
    assert [sql for sql in locked if sql.split(" FROM ")[1].split()[0].strip('"') not in walked] == []


def test_a_night_without_anything_due_reads_no_large_table(store, monkeypatch):
    """The audit has an index by time; notices and updates grow by time, so that the first young one ends the search."""
    if not db.is_sqlite():
        pytest.skip("PostgreSQL's planner reads small tables whole, whatever indexes there are")
    run, plans = db.database.obj.execute_sql, []

    def spy(sql, params=None):
        if sql.startswith("SELECT") and any(
            f'FROM "{name}"' in sql for name in ("audit_entry", "notice", "staff_update")
        ):
            plans.extend(row[3] for row in run("EXPLAIN QUERY PLAN " + sql, params).fetchall())
        return run(sql, params)

    monkeypatch.setattr(db.database.obj, "execute_sql", spy)
    purged(store)
    assert plans.count("SCAN t1") == 2  # by number, and only to the first young one
    assert "SEARCH t1 USING COVERING INDEX auditentry_at (at<?)" in plans
    assert sum(plan.startswith("SEARCH t1") for plan in plans) == 3


def test_what_still_waits_is_no_trace(store):
    """Updates not handled, notices not sent, groups the owner allowed."""
    at = store.ago(40)
    StaffUpdate.create(update_id=1, payload="", state="new", received_at=at)
    Notice.create(chat_id=1, kind="x", ref="a", payload={}, state="queued", created_at=at, queued_at=at)
    Notice.create(chat_id=1, kind="x", ref="b", payload={}, state="sent", created_at=at, queued_at=store.ago(1))
    TelegramGroup.create(chat_id=1, seen_at=at, left_at=at, allowed=True)
    assert purged(store) == {}


def test_the_last_pull_of_an_oa_stays(store):
    """It tells that the list of followers was read; without it the OA would count as new."""
    for days in (60, 50):
        FollowerSync.create(
            oa=store.oa, state="done", started_at=store.ago(days), segments={}, ended_at=store.ago(days)
        )
    purged(store)
    assert [row.ended_at for row in FollowerSync.select()] == [store.ago(50)]


def test_counters_by_the_minute_go_and_those_by_the_day_stay(store):
    """The day's are for people."""
    for day in ("2026-10-01", "2026-10-01 09:41"):
        Counter.create(name="webhook.burst", day=day, value=1, last_at=store.ago(50))
    purged(store)
    assert [row.day for row in Counter.select()] == ["2026-10-01"]


def test_pictures_go_a_month_after_they_were_used_last(store):
    """Except those an open message needs."""
    names = [uploads.keep_image(store.desk, PNG + bytes([number])).name for number in range(3)]
    store.delivery(0, "queued", channel="cs", kind="image", content={"text": "", "image": {"upload": names[0]}})
    store.clock.advance(days=20)
    uploads.read(store.desk, names[1])
    store.clock.advance(days=11)
    assert purged(store) == {"uploads": 1}
    assert uploads.read(store.desk, names[0])
    assert uploads.read(store.desk, names[1])


@pytest.mark.parametrize("state", ["queued", "sending", "uncertain"])
def test_every_kind_of_file_that_an_open_message_needs_is_kept(store, state):
    """Wherever its name stands in the content; also what somebody wants to send once a customer writes."""
    names = [uploads.keep_image(store.desk, PNG + bytes([number])).name for number in range(6)]
    contents = [
        ("image", {"text": "", "image": {"upload": names[0]}}),
        ("gif", {"text": "", "gif": {"upload": names[1], "width": 1, "height": 1}}),
        ("file", {"file": {"upload": names[2], "name": "gia.pdf"}}),
        ("promotion", {"document": {"elements": [], "buttons": [], "banner": {"upload": names[3]}}}),
    ]
    store.clock.advance(days=29)
    for kind, content in contents:
        store.delivery(0, state, channel="cs", kind=kind, content=content)
    waits = {"kind": "image", "data": {"image": {"upload": names[4]}}}
    Watch.create(oa_id="1", user_id="2", staff_id=3, content=waits, created_at=store.clock.now())
    store.clock.advance(days=2)
    assert purged(store) == {"uploads": 1}
    assert all(uploads.read(store.desk, name) for name in names[:5])


def test_one_broken_part_stops_no_other(store, monkeypatch):
    """The failure is raised at the end, so that the clock counts it."""
    event, chat = store.event(31), store.message(400)

    def broken(*_args):
        raise RuntimeError("no")

    monkeypatch.setattr(purge, "_event_bodies", broken)
    with pytest.raises(RuntimeError):
        purged(store)
    assert again(event).body
    assert not ChatMessage.get_by_id(chat.id).text


def test_the_times_are_settings(store, settings):
    """Each of the four is used."""
    short = settings.model_copy(
        update={"keep_events_days": 2, "keep_event_keys_days": 4, "keep_messages_days": 3, "keep_audit_days": 30}
    )
    store.desk = type(store.desk)(short, store.desk.box, store.desk.zalo, now=store.clock.now)
    emptied, gone, chat = store.event(5), store.event(3), store.message(4)
    AuditEntry.create(at=store.clock.now() - timedelta(days=31), actor="cli", action="x")
    purged(store)
    assert [row.id for row in InboxEvent.select()] == [gone.id]
    assert not again(gone).body
    assert emptied.id != gone.id
    assert not again(chat).text
    assert not AuditEntry.select().exists()
