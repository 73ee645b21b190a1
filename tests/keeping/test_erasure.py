"""services/erasure.py: a person is forgotten, nothing of the past comes back, and what has to stay stays."""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from keeping_store import OA, PHONE, USER

import db
from db import to_ms
from models import (
    AuditEntry,
    Channel,
    ChatMessage,
    Confirmation,
    ConsentSource,
    Contact,
    Delivery,
    Draft,
    Follower,
    FollowerTag,
    InboxEvent,
    Notice,
    OfficialAccount,
    Receipt,
    Role,
    Scope,
    SendClass,
    Setting,
    ZnsTemplate,
)
from services import (
    confirmations,
    consents,
    drafts,
    erasure,
    erasure_sweep,
    followers,
    inbox,
    messages,
    preflight,
    staff,
)
from services.audit import CLI
from services.consents import Statement
from services.drafts import Form
from services.errors import Conflict, NotFound
from services.pulled import followers_found, write_detail
from zalo.events import parse
from zalo.oa import UserDetail
from zalo.shared_info import SharedInfo

APP = "4101110220330440550"
OTHER = "6503004005006007999"


def again(row):
    return type(row).get_by_id(row.id)


def person():
    return followers.get(OA, USER)


async def no_pause(_seconds):
    await asyncio.sleep(0)


def finish(store):
    return store.run(erasure_sweep.run, pause=no_pause)


def arrive(store, *bodies, received=None):
    """Events as the web process stores them, and as the worker applies them."""
    now = received or store.clock.now()
    rows = []
    for body in bodies:
        raw = json.dumps({"app_id": APP, **body}).encode()
        event = parse(raw, to_ms(now))
        rows.append((event.dedupe_key, APP, event.oa_id or "", event.name, raw, "{}", to_ms(now)))
    inbox.store(rows)
    while inbox.apply_batch(store.desk):
        pass


def wrote(at, text="xin chào", user=USER, msg_id=None):
    message = {"msg_id": msg_id or f"m{to_ms(at)}{user[-3:]}", "text": text}
    sides = {"sender": {"id": user}, "recipient": {"id": OA}}
    return {"event_name": "user_send_text", **sides, "message": message, "timestamp": str(to_ms(at))}


def followed(at, user=USER):
    return {"event_name": "follow", "oa_id": OA, "follower": {"id": user}, "timestamp": str(to_ms(at))}


def told(at, phone=PHONE, user=USER, **more):
    info = {"name": "Trần Lan", "phone": phone, "address": "1 Lê Lợi", **more}
    sides = {"sender": {"id": user}, "recipient": {"id": OA}}
    return {"event_name": "user_submit_info", **sides, "info": info, "timestamp": str(to_ms(at))}


def tagged(at, name="vip", users=(USER,)):
    tag = {"name": name, "user_ids": list(users)}
    return {"event_name": "add_user_to_tag", "oa_id": OA, "tag": tag, "timestamp": str(to_ms(at))}


def withdrew(at, user=USER):
    return {"event_name": "user_withdraw", "oa_id": OA, "user_id": user, "timestamp": str(to_ms(at))}


def detail(name="Trần Lan", **more):
    known = {
        "user_id": USER, "user_id_by_app": "810", "display_name": name, "alias": "Chị Lan", "is_follower": True,
        "is_sensitive": False, "last_interaction_date": None, "avatar": "https://a/b.jpg", "tag_names": ("vip",),
        "notes": (), "shared_info": SharedInfo(phone=PHONE, address="1 Lê Lợi"), "raw": {},
    }  # fmt: skip
    return UserDetail(**{**known, **more})


@pytest.fixture
def lan(store):
    """Somebody with everything that can be known about them, a day ago; ten minutes have passed since."""
    at = store.ago(1)
    arrive(store, followed(at), wrote(at), told(at), tagged(at), received=at)
    with db.write():
        write_detail(store.clock.now(), OA, detail(), store.ago(0.5))
    Follower.update(tester=True).execute()
    store.clock.advance(minutes=10)
    return person()


def erase(store, **named):
    job = erasure.erase(store.desk, CLI, OA, USER, **named)
    store.clock.advance(seconds=1)
    return job


def everything_stored():
    """All tables as one text."""
    from models import TABLES

    tables = {model for model in TABLES if model not in (AuditEntry,)}
    return " ".join(str(value) for model in tables for row in model.select().dicts() for value in row.values())


# ------------------------------------------------------------------ what goes


def test_name_phone_address_and_tags_are_gone_at_once(store, lan):
    """Before the long part even begins."""
    erase(store)
    row = person()
    empty = (row.display_name, row.nickname, row.avatar, row.search_name, row.shared_name, row.phone, row.tester)
    assert empty == ("", "", "", "", "", "", False)
    assert (row.shared_info, row.contact, row.last_interaction_at, row.profile_at) == (None, None, None, None)
    assert not FollowerTag.select().exists()
    assert not Contact.select().exists()
    assert not row.profile_wanted


def test_nothing_of_the_person_is_left_in_any_table(store, lan):
    """Messages, deliveries, raw events, drafts, questions: a search through all finds neither name nor number."""
    owner = staff.add(store.clock.now(), 55, Role.OWNER)
    store.delivery(1, chat_id=55, chat_message_id=7)
    store.delivery(1, channel="cs")
    confirmations.ask(store.clock.now(), owner, "zns", {"phone": PHONE, "params": {"name": "Trần Lan"}})
    drafts.save(store.clock.now(), store.desk.box, owner, Form("zns", "x", {"phone": PHONE}))
    Notice.create(chat_id=55, kind="x", ref="x", payload={"phone": PHONE}, created_at=store.clock.now())
    erase(store)
    assert finish(store) == 1
    left = everything_stored()
    for trace in (PHONE, "0901234567", "Lan", "Lê Lợi", "xin chào", "a/b.jpg"):
        assert trace not in left, trace
    assert not Confirmation.select().exists()
    assert not Draft.select().exists()
    assert not Setting.select().where(Setting.name.startswith("erase:")).exists()


def test_counts_states_and_money_stay(store, lan):
    """The month's bill and the number of followers are what they were."""
    row = store.delivery(1)
    erase(store)
    finish(store)
    row = again(row)
    assert (row.state, row.price, row.vat_percent, row.content["template_id"]) == ("delivered", 300, 8, "300111")
    assert (row.recipient, row.recipient_name) == ("", "")
    assert followers.count(OA) == 1
    assert ChatMessage.select().count() == 1
    assert InboxEvent.select().count() == 4


def test_others_keep_what_is_theirs(store, lan):
    """Same OA, same tag, other person; also the messages of others to other numbers."""
    arrive(store, wrote(store.ago(0.5), "của tôi", OTHER), tagged(store.ago(0.5), "quen", [OTHER]))
    mine = store.delivery(1, recipient="84909999999")
    erase(store)
    finish(store)
    assert ChatMessage.get(ChatMessage.user_id == OTHER).text == "của tôi"
    assert FollowerTag.get().user_id == OTHER
    assert again(mine).content["params"]
    assert InboxEvent.select().where(InboxEvent.body != b"").count() == 2


def test_a_message_that_waits_is_not_sent_any_more(store, lan):
    """Whoever asked to be forgotten gets no message that was written before."""
    row = store.delivery(0, "queued", channel="cs", chat_id=55, chat_message_id=7)
    erase(store)
    assert finish(store) == 1
    assert (again(row).state, again(row).recipient) == ("cancelled", "")
    assert Notice.get(Notice.kind == "delivery").message_id == 7


@pytest.mark.parametrize(("state", "days"), [("failed", 1), ("expired", 1), ("uncertain", 0), ("sending", 0)])
def test_nothing_of_the_person_can_be_sent_again_from_the_first_moment(store, lan, state, days):
    """The long part begins up to a minute later; until then a resend would bring name, number and content back."""
    owner = staff.add(store.clock.now(), 55, Role.OWNER)
    old = store.delivery(days, state, channel="cs")
    erase(store)
    Delivery.update(state="failed" if state == "sending" else state).where(Delivery.id == old.id).execute()
    with pytest.raises(Conflict, match=r"delivery\.forgotten"):
        messages.resend(store.desk, owner, old.id, 55, 5)
    assert Delivery.select().count() == 1
    assert again(old).content["text"]


def test_what_waits_and_what_is_asked_ends_with_the_yes_to_the_erasure(store, lan):
    """No worker takes the message, no second tap spends the question, before the clock's minute comes."""
    owner = staff.add(store.clock.now(), 55, Role.OWNER)
    row = store.delivery(0, "queued")
    confirmations.ask(store.clock.now(), owner, "zns", {"phone": PHONE, "params": {"name": "Trần Lan"}})
    drafts.save(store.clock.now(), store.desk.box, owner, Form("zns", "x", {"phone": PHONE}))
    erase(store)
    assert again(row).state == "cancelled"
    assert not Confirmation.select().exists()
    assert not Draft.select().exists()


def test_a_resend_between_the_withdrawal_and_its_erasure_is_taken_back(store, lan):
    """It is younger than the withdrawal, and yet a copy of the past; a new message of staff to the person is not."""
    old = store.delivery(1, "failed", channel="cs")
    arrive(store, withdrew(store.clock.now()))
    store.clock.advance(seconds=20)
    copy = store.delivery(0, "queued", channel="cs", resend_of=old)
    ended = store.delivery(0, "failed", channel="cs", resend_of=old)
    fresh = store.delivery(0, "delivered", channel="cs", content={"text": "mới"})
    assert finish(store) == 1
    assert (again(copy).state, again(copy).recipient, again(copy).recipient_name) == ("cancelled", "", "")
    assert (again(ended).content, again(ended).recipient_name) == ({"forgotten": True}, "")
    assert again(fresh).content == {"text": "mới"}


def test_a_message_under_way_is_emptied_when_it_has_ended(store, lan):
    """Until then the erasure goes on being tried, and ends by itself."""
    row = store.delivery(0, "sending", channel="cs")
    erase(store)
    assert finish(store) == 0
    assert again(row).content["text"]
    Delivery.update(state="sent").where(Delivery.id == row.id).execute()
    assert finish(store) == 1
    assert again(row).content == {"forgotten": True}


def test_an_uncertain_message_keeps_its_wording_for_a_day(store, lan):
    """By it a late echo is recognised; then nobody expects one any more."""
    row = store.delivery(0, "uncertain", channel="cs")
    erase(store)
    assert finish(store) == 0
    store.clock.advance(days=1)
    assert finish(store) == 1
    assert again(row).content == {"forgotten": True}


def test_the_raw_event_of_many_people_goes_once_it_was_applied(store, lan):
    """An event nobody applied yet may tell of others too: it is applied, and emptied then."""
    late = tagged(store.ago(0.2), "khách quen", [USER, OTHER])
    raw = json.dumps({"app_id": APP, **late}).encode()
    inbox.store([("late", APP, OA, late["event_name"], raw, "{}", to_ms(store.clock.now()))])
    erase(store)
    assert finish(store) == 0
    inbox.apply_batch(store.desk)
    assert [row.user_id for row in FollowerTag.select()] == [OTHER]
    assert finish(store) == 1
    assert not InboxEvent.get(InboxEvent.dedupe_key == "late").body


def test_raw_events_are_read_in_pieces(store, lan, monkeypatch):
    """A million of them are no single transaction; where it stands is remembered."""
    monkeypatch.setattr(erasure_sweep, "BATCH", 3)
    for _ in range(10):
        store.event(0.2)
    arrive(store, wrote(store.ago(0.1), msg_id="last"))
    store.clock.advance(minutes=1)
    erase(store)
    assert finish(store) == 1
    assert InboxEvent.select().where(InboxEvent.body != b"").count() == 10


def test_echoes_lose_by_what_they_are_recognised(store, lan):
    """The hash of a message is a trace of the message."""
    msg_id = ChatMessage.get().msg_id
    Receipt.create(
        oa_id=OA, msg_id=msg_id, kind="echo", at=store.ago(1), user_id=USER, text_hash="abc", created_at=store.ago(1)
    )
    erase(store)
    finish(store)
    assert (Receipt.get().user_id, Receipt.get().text_hash) == ("", "")


# ------------------------------------------------------------------ what must not come back


def test_late_and_repeated_events_bring_nothing_back(store, lan):
    """However late an event arrives: what it tells of the time before the erasure stays away."""
    before = store.ago(0.5)
    erase(store)
    finish(store)
    arrive(store, wrote(before), told(before), tagged(before), followed(before))
    row = person()
    assert (row.phone, row.shared_info, row.last_interaction_at, row.profile_wanted) == ("", None, None, False)
    assert not FollowerTag.select().exists()
    assert not Contact.select().exists()
    assert not ChatMessage.select().where(ChatMessage.text != "").exists()


def test_a_late_raw_event_keeps_no_word_after_its_erasure(store, lan):
    """Nobody reads the raw events again once the erasure is done: those that come later are emptied as they come."""
    before = store.ago(0.5)
    erase(store)
    assert finish(store) == 1
    late = [wrote(before, "tôi là Lan"), told(before), tagged(before, users=[OTHER, USER])]
    arrive(store, *late, wrote(store.clock.now(), "em quay lại"), wrote(before, "của tôi", OTHER))
    left = [bytes(row.body).decode() for row in InboxEvent.select().where(InboxEvent.body != b"")]
    assert {json.loads(body)["message"]["text"] for body in left} == {"em quay lại", "của tôi"}
    assert {row.user_id for row in FollowerTag.select().where(FollowerTag.present)} == {OTHER}


def test_a_late_raw_event_of_a_removed_oa_waits_without_a_word(store, lan):
    """It is not applied, and yet it holds what the person had erased."""
    before = store.ago(0.5)
    erase(store)
    finish(store)
    OfficialAccount.update(state="removed").execute()
    arrive(store, wrote(before, "tôi là Lan"))
    assert not InboxEvent.select().where(InboxEvent.body != b"").exists()


def test_a_pull_or_a_question_that_began_before_brings_nothing_back(store, lan):
    """Zalo's answer to a question that was under way, and what the nightly list says."""
    began = store.ago(0.001)
    erase(store)
    with db.write():
        write_detail(store.clock.now(), OA, detail(), began)
        followers_found(OA, [USER], store.clock.now())
        write_detail(store.clock.now(), OA, detail(), store.clock.now())
    row = person()
    assert (row.display_name, row.phone, row.shared_info, row.avatar) == ("", "", None, "")
    assert not FollowerTag.select().exists()
    assert row.is_follower
    assert not row.profile_wanted


def test_a_pull_after_somebody_left_and_came_back_asks_for_no_profile(store, lan):
    """Zalo's list alone is no act of the person."""
    Follower.update(is_follower=False, follow_at=store.ago(3)).execute()
    erase(store)
    with db.write():
        followers_found(OA, [USER], store.clock.now() + timedelta(minutes=1))
    assert (person().is_follower, person().profile_wanted) == (True, False)


def test_what_the_person_does_afterwards_begins_afresh(store, lan):
    """A new message counts, and asks for the name they show now; what Zalo has of the past is left there."""
    erase(store)
    finish(store)
    later = store.clock.advance(hours=1)
    arrive(store, wrote(later, "em quay lại"))
    row = person()
    assert (row.last_interaction_at, row.profile_wanted) == (later, True)
    with db.write():
        write_detail(later, OA, detail("Lan Mới"), later + timedelta(minutes=1))
    row = person()
    assert (row.display_name, row.nickname, row.phone, row.shared_info) == ("Lan Mới", "", "", None)
    assert not FollowerTag.select().exists()
    assert ChatMessage.select().where(ChatMessage.text == "em quay lại").exists()
    arrive(store, told(later + timedelta(minutes=2), phone="84909998888"), received=later + timedelta(minutes=2))
    assert person().phone == "84909998888"


@pytest.mark.parametrize("known", [True, False])
def test_a_new_message_asks_for_the_profile_once(store, lan, known):
    """Whoever Zalo shows nothing of is not asked for at every message."""
    erase(store)
    later = store.clock.advance(hours=1)
    arrive(store, wrote(later))
    Follower.update(profile_wanted=False, profile_at=later if known else None).execute()
    arrive(store, wrote(later + timedelta(minutes=1)), received=later + timedelta(minutes=1))
    assert not person().profile_wanted


def test_a_refusal_to_receive_survives(store, lan):
    """The bare number and the bare user id stay as ones not to write to; their words go."""
    refuse(store, PHONE, "-141", evidence={"text": "dừng lại đi"})
    refuse(store, person().user_id, "-217")
    erase(store)
    assert not Contact.select().exists()
    said = tuple(consents.of_person(store.oa.oa_id, person(), PHONE))
    assert {(word.recipient, word.code, word.evidence) for word in said} == {
        (PHONE, "-141", None),
        (person().user_id, "-217", None),
    }
    account = preflight.OaFacts("Spa Hoa Mai")
    facts = preflight.Facts(store.clock.now(), account, preflight.PersonFacts(phone=PHONE, said=said))
    letter = preflight.Letter(Channel.ZNS, "template", SendClass.CARE, ZnsTemplate(status="ENABLE"))
    assert preflight.judge(facts, letter).refusal.key == "send.opted_out"


def refuse(store, recipient, code, **more):
    source = ConsentSource.ZALO
    consents.record(
        Statement(recipient, Scope.ALL, False, store.ago(2), source, oa_id=store.oa.oa_id, code=code, **more)
    )


def test_the_mark_of_somebody_under_age_survives(store, lan):
    """It only protects them; without it a child would count as an adult until Zalo is asked again."""
    Follower.update(is_sensitive=True).execute()
    erase(store)
    finish(store)
    assert person().is_sensitive


def test_erasing_twice_and_going_on_twice_is_harmless(store, lan):
    """Two taps, two clocks."""
    erase(store)
    erase(store)

    async def both(desk):
        return await asyncio.gather(*(erasure_sweep.run(desk, pause=no_pause) for _ in range(2)))

    assert sum(store.run(both)) == 2
    assert person().display_name == ""


def test_facts_that_are_merged_at_this_moment_do_not_slip_through(store, lan, database_url):
    """An erasure waits for the batch of events that began before it, and finds what that batch wrote."""
    at = store.clock.now() - timedelta(seconds=5)
    between, go = threading.Event(), threading.Event()

    def worker():
        with db.database.connection_context(), db.write():
            raw = wrote(at, "vừa nhắn")
            from services.events import read
            from services.facts import Facts, write_facts

            facts = Facts()
            read(parse(json.dumps(raw).encode(), to_ms(at)), OA, to_ms(at), facts)
            write_facts(store.clock.now(), facts)
            between.set()
            assert go.wait(10)

    thread = threading.Thread(target=worker)
    thread.start()
    assert between.wait(10)
    db.database.close()

    def eraser():
        with db.database.connection_context():
            erasure.erase(store.desk, CLI, OA, USER)

    other = threading.Thread(target=eraser)
    other.start()
    go.set()
    thread.join(20)
    other.join(20)
    db.database.connect(reuse_if_open=True)
    finish(store)
    assert person().last_interaction_at is None
    assert not ChatMessage.select().where(ChatMessage.text != "").exists()


# ------------------------------------------------------------------ who asks


def test_a_withdrawal_at_zalo_erases_and_tells_managers(store, lan):
    """Nobody has to do anything; it is told without a name, once, however often the event comes."""
    staff.add(store.clock.now(), 55, Role.MANAGER)
    staff.add(store.clock.now(), 56, Role.OPERATOR)
    event = withdrew(store.clock.now())
    arrive(store, event)
    assert finish(store) == 1
    assert (person().display_name, person().phone) == ("", "")
    assert not ChatMessage.select().where(ChatMessage.text != "").exists()
    notice = Notice.get(Notice.kind == "user_withdrawn")
    assert (notice.chat_id, notice.payload) == (55, {"oa_id": OA})
    InboxEvent.update(state="new").execute()
    arrive(store, replace_id(event))
    finish(store)
    assert Notice.select().where(Notice.kind == "user_withdrawn").count() == 1


def replace_id(event):
    """The same event, repeated with another spelling of its body."""
    return {**event, "extra": 1}


def test_a_withdrawal_from_an_oa_that_was_removed_here_is_heard(store, lan):
    """What is left of the past is forgotten; everything else about that OA goes on waiting for its return."""
    OfficialAccount.update(state="removed").execute()
    store.clock.advance(minutes=1)
    arrive(store, wrote(store.clock.now(), "còn đó không"), withdrew(store.clock.now()))
    assert finish(store) == 1
    assert (person().display_name, person().phone) == ("", "")
    assert {row.name: row.state for row in InboxEvent.select().order_by(InboxEvent.id.desc()).limit(2)} == {
        "user_send_text": "waiting", "user_withdraw": "done",
    }  # fmt: skip


def test_a_withdrawal_that_was_left_waiting_is_heard_at_last(store, lan):
    """An earlier version put it aside with all else of the removed OA."""
    OfficialAccount.update(state="removed").execute()
    arrive(store, withdrew(store.clock.now()))
    Setting.delete().execute()
    InboxEvent.update(state="waiting").where(InboxEvent.name == "user_withdraw").execute()
    arrive(store)
    assert finish(store) == 1
    assert person().display_name == ""


def test_a_withdrawal_signed_by_another_app_is_not_heard(store, lan):
    """Whoever may speak for another OA may not erase people of this one, removed or not."""
    for state in ("active", "removed"):
        OfficialAccount.update(state=state, app_id="777").execute()
        arrive(store, {**withdrew(store.clock.now()), "x": state})
    assert finish(store) == 0
    assert person().display_name == "Trần Lan"


def test_what_came_after_the_withdrawal_is_kept_though_it_is_handled_later(store, lan):
    """They withdrew, came back within the minute and told their new number; both were waiting in the inbox."""
    at = store.clock.now()
    later = at + timedelta(minutes=1)
    store.clock.advance(minutes=2)
    arrive(store, withdrew(at), told(later, phone="84909998888"), wrote(later, "số mới của em"))
    finish(store)
    row = person()
    assert (row.phone, row.erased_at, row.last_interaction_at) == ("84909998888", at, later)
    assert [m.text for m in ChatMessage.select().order_by(ChatMessage.at)] == ["", "số mới của em"]


def test_a_withdrawal_of_somebody_unknown_keeps_what_is_older_away(store):
    """Its event may overtake others."""
    at = store.clock.now()
    arrive(store, withdrew(at))
    finish(store)
    arrive(store, told(store.ago(0.1)), wrote(store.ago(0.1)))
    row = person()
    assert (row.erased_at, row.phone, row.shared_info) == (at, "", None)
    assert not ChatMessage.select().exists()


def test_the_audit_says_that_and_not_whom(store, lan):
    """A row number, no name and no phone."""
    erase(store)
    finish(store)
    entries = list(AuditEntry.select())
    assert [(e.action, e.actor, e.oa_id) for e in entries] == [
        ("customer.erased", "cli", OA), ("customer.erased_whole", "machine", OA),
    ]  # fmt: skip
    text = " ".join(f"{e.target} {e.detail}" for e in entries)
    assert PHONE not in text
    assert USER not in text
    assert entries[1].detail == {"messages": 1, "deliveries": 0, "events": 4}


def test_by_phone_everybody_with_it_is_erased(store, lan):
    """Of every OA; the number itself is nowhere any more."""
    OfficialAccount.create(oa_id="777", name="Khác", created_at=store.clock.now())
    Follower.create(oa_id="777", user_id=OTHER, phone=PHONE, display_name="Lan", first_seen_at=store.ago(3))
    erasure.erase_phone(store.desk, CLI, PHONE)
    assert finish(store) == 1
    assert not Follower.select().where(Follower.phone == PHONE).exists()
    assert PHONE not in everything_stored()


def test_a_number_that_only_got_messages_can_be_erased(store):
    """No follower, no contact: only a ZNS."""
    row = store.delivery(1)
    erasure.erase_phone(store.desk, CLI, PHONE)
    finish(store)
    assert again(row).recipient == ""


def test_whom_nobody_knows_is_said(store):
    """No empty row for a mistyped id."""
    with pytest.raises(NotFound, match=r"follower\.unknown"):
        erasure.erase(store.desk, CLI, OA, USER)
    with pytest.raises(NotFound, match=r"erase\.nobody"):
        erasure.erase_phone(store.desk, CLI, PHONE)
    assert not Follower.select().exists()


def test_another_oas_person_with_the_same_number_is_left_alone_and_counted(store, lan):
    """The question says how many there are; their number keeps its contact."""
    OfficialAccount.create(oa_id="777", name="Khác", created_at=store.clock.now())
    Follower.create(oa_id="777", user_id=OTHER, phone=PHONE, contact=Contact.get(), first_seen_at=store.ago(3))
    store.delivery(1)
    scope = erasure.scope(person())
    assert (scope.messages, scope.deliveries, scope.others, scope.opted_out) == (1, 1, 1, False)
    erase(store)
    finish(store)
    assert Follower.get(Follower.oa_id == "777").phone == PHONE
    assert Contact.get().phone == PHONE


def test_who_asked_hears_of_the_end_on_the_same_message(store, lan):
    """With figures, without a name."""
    erase(store, shown=(55, 7))
    finish(store)
    notice = Notice.get(Notice.kind == "erased")
    assert (notice.chat_id, notice.message_id) == (55, 7)
    assert notice.payload == {"oa_id": OA, "messages": 1, "deliveries": 0, "events": 4}


def test_a_clock_that_died_in_between_goes_on(store, lan):
    """The work is a row; another process finishes it."""
    erase(store)
    store.desk = replace(store.desk)
    assert finish(store) == 1
    assert finish(store) == 0
