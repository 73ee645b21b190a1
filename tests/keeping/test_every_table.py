"""No table is forgotten: each either holds nothing of a customer, or is emptied by an erasure and by time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from keeping_store import OA, PHONE, USER

import db
from db import to_ms
from models import (
    TABLES,
    AuditEntry,
    ChatMessage,
    ClockTick,
    Confirmation,
    Consent,
    ConsentSource,
    Contact,
    Conversation,
    Counter,
    Delivery,
    Draft,
    Follower,
    FollowerSeen,
    FollowerSync,
    FollowerTag,
    InboxEvent,
    Invitation,
    Lease,
    Notice,
    NoticeState,
    OaToken,
    OauthTicket,
    OfficialAccount,
    Pace,
    Rating,
    Receipt,
    Role,
    Scope,
    Setting,
    Staff,
    StaffOa,
    StaffUpdate,
    Stranger,
    Tag,
    TelegramGroup,
    Watch,
    ZaloApp,
    ZaloUpload,
    ZnsTemplate,
)
from services import confirmations, consents, drafts, erasure, erasure_sweep, inbox, purge, staff
from services.audit import CLI
from services.consents import Statement
from services.drafts import Form
from zalo.events import parse

# A customer stands in these. `everything` fills each, and an erasure leaves no word of theirs in any.
OF_CUSTOMERS = {
    Contact, Follower, Consent, FollowerTag, InboxEvent, ChatMessage, Conversation, Watch, Rating, Delivery, Receipt,
    Draft, Confirmation, Notice, Setting,
}  # fmt: skip
# And not in these; why, where it needs saying.
OF_NOBODY = {
    ZaloApp: "", OfficialAccount: "", OaToken: "", Tag: "the name of a tag, which many have", FollowerSync: "",
    FollowerSeen: "user ids, emptied when a pull ends", ZaloUpload: "the hash of a file", ZnsTemplate: "", Pace: "",
    Staff: "", StaffOa: "", Invitation: "", Stranger: "people at the bot, not customers", TelegramGroup: "",
    OauthTicket: "", StaffUpdate: "sealed, and emptied when done", AuditEntry: "masked numbers only; its own time",
    ClockTick: "", Lease: "", Counter: "",
}  # fmt: skip
WORDS = ("Trần Lan", PHONE, "0901234567", "lê lợi", "chờ lâu quá", "dừng", "soạn cho Lan", "mai còn chỗ")


@pytest.fixture
def everything(store):
    """A customer in every table that can hold one, a day ago."""
    now, at = store.clock.now(), store.ago(1)
    owner = staff.add(now, 55, Role.OWNER, "Hoa")
    sides = {"sender": {"id": USER}, "recipient": {"id": OA}, "timestamp": str(to_ms(at))}
    message = {"event_name": "user_send_text", **sides, "message": {"msg_id": "m1", "text": "dừng"}}
    info = {"name": "Trần Lan", "phone": PHONE, "address": "1 lê lợi"}
    _arrive(store, message, {"event_name": "user_submit_info", **sides, "info": info})
    FollowerTag.create(oa_id=OA, user_id=USER, name="của Trần Lan", present=True, changed_at=at)
    waits = {"waiting_since": at, "last_inbound_at": at, "last_text": "mai còn chỗ không", "taken_by": 55}
    Conversation.delete().execute()
    Conversation.create(oa_id=OA, user_id=USER, **waits)
    Watch.create(oa_id=OA, user_id=USER, staff_id=55, content={"text": "soạn cho Lan"}, created_at=at)
    row = store.delivery(1, msg_id="z1")
    given = {"rate": 2, "note": "chờ lâu quá", "feedbacks": ["chờ lâu quá"], "at": at}
    Rating.create(oa_id=OA, msg_id="z1", delivery_id=row.id, recipient=PHONE, **given)
    consents.record(Statement(PHONE, Scope.ALL, False, at, ConsentSource.STAFF, evidence={"text": "chờ lâu quá"}))
    Receipt.create(oa_id=OA, msg_id="m1", kind="echo", at=at, user_id=USER, text_hash="abc", created_at=at)
    confirmations.ask(now, owner, "zns", {"phone": PHONE})
    drafts.save(now, store.desk.box, owner, Form("zns", "x", {"phone": PHONE, "user": USER}))
    return store


def _arrive(store, *bodies):
    rows = []
    for body in bodies:
        raw = db.JsonText().db_value({"app_id": "4101110220330440550", **body}).encode()
        event = parse(raw, to_ms(store.clock.now()))
        at = to_ms(store.ago(1))
        rows.append((event.dedupe_key, "4101110220330440550", OA, event.name, raw, "{}", at))
    inbox.store(rows)
    while inbox.apply_batch(store.desk):
        pass


def stored(*but):
    """All tables as one text."""
    tables = [model for model in TABLES if model not in but]
    return " ".join(str(value) for model in tables for row in model.select().dicts() for value in row.values())


async def no_pause(_seconds):
    """Tests wait for nothing."""


def test_every_table_is_thought_of():
    """Whoever adds one says here what becomes of it."""
    assert OF_CUSTOMERS | set(OF_NOBODY) == set(TABLES)
    assert not OF_CUSTOMERS & set(OF_NOBODY)


def test_the_customer_of_this_test_stands_in_every_table_that_can_hold_one(everything):
    """Else the next test would prove nothing about it."""
    assert {model.__name__ for model in OF_CUSTOMERS if not model.select().exists()} <= {"Setting"}
    assert all(word in stored() for word in WORDS if word != "0901234567")


def test_an_erasure_leaves_no_word_in_any_table(everything):
    """Conversations, watches, ratings, refusals, notices and unanswered words included; stars, states, money stay."""
    erasure.erase(everything.desk, CLI, OA, USER)
    everything.clock.advance(seconds=1)
    everything.run(erasure_sweep.run, pause=no_pause)
    left = stored(Consent, AuditEntry)
    assert [word for word in WORDS if word in left] == []
    assert {(row.recipient, row.scope, row.evidence) for row in Consent.select()} == {
        (USER, "promotion", None), (PHONE, "all", None), (PHONE, "promotion", None),
    }  # fmt: skip
    assert (Rating.get().rate, Rating.get().recipient) == (2, "")
    assert not Watch.select().exists()
    assert not Conversation.select().exists()
    assert Delivery.get().price == 300


def test_an_erased_line_is_not_told_to_staff_any_more(everything):
    """They would be told of a message without a word in it."""
    ChatMessage.update(told_at=None).execute()
    erasure.erase(everything.desk, CLI, OA, USER)
    everything.run(erasure_sweep.run, pause=no_pause)
    assert not ChatMessage.select().where(ChatMessage.told_at.is_null()).exists()


def test_who_writes_again_after_the_erasure_waits_again(everything):
    """The new line is somebody new's."""
    erasure.erase(everything.desk, CLI, OA, USER)
    everything.clock.advance(minutes=5)
    at = everything.clock.now()
    Conversation.create(oa_id=OA, user_id=USER, waiting_since=at, last_inbound_at=at, last_text="tôi đây")
    everything.run(erasure_sweep.run, pause=no_pause)
    erasure.forget_person(OA, USER, everything.ago(0.001))
    assert Conversation.get().last_text == "tôi đây"


def test_after_a_year_no_word_is_left_though_nobody_asked(everything):
    """Who is followed, who refuses, the stars and the money stay."""
    Notice.update(state=NoticeState.SENT).execute()
    everything.clock.advance(days=400)
    everything.run(purge.run, pause=no_pause)
    left = stored(Follower, Contact, Consent, FollowerTag)
    assert [word for word in WORDS if word in left] == []
    assert {row.evidence for row in Consent.select()} == {None}
    assert Consent.select().where(Consent.given == False).count() == 3  # noqa: E712 - SQL
    assert (Rating.get().rate, Rating.get().recipient, Conversation.get().last_text) == (2, "", "")


def test_the_words_of_a_yes_stay_as_its_proof(store):
    """A business has to be able to show it."""
    yes = Statement(PHONE, Scope.PROMOTION, True, store.ago(400), ConsentSource.CUSTOMER, evidence={"text": "nhận"})
    consents.record(yes)
    store.run(purge.run, pause=no_pause)
    assert Consent.get().evidence == {"text": "nhận"}


def test_a_watch_ends_after_a_month(store):
    """The customer did not write; what was meant to be sent then is old."""
    for days in (29, 31):
        Watch.create(oa_id=OA, user_id=f"{days}", staff_id=55, created_at=store.ago(days))
    store.run(purge.run, pause=no_pause)
    assert [row.user_id for row in Watch.select()] == ["29"]


def test_what_zalo_has_no_more_is_not_remembered(store):
    """Uploads live seven days there."""
    for days in (6, 8):
        given = {"kind": "image", "handle": "h", "uploaded_at": store.clock.now() - timedelta(days=days)}
        ZaloUpload.create(oa_id=OA, name=f"{days}", **given)
    store.run(purge.run, pause=no_pause)
    assert [row.name for row in ZaloUpload.select()] == ["6"]
