"""Echoes of messages whose answer was lost: joined when exactly one can be meant, of any kind."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from media_desk import queue, sent, settle

import db
from models import Channel, Delivery, DeliveryState, Receipt
from services import contents, events, facts, templates, uploads
from services.events import text_hash
from services.facts import Facts
from tests.sample_files import PDF, moving, picture
from zalo.events import parse

S = DeliveryState
BOOKING = {"customer_name": "Nguyễn Thị Lan", "booking_code": "LH-0217", "schedule_time": "09:30 24/11/2026"}


def image(shop, color=0, caption=""):
    return contents.image(upload=uploads.keep_image(shop.desk(), picture(color=color)).name, caption=caption)


def made(shop, kind):
    """A message of each kind, and as what Zalo would echo it."""
    if kind == "gif":
        kept = uploads.keep_image(shop.desk(), moving())
        return contents.gif(kept.name, kept.width, kept.height)
    if kind == "file":
        kept = uploads.keep_file(shop.desk(), PDF, "a.pdf")
        return contents.file(kept.name, kept.original)
    if kind == "template":
        found = shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
        return contents.template(found, BOOKING, Channel.UID)
    if kind == "form":
        return contents.form("Spa", "Xin thông tin", "https://example.vn/a.jpg")
    return image(shop)


def uncertain(shop, lan, content, person):
    """A message that Zalo took, or did not: its answer never came."""
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi/v3.0/oa/message", "kind": "lost_answer"})
    row = sent(shop, lan, content, person)
    assert (row.state, row.msg_id) == (S.UNCERTAIN, "")
    return row


def echo(shop, person, msg_id, echoed, text="", admin="", **delta):
    at = shop.clock.now() + timedelta(**(delta or {"seconds": 1}))
    Receipt.create(
        oa_id=shop.oa.oa_id, msg_id=msg_id, kind="echo", at=at, user_id=person.user_id, echoed=echoed,
        text_hash=text_hash(text), admin_id=admin, created_at=shop.clock.now(),
    )  # fmt: skip
    return settle(shop, msg_id)


@pytest.mark.parametrize(
    ("kind", "echoed"),
    [("image", "image"), ("gif", "gif"), ("file", "file"), ("form", "template"), ("form", "list"),
     ("template", "template")],
)  # fmt: skip
def test_the_one_message_of_the_echos_kind_is_it(shop, lan, fan, kind, echoed):
    """Also without a word to compare."""
    row = uncertain(shop, lan, made(shop, kind), fan)
    assert echo(shop, fan, "m1", echoed) == 1
    row = shop.again(row)
    assert (row.state, row.msg_id) == (S.SENT, "m1")


@pytest.mark.parametrize("echoed", ["gif", "file", "sticker", "template", "text"])
def test_an_echo_of_another_kind_is_somebody_elses(shop, lan, fan, echoed):
    """Another program may speak for the OA as well."""
    row = uncertain(shop, lan, image(shop), fan)
    assert echo(shop, fan, "m1", echoed) == 0
    assert shop.again(row).state == S.UNCERTAIN


def test_two_uncertain_pictures_are_not_confused(shop, lan, fan):
    """Nobody can tell which of the two arrived, so neither is called sent."""
    rows = [uncertain(shop, lan, image(shop, color), fan) for color in ("red", "blue")]
    assert echo(shop, fan, "m1", "image") == 0
    assert [shop.again(row).state for row in rows] == [S.UNCERTAIN] * 2


def test_captions_tell_two_pictures_apart(shop, lan, fan):
    """Where Zalo's echo carries the words."""
    first = uncertain(shop, lan, image(shop, "red", "đỏ"), fan)
    second = uncertain(shop, lan, image(shop, "blue", "xanh"), fan)
    assert echo(shop, fan, "m2", "image", "xanh") == 1
    assert (shop.again(first).state, shop.again(second).msg_id) == (S.UNCERTAIN, "m2")
    assert echo(shop, fan, "m1", "image") == 1  # one is left, so a wordless echo can only be that
    assert shop.again(first).msg_id == "m1"


def test_two_wordless_echoes_fit_nobody(shop, lan, fan):
    """One is ours and one another program's: which is which?"""
    row = uncertain(shop, lan, image(shop), fan)
    now = shop.clock.now()
    for msg_id in ("m1", "m2"):
        Receipt.create(
            oa_id=shop.oa.oa_id, msg_id=msg_id, kind="echo", at=now, user_id=fan.user_id, echoed="image", created_at=now
        )
    assert settle(shop, "m1", "m2") == 0
    assert shop.again(row).state == S.UNCERTAIN


def test_the_echo_of_a_picture_that_was_answered_is_not_given_to_another(shop, lan, fan):
    """Its message id is known already."""
    lost = uncertain(shop, lan, image(shop, "red"), fan)
    good = sent(shop, lan, image(shop, "blue"), fan)
    assert echo(shop, fan, good.msg_id, "image") == 1
    assert (shop.again(lost).state, shop.again(good).state) == (S.UNCERTAIN, S.SENT)


def test_an_echo_while_the_other_is_still_under_way_waits(shop, lan, fan):
    """It may be of the one whose answer is on the road."""
    lost = uncertain(shop, lan, image(shop, "red"), fan)
    other = queue(shop, lan, image(shop, "blue"), fan)
    Delivery.update(state=S.SENDING, attempted_at=shop.clock.now()).where(Delivery.id == other.id).execute()
    assert echo(shop, fan, "m1", "image") == 0
    Delivery.update(state=S.SENT, msg_id="m2").where(Delivery.id == other.id).execute()
    assert settle(shop, "m1") == 1
    assert shop.again(lost).msg_id == "m1"


def test_what_a_colleague_sent_in_zalos_own_tool_is_never_ours(shop, lan, fan):
    """It names who typed it."""
    row = uncertain(shop, lan, image(shop), fan)
    assert echo(shop, fan, "m1", "image", admin="7700") == 0
    assert shop.again(row).state == S.UNCERTAIN


def test_an_echo_from_before_or_long_after_is_another_one(shop, lan, fan):
    """Only within the attempt's own minutes."""
    row = uncertain(shop, lan, image(shop), fan)
    assert echo(shop, fan, "m1", "image", minutes=-1) == 0
    assert echo(shop, fan, "m2", "image", minutes=5) == 0
    assert shop.again(row).state == S.UNCERTAIN


@pytest.mark.parametrize(("echoed", "joined"), [("text", 1), ("list", 1), ("template", 1), ("image", 0)])
def test_a_text_with_buttons_is_known_by_its_words(shop, lan, fan, echoed, joined):
    """Whatever Zalo calls it."""
    row = uncertain(shop, lan, contents.text("Chọn\n[Mở] https://example.vn"), fan)
    assert echo(shop, fan, "m0", echoed, "khác") == 0
    assert echo(shop, fan, "m1", echoed, "Chọn") == joined
    assert shop.again(row).state == (S.SENT if joined else S.UNCERTAIN)


def test_the_local_zalos_own_echo_settles_a_lost_answer(shop, lan, fan):
    """As it comes by the webhook: from the event to the joined row."""
    row = uncertain(shop, lan, image(shop, "red"), fan)
    (message,) = shop.zalo.messages()
    at = str(int(shop.clock.moment.timestamp() * 1000) + 500)
    body = {
        "event_name": "oa_send_image", "app_id": shop.zalo.ready["app_id"], "sender": {"id": shop.oa.oa_id},
        "recipient": {"id": fan.user_id}, "timestamp": at,
        "message": {"attachments": [{"payload": {"url": "https://x.vn/a.jpg"}, "type": "image"}],
                    "msg_id": message["msg_id"]},
    }  # fmt: skip
    found, now = Facts(), db.to_ms(shop.clock.now())
    events.read(parse(json.dumps(body).encode(), now), shop.oa.oa_id, now, found)
    facts.write_facts(shop.clock.now(), found)
    assert settle(shop, message["msg_id"]) == 1
    assert (shop.again(row).state, shop.again(row).msg_id) == (S.SENT, message["msg_id"])
