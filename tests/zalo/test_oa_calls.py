"""The OA API: requests as Zalo wants them, answers in every shape seen."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from zalo_wire import Request, asking

from zalo import messages, oa
from zalo.client import Zalo
from zalo.errors import PerhapsSent


def ok(data: Any) -> dict[str, Any]:
    return {"data": data, "error": 0, "message": "Success"}


def data_of(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parse_qs(urlsplit(request.target).query)["data"][0])
    return found


PROFILE = {
    "oa_id": "1909960308246281948",
    "name": "Cửa hàng Ví Dụ",
    "description": "mô tả",
    "is_verified": True,
    "num_follower": 4321,
    "avatar": "https://s160-ava-talk.zadn.vn/x.jpg",
    "package_name": "Tăng trưởng",
    "package_valid_through_date": "31/12/2026",
    "linked_ZCA": "zca-1",
}


def test_a_profile_is_read() -> None:
    """All fields the readiness list needs."""
    profile, request = asking(ok(PROFILE), lambda zalo: oa.get_profile(zalo, "t"))
    assert request.line == "GET /v2.0/oa/getoa HTTP/1.1"
    assert (profile.oa_id, profile.name, profile.num_follower) == ("1909960308246281948", "Cửa hàng Ví Dụ", 4321)
    assert profile.package_valid_through == date(2026, 12, 31)
    assert profile.linked_zca == "zca-1"
    assert profile.raw == PROFILE


def test_a_profile_in_its_other_spellings_is_read() -> None:
    """Sources disagree on `oa_id` and `linked_ZCA`; numbers and text mix."""
    other = {"oaid": 1909960308246281948, "linked_zca": "zca-2", "num_follower": "7", "package_valid_through_date": ""}
    profile, _ = asking(ok(other), lambda zalo: oa.get_profile(zalo, "t"))
    assert (profile.oa_id, profile.linked_zca, profile.num_follower) == ("1909960308246281948", "zca-2", 7)
    assert profile.package_valid_through is None
    assert (profile.name, profile.is_verified) == ("", False)


@pytest.mark.parametrize("data", [None, [], "text", 5, {"oa_id": {}, "name": [], "is_verified": "maybe"}])
def test_a_profile_of_no_known_shape_is_empty(data: Any) -> None:
    """Wild types are tolerated; the caller sees that no id came."""
    profile, _ = asking(ok(data), lambda zalo: oa.get_profile(zalo, "t"))
    assert profile.oa_id is None


def test_users_are_listed_with_every_filter_in_one_data_value() -> None:
    """`is_follower` is text, as in Zalo's samples."""
    body = ok({"total": 6, "count": 50, "offset": 0, "users": [{"user_id": "42"}, {"user_id": 43}, {}, None]})
    page, request = asking(
        body,
        lambda zalo: oa.list_users(zalo, "t", offset=50, tag_name="vip", period="L7D", is_follower=True),
    )
    assert (page.total, page.user_ids) == (6, ("42", "43"))
    assert data_of(request) == {
        "offset": 50,
        "count": 50,
        "tag_name": "vip",
        "last_interaction_period": "L7D",
        "is_follower": "true",
    }


@pytest.mark.parametrize("data", [None, {}, {"users": []}, {"total": None, "users": []}, {"total": "many"}])
def test_a_list_without_a_total_is_no_empty_list(data: Any) -> None:
    """Else a broken answer would look as if everybody had unfollowed."""

    async def use(zalo: Zalo) -> None:
        with pytest.raises(PerhapsSent):
            await oa.list_users(zalo, "t", offset=0)

    asking(ok(data), use)


def test_filters_that_are_not_asked_for_are_not_sent() -> None:
    """An empty filter is another question."""
    _, request = asking(ok({"total": 0, "users": []}), lambda zalo: oa.list_users(zalo, "t", offset=0))
    assert data_of(request) == {"offset": 0, "count": 50}


def test_a_user_is_read() -> None:
    """Tags, notes, shared info and the day of the last interaction."""
    data = {
        "user_id": "4219935181909378657",
        "user_id_by_app": "4975432319487574911",
        "display_name": "Anh Ví Dụ",
        "user_alias": "",
        "is_sensitive": False,
        "user_last_interaction_date": "06/07/2026",
        "user_is_follower": True,
        "avatar": "https://a/1.jpg",
        "tags_and_notes_info": {"notes": ["ghi chú"], "tag_names": ["vip"]},
        "shared_info": {"name": "Anh", "phone": 84901234567, "city": "Hà Nội"},
    }
    user, request = asking(ok(data), lambda zalo: oa.get_user(zalo, "t", "4219935181909378657"))
    assert data_of(request) == {"user_id": "4219935181909378657"}
    assert (user.display_name, user.alias, user.is_follower) == ("Anh Ví Dụ", None, True)
    assert user.last_interaction_date == date(2026, 7, 6)
    assert (user.tag_names, user.notes) == (("vip",), ("ghi chú",))
    assert (user.shared_info.phone, user.shared_info.city) == ("84901234567", "Hà Nội")


@pytest.mark.parametrize(("given", "expected"), [("true", True), ("false", False), (None, None), (7, None)])
def test_whether_somebody_follows_may_be_unknown(given: object, expected: bool | None) -> None:
    """Unknown is not no."""
    user, _ = asking(ok({"user_is_follower": given}), lambda zalo: oa.get_user(zalo, "t", "42"))
    assert (user.user_id, user.is_follower) == ("42", expected)


def test_text_from_zalo_can_be_stored() -> None:
    """NUL and lone surrogates are replaced before anything reaches a database."""
    body = b'{"error":0,"data":{"display_name":"A\\u0000B\\ud800C"}}'
    user, _ = asking(body, lambda zalo: oa.get_user(zalo, "t", "42"))
    assert user.display_name == "A\ufffdB\ufffdC"


def test_a_message_is_sent_to_the_consultation_endpoint() -> None:
    """The body is what the builder made; times come as text."""
    data = {
        "message_id": "bc74254770f58904dba4",
        "user_id": "42",
        "sent_time": "1767225600123",
        "quota": {"quota_type": "reply", "remain": "8", "total": "8"},
    }
    sent, request = asking(ok(data), lambda zalo: oa.send_message(zalo, "t", messages.text("42", "Xin chào")))
    assert request.line == "POST /v3.0/oa/message/cs HTTP/1.1"
    assert json.loads(request.body) == {"recipient": {"user_id": "42"}, "message": {"text": "Xin chào"}}
    assert sent.message_id == "bc74254770f58904dba4"
    assert sent.sent_at == datetime(2026, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
    assert sent.quota == {"quota_type": "reply", "remain": "8", "total": "8"}


@pytest.mark.parametrize("data", [None, {}, [], {"message_id": ""}])
def test_success_without_a_message_id_is_an_unknown_outcome(data: Any) -> None:
    """Zalo said yes: it must not be sent again."""
    with pytest.raises(PerhapsSent):
        asking(ok(data), lambda zalo: oa.send_message(zalo, "t", {}))


@pytest.mark.parametrize(
    ("send", "path"),
    [
        (oa.send_template, "/v3.0/oa/message/template"),
        (oa.send_promotion, "/v3.0/oa/message/promotion"),
        (oa.send_transaction, "/v3.0/oa/message/transaction"),
    ],
)
def test_every_other_message_has_an_address_of_its_own(send: Any, path: str) -> None:
    """The two older ones stand beside the template that replaced them."""
    body = messages.template("42", "123456", {"customer": "Lan"})
    sent, request = asking(ok({"message_id": "d7c6", "sent_time": "1767225600123"}), lambda zalo: send(zalo, "t", body))
    assert (request.line, json.loads(request.body)) == (f"POST {path} HTTP/1.1", body)
    assert (sent.message_id, sent.sent_at) == ("d7c6", datetime(2026, 1, 1, 0, 0, 0, 123000, tzinfo=UTC))


def test_the_time_of_a_template_may_stand_outside_data() -> None:
    """Sources disagree; both places are read."""
    answer = json.dumps({"error": 0, "message": "Success", "data": {"message_id": "d7"}, "sent_time": "1767225600123"})
    sent, _ = asking(answer.encode(), lambda zalo: oa.send_template(zalo, "t", {}))
    assert sent.sent_at == datetime(2026, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)


def test_an_image_is_uploaded_as_one_part_named_file() -> None:
    """Multipart with length, name and type; over a megabyte too."""
    content = bytes(range(256)) * 8192
    handle, request = asking(
        ok({"attachment_id": "abc"}), lambda zalo: oa.upload_image(zalo, "t", "a.png", content, "image/png")
    )
    assert handle == "abc"
    assert request.line == "POST /v2.0/oa/upload/image HTTP/1.1"
    assert b'name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' in request.body
    assert content in request.body


def test_a_file_upload_answers_a_token() -> None:
    """Files have another key than images."""
    handle, request = asking(
        ok({"token": "tok"}), lambda zalo: oa.upload_file(zalo, "t", "a.pdf", b"%PDF", "application/pdf")
    )
    assert (handle, urlsplit(request.target).path) == ("tok", "/v2.0/oa/upload/file")


def test_a_gif_has_its_own_endpoint() -> None:
    """Gifs uploaded as images are refused."""
    _, request = asking(
        ok({"attachment_id": "g"}), lambda zalo: oa.upload_gif(zalo, "t", "a.gif", b"GIF89a", "image/gif")
    )
    assert urlsplit(request.target).path == "/v2.0/oa/upload/gif"


def test_an_upload_without_a_handle_is_an_unknown_outcome() -> None:
    """Nothing to send by."""
    with pytest.raises(PerhapsSent):
        asking(ok({}), lambda zalo: oa.upload_gif(zalo, "t", "a.gif", b"GIF89a", "image/gif"))


def test_tags_are_a_bare_array() -> None:
    """The one answer whose data is a list of names."""
    tags, _ = asking(ok(["vip", "Q1", None]), lambda zalo: oa.list_tags(zalo, "t"))
    assert tags == ["vip", "Q1"]


def test_the_quota_of_a_user_is_asked_by_post() -> None:
    """All its parts are optional."""
    found, request = asking(ok({"last_interaction": "1690184100000"}), lambda zalo: oa.message_quota(zalo, "t", "42"))
    assert request.line == "POST /v3.0/oa/quota/message HTTP/1.1"
    assert found == {"last_interaction": "1690184100000"}
