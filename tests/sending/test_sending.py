"""services/sending.py against the local Zalo: what leaves, what comes back, and what each of Zalo's answers does."""

import asyncio
import threading
from datetime import datetime, timedelta

import pytest

import db
from models import (
    Consent,
    Delivery,
    DeliveryState,
    Follower,
    Notice,
    OaToken,
    OfficialAccount,
    Pace,
    Receipt,
    Role,
    TokenState,
)
from services import (
    accounts,
    confirmations,
    deliveries,
    departures,
    messages,
    outcomes,
    receipts,
    sending,
    staff,
    templates,
    tokens,
    unanswered,
)
from services import uploads as kept
from services.audit import CLI
from services.desk import VIETNAM
from services.errors import Conflict, NotFound, Refusal
from tests.previews import cs_preview, zns_preview
from tests.sample_files import picture

S = DeliveryState
PARAMS = {"customer_name": "Lan", "order_code": "LH-0217", "order_date": "09:30 24/11/2026"}
PNG = picture()


@pytest.fixture
def fan(shop):
    """A follower who wrote an hour ago."""
    person = shop.zalo.get("/_sandbox/users")["users"][0]
    now = shop.clock.now()
    return Follower.create(
        oa_id=shop.oa.oa_id, user_id=person["user_id"], display_name="Minh Anh", is_follower=True,
        last_interaction_at=now - timedelta(hours=1), first_seen_at=now,
    )  # fmt: skip


@pytest.fixture
def template(shop, lan):
    return shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))


def zns(shop, lan, phone="0912340007", chat=5):
    """A ZNS from the preview to the row that waits."""
    desk, oa = shop.desk(), shop.again(shop.oa)
    names = [rule["name"] for rule in templates.get(oa, "300111").params]
    values = {name: PARAMS.get(name, "1") for name in names}
    preview = zns_preview(desk, oa, phone, "300111", values)
    return messages.accept(desk, lan, messages.ask(desk, lan, preview), chat, 6)


def cs(shop, lan, fan, text="Chào chị", image=None):
    desk = shop.desk()
    preview = cs_preview(desk, shop.again(shop.oa), shop.again(fan), text, image)
    return messages.accept(desk, lan, messages.ask(desk, lan, preview), 5, 6)


def send(shop, worker="w1"):
    """A batch, and whatever of it takes longer."""

    async def whole(desk):
        count = await sending.send_due(desk, worker)
        await asyncio.gather(*sending._flying)
        return count

    return shop.run(whole)


def fault(shop, match, kind, **more):
    shop.zalo.post("/_sandbox/faults", {"match": match, "kind": kind, **more})


def at_zalo(shop):
    return shop.zalo.messages()


def vietnam(year, month, day, hour=0):
    return datetime(year, month, day, hour, tzinfo=VIETNAM)


def test_a_zns_leaves_with_its_tracking_id_and_is_sent(shop, lan, template):
    """One row, one message, the price of the template, Zalo's message id."""
    row = zns(shop, lan)
    assert send(shop) == 1
    row = shop.again(row)
    (message,) = at_zalo(shop)
    assert (row.state, row.msg_id, row.attempt) == (S.SENT, message["msg_id"], 1)
    assert (message["tracking_id"], message["recipient"]) == (row.tracking_id, "84912340007")
    assert "mode" not in message["body"]
    assert row.price == templates.get(shop.oa, "300111").price_phone
    assert shop.again(shop.oa).zns_quota["remaining"] < 500_000
    assert send(shop) == 0


def test_a_text_and_an_image_reach_a_follower(shop, lan, fan):
    """By text, by address and by upload."""
    name = kept.keep_image(shop.desk(), PNG).name
    rows = [
        cs(shop, lan, fan),
        cs(shop, lan, fan, "xem ảnh", {"url": "https://example.vn/a.jpg"}),
        cs(shop, lan, fan, "", {"upload": name}),
    ]
    send(shop)
    assert [shop.again(row).state for row in rows] == [S.SENT] * 3
    bodies = [message["body"]["message"] for message in at_zalo(shop)]
    assert sorted(body.get("text", "") for body in bodies) == ["", "Chào chị", "xem ảnh"]
    assert sorted(sorted(element) for body in bodies if "attachment" in body
                  for element in body["attachment"]["payload"]["elements"]) == [
        ["attachment_id", "media_type"], ["media_type", "url"]]  # fmt: skip


def test_a_double_tap_is_one_message(shop, lan, template):
    """The second tap gets the delivery of the first."""
    desk = shop.desk()
    values = {rule["name"]: PARAMS.get(rule["name"], "1") for rule in template.params}
    token = messages.ask(desk, lan, zns_preview(desk, shop.oa, "0912340007", "300111", values))
    rows = [messages.accept(desk, lan, token, 5, 6) for _ in range(3)]
    assert len({row.id for row in rows}) == 1
    send(shop)
    send(shop)
    assert len(at_zalo(shop)) == 1


def test_somebody_elses_confirmation_is_worth_nothing(shop, lan, template):
    """A yes belongs to one person."""
    desk = shop.desk()
    other = staff.add(shop.clock.now(), 56, Role.MANAGER, "An")
    values = {rule["name"]: PARAMS.get(rule["name"], "1") for rule in template.params}
    token = messages.ask(desk, lan, zns_preview(desk, shop.oa, "0912340007", "300111", values))
    messages.accept(desk, lan, token, 5, 6)
    with pytest.raises(NotFound):
        messages.accept(desk, other, token, 5, 6)


def test_a_changed_mode_voids_the_yes(shop, lan, template):
    """The preview showed another mode than the one that stands now."""
    desk = shop.desk()
    values = {rule["name"]: PARAMS.get(rule["name"], "1") for rule in template.params}
    token = messages.ask(desk, lan, zns_preview(desk, shop.oa, "0912340007", "300111", values))
    accounts.set_flags(desk, CLI, shop.again(shop.oa), testing=True)
    with pytest.raises(Conflict):
        messages.accept(desk, lan, token, 5, 6)
    assert Delivery.select().count() == 0


@pytest.mark.parametrize("kind", ["lost_answer", "lost_request", "http_502", "empty"])
def test_an_unknown_outcome_is_never_sent_again_by_itself(shop, lan, template, kind):
    """Whether Zalo has it or not: uncertain, told, and left alone."""
    fault(shop, "/business/message/template", kind)
    row = zns(shop, lan)
    send(shop)
    arrived = len(at_zalo(shop))
    shop.advance(hours=1)
    assert send(shop) == 0
    assert shop.again(row).state == S.UNCERTAIN
    assert len(at_zalo(shop)) == arrived == (1 if kind == "lost_answer" else 0)
    assert {"delivery", "uncertain"} <= {notice.kind for notice in Notice.select()}


def test_the_receipt_settles_a_lost_answer(shop, lan, template):
    """By the tracking id, which was stored before the request left."""
    fault(shop, "/business/message/template", "lost_answer")
    row = zns(shop, lan)
    send(shop)
    (message,) = at_zalo(shop)
    now = shop.clock.now()
    Receipt.create(
        oa_id=shop.oa.oa_id, msg_id=message["msg_id"], kind="delivered", at=now, created_at=now,
        tracking_id=message["tracking_id"],
    )  # fmt: skip
    receipts.settle(now, [(shop.oa.oa_id, message["msg_id"])])
    assert (shop.again(row).state, shop.again(row).msg_id) == (S.DELIVERED, message["msg_id"])


def test_a_person_may_send_an_uncertain_message_again_once(shop, lan, template):
    """A new attempt with its own tracking id; a double tap makes one; the first can still join its receipt."""
    fault(shop, "/business/message/template", "http_502")
    row = zns(shop, lan)
    send(shop)
    again = [messages.resend(shop.desk(), lan, row.id, 5, 7) for _ in range(2)]
    assert again[0].id == again[1].id
    assert again[0].tracking_id != row.tracking_id
    send(shop)
    assert [shop.again(each).state for each in (row, again[0])] == [S.UNCERTAIN, S.SENT]
    with pytest.raises(Conflict):
        messages.resend(shop.desk(), lan, again[0].id, 5, 8)


def test_the_yes_to_sending_again_is_one_persons_and_used_once(shop, lan, template):
    """A double tap makes one message; somebody else's tap and a yes to something else make none."""
    fault(shop, "/business/message/template", "http_502")
    row = zns(shop, lan)
    send(shop)
    desk, other = shop.desk(), staff.add(shop.clock.now(), 56, Role.MANAGER, "An")
    token = messages.ask_resend(desk, lan, shop.again(row))
    with pytest.raises(NotFound):
        messages.accept_resend(desk, other, token, 5, 7)
    made = [messages.accept_resend(desk, lan, token, 5, 7) for _ in range(2)]
    assert made[0].id == made[1].id
    foreign = confirmations.ask(shop.clock.now(), lan, "mode", {"oa": shop.oa.id}, shop.oa)
    with pytest.raises(NotFound):
        messages.accept_resend(desk, lan, foreign, 5, 7)


def test_what_surely_never_left_is_tried_again_and_then_given_up(shop, lan, template):
    """Connection refused: back into the queue with growing pauses, failed as unreachable in the end."""
    from services.desk import Desk

    row = zns(shop, lan)
    nowhere = shop.settings.model_copy(update={"zalo_business_url": "http://127.0.0.1:9"})

    async def attempt():
        desk = Desk.from_settings(nowhere)
        desk = Desk(nowhere, desk.box, desk.zalo, now=shop.clock.now)
        await sending.send_due(desk, "w1")
        await desk.close()

    states = []
    for _ in range(outcomes.UNREACHABLE_AFTER):
        asyncio.run(attempt())
        states.append(shop.again(row).state)
        shop.advance(minutes=10)
    row = shop.again(row)
    assert states == [S.QUEUED] * (outcomes.UNREACHABLE_AFTER - 1) + [S.FAILED]
    assert (row.error_class, row.error_code) == ("desk", "unreachable")
    assert at_zalo(shop) == []


@pytest.mark.parametrize(("code", "found"), [(118, "recipient"), (131, "template"), (1124, "fix"), (108, "fix")])
def test_a_definite_no_ends_the_message_with_its_code(shop, lan, template, code, found):
    """Failed, with Zalo's code and our class, and not tried again."""
    row = zns(shop, lan, f"8490000{code:04d}")
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_code, row.error_class, row.attempt) == (S.FAILED, str(-code), found, 1)
    assert row.error_message
    assert deliveries.cost(row) == 0


def test_an_unknown_code_is_never_repeated(shop, lan, template):
    """A code in no table fails with its raw code and text."""
    fault(shop, "/business/message/template", "error", code=-98765, message="something new")
    row = zns(shop, lan)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_code, row.error_message) == (S.FAILED, "-98765", "something new")


def test_who_refuses_zns_is_not_asked_again(shop, lan, template):
    """-141 is remembered for the number, with its date and the message it answered."""
    zns(shop, lan, "84900000141")
    send(shop)
    word = Consent.get()
    assert (word.recipient, word.given, word.code) == ("84900000141", False, "-141")
    assert word.oa_id == OfficialAccount.get().oa_id
    with pytest.raises(Refusal) as refusal:
        zns(shop, lan, "84900000141")
    assert refusal.value.key == "send.opted_out"


def test_who_blocks_the_oa_is_not_written_to_again(shop, lan, fan):
    """-244 is remembered, until the person writes again."""
    fault(shop, "/openapi/v3.0/oa/message/cs", "error", code=-244)
    row = cs(shop, lan, fan)
    send(shop)
    assert shop.again(row).state == S.FAILED
    with pytest.raises(Refusal) as refusal:
        cs(shop, lan, fan)
    assert refusal.value.key == "send.blocked"
    Follower.update(last_interaction_at=shop.clock.now() + timedelta(minutes=1)).execute()
    cs(shop, lan, fan)


@pytest.mark.parametrize(
    ("code", "reason", "earliest"),
    [
        (133, "night", vietnam(2026, 11, 24, 6)),
        (144, "quota", vietnam(2026, 11, 24)),
        (1441, "quota", vietnam(2026, 12, 1)),
    ],
)
def test_later_codes_wait_for_their_time(shop, lan, template, code, reason, earliest):
    """Held, with the reason and the hour in Vietnam, and not counted as failed."""
    row = zns(shop, lan, f"8490000{code:04d}")
    send(shop)
    row = shop.again(row)
    assert (row.state, row.held_reason, row.error_code) == (S.QUEUED, reason, str(-code))
    assert earliest < row.next_attempt_at < earliest + timedelta(minutes=2)
    assert send(shop) == 0


def test_a_passing_trouble_is_tried_again_a_few_times(shop, lan, template):
    """-100 on the ZNS host: again soon, and it works."""
    fault(shop, "/business/message/template", "error", code=-100, times=2)
    row = zns(shop, lan)
    for _ in range(3):
        send(shop)
        shop.advance(minutes=1)
    assert (shop.again(row).state, shop.again(row).attempt) == (S.SENT, 3)


def test_a_trouble_that_does_not_pass_fails(shop, lan, template):
    """After four tries it is said."""
    row = zns(shop, lan, "84900000100")
    for _ in range(6):
        send(shop)
        shop.advance(minutes=5)
    assert (shop.again(row).state, shop.again(row).attempt) == (S.FAILED, outcomes.TRANSIENT_AFTER)


def test_an_empty_wallet_stops_the_oa_and_says_so(shop, lan, template):
    """-115 concerns every message: nothing else leaves, the rows wait, a manager resumes."""
    first, second = zns(shop, lan, "84900000115"), zns(shop, lan)
    Delivery.update(next_attempt_at=shop.clock.now() + timedelta(seconds=1)).where(Delivery.id == second.id).execute()
    send(shop)
    shop.advance(seconds=2)
    send(shop)
    oa = shop.again(shop.oa)
    assert oa.stopped_code == "-115"
    assert [shop.again(row).held_reason for row in (first, second)] == ["stopped", "stopped"]
    assert at_zalo(shop) == []
    assert [notice.payload["code"] for notice in Notice.select().where(Notice.kind == "oa_stopped")] == ["-115"]
    with pytest.raises(Refusal):
        zns(shop, lan)
    accounts.resume_sending(shop.desk(), CLI, oa)
    send(shop)
    assert shop.again(second).state == S.SENT


def test_over_pace_pauses_the_oa_until_the_next_minute(shop, lan, fan):
    """-32: the message waits, and nothing new starts for this OA before."""
    fault(shop, "/openapi/v3.0/oa/message/cs", "error", code=-32, message="Your OA reached limit call api")
    row = cs(shop, lan, fan)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.held_reason) == (S.QUEUED, "minute")
    next_minute = shop.clock.now() + timedelta(minutes=1)
    assert Pace.get(Pace.key == f"oa:{shop.oa.oa_id}").blocked_until == next_minute.replace(second=0)
    shop.advance(minutes=1, seconds=3)
    send(shop)
    assert shop.again(row).state == S.SENT


def test_a_token_that_ended_early_costs_no_attempt(shop, lan, template):
    """Renewed and repeated within the same attempt."""
    row = zns(shop, lan)
    shop.zalo.post("/_sandbox/tokens/expire", {})
    send(shop)
    row = shop.again(row)
    assert (row.state, row.attempt) == (S.SENT, 1)
    assert OaToken.get().generation == 1
    assert len(at_zalo(shop)) == 1


def test_a_lost_connection_to_zalo_holds_messages_and_loses_none(shop, lan, template):
    """needs_reauth: they wait, and go by themselves when a person has connected the OA again."""
    row = zns(shop, lan)
    shop.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    send(shop)
    assert (shop.again(row).state, shop.again(row).held_reason) == (S.QUEUED, "token")
    assert OaToken.get().state == TokenState.NEEDS_REAUTH
    shop.advance(hours=1)
    assert (sending.release_held(shop.clock.now()), send(shop)) == (0, 0)
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    tokens.save_pair(shop.desk(), shop.oa, new["access_token"], new["refresh_token"])
    assert send(shop) == 1
    assert shop.again(row).state == S.SENT


def test_a_renewal_that_does_not_work_now_is_no_failure_of_the_message(shop, lan, template):
    """The request never left, so it is not uncertain either."""
    row = zns(shop, lan)
    shop.zalo.post("/_sandbox/tokens/expire", {})
    fault(shop, "/oauth", "http_502", times=2)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.held_reason) == (S.QUEUED, "token")
    shop.advance(minutes=1)
    send(shop)
    assert shop.again(row).state == S.SENT


def test_pausing_an_oa_stops_what_was_confirmed_before(shop, lan, template):
    """Not published means nothing leaves."""
    row = zns(shop, lan)
    accounts.set_flags(shop.desk(), CLI, shop.again(shop.oa), published=False)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_code) == (S.SKIPPED, "paused")
    assert at_zalo(shop) == []


def test_switching_to_testing_makes_waiting_zns_development_messages(shop, lan, template):
    """The mode at the moment of sending counts."""
    row = zns(shop, lan, "84901234567")
    accounts.set_flags(shop.desk(), CLI, shop.again(shop.oa), testing=True)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.development, deliveries.cost(row)) == (S.SENT, True, 0)
    assert at_zalo(shop)[0]["body"]["mode"] == "development"


def test_in_test_mode_only_testers_get_oa_messages(shop, lan, fan):
    """And a follower who stops being a tester before it leaves gets nothing."""
    accounts.set_flags(shop.desk(), CLI, shop.again(shop.oa), testing=True)
    with pytest.raises(Refusal) as refusal:
        cs(shop, lan, fan)
    assert refusal.value.key == "send.not_tester"
    Follower.update(tester=True).execute()
    rows = [cs(shop, lan, fan)]
    send(shop)
    rows.append(cs(shop, lan, fan))
    Follower.update(tester=False).execute()
    send(shop)
    assert [shop.again(row).state for row in rows] == [S.SENT, S.SKIPPED]
    assert len(at_zalo(shop)) == 1


def test_removing_an_oa_cancels_what_waits(shop, lan, template):
    """Nothing leaves in the name of an OA that is gone."""
    row = zns(shop, lan)
    accounts.remove(shop.desk(), CLI, shop.again(shop.oa))
    assert send(shop) == 0
    assert shop.again(row).state == S.CANCELLED


def test_a_waiting_message_can_be_taken_back(shop, lan, template):
    """Cancelled once; not after it left."""
    row = zns(shop, lan)
    assert messages.cancel(shop.desk(), lan, row.id)
    assert not messages.cancel(shop.desk(), lan, row.id)
    assert send(shop) == 0
    assert at_zalo(shop) == []


def test_workers_never_claim_the_same_row(shop, lan, template):
    """Four threads, forty rows: each is claimed once."""
    rows = [zns(shop, lan, f"84912340{index:03d}") for index in range(40)]
    claimed, gate = [], threading.Barrier(4)

    def worker(name):
        gate.wait()
        while found := sending.claim(shop.clock.now(), name, 3):
            claimed.extend(row.id for row in found)
        db.database.close()

    threads = [threading.Thread(target=worker, args=(f"w{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(claimed) == [row.id for row in rows]


def test_a_slow_request_does_not_keep_others_waiting(shop, lan, fan, template, monkeypatch):
    """It goes on by itself while the next batch is claimed and sent."""
    monkeypatch.setattr(sending, "STRAGGLE", 0.05)
    fault(shop, "/business/message/template", "slow", delay_ms=1500)
    slow, quick = zns(shop, lan), cs(shop, lan, fan)
    Delivery.update(next_attempt_at=shop.clock.now() + timedelta(seconds=1)).where(Delivery.id == quick.id).execute()

    async def two_batches(desk):
        assert await sending.send_due(desk, "w1") == 1
        for _ in range(1000):  # a busy machine takes longer than STRAGGLE to let it depart
            if shop.again(slow).state == S.SENDING:
                break
            await asyncio.sleep(0.01)
        shop.clock.advance(seconds=2)
        monkeypatch.setattr(sending, "STRAGGLE", 10)
        assert await sending.send_due(desk, "w1") == 1
        between = [shop.again(row).state for row in (slow, quick)]
        await asyncio.wait(set(sending._flying))
        return between

    assert shop.run(two_batches) == [S.SENDING, S.SENT]
    assert shop.again(slow).state == S.SENT


def test_a_row_whose_worker_died_before_sending_is_sent_by_the_next(shop, lan, template):
    """Claimed, not departed: the lease ends and nothing is lost."""
    row = zns(shop, lan)
    assert sending.claim(shop.clock.now(), "dead", 5)
    assert send(shop) == 0
    shop.advance(seconds=61)
    assert sending.end_leases(shop.clock.now()) == 0
    send(shop)
    assert shop.again(row).state == S.SENT


def test_a_row_whose_worker_died_after_departing_is_uncertain(shop, lan, template):
    """The request may have left: never a second one."""
    row = zns(shop, lan)
    (claimed,) = sending.claim(shop.clock.now(), "dead", 5)
    departures._depart(shop.desk(), claimed)
    shop.advance(seconds=59)
    assert sending.end_leases(shop.clock.now()) == 0
    shop.advance(seconds=2)
    assert sending.end_leases(shop.clock.now()) == 1
    assert send(shop) == 0
    assert shop.again(row).state == S.UNCERTAIN
    assert at_zalo(shop) == []


def test_nothing_leaves_under_a_lease_that_is_over(shop, lan, template):
    """A worker that slept too long finds its row taken."""
    row = zns(shop, lan)
    (mine,) = sending.claim(shop.clock.now(), "slow", 5)
    shop.advance(seconds=61)
    (theirs,) = sending.claim(shop.clock.now(), "next", 5)
    with pytest.raises(departures.LeaseLost):
        departures._depart(shop.desk(), mine)
    departures._depart(shop.desk(), theirs)
    assert shop.again(row).attempt == 1
    assert shop.again(row).lease_until - shop.clock.now() > timedelta(seconds=15)


@pytest.mark.parametrize("same", [True, False])
def test_who_lost_the_lease_cannot_put_the_row_back(shop, lan, template, same):
    """It is under way with somebody else, perhaps another task of the same process: back in the queue is twice sent."""
    row = zns(shop, lan)
    (mine,) = sending.claim(shop.clock.now(), "w1", 5)
    shop.advance(seconds=61)
    (theirs,) = sending.claim(shop.clock.now(), "w1" if same else "w2", 5)
    departures._depart(shop.desk(), theirs)
    now = shop.clock.now()
    outcomes.back(now, mine, now, "token")
    outcomes.surely_not_sent(now, mine)
    outcomes.lost(now, mine)
    outcomes.unusable(now, mine, "image.gone")
    outcomes.objected(now, mine, Refusal("send.paused"))
    assert shop.again(row).state == S.SENDING
    outcomes.accepted(now, theirs, "m1", now)
    assert shop.again(row).state == S.SENT


def test_an_image_that_is_gone_fails_with_a_reason(shop, lan, fan):
    """The row stays readable, nothing leaves."""
    name = kept.keep_image(shop.desk(), PNG).name
    row = cs(shop, lan, fan, "", {"upload": name})
    (shop.settings.data_dir / "uploads" / name).unlink()
    send(shop)
    assert (shop.again(row).state, shop.again(row).error_code) == (S.FAILED, "image.gone")


@pytest.mark.parametrize(("kind", "more"), [("lost_answer", {}), ("error", {"code": -200})])
def test_a_picture_that_never_uploads_fails_in_the_end(shop, lan, fan, kind, more):
    """Tries are counted though the message itself never left; a person then decides."""
    fault(shop, "/openapi/v2.0/oa/upload/image", kind, times=30, **more)
    row = cs(shop, lan, fan, "", {"upload": kept.keep_image(shop.desk(), PNG).name})
    for _ in range(12):
        shop.advance(minutes=10)
        send(shop)
    row = shop.again(row)
    assert row.state == S.FAILED
    assert at_zalo(shop) == []


def test_a_lost_upload_is_not_a_lost_message(shop, lan, fan):
    """Nobody sees an uploaded picture: it is simply tried again."""
    fault(shop, "/openapi/v2.0/oa/upload/image", "lost_answer")
    row = cs(shop, lan, fan, "", {"upload": kept.keep_image(shop.desk(), PNG).name})
    send(shop)
    assert shop.again(row).state == S.QUEUED
    shop.advance(minutes=1)
    send(shop)
    assert shop.again(row).state == S.SENT


@pytest.mark.parametrize("reaches", [True, False])
def test_a_silent_zns_is_asked_about_once_and_then_expired(shop, lan, template, reaches):
    """After the template's timeout: delivered if Zalo says so, else expired and not charged."""
    if not reaches:
        shop.zalo.post("/_sandbox/receipts", {"zns_arrival_s": 9999})
    row = zns(shop, lan)
    send(shop)

    def ask():
        return shop.run(lambda desk: unanswered.ask_due(desk))

    shop.advance(hours=1, minutes=59)
    assert ask() == 0
    shop.advance(minutes=10)
    assert ask() == 1
    row = shop.again(row)
    assert row.state == (S.DELIVERED if reaches else S.EXPIRED)
    assert deliveries.cost(row) == (324 if reaches else 0)
    shop.advance(hours=2)
    assert ask() == 0


@pytest.mark.parametrize("trouble", [{"kind": "http_502"}, {"kind": "error", "code": -32}])
def test_a_zns_that_zalo_cannot_be_asked_about_is_asked_again(shop, lan, template, trouble):
    """No answer is no verdict, and neither is a refusal that says nothing about the message."""
    row = zns(shop, lan)
    send(shop)
    shop.advance(hours=2, minutes=10)
    fault(shop, "/business/message/status", **trouble)
    shop.run(lambda desk: unanswered.ask_due(desk))
    assert shop.again(row).state == S.SENT
    shop.advance(minutes=11)
    shop.run(lambda desk: unanswered.ask_due(desk))
    assert shop.again(row).state == S.DELIVERED


def test_promotion_waits_for_decent_hours(shop, lan):
    """Accepted at night, it leaves at eight."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300114"))
    shop.advance(hours=13)  # 22:00 in Vietnam
    desk = shop.desk()
    template = templates.get(shop.oa, "300114")
    values = {rule["name"]: "1" for rule in template.params}
    preview = zns_preview(desk, shop.oa, "0912340007", "300114", values)
    assert preview.goes_at == vietnam(2026, 11, 24, 8)
    row = messages.accept(desk, lan, messages.ask(desk, lan, preview), 5, 6)
    assert (row.held_reason, send(shop)) == ("night", 0)
