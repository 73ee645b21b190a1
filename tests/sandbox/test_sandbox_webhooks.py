"""What the local Zalo tells the webhook, and how often it tries."""

import json

import pytest

from zalo.signature import verify


def named(delivered, name):
    return [event for event in delivered if event.body["event_name"] == name]


def good(app, event):
    ready = app.running.ready
    signature = event.headers.get("X-ZEvent-Signature")
    return verify(event.raw, signature, ready["app_id"], [ready["webhook_secret"]]) == 0


def order(app, **spec):
    return app.running.post("/_sandbox/events", {"wait": True, **spec})


def test_a_message_is_echoed_received_and_seen(hooked, receiver, user):
    """All three carry the message id of the answer, and a good signature."""
    msg_id = hooked.say(user["user_id"], {"text": "Xin chào 🎁"})["data"]["message_id"]
    delivered = receiver.wait_for(3)
    assert all(good(hooked, event) for event in delivered)
    (echo,) = named(delivered, "oa_send_text")
    (received,) = named(delivered, "user_received_message")
    (seen,) = named(delivered, "user_seen_message")
    assert echo.body["message"] == {"text": "Xin chào 🎁", "msg_id": msg_id}
    assert received.body["message"] == {"msg_id": msg_id}
    assert seen.body["message"] == {"msg_ids": [msg_id]}
    for event in delivered:
        assert event.body["sender"] == {"id": hooked.oa_id}
        assert event.body["recipient"] == {"id": user["user_id"]}


def test_events_are_one_compact_line_of_raw_utf8_in_the_recorded_order(hooked, receiver, user):
    """A receiver that rebuilds the JSON would fail here."""
    hooked.say(user["user_id"], {"text": "Xin chào"})
    (echo,) = named(receiver.wait_for(1), "oa_send_text")
    assert "Xin chào".encode() in echo.raw
    assert b'": ' not in echo.raw
    keys = ["event_name", "app_id", "sender", "recipient", "message", "timestamp", "user_id_by_app"]
    assert list(echo.body) == keys
    assert isinstance(echo.body["timestamp"], str)


def test_a_picture_is_echoed_with_its_attachment_first(hooked, receiver, user):
    """Attachments, then text, then id."""
    element = {"media_type": "image", "url": "https://example.com/a.jpg"}
    attachment = {"type": "template", "payload": {"template_type": "media", "elements": [element]}}
    hooked.say(user["user_id"], {"text": "ảnh", "attachment": attachment})
    (echo,) = receiver.wait(lambda all_: named(all_, "oa_send_image"))[:1]
    assert list(echo.body["message"]) == ["attachments", "text", "msg_id"]
    shown = {"payload": {"thumbnail": "", "url": "https://example.com/a.jpg"}, "type": "image"}
    assert echo.body["message"]["attachments"] == [shown]


def test_a_delivered_zns_is_told_with_its_tracking_id(hooked, receiver):
    """From the OA to the phone, with the header of ZNS and no user id."""
    msg_id = hooked.zns(tracking_id="ord1")["data"]["msg_id"]
    (event,) = receiver.wait_for(1)
    assert good(hooked, event)
    assert event.headers["X-ZEvent-Server"] == "ZNS"
    body = event.body
    assert body["sender"] == {"id": hooked.oa_id}
    assert body["recipient"] == {"id": "84912340007"}
    assert body["message"]["msg_id"] == msg_id
    assert body["message"]["tracking_id"] == "ord1"
    assert body["message"]["delivery_time"].isdigit()
    assert "user_id_by_app" not in body


def test_a_person_on_a_computer_gives_no_receipts(hooked, receiver, user):
    """Only the echo comes."""
    hooked.person(user_id=user["user_id"], desktop=True)
    hooked.say(user["user_id"], {"text": "a"})
    hooked.clock(advance_s=60)
    order(hooked, event="follow")
    names = [event.body["event_name"] for event in receiver.wait(lambda all_: named(all_, "follow"))]
    assert sorted(names) == ["follow", "oa_send_text"]


def test_tags_set_by_the_api_are_told(hooked, receiver, user):
    """Another system learns of them by webhook."""
    hooked.post("/v2.0/oa/tag/tagfollower", {"user_id": user["user_id"], "tag_name": "mới"})
    (event,) = receiver.wait_for(1)
    assert event.body["tag"] == {"user_ids": [user["user_id"]], "name": "mới"}


def test_a_refused_event_is_repeated_byte_for_byte_with_its_number(hooked, receiver):
    """30 s, 5, 15, 30 minutes, 1 hour; then the webhook is switched off."""
    receiver.status = 500
    order(hooked, event="follow")
    for retry, delay in enumerate((30, 300, 900, 1800, 3600), start=1):
        assert hooked.running.get("/_sandbox/state")["webhook"]["enabled"]
        hooked.clock(advance_s=delay)
        receiver.wait_for(retry + 1)
    delivered = receiver.wait_for(6)
    assert len({event.raw for event in delivered}) == 1
    assert [event.headers.get("num_retry") for event in delivered] == [None, "1", "2", "3", "4", "5"]


def switched_off(app):
    for _ in range(200):
        state = app.running.get("/_sandbox/state")["webhook"]
        if not state["enabled"]:
            return state
    raise AssertionError("still on")


def test_after_the_last_retry_the_webhook_is_off_until_somebody_switches_it_on(hooked, receiver):
    """Silence is how a dead webhook looks."""
    receiver.status = 500
    order(hooked, event="follow")
    for retry, delay in enumerate((30, 300, 900, 1800, 3600), start=1):
        hooked.clock(advance_s=delay)
        receiver.wait_for(retry + 1)
    assert "no 200 after 5 retries" in switched_off(hooked)["disabled_because"]
    receiver.status = 200
    assert order(hooked, event="follow")["sent"][0]["statuses"] == ["not_sent"]
    hooked.running.post("/_sandbox/webhook", {"enabled": True})
    assert order(hooked, event="follow")["sent"][0]["statuses"] == [200]


def test_retries_can_be_for_failed_connections_only(hooked, receiver):
    """One reading of the documentation."""
    hooked.running.post("/_sandbox/webhook", {"retry_on": "connect"})
    receiver.status = 500
    assert order(hooked, event="follow")["sent"][0]["statuses"] == [500]
    assert hooked.running.get("/_sandbox/state")["webhook"]["retries"] == 0
    hooked.running.post("/_sandbox/webhook", {"url": "http://127.0.0.1:1/"})
    assert order(hooked, event="follow")["sent"][0]["statuses"] == ["no_connection"]
    assert hooked.running.get("/_sandbox/state")["webhook"]["retries"] == 1


def test_retries_can_be_hurried(hooked, receiver):
    """For demonstrations that do not move the clock."""
    hooked.running.post("/_sandbox/webhook", {"retry_scale": 0.0001})
    receiver.status = 500
    order(hooked, event="follow")
    assert len(receiver.wait_for(6)) == 6


@pytest.mark.parametrize(
    ("sign", "is_good"), [("good", True), ("bare", True), ("none", False), ("wrong", False), ("hmac", False)]
)
def test_signatures_can_be_wrong_on_order(hooked, receiver, sign, is_good):
    """A receiver has to refuse each of the bad ones."""
    order(hooked, event="user_send_text", sign=sign)
    (event,) = receiver.wait_for(1)
    assert good(hooked, event) is is_good
    assert ("X-ZEvent-Signature" in event.headers) == (sign != "none")


def test_escaped_bodies_are_signed_as_they_are(hooked, receiver):
    """The same value in other bytes."""
    order(hooked, event="user_send_text", text="chào", escape=True)
    (event,) = receiver.wait_for(1)
    assert b"ch\\u00e0o" in event.raw
    assert good(hooked, event)


def test_duplicates_are_the_same_bytes(hooked, receiver):
    """Retries look like this."""
    answer = order(hooked, event="user_send_text", duplicate=2)
    assert answer["sent"][0]["statuses"] == [200, 200, 200]
    assert len({event.raw for event in receiver.wait_for(3)}) == 1


def test_many_events_are_many_people(hooked, receiver):
    """Each follow of a load test is a new follower."""
    order(hooked, event="follow", count=50)
    followers = {event.body["follower"]["id"] for event in receiver.wait_for(50)}
    assert len(followers) == 50
    assert hooked.get("/v2.0/oa/getoa")["data"]["num_follower"] == 55


def test_any_body_can_be_sent(hooked, receiver):
    """Unknown shapes, and bytes that are no JSON."""
    body = {"app_id": "1", "x": [1], "timestamp": "5"}
    order(hooked, raw=body)
    order(hooked, raw_text='{"cut')
    delivered = receiver.wait_for(2)
    assert json.loads(delivered[0].raw) == body
    assert delivered[1].raw == b'{"cut'


KINDS = ["text", "image", "gif", "link", "audio", "video", "sticker", "location", "business_card", "file"]


@pytest.mark.parametrize("kind", KINDS)
def test_people_can_send_everything(hooked, receiver, user, kind):
    """Each kind has its event, and counts as an interaction."""
    hooked.person(user_id=user["user_id"], last_interaction=0)
    order(hooked, event=f"user_send_{kind}", user_id=user["user_id"])
    (event,) = receiver.wait_for(1)
    assert event.body["sender"] == {"id": user["user_id"]}
    assert event.body["recipient"] == {"id": hooked.oa_id}
    assert ("text" if kind == "text" else "attachments") in event.body["message"]
    assert hooked.say(user["user_id"], {"text": "a"})["error"] == 0


def test_staff_can_write_in_zalos_own_chat(hooked, receiver, user):
    """Then the sender has an admin_id."""
    order(hooked, event="oa_send_text", user_id=user["user_id"], admin_id="7700", text="dạ")
    (event,) = receiver.wait_for(1)
    assert event.body["sender"] == {"id": hooked.oa_id, "admin_id": "7700"}


@pytest.mark.parametrize("shape", ["old", "new"])
def test_shared_information_has_two_shapes(hooked, receiver, user, shape):
    """Both are also found by user/detail afterwards."""
    order(hooked, event="user_submit_info", user_id=user["user_id"], shape=shape)
    (event,) = receiver.wait_for(1)
    assert ("full_address" in event.body["info"]) == (shape == "new")
    shared = hooked.get("/v3.0/oa/user/detail", {"user_id": user["user_id"]})["data"]["shared_info"]
    assert shared["phone"] == user["phone"]


def test_follow_and_unfollow_change_the_follower_list(hooked, receiver):
    """The state and the event agree."""
    order(hooked, event="follow", user_id="6100")
    detail = hooked.get("/v3.0/oa/user/detail", {"user_id": "6100"})["data"]
    assert detail["user_is_follower"] is True
    order(hooked, event="unfollow", user_id="6100")
    detail = hooked.get("/v3.0/oa/user/detail", {"user_id": "6100"})["data"]
    assert detail["user_is_follower"] is False
    follow, unfollow = receiver.wait_for(2)
    keys = ["oa_id", "follower", "user_id_by_app", "event_name", "source", "app_id", "timestamp"]
    assert list(follow.body) == keys
    assert unfollow.body["source"] == "unfollow"


def test_zalo_can_change_templates_and_quota(hooked, receiver):
    """The API shows what the event said."""
    order(hooked, event="change_template_status", template_id="300111", new_status="DISABLE", reason="thấp")
    order(hooked, event="change_template_quality", template_id="300112", quality="LOW")
    order(hooked, event="change_oa_daily_quota", new_value=7)
    assert len(receiver.wait_for(3)) == 3
    assert hooked.zns()["error"] == -146
    assert hooked.zns_get("/template/info/v2?template_id=300112")["data"]["templateQuality"] == "LOW"
    assert hooked.zns_get("/message/quota")["data"]["dailyQuota"] == 7


def test_the_consoles_test_button_speaks_for_another_oa(hooked, receiver):
    """A receiver must answer 200 although it does not know that OA."""
    order(hooked, event="console_test")
    (event,) = receiver.wait_for(1)
    assert event.body["recipient"]["id"] == "579745863508352884"
    assert good(hooked, event)


def test_options_shape_the_event(hooked, receiver):
    """Things seen in recordings: no app-wide id, a reorder id, a number as time, a time of choice."""
    order(
        hooked,
        event="user_send_text",
        omit_user_id_by_app=True,
        reorder_id=True,
        timestamp_number=True,
        at=1767225600123,
    )
    (event,) = receiver.wait_for(1)
    assert event.body["timestamp"] == 1767225600123
    assert "user_id_by_app" not in event.body
    assert event.body["reorder_id"].isdigit()
    assert good(hooked, event)


def test_an_oa_with_two_apps_tells_both_each_with_its_own_signature(hooked, receiver, user):
    """Same event, own app id, own ids of people, own secret; one that is named is told alone, granted or not."""
    second = hooked.running.post("/_sandbox/apps", {})
    order(hooked, event="user_send_text", text="before")
    assert len(receiver.wait_for(1)) == 1
    hooked.running.post("/_sandbox/tokens/issue", {"app_id": second["app_id"]})
    order(hooked, event="user_send_text", text="after")
    first, other = receiver.wait_for(3)[1:]
    if first.body["app_id"] == second["app_id"]:
        first, other = other, first
    assert good(hooked, first)
    mac = other.headers.get("X-ZEvent-Signature")
    assert verify(other.raw, mac, second["app_id"], [second["webhook_secret"]]) == 0
    assert other.body["message"] == first.body["message"]
    assert other.body["user_id_by_app"] != first.body["user_id_by_app"]
    order(hooked, event="permission_revoked", app_id=second["app_id"])
    order(hooked, event="user_send_text", text="later")
    *_, revoked, later = receiver.wait_for(5)
    assert (revoked.body["event_name"], revoked.body["app_id"]) == ("permission_revoked", second["app_id"])
    assert later.body["app_id"] == hooked.running.ready["app_id"]
