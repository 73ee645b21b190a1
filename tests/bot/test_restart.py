"""A bot that dies loses nothing and does nothing twice."""

from __future__ import annotations

import json

from models import Delivery, StaffUpdate, UpdateState
from services import updates
from services.updates import Arrival

LINE = '/zns 0901234567 300111 customer_name="Lan" booking_code=LH1 schedule_time="09:30 24/11/2026"'


def test_a_form_goes_on_after_a_restart(house):
    """Half the questions before, the other half after; the token typed before is still there, sealed."""
    person, pair = house.person(), house.issue()
    house.start()
    person.say("/start")
    person.wait_for("Thêm OA")
    person.tap("⌨️")
    for text, following in (
        ("Spa Hoa Mai", "OA ID?"),
        (pair["oa_id"], "Dán access"),
        (pair["access_token"], "Dán refresh"),
    ):
        person.say(text)
        person.wait_for(following)
    house.stop()
    person.say(pair["refresh_token"])
    house.start()
    person.wait_for("Mô tả ngắn?")
    person.tap("⏭")
    person.wait_for("Cho phép gửi tin")
    person.tap("Không")
    person.wait_for("Chỉ gửi thử?")
    person.tap("Không")
    person.wait_for("Đã thêm")


def test_what_was_stored_and_not_begun_is_done_after_the_restart(house):
    """Acknowledged to Telegram, then the process died: the row is run, once, and its text forgotten."""
    person = house.person()
    house.oa()
    person.say("/start")
    house.start()
    person.wait_for("Hôm nay")
    house.stop()
    update = house.update_of(person, "/khach")
    updates.store(house.clock.now(), house.desk().box, [update])
    person.mark()
    house.start()
    person.wait_for("Khách")
    house.settle()
    row = StaffUpdate.get(StaffUpdate.update_id == update.update_id)
    assert (row.state, row.payload) == (UpdateState.DONE, "")


def test_what_was_under_way_is_told_and_not_repeated(house):
    """A yes that may have had its effect is never tapped again by the bot; the person sees where they are."""
    person = house.person()
    house.oa()
    house.start()
    person.say(LINE)
    shown = person.wait_for("Xem trước ZNS")
    house.stop()
    update = house.update_of(person, "", tap=(shown["message_id"], shown["keyboard"][0][0]["data"]))
    (row,) = updates.store(house.clock.now(), house.desk().box, [update])
    updates.start(house.desk().box, row.id)
    person.mark()
    house.start()
    told = person.wait_for("Bot vừa khởi động lại")
    assert "Xem trước ZNS" in told["text"]
    assert Delivery.select().count() == 0
    person.tap("✅")
    person.wait_for("đang chờ")


def test_an_update_that_comes_twice_is_handled_once(desk):
    """Telegram repeats what was not acknowledged in time; its number is known already."""
    person = desk.person()
    desk.oa()
    desk.follower()
    person.say("/gui 0909998812 Chào")
    shown = person.wait_for("Xem trước")
    update = desk.update_of(person, "", tap=(shown["message_id"], shown["keyboard"][0][0]["data"]))
    box = desk.desk().box
    assert len(updates.store(desk.clock.now(), box, [update])) == 1
    assert updates.store(desk.clock.now(), box, [update]) == []


def test_done_updates_keep_no_words(desk):
    """After an hour's work no row holds what people typed."""
    person = desk.person()
    person.say("/start")
    person.wait_for("Chào")
    person.say("một câu riêng tư")
    person.wait_for("Chào")
    desk.wait_until(lambda: not StaffUpdate.select().where(StaffUpdate.state != UpdateState.DONE).exists())
    assert {row.payload for row in StaffUpdate.select()} == {""}


def test_arrivals_do_not_show_their_words():
    """A payload may be a token: it is in no repr."""
    assert "secret" not in repr(Arrival(1, 2, 3, json.dumps({"text": "secret"})))
