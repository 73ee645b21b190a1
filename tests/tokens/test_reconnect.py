"""services/token_reconnect.py, halts.ask and drop_waiting: what becomes of messages that waited for a connection."""

from datetime import timedelta

import pytest

from models import (
    AuditEntry,
    Channel,
    Delivery,
    DeliveryState,
    Notice,
    OaState,
    OaToken,
    OfficialAccount,
    SendClass,
    TokenState,
)
from services import accounts, deliveries, halts, preflight, sending, stop_all, token_paste, tokens
from services.audit import CLI, Actor
from services.desk import Work
from services.errors import Refusal


@pytest.fixture
def lost(shop, manager):
    """An OA that needs a person, with two messages that wait."""
    for _ in range(2):
        queue(shop)
    assert tokens.lost(shop.desk(), shop.oa, -14014)
    Delivery.update(next_attempt_at=None, held_reason="token").execute()
    return shop


def queue(shop):
    now = shop.clock.now()
    tracking = deliveries.new_tracking_id(now)
    return Delivery.create(
        oa=shop.oa, channel="cs", kind="text", recipient="u", content={"text": "x"}, dedupe_key=tracking,
        tracking_id=tracking, created_at=now, next_attempt_at=now, chat_id=55, chat_message_id=9,
    )  # fmt: skip


def paste(shop):
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    token_paste.replace(shop.desk(), CLI, shop.oa, new["access_token"], new["refresh_token"])


def told(kind):
    return [row.payload for row in Notice.select().where(Notice.kind == kind)]


def due(shop):
    return Delivery.select().where(Delivery.next_attempt_at <= shop.clock.now()).count()


def test_the_moment_of_the_loss_is_kept(lost):
    """The first one: what happens meanwhile does not prolong the hour."""
    began = lost.clock.now()
    lost.advance(minutes=5)
    assert not tokens.lost(lost.desk(), lost.oa, "permission_revoked")
    assert lost.again(lost.oa).lost_at == began
    assert told("needs_reauth") == [{"oa_id": lost.oa.oa_id, "code": -14014, "lost": False, "revoked": False}]


def test_a_pasted_pair_that_proves_bad_begins_no_new_hour(lost):
    """Lost at nine, a bad pair pasted five to ten, a good one ten to eleven: that is nearly two hours, so it asks."""
    began = lost.clock.now()
    lost.advance(minutes=55)
    tokens.save_pair(lost.desk(), lost.oa, "x" * 20, "y" * 20)
    assert lost.again(lost.oa).state == OaState.ACTIVE
    lost.advance(minutes=1)
    assert tokens.lost(lost.desk(), lost.oa, -14014)
    assert lost.again(lost.oa).lost_at == began
    assert Notice.select().where(Notice.kind == "needs_reauth").count() == 2  # the second rings, too
    lost.advance(minutes=54)
    paste(lost)
    assert [payload["waiting"] for payload in told("reconnected_late")] == [2]
    lost.run(lambda desk: tokens.prove(desk, lost.oa))
    assert lost.again(lost.oa).lost_at is None


def test_an_oa_lost_before_anybody_noted_when_is_asked_about(lost):
    """Its moment is not known: it may have been away for days."""
    OfficialAccount.update(lost_at=None, created_at=lost.clock.now() - timedelta(days=9)).execute()
    paste(lost)
    assert lost.again(lost.oa).stopped_code == halts.RECONNECTED


def test_an_oa_removed_and_added_again_is_told_of_anew(lost):
    """Its pairs are counted from the start again: a new loss must ring, not edit the message of the old one."""
    Notice.update(state="sent", message_id=4711).execute()
    accounts.remove(lost.desk(), CLI, lost.oa)
    lost.advance(days=3)
    new = lost.zalo.post("/_sandbox/tokens/issue", {})
    account = accounts.NewAccount(new["oa_id"], "Spa Hoa Mai", new["access_token"], new["refresh_token"])
    again = accounts.register(lost.desk(), CLI, account)
    assert tokens.lost(lost.desk(), again, -14014)
    alerts = Notice.select().where(Notice.kind == "needs_reauth").order_by(Notice.id)
    assert [(each.message_id, each.state) for each in alerts] == [(4711, "sent"), (None, "queued")]
    Notice.update(state="sent").execute()
    paste(lost)
    assert [each.state for each in alerts.clone()] == ["sent", "queued"]  # only the new one is edited


def test_reconnected_within_the_hour_everything_goes_by_itself(lost):
    """Due at once, a worker is woken, and the alert is edited."""
    lost.advance(minutes=59)
    Notice.update(state="sent", message_id=4).execute()
    paste(lost)
    oa = lost.again(lost.oa)
    assert (oa.state, oa.stopped_at) == (OaState.ACTIVE, None)
    assert due(lost) == 2
    assert Work.SEND in lost.nudges
    alert = Notice.get(Notice.kind == "needs_reauth")
    assert (alert.state, alert.message_id) == ("queued", 4)
    assert not told("reconnected_late")


def test_reconnected_later_it_asks_and_nothing_leaves_before_the_answer(lost):
    """A reminder of yesterday's appointment is worse than none."""
    lost.advance(hours=3, minutes=10)
    paste(lost)
    oa = lost.again(lost.oa)
    assert (oa.state, oa.stopped_code) == (OaState.ACTIVE, halts.RECONNECTED)
    assert told("reconnected_late") == [{"oa_id": oa.oa_id, "waiting": 2, "hours": 3}]
    assert sending.release_held(lost.clock.now()) == 0
    assert due(lost) == 0
    with pytest.raises(Refusal) as refusal:
        preflight.check(lost.desk(), oa, preflight.Letter(Channel.CS, "text", SendClass.CARE))
    assert refusal.value.key == "oa.late"
    Delivery.update(next_attempt_at=lost.clock.now()).execute()  # what a quota had held till now meets it too
    assert lost.run(lambda desk: sending.send_due(desk, "worker")) == 2
    assert {(row.state, row.held_reason) for row in Delivery.select()} == {(DeliveryState.QUEUED, "stopped")}


def test_the_answer_send_lets_it_go_once(lost):
    """All that waited is due; asking again changes nothing."""
    lost.advance(hours=2)
    paste(lost)
    for _ in range(2):
        halts.resume_sending(lost.desk(), CLI, lost.again(lost.oa))
    assert due(lost) == 2
    assert lost.again(lost.oa).stopped_at is None
    assert AuditEntry.select().where(AuditEntry.action == "oa.resumed").count() == 1


def test_the_answer_drop_cancels_and_lets_new_messages_go(lost):
    """Shown in every message's own screen, audited with the number; new messages go out at once."""
    lost.advance(hours=2)
    paste(lost)
    oa, actor = lost.again(lost.oa), Actor("Hoa")
    assert [halts.drop_waiting(lost.desk(), actor, oa) for _ in range(2)] == [2, 0]
    assert {row.state for row in Delivery.select()} == {DeliveryState.CANCELLED}
    assert len(told("delivery")) == 2
    assert lost.again(lost.oa).stopped_at is None
    (entry,) = AuditEntry.select().where(AuditEntry.action == "oa.dropped")
    assert (entry.actor, entry.detail) == ("Hoa", {"dropped": 2})


def test_a_message_that_departs_is_not_dropped(lost):
    """Its outcome will be known; cancelling it would be a lie."""
    first = Delivery.select().first()
    Delivery.update(state=DeliveryState.SENDING).where(Delivery.id == first.id).execute()
    assert halts.drop_waiting(lost.desk(), CLI, lost.oa) == 1
    assert lost.again(first).state == DeliveryState.SENDING


def test_nothing_waited_so_nothing_is_asked(shop, manager):
    """However long it was away."""
    tokens.lost(shop.desk(), shop.oa, -14014)
    shop.advance(days=3)
    paste(shop)
    assert not told("reconnected_late")
    assert shop.again(shop.oa).stopped_at is None


def test_an_oa_that_had_stopped_for_a_reason_of_its_own_keeps_it(lost):
    """Nothing leaves either way before a manager says so; one question is enough."""
    halts.stop(lost.clock.now(), lost.oa, "-131")
    lost.advance(hours=2)
    paste(lost)
    assert lost.again(lost.oa).stopped_code == "-131"
    assert not told("reconnected_late")
    assert halts.drop_waiting(lost.desk(), CLI, lost.oa) == 2
    assert lost.again(lost.oa).stopped_code == "-131"


def test_letting_every_oa_go_does_not_answer_the_question_of_one(lost):
    """Reconnected late while everything stood still: start_all leaves it stopped."""
    stop_all.stop_all(lost.desk(), CLI)
    lost.advance(hours=2)
    paste(lost)
    stop_all.start_all(lost.desk(), CLI)
    assert lost.again(lost.oa).stopped_code == halts.RECONNECTED
    assert due(lost) == 0


def test_dropping_while_everything_stands_still_does_not_let_the_oa_go(lost):
    """It stands still like every other one."""
    lost.advance(hours=2)
    paste(lost)
    stop_all.stop_all(lost.desk(), CLI)
    halts.drop_waiting(lost.desk(), CLI, lost.oa)
    assert lost.again(lost.oa).stopped_code == stop_all.CODE


def test_a_pair_that_was_never_lost_changes_nothing_for_messages(shop, manager):
    """An ordinary renewal is no reconnection."""
    row = queue(shop)
    Delivery.update(next_attempt_at=None, held_reason="stopped").execute()
    halts.stop(shop.clock.now(), shop.oa, "-131")
    shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    assert (OaToken.get().state, shop.again(row).held_reason) == (TokenState.OK, "stopped")
    assert shop.again(shop.oa).stopped_code == "-131"
