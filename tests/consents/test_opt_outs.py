"""A customer's word about advertising: recorded with its message, confirmed, told to staff, and undone."""

from __future__ import annotations

import itertools
import json

import pytest

from db import to_ms
from models import (
    AuditEntry,
    Channel,
    Consent,
    Delivery,
    Follower,
    Notice,
    OfficialAccount,
    Origin,
    Role,
    Scope,
    SendClass,
    Setting,
    Staff,
)
from services import consents, do_not_send, inbox, opt_out_replies, opt_outs, preflight, sending, staff
from services.audit import Actor
from services.errors import Conflict, NotAllowed, Refusal
from zalo.events import parse

PHONE = "84901234567"
USER = "6503004005006007008"
NUMBERS = itertools.count(1)


@pytest.fixture
def lan(shop):
    """A follower whose phone is known, an operator, and an owner."""
    staff.add(shop.clock.now(), 55, Role.OPERATOR, "Hoa")
    shop.zalo.post("/_sandbox/users", {"user_id": USER, "last_interaction": to_ms(shop.clock.now())})
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id=USER, display_name="Lan", phone=PHONE, first_seen_at=shop.clock.now(),
        is_follower=True,
    )  # fmt: skip


def says(shop, text, *, at=None, user=USER, msg_id=None):
    """The event of a message, ready to be stored."""
    moment = at or shop.clock.now()
    return {
        "event_name": "user_send_text", "sender": {"id": user}, "recipient": {"id": shop.oa.oa_id},
        "message": {"msg_id": msg_id or f"m{next(NUMBERS)}", "text": text}, "timestamp": str(to_ms(moment)),
    }  # fmt: skip


def arrive(shop, *bodies):
    now, app = to_ms(shop.clock.now()), shop.settings.zalo_app_id
    rows = []
    for body in bodies:
        raw = json.dumps({"app_id": app, **body}).encode()
        event = parse(raw, now)
        rows.append((event.dedupe_key, app, event.oa_id, event.name, raw, "{}", now))
    inbox.store(rows)
    while inbox.apply_batch(shop.desk()):
        pass


def again(shop, *bodies):
    """The same events applied once more, as a replay does."""
    inbox.replay(shop.clock.now(), [row.id for row in inbox.InboxEvent.select()])
    while inbox.apply_batch(shop.desk()):
        pass


def words(scope=Scope.PROMOTION):
    said = Consent.select().where(Consent.scope == scope)
    return {(row.oa_id, row.recipient): (row.scope, row.given) for row in said}


def answers():
    return [row.content["text"] for row in Delivery.select().where(Delivery.origin == Origin.AUTOMATIC)]


def told(kind=opt_outs.STOPPED):
    return list(Notice.select().where(Notice.kind == kind, Notice.chat_id == 55))


def hoa():
    return Actor("Hoa", Staff.get(Staff.telegram_id == 55))


def test_it_holds_for_the_oa_and_for_the_phone_everywhere_with_its_evidence(shop, lan):
    """From the transaction of the message on."""
    arrive(shop, says(shop, "DỪNG!", msg_id="m-stop"))
    assert words() == {(shop.oa.oa_id, USER): ("promotion", False), ("", PHONE): ("promotion", False)}
    assert {json.dumps(row.evidence, ensure_ascii=False) for row in Consent.select()} == {
        '{"msg_id": "m-stop", "text": "DỪNG!"}'
    }


def test_without_a_phone_it_holds_for_the_oa(shop, lan):
    """Nothing is known elsewhere."""
    Follower.update(phone="").execute()
    arrive(shop, says(shop, "stop"))
    assert list(words()) == [(shop.oa.oa_id, USER)]


def test_the_customer_gets_one_confirmation_that_says_how_to_come_back(shop, lan):
    """It leaves like every message, and is one for a day however often they say so."""
    arrive(shop, says(shop, "dừng"))
    shop.advance(minutes=5)
    arrive(shop, says(shop, "stop"))
    assert len(answers()) == 1
    assert "NHAN" in answers()[0]
    shop.run(lambda desk: sending.send_due(desk, "worker"))
    (sent,) = [each for each in shop.zalo.get("/_sandbox/messages") if each["channel"] == "cs"]
    assert sent["recipient"] == USER
    assert told()[0].payload["answered"] is True


def test_a_message_without_an_id_counts_too(shop, lan):
    """It is no line of the chat, and a word all the same."""
    body = says(shop, "dừng")
    del body["message"]["msg_id"]
    arrive(shop, body)
    assert words()[("", PHONE)] == ("promotion", False)
    assert len(told()) == 1


def test_operators_hear_of_it_once(shop, lan):
    """Also when Zalo repeats the event, or it is applied again."""
    arrive(shop, says(shop, "từ chối"))
    again(shop)
    arrive(shop, says(shop, "dừng"))
    (notice,) = told()
    assert (notice.payload["text"], notice.payload["user_id"]) == ("từ chối", USER)


def test_a_longer_sentence_changes_nothing(shop, lan):
    """Who asks where to stop the car wants no end of messages."""
    arrive(shop, says(shop, "dừng xe ở đâu vậy shop"))
    assert not Consent.select().exists()
    assert not told()


def test_an_older_word_does_not_beat_a_newer_one(shop, lan):
    """Whatever the order in which they come."""
    early, late = says(shop, "dừng", at=shop.clock.now()), None
    shop.advance(minutes=10)
    late = says(shop, "nhận")
    for order in itertools.permutations([early, late]):
        Consent.delete().execute()
        inbox.InboxEvent.delete().execute()
        for body in order:
            arrive(shop, body)
        assert False not in [given for _, given in words().values()]


def test_the_word_that_gives_back_is_a_yes_after_a_no_and_nothing_else(shop, lan):
    """In a chat "nhận" is a usual word."""
    arrive(shop, says(shop, "nhận"))
    assert {given for _, given in words().values()} == {None}
    assert not told(opt_outs.RETURNED)
    shop.advance(minutes=1)
    arrive(shop, says(shop, "dừng"))
    shop.advance(minutes=1)
    arrive(shop, says(shop, "NHAN"))
    assert words() == {(shop.oa.oa_id, USER): ("promotion", True), ("", PHONE): ("promotion", True)}
    assert len(told(opt_outs.RETURNED)) == 1
    assert ["DUNG" in text for text in answers()] == [False, True]


def test_what_staff_entered_for_the_phone_ends_with_the_customers_own_word(shop, lan):
    """Theirs is newer."""
    do_not_send.refuse(shop.desk(), hoa(), PHONE, Scope.PROMOTION)
    shop.advance(minutes=1)
    arrive(shop, says(shop, "nhận"))
    assert words()[("", PHONE)] == ("promotion", True)


def test_a_word_of_more_than_an_hour_ago_is_kept_and_not_answered(shop, lan):
    """An answer out of the blue would only disturb."""
    body = says(shop, "dừng")
    shop.advance(minutes=61)
    arrive(shop, body)
    assert words()[(shop.oa.oa_id, USER)] == ("promotion", False)
    assert answers() == []
    assert len(told()) == 1


@pytest.mark.parametrize("flags", [{"testing": True}, {"published": False}])
def test_an_oa_that_is_not_live_answers_nobody(shop, lan, flags):
    """And the word holds."""
    OfficialAccount.update(**flags).execute()
    arrive(shop, says(shop, "dừng"))
    assert answers() == []
    assert not Setting.select().where(Setting.name.startswith(opt_outs.TO_ANSWER)).exists()
    assert "answered" not in told()[0].payload


def test_an_answer_that_a_worker_could_not_give_is_given_by_the_clock(shop, lan, monkeypatch):
    """It was noted with the word itself."""

    def broken(_desk):
        raise RuntimeError("no")

    with monkeypatch.context() as patch:
        patch.setattr(opt_out_replies, "send", broken)
        arrive(shop, says(shop, "dừng"))
    assert answers() == []
    shop.advance(minutes=1)
    assert opt_out_replies.send(shop.desk()) == 1
    assert opt_out_replies.send(shop.desk()) == 0
    assert len(answers()) == 1


def test_to_cancel_with_other_words_asks_staff_once(shop, lan):
    """Nothing is stopped yet."""
    arrive(shop, says(shop, "hủy giúp em"))
    again(shop)
    assert not Consent.select().exists()
    assert len(told(opt_outs.ASKED)) == 1


def test_everybody_erased_is_answered_no_more(shop, lan):
    """Their word is a word all the same."""
    opt_outs.forget(shop.oa.oa_id, USER)
    assert not Setting.select().where(Setting.name.startswith(opt_outs.TO_ANSWER)).exists()


# ------------------------------------------------------------------ undo, and what staff enter


def test_not_meant_so_takes_it_back_and_says_so_to_everybody(shop, lan):
    """Audited; a replay of the message does not bring the refusal back."""
    staff.add(shop.clock.now(), 56, Role.OPERATOR, "Mai")
    body = says(shop, "dừng", msg_id="m-stop")
    arrive(shop, body)
    shop.advance(seconds=5)
    do_not_send.stop_all(shop.desk(), hoa(), lan, "m-stop")
    shop.advance(seconds=5)
    do_not_send.undo(shop.desk(), hoa(), lan, "m-stop", int(body["timestamp"]))
    again(shop)
    assert {row.given for row in Consent.select()} == {None}
    assert {row.payload["done"] for row in Notice.select().where(Notice.kind == opt_outs.STOPPED)} == {"undone"}
    assert Notice.select().where(Notice.kind == opt_outs.STOPPED).count() == 2
    actions = [entry.action for entry in AuditEntry.select().where(AuditEntry.staff_id == 55)]
    assert actions == ["customer.opted_out", "customer.reopened"]


def test_an_undo_leaves_what_a_colleague_entered(shop, lan):
    """They had their own reason."""
    body = says(shop, "dừng", msg_id="m1")
    arrive(shop, body)
    shop.advance(minutes=2)
    do_not_send.refuse(shop.desk(), hoa(), PHONE, Scope.ALL)
    do_not_send.undo(shop.desk(), hoa(), lan, "m1", int(body["timestamp"]))
    assert words(Scope.ALL) == {("", PHONE): ("all", False)}
    assert {given for _, given in words().values()} == {None}


def test_an_undo_does_not_reach_what_the_customer_said_since(shop, lan):
    """They meant it after all."""
    body = says(shop, "dừng", msg_id="m1")
    arrive(shop, body)
    shop.advance(minutes=2)
    arrive(shop, says(shop, "không nhận", msg_id="m2"))
    with pytest.raises(Conflict, match=r"consent\.newer"):
        do_not_send.undo(shop.desk(), hoa(), lan, "m1", int(body["timestamp"]))
    assert words()[("", PHONE)] == ("promotion", False)


def test_advertising_stops_and_everything_else_goes_on(shop, lan):
    """Until staff stop all."""
    arrive(shop, says(shop, "dừng"))
    desk = shop.desk()
    care = preflight.Letter(Channel.CS, "text", SendClass.CARE)
    assert preflight.check(desk, shop.again(shop.oa), care, follower=lan).answer is preflight.Answer.YES
    shop.advance(seconds=1)
    do_not_send.refuse(desk, hoa(), "", Scope.ALL, lan)
    with pytest.raises(Refusal):
        preflight.check(desk, shop.again(shop.oa), care, follower=lan)


def test_a_refusal_over_all_oas_is_not_ended_by_whoever_may_use_some(shop, lan):
    """Unless they entered it themselves."""
    desk, person = shop.desk(), Staff.get(Staff.telegram_id == 55)
    Staff.update(every_oa=False).where(Staff.telegram_id == 55).execute()
    arrive(shop, says(shop, "dừng"))
    with pytest.raises(NotAllowed):
        do_not_send.reopen(desk, hoa(), do_not_send.known([shop.oa], PHONE))
    Consent.update(staff_id=person.telegram_id).execute()
    assert do_not_send.reopen(desk, hoa(), do_not_send.known([shop.oa], PHONE)) == 2


def test_what_is_said_between_the_question_and_the_yes_stays(shop, lan):
    """The yes was to what was shown."""
    desk = shop.desk()
    do_not_send.refuse(desk, hoa(), PHONE, Scope.ALL)
    asked = shop.clock.now()
    shop.advance(seconds=10)
    arrive(shop, says(shop, "dừng"))
    assert do_not_send.reopen(desk, hoa(), do_not_send.known([shop.oa], PHONE), asked_at=asked) == 1
    assert words()[("", PHONE)] == ("promotion", False)


def test_a_phone_is_protected_by_what_its_owner_wrote_before_the_phone_was_known(shop, lan):
    """A ZNS to the bare number meets the word of the follower who has it."""
    Follower.update(phone="").execute()
    arrive(shop, says(shop, "dừng"))
    Follower.update(phone=PHONE).execute()
    said = consents.of_person(shop.oa.oa_id, None, PHONE)
    assert consents.objection(said, {Scope.PROMOTION}) is not None


def test_many_at_once_are_read_in_one_query(shop, lan):
    """For the file of customers."""
    arrive(shop, says(shop, "dừng"))
    quiet = Follower.create(oa_id=shop.oa.oa_id, user_id="7", first_seen_at=shop.clock.now())
    found = consents.of_many(shop.oa.oa_id, [Follower.get_by_id(lan.id), quiet])
    assert {row: len(said) for row, said in found.items()} == {lan.id: 2}
