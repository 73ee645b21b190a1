"""Webhook events: every known shape, and everything else."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zalo.events import Event, NotAnEvent, parse

APP, OA, USER = "4101110220330440550", "2902001003004005006", "6503004005006007008"
NOW = 1767225700000


def event(body: dict[str, Any] | str, **options: Any) -> Event:
    raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return parse(raw.encode("utf-8", "surrogatepass"), NOW, **options)


def message(name: str, sender: str, recipient: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "event_name": name,
        "app_id": APP,
        "sender": {"id": sender},
        "recipient": {"id": recipient},
        "message": content,
        "timestamp": "1767225600123",
        "user_id_by_app": "8104005006007008009",
        **more,
    }


def inbound(name: str = "user_send_text", **content: Any) -> dict[str, Any]:
    return message(name, USER, OA, {"msg_id": "a1b2c3d4e5f60718293a", **content})


def test_a_text_is_read_whole() -> None:
    """The most frequent event."""
    found = event(inbound(text="Xin chào", quote_msg_id="ffee00112233445566aa"))
    assert (found.name, found.app_id, found.oa_id, found.user_id) == ("user_send_text", APP, OA, USER)
    assert (found.text, found.msg_id, found.at) == ("Xin chào", "a1b2c3d4e5f60718293a", 1767225600123)
    assert (found.quote_msg_id, found.user_id_by_app) == ("ffee00112233445566aa", "8104005006007008009")
    assert not found.is_zns


@pytest.mark.parametrize("kind", ["text", "image", "link", "audio", "video", "sticker", "gif", "location", "file"])
def test_whoever_writes_to_the_oa_is_the_sender(kind: str) -> None:
    """Every user_send event, also ones that Zalo may add."""
    found = event(inbound(f"user_send_{kind}"))
    assert (found.oa_id, found.user_id) == (OA, USER)


@pytest.mark.parametrize(
    ("name", "staff"), [("oa_send_text", "7700800900100200300"), ("oa_send_image", None), ("oa_send_template", None)]
)
def test_an_echo_names_the_recipient_and_the_human_who_wrote(name: str, staff: str | None) -> None:
    """Only what people typed in Zalo's own tool has an admin id."""
    body = message(name, OA, USER, {"msg_id": "c1"})
    if staff:
        body["sender"]["admin_id"] = staff
    found = event(body)
    assert (found.oa_id, found.user_id, found.admin_id) == (OA, USER, staff)


def test_a_seen_receipt_has_several_messages() -> None:
    """`msg_ids` instead of `msg_id`, and the OA as sender."""
    found = event(message("user_seen_message", OA, USER, {"msg_ids": ["c1", "c2"]}))
    assert (found.oa_id, found.user_id, found.msg_ids, found.msg_id) == (OA, USER, ("c1", "c2"), None)


def test_a_chat_receipt_is_not_a_zns_receipt() -> None:
    """They share their name."""
    found = event(message("user_received_message", OA, USER, {"msg_id": "c1"}))
    assert (found.oa_id, found.user_id, found.is_zns, found.phone) == (OA, USER, False, None)


ZNS_RECEIPT = {"delivery_time": "1767225621000", "msg_id": "e1", "tracking_id": "order1"}


@pytest.mark.parametrize(
    ("recipient", "content", "server", "phone"),
    [
        ("84900000000", ZNS_RECEIPT, "ZNS", "84900000000"),
        ("84900000000", {"msg_id": "e1"}, None, "84900000000"),
        ("f0" * 32, {"msg_id": "e1"}, None, None),
        (USER, {"msg_id": "e1", "tracking_id": "order1"}, None, None),
        (USER, {"msg_id": "e1"}, " zns ", None),
    ],
)
def test_a_zns_receipt_is_told_by_header_tracking_id_or_phone(
    recipient: str, content: dict[str, Any], server: str | None, phone: str | None
) -> None:
    """And its recipient never counts as a user of the OA."""
    found = event(message("user_received_message", OA, recipient, content), server=server)
    assert (found.is_zns, found.oa_id, found.user_id, found.phone) == (True, OA, None, phone)


def test_a_zns_receipt_says_when_and_what() -> None:
    """The tracking id settles unknown outcomes; the delivery time decides whether it costs."""
    found = event(message("user_received_message", OA, "84900000000", ZNS_RECEIPT))
    assert (found.tracking_id, found.delivery_at, found.msg_id) == ("order1", 1767225621000, "e1")


def test_follow_has_its_own_shape() -> None:
    """The OA at the top, the user as follower."""
    body = {"oa_id": OA, "follower": {"id": USER}, "event_name": "follow", "source": "oa_profile", "app_id": APP}
    found = event({**body, "timestamp": "1767225600126"})
    assert (found.oa_id, found.user_id, found.source, found.at) == (OA, USER, "oa_profile", 1767225600126)


def test_tags_name_several_people() -> None:
    """No single user."""
    body = {"oa_id": OA, "event_name": "add_user_to_tag", "tag": {"user_ids": [USER, 7], "name": "vip"}}
    found = event(body)
    assert (found.tag_name, found.tag_user_ids, found.user_id) == ("vip", (USER, "7"), None)
    assert event({**body, "tag": None}).tag_user_ids == ()


def test_shared_info_in_its_old_shape() -> None:
    """Flat, with district and ward."""
    info = {"address": "1 Main St", "phone": "0900000000", "city": "HCM", "district": "Q1", "name": "A", "ward": "BN"}
    found = event({**message("user_submit_info", USER, OA, {}), "info": info})
    assert found.info is not None
    assert (found.info.phone, found.info.address, found.info.district) == ("84900000000", "1 Main St", "Q1")
    assert (found.oa_id, found.user_id) == (OA, USER)


def test_shared_info_in_its_new_shape() -> None:
    """Nested address, birthday and gender; the phone may be a bare number."""
    info = {
        "name": "Nguyễn Văn A",
        "phone": 84900000000,
        "user_dob": "30/10/1999",
        "gender": "Nam",
        "full_address": {"user_city": "HCM", "user_ward": "Tân Thuận", "user_address": "Đường 13"},
    }
    found = event({**message("user_submit_info", USER, OA, {}), "info": info}).info
    assert found is not None
    assert (found.phone, found.birthday, found.gender) == ("84900000000", date(1999, 10, 30), "Nam")
    assert (found.city, found.ward, found.address, found.district) == ("HCM", "Tân Thuận", "Đường 13", None)


@pytest.mark.parametrize("phone", ["012345688", "", None, [], True, "+12025550123"])
def test_a_shared_phone_that_is_no_mobile_number_is_left_out(phone: object) -> None:
    """The console's Test button sends such a one."""
    found = event({"event_name": "user_submit_info", "info": {"phone": phone, "user_dob": "99/99/1999"}}).info
    assert found is not None
    assert (found.phone, found.birthday) == (None, None)


def test_what_people_told_is_not_in_reprs() -> None:
    """Events are logged when something goes wrong."""
    found = event({**inbound(text="bí mật"), "info": {"phone": "0901234567"}})
    assert not [word for word in ("bí mật", "4567", USER) if word in repr(found) + repr(found.info)]


@pytest.mark.parametrize("name", ["user_send_group_text", "oa_send_group_text"])
def test_a_group_is_never_a_user(name: str) -> None:
    """In groups the OA stands at the top and the recipient is the group."""
    sender = USER if name.startswith("user") else OA
    found = event({**message(name, sender, "g-f00d", {"msg_id": "ab"}), "oa_id": OA})
    assert (found.oa_id, found.user_id) == (OA, USER if name.startswith("user") else None)


@pytest.mark.parametrize(
    ("name", "sender", "recipient"),
    [("anonymous_send_text", "a1-anon", OA), ("oa_send_anonymous_text", OA, "a1-anon")],
)
def test_an_anonymous_visitor_is_never_a_user(name: str, sender: str, recipient: str) -> None:
    """They have no id to send to."""
    found = event(message(name, sender, recipient, {"msg_id": "d1"}))
    assert (found.oa_id, found.user_id) == (OA, None)


@pytest.mark.parametrize(
    ("body", "oa_id", "user_id"),
    [
        ({"event_name": "change_oa_daily_quota", "oaId": OA}, OA, None),
        ({"event_name": "oa_send_consent", "oa_id": OA, "phone": "84900000000"}, OA, None),
        ({"event_name": "user_click_chatnow", "oa_id": OA, "user_id": USER}, OA, USER),
        ({"event_name": "update_user_info", "oa_id": OA, "data": {"user_id": USER}}, OA, USER),
        ({"event_name": "shop_has_order", "oa_id": OA, "customer": {"id": USER}}, OA, USER),
        ({"event_name": "user_reacted_message", "sender": {"id": USER}, "recipient": {"id": OA}}, OA, USER),
        ({"event_name": "oa_reacted_message", "sender": {"id": OA}, "recipient": {"id": USER}}, OA, USER),
        ({"event_name": "something_new", "sender": {"id": USER}}, None, None),
        ({"event_name": "event_journey_time_out", "appId": APP, "oaId": OA}, OA, None),
    ],
)
def test_who_the_oa_and_the_user_are(body: dict[str, Any], oa_id: str | None, user_id: str | None) -> None:
    """By family, with the top level first."""
    found = event(body)
    assert (found.oa_id, found.user_id) == (oa_id, user_id)


def test_feedback_has_its_message_at_the_top_or_inside() -> None:
    """Both belong to ZNS and name no user."""
    click = event({"event_name": "user_click_response_button", "oa_id": OA, "msg_id": "e1", "message": {}})
    rating = event({"event_name": "user_feedback", "oa_id": OA, "message": {"msg_id": "e1", "tracking_id": "t1"}})
    assert (click.msg_id, click.is_zns) == ("e1", True)
    assert (rating.msg_id, rating.tracking_id, rating.is_zns) == ("e1", "t1", True)


def test_attachments_are_read() -> None:
    """Files, places and contacts; what is no object is dropped."""
    attachments = [
        {"payload": {"size": "2269262", "name": "offer.pdf", "type": "pdf", "url": "https://f/1"}, "type": "file"},
        {"payload": {"coordinates": {"latitude": "10.79", "longitude": 106.78}}, "type": "location"},
        {"payload": {"thumbnail": "", "url": "https://i/1.jpg"}, "type": "image"},
        "wild",
        {},
    ]
    file, place, image, nothing = event(inbound(attachments=attachments)).attachments
    assert (file.kind, file.name, file.size, file.url) == ("file", "offer.pdf", 2269262, "https://f/1")
    assert (place.kind, place.latitude, place.longitude) == ("location", "10.79", "106.78")
    assert (image.url, image.thumbnail, nothing.kind) == ("https://i/1.jpg", None, "unknown")


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("1767225600123", 1767225600123),
        (1767225600123, 1767225600123),
        (str(NOW + 600_000), NOW + 600_000),
        (str(NOW + 600_001), NOW),
        ("17672256001", NOW),  # an 11-digit typo as in Zalo's samples
        (None, NOW),
        ("soon", NOW),
        (True, NOW),
        ("9" * 5000, NOW),
        (-5, NOW),
        (float("inf"), NOW),
    ],
)
def test_the_time_of_an_event(timestamp: object, expected: int) -> None:
    """Its own, unless that is missing, nonsense or over ten minutes ahead."""
    assert event({"event_name": "follow", "timestamp": timestamp}).at == expected


def test_text_is_made_storable() -> None:
    """NUL and lone surrogates; a proper pair stays one character."""
    found = event('{"event_name":"user_send_text","message":{"text":"a\\u0000b\\ud800c\\ud83c\\udf81"}}')
    assert found.text == "a\ufffdb\ufffdc🎁"


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"1", b"{", b"\xff\xfe", b"[" * 200_000, b'{"a":' * 200_000])
def test_what_is_no_json_object_is_no_event(raw: bytes) -> None:
    """The only thing that is refused."""
    with pytest.raises(NotAnEvent):
        parse(raw, NOW)


def key(body: dict[str, Any]) -> str:
    return event(body).dedupe_key


def test_one_message_through_two_apps_is_one_event() -> None:
    """An OA may have granted two apps; both tell."""
    assert key(inbound()) == key({**inbound(), "app_id": "999", "user_id_by_app": "5", "timestamp": "1767225600999"})


def test_the_consoles_test_button_can_be_pressed_twice() -> None:
    """Its message id never changes."""
    first = inbound(msg_id="This is message id")
    assert key(first) != key({**first, "timestamp": "1767225600999"})
    assert key(first) == key(dict(first))


def test_one_message_id_in_several_events_is_several_events() -> None:
    """The echo, the receipts of two people and a reaction all name it."""
    bodies = [
        message("oa_send_text", OA, USER, {"msg_id": "c1"}),
        message("user_received_message", OA, USER, {"msg_id": "c1"}),
        message("user_received_message", OA, "77", {"msg_id": "c1"}),
        message("user_seen_message", OA, USER, {"msg_ids": ["c1"]}),
        message("user_reacted_message", USER, OA, {"msg_id": "c1", "react_icon": "/-heart"}),
        message("user_reacted_message", USER, OA, {"msg_id": "c1", "react_icon": "/-strong"}),
        message("user_feedback", USER, OA, {"msg_id": "c1"}),
    ]
    assert len({key(body) for body in bodies}) == len(bodies)


def test_seen_messages_are_the_same_in_any_order() -> None:
    """A set of ids, however many."""
    ids = [f"{n:020x}" for n in range(50)]
    first = message("user_seen_message", OA, USER, {"msg_ids": ids})
    assert key(first) == key(message("user_seen_message", OA, USER, {"msg_ids": ids[::-1]}))
    assert key(first) != key(message("user_seen_message", OA, USER, {"msg_ids": ids[1:]}))
    assert len(key(first)) <= 200


def test_following_again_is_a_new_event() -> None:
    """Told apart by time."""
    body = {"event_name": "follow", "oa_id": OA, "follower": {"id": USER}, "app_id": APP, "timestamp": "1"}
    assert key(body) != key({**body, "timestamp": "2"})
    assert key(body) != key({**body, "event_name": "unfollow"})
    assert key(body) == key({**body, "app_id": "999"})


def test_two_tags_in_one_millisecond_are_two_events() -> None:
    """So are two people."""
    body = {"event_name": "add_user_to_tag", "oa_id": OA, "timestamp": "1"}
    tags = [{"name": "a", "user_ids": ["1"]}, {"name": "b", "user_ids": ["1"]}, {"name": "a", "user_ids": ["2"]}]
    assert len({key({**body, "tag": tag}) for tag in [*tags, {"name": "a"}]}) == 4


def test_parts_that_hold_the_separator_do_not_run_together() -> None:
    """Two different events never share a key by their punctuation."""
    first = message("user_received_message", OA, "b", {"msg_id": "a|b"})
    second = message("user_received_message", OA, "b|b", {"msg_id": "a"})
    assert key(first) != key(second)


def test_an_event_of_no_known_shape_is_known_by_its_bytes() -> None:
    """Retries are byte-identical."""
    assert key({"event_name": "user_send_text"}).startswith("raw:")
    assert key({"x": 1}) == key({"x": 1}) != key({"x": 2})


NAMES = st.sampled_from(
    [
        "user_send_text",
        "oa_send_text",
        "oa_send_group_text",
        "anonymous_send_text",
        "user_received_message",
        "user_seen_message",
        "user_reacted_message",
        "follow",
        "add_user_to_tag",
        "user_submit_info",
        "user_feedback",
        "something_new",
    ]
)
TEXT = st.text(st.characters(exclude_categories=[]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEYS = ["event_name", "app_id", "oa_id", "timestamp", "message", "sender", "recipient", "follower", "tag", "info"]
INNER = ["id", "msg_id", "msg_ids", "text", "attachments", "user_ids", "name", "phone", "full_address", "admin_id"]
OBJECT = st.dictionaries(st.sampled_from(INNER), JSON, max_size=6)
BODY = st.dictionaries(st.sampled_from(KEYS), JSON | OBJECT, max_size=8)


def _storable(value: str | None) -> bool:
    return value is None or (isinstance(value, str) and "\0" not in value and value.encode("utf-8") != b"")


@settings(max_examples=200)
@given(BODY, NAMES | JSON)
def test_any_shape_gives_an_event_that_can_be_stored(body: dict[str, Any], name: Any) -> None:
    """Nothing is raised, ids are text, the key is short and the same every time."""
    raw = json.dumps({**body, "event_name": name}).encode()
    found = parse(raw, NOW)
    texts = [found.name or "-", found.app_id, found.oa_id, found.user_id, found.msg_id, found.admin_id]
    texts += [found.text, found.tag_name, found.dedupe_key, *found.msg_ids, *found.tag_user_ids]
    assert all(_storable(text) for text in texts)
    assert 0 < len(found.dedupe_key) <= 200
    assert found.dedupe_key == parse(raw, NOW + 1_000_000).dedupe_key
    assert isinstance(found.at, int)


@settings(max_examples=100)
@given(st.binary(max_size=100))
def test_any_bytes_give_an_event_or_not_an_event(raw: bytes) -> None:
    """And nothing else."""
    try:
        parse(raw, NOW)
    except NotAnEvent:
        return
    assert raw.strip(b" \t\r\n\xef\xbb\xbf").startswith(b"{")
