"""Faults, the clock and the other controls of the sandbox."""

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.zalo_side.clock import SandboxClock
from sandbox.zalo_side.people import SPECIAL_ENDINGS, phone_number
from zalo.phone import normalise


def fault(app, kind, **order):
    return app.running.post("/_sandbox/faults", {"match": "/business/message/template", "kind": kind, **order})


def send(app):
    """A ZNS by a plain HTTP client, which shows how the connection ends."""
    known = app.running.ready["templates"][0]
    body = {"phone": "84912340007", "template_id": known["template_id"], "template_data": known["sample"]}
    with httpx.Client(trust_env=False, timeout=10) as client:
        return client.post(app.running.base + "/business/message/template", json=body, headers=app.headers)


def accepted(app):
    return len(app.running.messages())


def test_a_lost_answer_takes_effect(app):
    """The message goes out and the caller never learns it."""
    fault(app, "lost_answer")
    with pytest.raises(httpx.RemoteProtocolError):
        send(app)
    assert accepted(app) == 1
    assert send(app).json()["error"] == 0


def test_a_lost_request_takes_no_effect(app):
    """To the caller it looks the same."""
    fault(app, "lost_request")
    with pytest.raises(httpx.RemoteProtocolError):
        send(app)
    assert accepted(app) == 0


def test_a_gateway_page_is_html_with_502(app):
    """Whether anything happened behind it can be ordered."""
    fault(app, "http_502", processed=True)
    answer = send(app)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    assert accepted(app) == 1
    fault(app, "http_502")
    assert send(app).status_code == 502
    assert accepted(app) == 1


def test_an_error_comes_as_often_as_ordered(app):
    """Then everything is as before."""
    fault(app, "error", code=-32, times=2)
    assert [send(app).json()["error"] for _ in range(3)] == [-32, -32, 0]
    assert accepted(app) == 1


def test_a_slow_answer_has_taken_effect(app):
    """A caller that gives up is left in doubt."""
    fault(app, "slow", delay_ms=5000)
    known = app.running.ready["templates"][0]
    body = {"phone": "84912340007", "template_id": known["template_id"], "template_data": known["sample"]}
    with httpx.Client(trust_env=False, timeout=0.2) as client, pytest.raises(httpx.ReadTimeout):
        client.post(app.running.base + "/business/message/template", json=body, headers=app.headers)
    assert accepted(app) == 1


def test_an_empty_body_and_a_quoted_error(app):
    """Two oddities seen in production."""
    fault(app, "empty")
    assert (send(app).status_code, accepted(app)) == (200, 0)
    fault(app, "quoted_error")
    assert send(app).json()["error"] == "0"
    assert accepted(app) == 1


def test_faults_match_by_path_prefix_and_can_be_cleared(app):
    """With or without the part that stands for the host, and without the first slash."""
    for match in ("/openapi/v2.0/oa/getoa", "openapi/v2.0", "v2.0/oa/getoa"):
        app.running.post("/_sandbox/faults", {"match": match, "kind": "error", "times": 1})
        assert [app.get("/v2.0/oa/getoa")["error"] for _ in range(2)] == [-200, 0]
    app.running.post("/_sandbox/faults", {"match": "/v2.0/oa/getoa", "kind": "error", "times": None})
    assert app.get("/v2.0/oa/getoa")["error"] == -200
    assert app.get("/v2.0/oa/tag/gettagsofoa")["error"] == 0
    assert app.running.get("/_sandbox/faults")[0]["hits"] == 1
    app.running.delete("/_sandbox/faults")
    assert app.get("/v2.0/oa/getoa")["error"] == 0


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/faults", {"kind": "earthquake"}),
        ("/faults", {"kind": ["slow"]}),
        ("/faults", {"kind": "slow", "times": "many"}),
        ("/faults", {"kind": "slow", "times": 0}),
        ("/clock", {}),
        ("/clock", {"set": "tomorrow"}),
        ("/events", {}),
        ("/events", {"event": "follow", "oa_id": "1"}),
        ("/events", {"event": "follow", "sign": "nicely"}),
        ("/events", {"event": "follow", "count": 0}),
        ("/oas/1", {"package": "Toàn diện"}),
        ("/users", {"user_id": "1", "shoe_size": 42}),
        ("/users", {"user_id": "1", "blocked": "yes"}),
        ("/users", {"users": ["1"]}),
        ("/templates/1", {"status": "ENABLE"}),
        ("/templates/300111", {"colour": "red"}),
        ("/webhook", {"retry_on": "mondays"}),
        ("/webhook", {"url": 5}),
        ("/oas/2902001003004005006", {"rate": "fast"}),
        ("/receipts", {"enabled": 1}),
        ("/app", {"app_id": "1"}),
    ],
)
def test_wrong_orders_are_answered_with_a_reason(app, path, order):
    """HTTP 400 and one readable line, never a 500."""
    with httpx.Client(trust_env=False) as client:
        answer = client.post(app.running.base + "/_sandbox" + path, json=order)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]


def test_the_clock_advances_by_seconds_or_milliseconds(app):
    """Both units are in use around here."""
    before = app.running.post("/_sandbox/clock", {"advance_s": 0})["now_ms"]
    app.running.post("/_sandbox/clock", {"advance_s": 3600})
    assert app.running.post("/_sandbox/clock", {"advance_ms": 3_600_000})["now_ms"] >= before + 7_200_000


def test_an_event_may_be_named_as_zalo_names_it(app):
    """`event_name` is what the event itself has."""
    sent = app.running.post("/_sandbox/events", {"event_name": "follow", "wait": True})["sent"]
    assert sent[0]["body"]["event_name"] == "follow"


def test_whole_seconds_and_factors_are_numbers_too(app):
    """A 0 that JSON writes without a point is a fine factor."""
    assert app.running.post("/_sandbox/webhook", {"retry_scale": 0, "limit_s": 3})["retry_scale"] == 0
    assert app.running.post("/_sandbox/webhook", {"url": "http://127.0.0.1:9/"})["url"]
    assert app.running.post("/_sandbox/webhook", {"url": None})["url"] is None


def test_whatever_was_sent_can_be_read_back(app, user):
    """A lone surrogate is escaped, as strict readers want it; NaN is no JSON in the first place."""
    assert app.say(user["user_id"], {"text": "a\ud800b"})["error"] == 0
    with httpx.Client(trust_env=False) as client:
        raw = client.get(app.running.base + "/_sandbox/messages").content
    assert json.loads(raw.decode("utf-8", "strict"))[0]["body"]["message"]["text"] == "a\ud800b"
    with httpx.Client(trust_env=False) as client:
        answer = client.post(
            app.running.base + "/openapi/v3.0/oa/message/cs", content=b'{"recipient": NaN}', headers=app.headers
        )
    assert answer.json() == {"error": -201, "message": "body is invalid!"}


WILD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def test_a_wrong_clock_order_never_breaks_it(running):
    """Wild values are refused or understood, and the clock still tells the time."""
    with httpx.Client(trust_env=False) as client:

        @settings(max_examples=100, deadline=None)
        @given(st.sampled_from(["set", "advance_s"]), WILD | st.lists(WILD, max_size=2))
        def order(name, value):
            raw = json.dumps({name: value})
            answer = client.post(running.base + "/_sandbox/clock", content=raw)
            assert answer.status_code in (200, 400), answer.text
            assert running.get("/_sandbox/state")["clock"]["now"]

        order()


def test_messages_can_be_read_from_a_place_on(app):
    """A test reads only what is new."""
    for _ in range(3):
        app.zns()
    assert [message["index"] for message in app.running.messages(after=1)] == [2, 3]


def test_state_shows_tokens_people_templates_and_health(app):
    """One look at everything."""
    state = app.running.get("/_sandbox/state")
    (oa,) = state["oas"]
    assert oa["access_token"] == app.token
    assert oa["users"] == oa["followers"] == 5
    assert len(oa["templates"]) == 6
    assert state["webhook"]["enabled"] is True
    assert state["clock"]["now"].endswith("+07:00")


def test_moving_the_clock_back_takes_waiting_receipts_along(app):
    """A receipt is never a day away because somebody played with the clock."""
    msg_id = app.zns()["data"]["msg_id"]
    app.clock(advance_s=-86_400)
    app.clock(advance_s=1)
    assert app.zns_get(f"/message/status?message_id={msg_id}")["data"]["status"] == 1


def test_the_clock_can_go_home(app):
    """Back to the real time."""
    app.clock(set=0)
    assert app.running.get("/_sandbox/state")["clock"]["now"].startswith("1970-01-01T07")
    app.clock(reset=True)
    assert app.running.get("/_sandbox/state")["clock"]["offset_ms"] == 0


def test_the_clock_runs_on_from_where_it_was_set():
    """It is an offset, not a stop."""
    real = [1_000]
    clock = SandboxClock(lambda: real[0])
    clock.set(50_000)
    real[0] += 7
    assert clock.now_ms() == 50_007


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 1_000_000))
def test_sandbox_phones_are_valid_and_never_special(index):
    """Whoever is in the list can get a ZNS."""
    phone = phone_number(index)
    assert normalise(phone) == phone
    assert phone[-4:] not in SPECIAL_ENDINGS


def test_sample_media_can_be_fetched(app):
    """The pictures of events are real ones."""
    with httpx.Client(trust_env=False) as client:
        picture = client.get(app.running.base + "/_sandbox/media/photo.png")
    assert picture.content.startswith(b"\x89PNG")
