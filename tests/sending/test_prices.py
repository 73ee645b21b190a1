"""What a message costs: before, after, and by which VAT; services/prices.py and what deliveries keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from media_desk import follower, last_body, queue, send, sent, settle

import config
import db
from models import Channel, Delivery, DeliveryState, Follower, OfficialAccount, Receipt, UidMessageApi
from services import contents, current, deliveries, departures, messages, prices, templates, unanswered
from services.errors import Conflict
from tests.tokens.test_upgrade import insert

S = DeliveryState
BOOKING = {"customer_name": "Nguyễn Thị Lan", "booking_code": "LH-0217", "schedule_time": "09:30 24/11/2026"}


def template(shop, channel, template_id="300111"):
    found = shop.run(lambda desk: templates.fresh(desk, shop.oa, template_id))
    return contents.template(found, BOOKING, channel)


def report(shop, row, kind, **delta):
    """Zalo reports about a message so much later than it was sent."""
    at = row.sent_at + timedelta(**delta)
    Receipt.create(oa_id=shop.oa.oa_id, msg_id=row.msg_id, kind=kind, at=at, created_at=shop.clock.now())
    settle(shop, row.msg_id)
    return shop.again(row)


def vietnam_midnight(*day):
    return datetime(*day, tzinfo=prices.VIETNAM).astimezone(UTC)


def test_vat_follows_the_law_by_the_day_in_vietnam(environment):
    """8 % now; what the law says later is set beforehand and counts from midnight in Vietnam on."""
    settings = config.load({**environment, "VAT_CHANGES": "2028-07-01:9, 2027-01-01:10"}, env_file=None)
    assert settings.vat_changes == ((date(2027, 1, 1), 10), (date(2028, 7, 1), 9))
    new_year = vietnam_midnight(2027, 1, 1)
    assert prices.vat(settings, new_year - timedelta(milliseconds=1)) == 8
    assert prices.vat(settings, new_year) == 10
    assert prices.vat(settings, vietnam_midnight(2028, 7, 1)) == 9


@pytest.mark.parametrize("value", ["10", "2027-01-01", "2027-13-01:10", "2027-01-01:31", "2027-01-01:-1", "x:y"])
def test_a_wrong_vat_table_refuses_the_start(environment, value):
    """It names the variable and not what stood there."""
    with pytest.raises(config.ConfigError, match="VAT_CHANGES is a list") as refused:
        config.load({**environment, "VAT_CHANGES": value}, env_file=None)
    assert value not in str(refused.value).replace("2027-01-01:10", "")


@pytest.mark.parametrize(
    ("price", "percent", "whole"), [(300, 8, 324), (55, 8, 59), (55, 10, 61), (0, 8, 0), (1, 8, 1)]
)
def test_vat_is_rounded_to_whole_dong(price, percent, whole):
    """Halves up: 55 and 8 % are 59.4, 55 and 10 % are 60.5."""
    assert prices.with_vat(price, percent) == whole


@pytest.mark.parametrize(
    ("channel", "state", "quota", "charged"),
    [
        ("zns", "queued", "", None), ("zns", "sending", "", None), ("zns", "sent", "", None),
        ("zns", "uncertain", "", None), ("zns", "delivered", "", 300), ("zns", "seen", "", 300),
        ("zns", "expired", "", 0), ("zns", "failed", "", 0), ("zns", "skipped", "", 0), ("zns", "cancelled", "", 0),
        ("uid", "sent", "", None), ("uid", "delivered", "", 300), ("uid", "expired", "", 0),
        ("uid", "sent", "purchase_quota", 0), ("uid", "seen", "reward_quota", 0),
        ("cs", "sent", "", 300), ("cs", "sent", "reply", 0), ("cs", "seen", "sub_quota", 0), ("cs", "failed", "", 0),
        ("cs", "uncertain", "", None), ("transaction", "sent", "", 300), ("transaction", "uncertain", "", None),
        ("promotion", "delivered", "purchase_quota", 0),
    ],
)  # fmt: skip
def test_what_a_message_was_charged_follows_from_its_row(channel, state, quota, charged):
    """Templates when they are on the phone, the rest when Zalo takes them; an allowance pays all."""
    row = Delivery(channel=channel, state=state, quota_type=quota, price=300, development=False)
    assert prices.charge(row) == charged


@pytest.mark.parametrize(("channel", "charged"), [("zns", 0), ("uid", 300), ("cs", 300)])
def test_only_zns_have_free_tests(channel, charged):
    """Zalo knows a development mode by phone only; a test to a user id is a message like any other."""
    row = Delivery(channel=channel, state="delivered", price=300, development=True)
    assert prices.charge(row) == charged


def test_a_zns_is_charged_when_it_is_delivered(shop, lan):
    """Not before: Zalo's yes is not delivery."""
    row = sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007")
    assert (row.state, row.charged, row.vat_percent, deliveries.cost(row)) == (S.SENT, None, 8, None)
    row = report(shop, row, "delivered", minutes=1)
    assert (row.state, row.charged, deliveries.cost(row)) == (S.DELIVERED, row.price, prices.with_vat(row.price, 8))


def test_the_vat_of_the_day_is_kept_with_the_message(shop, lan):
    """A later change of the law does not change what was paid."""
    row = report(shop, sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007"), "delivered", minutes=1)
    paid = deliveries.cost(row)
    shop.settings = shop.settings.model_copy(update={"vat_percent": 10})
    assert deliveries.cost(shop.again(row)) == paid
    later = sent(shop, lan, template(shop, Channel.ZNS), phone="0912340008")
    assert later.vat_percent == 10


def test_a_zns_that_came_too_late_costs_nothing(shop, lan):
    """After the template's timeout by Zalo's own time of delivery."""
    row = sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007")
    row = report(shop, row, "delivered", hours=2, minutes=1)
    assert (row.state, row.charged, deliveries.cost(row)) == (S.EXPIRED, 0, 0)


def test_an_expired_zns_turns_out_delivered_in_time(shop, lan):
    """Only its receipt was late: then it was charged after all."""
    shop.zalo.post("/_sandbox/receipts", {"enabled": False})
    shop.zalo.post("/_sandbox/users", {"phone": "84912340007", "desktop": True})
    row = sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007")
    shop.zalo.post("/_sandbox/faults", {"match": "/business/message/status", "kind": "error", "code": -107})
    shop.advance(hours=3)
    assert shop.run(unanswered.ask_due) == 1
    row = shop.again(row)
    assert (row.state, row.charged, deliveries.cost(row)) == (S.EXPIRED, 0, 0)
    row = report(shop, row, "delivered", minutes=3)
    assert (row.state, row.charged) == (S.DELIVERED, row.price)


def test_zalo_is_asked_once_after_the_timeout_and_charges_what_it_says(shop, lan):
    """The webhook may be lost: the status tells, and with it the money."""
    row = sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007")
    shop.advance(hours=3)
    assert shop.run(unanswered.ask_due) == 1
    row = shop.again(row)
    assert (row.state, row.charged) == (S.DELIVERED, row.price)
    assert shop.run(unanswered.ask_due) == 0


def test_an_answer_within_48_hours_costs_nothing(shop, lan):
    """Zalo names the allowance `reply`."""
    row = sent(shop, lan, contents.text("Chào"), follower(shop, hours=1))
    assert (row.price, row.quota_type, row.charged, deliveries.cost(row)) == (0, "reply", 0, 0)


def test_outside_48_hours_the_package_pays_first(shop, lan):
    """Zalo names `sub_quota` while some is left."""
    shop.zalo.post("/_sandbox/oas/all", {"free_cs_left": 1})
    row = sent(shop, lan, contents.text("Chào"), follower(shop, hours=60))
    assert (row.price, row.quota_type, row.charged) == (55, "sub_quota", 0)


def test_outside_48_hours_without_an_allowance_a_message_costs_55(shop, lan):
    """Zalo names none."""
    shop.zalo.post("/_sandbox/oas/all", {"free_cs_left": 0})
    row = sent(shop, lan, contents.text("Chào"), follower(shop, hours=60))
    assert (row.price, row.quota_type, row.charged, deliveries.cost(row)) == (55, "", 55, 59)


def test_a_message_whose_free_window_closed_while_it_waited_is_not_called_free(shop, lan):
    """The price is of the moment it leaves."""
    shop.zalo.post("/_sandbox/oas/all", {"free_cs_left": 0})
    row = queue(shop, lan, contents.text("Chào"), follower(shop, hours=47))
    assert row.price == 0
    shop.advance(hours=2)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.price, row.charged) == (S.SENT, 55, 55)


@pytest.mark.parametrize("ours", [False, True])
def test_what_nobody_said_yes_to_never_costs_money(shop, lan, ours):
    """An answer and our own short answers leave unasked because they are free: held back too long, they don't leave."""
    shop.zalo.post("/_sandbox/oas/all", {"free_cs_left": 0})
    desk, person = shop.desk(), follower(shop, hours=47)
    if ours:
        row = messages.automatic(desk, shop.again(shop.oa), person, "Đã ngưng", "stop:1")
    else:
        row = messages.reply(desk, lan, shop.again(shop.oa), person, contents.text("Dạ còn ạ"), 5, 99)
    shop.advance(hours=2)
    send(shop)
    row = shop.again(row)
    assert (row.state, row.error_class, row.error_code) == (S.FAILED, "desk", "send.not_free")
    assert shop.zalo.messages() == []


def test_a_test_of_unknown_price_asks_first(shop, lan):
    """Nobody wrote down what a media message costs, so it is not called free."""
    OfficialAccount.update(uid_message_api=UidMessageApi.LEGACY).where(OfficialAccount.id == shop.oa.id).execute()
    person = follower(shop)
    Follower.update(tester=True).where(Follower.id == person.id).execute()
    content = contents.document("loại: truyền thông\ntiêu đề: Ưu đãi\nnội dung: Giảm 20%")
    with pytest.raises(Conflict) as asked:
        messages.test(shop.desk(), lan, shop.again(shop.oa), content, 5, 6)
    assert (asked.value.key, asked.value.values) == ("test.costs", {"price": None, "count": 1})
    assert len(messages.test(shop.desk(), lan, shop.again(shop.oa), content, 5, 6, paid=True)) == 1


def test_a_yes_of_the_old_year_does_not_pay_the_vat_of_the_new_one(shop, lan):
    """What was shown is what is paid, or it is asked again."""
    desk = replace(shop.desk(), settings=shop.settings.model_copy(update={"vat_changes": ((date(2026, 11, 24), 10),)}))
    person = follower(shop)
    content = template(shop, Channel.UID)
    shop.advance(hours=14, minutes=50)  # 23:50 in Vietnam
    found = messages.preview(desk, shop.again(shop.oa), content, follower=person)
    token = messages.ask(desk, lan, found)
    shop.advance(minutes=15)
    with pytest.raises(Conflict) as dearer:
        messages.accept(desk, lan, token, 5, 6)
    assert (found.vat_percent, dearer.value.key) == (8, "confirm.dearer")


def test_what_was_held_over_new_year_has_the_vat_of_the_day_it_leaves(shop, lan):
    """Stopped in the old year, let go in the new one: the books follow the law."""
    row = queue(shop, lan, contents.text("Chào"), follower(shop, hours=60))
    assert row.vat_percent == 8
    changed = shop.settings.model_copy(update={"vat_changes": ((shop.clock.now().date(), 10),)})
    desk = replace(shop.desk(), settings=changed)
    departures.check(desk, row)
    assert (row.price, row.vat_percent) == (55, 10)


def test_a_template_to_a_user_id_is_charged_by_its_own_price_when_received(shop, lan):
    """price_uid, and only in time."""
    person = follower(shop)
    row = sent(shop, lan, template(shop, Channel.UID), person)
    assert (row.state, row.charged, row.quota_type) == (S.SENT, None, "")
    assert last_body(shop)["template_id"] == "300111"
    assert report(shop, row, "delivered", minutes=1).charged == row.price
    late = sent(shop, lan, template(shop, Channel.UID), person)
    assert (report(shop, late, "delivered", hours=3).state, shop.again(late).charged) == (S.EXPIRED, 0)


@pytest.mark.parametrize(("left", "quota", "charged"), [(1, "purchase_quota", 0), (0, "", 165)])
def test_a_bought_allowance_pays_a_transaction_message(shop, lan, left, quota, charged):
    """purchase_quota: the money was paid with the allowance; without one it is 165."""
    asset = {"product_type": "transaction", "quota_type": "purchase_quota", "total": 5, "remain": left}
    shop.zalo.post("/_sandbox/oas/all", {"assets": [{**asset, "valid_through": "31/12/2026"}]})
    shop.oa.uid_message_api = UidMessageApi.LEGACY
    shop.oa.save()
    shop.zalo.post("/_sandbox/oas/all", {"old_messages": "alive"})
    raw = "loại: đơn hàng\ntiêu đề: Đơn hàng\n- Mã đơn: DH-1"
    row = sent(shop, lan, contents.document(raw), follower(shop))
    assert (row.state, row.price, row.quota_type, row.charged) == (S.SENT, prices.TRANSACTION, quota, charged)


def test_the_receipt_before_the_answer_charges_the_same(shop, lan):
    """Both sides keep what they know; the last one knows all."""
    row = queue(shop, lan, contents.text("Chào"), follower(shop, hours=60))
    now = shop.clock.now()
    Delivery.update(state=S.SENDING, attempted_at=now, price=55, vat_percent=8).where(Delivery.id == row.id).execute()
    deliveries.looked_at(now, row.id, now, "m1")
    assert shop.again(row).charged == 55
    deliveries.answered(now, row.id, "m1", now, "sub_quota")
    row = shop.again(row)
    assert (row.state, row.quota_type, row.charged) == (S.SEEN, "sub_quota", 0)


def test_home_shows_what_was_charged_today(shop, lan):
    """Not what it might have been: late and free ones cost nothing."""
    shop.zalo.post("/_sandbox/oas/all", {"free_cs_left": 0})
    zns = report(shop, sent(shop, lan, template(shop, Channel.ZNS), phone="0912340007"), "delivered", minutes=1)
    late = report(shop, sent(shop, lan, template(shop, Channel.ZNS), phone="0912340008"), "delivered", hours=4)
    cs = report(shop, sent(shop, lan, contents.text("Chào"), follower(shop, hours=60)), "delivered", minutes=1)
    today = current.today(shop.oa, shop.clock.now())
    assert late.state == S.EXPIRED
    assert (today.delivered, today.cost) == (2, deliveries.cost(zns) + deliveries.cost(cs))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def before(request, tmp_path):
    """A database of the version before this one."""
    empty = f"sqlite:///{tmp_path / 'old.db'}"
    db.open_database(empty if request.param == "sqlite" else request.getfixturevalue("postgres_url_of_a_new_database"))
    db.migrate("0002_connect_and_staff")
    yield db.database
    db.close_database()


def test_what_was_sent_before_keeps_what_it_cost(before):
    """Of a ZNS it followed from its state; of consultation messages nobody knew."""
    insert("official_account", id=1, oa_id="1")
    rows = [
        ("zns", "delivered", False, 300), ("zns", "seen", False, 300), ("zns", "delivered", True, 300),
        ("zns", "failed", False, 300), ("zns", "expired", False, 300), ("zns", "sent", False, 300),
        ("zns", "uncertain", False, 300), ("cs", "seen", False, None), ("cs", "skipped", False, None),
    ]  # fmt: skip
    for number, (channel, state, development, price) in enumerate(rows, 1):
        insert(
            "delivery", id=number, oa_id=1, channel=channel, state=state, development=development, price=price,
            vat_percent=8, content="{}", dedupe_key=str(number), tracking_id=str(number), next_attempt_at=None,
        )  # fmt: skip
    db.migrate()
    found = list(Delivery.select().order_by(Delivery.id))
    assert [row.charged for row in found] == [300, 300, 0, 0, 0, None, None, None, 0]
    assert [deliveries.cost(row) for row in found] == [324, 324, 0, 0, 0, None, None, None, 0]
