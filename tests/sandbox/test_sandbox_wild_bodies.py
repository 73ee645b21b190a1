"""Whatever stands in a body, Zalo's hosts answer HTTP 200 with a number, and the controls 200 or 400."""

import json

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.zalo_side.documents import TRANSACTIONS

NAMES = ("recipient", "user_id", "message", "text", "attachment", "type", "payload", "template_type", "elements")
MORE = ("content", "key", "value", "buttons", "title", "url", "media_type", "attachment_id", "template_id", "style")
WORDS = ("template", "promotion", "media", "image", "file", "table", "text", "header", "banner", *TRANSACTIONS)
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(WORDS)
KEYS = st.sampled_from((*NAMES, *MORE)) | st.text(max_size=5)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
ELEMENTS = st.lists(st.fixed_dictionaries({"type": st.sampled_from(WORDS), "content": TREES}), max_size=4)
PAYLOADS = st.fixed_dictionaries({"template_type": st.sampled_from(WORDS), "elements": ELEMENTS, "buttons": TREES})
SENDS = ("cs", "promotion", "transaction", "template")
WILD = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def post(app, path, body):
    with httpx.Client(trust_env=False) as client:
        return client.post(app.running.base + path, content=json.dumps(body).encode(), headers=app.headers)


@pytest.mark.parametrize("kind", SENDS)
@given(message=TREES, payload=PAYLOADS)
@WILD
def test_no_message_breaks_the_host(app, user, kind, message, payload):
    """A whole tree at the message's place, or one that is right as far as the payload."""
    app.oa(old_messages="alive", rate=1_000_000)
    deep = {"attachment": {"type": "template", "payload": payload}, "text": "x"}
    for body in ({"recipient": {"user_id": user["user_id"]}, "message": each} for each in (message, deep)):
        answer = post(app, f"/openapi/v3.0/oa/message/{kind}", {**body, "user_id": user["user_id"]})
        assert answer.status_code == 200
        assert isinstance(answer.json()["error"], int)


NAMED = (
    "event",
    "params",
    "assets",
    "count",
    "data",
    "body",
    "buttons",
    "timeout",
    "msg_id",
    "user_id",
    "tags",
    "info",
)
CONTROLS = ("templates", "templates/300111", "reports", "answer_form", "tap", "oas/all", "events", "users")


@pytest.mark.parametrize("path", CONTROLS)
@given(order=st.dictionaries(st.sampled_from(NAMED) | KEYS, TREES))
@WILD
def test_no_order_breaks_the_controls(app, path, order):
    """A wrong order is 400 with its reason."""
    answer = post(app, f"/_sandbox/{path}", {"template_id": "300111", "event": "user_send_image", **order})
    assert answer.status_code in (200, 400), answer.text
    assert answer.status_code == 200 or answer.json()["error"]
