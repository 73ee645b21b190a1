"""Any order and any repetition of the same events gives the same end state."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inbox_events import OA, T0, chat, drain, follow, info, received, row, seen, tag

from models import ChatMessage, Contact, Follower, FollowerTag, InboxEvent, Receipt, Tag
from services import inbox

USERS = ["6000000000000000001", "6000000000000000002"]
PHONE = "84901234567"
TABLES = (Follower, FollowerTag, Tag, ChatMessage, Receipt, Contact)
# Row numbers, and the times at which rows came to us.
ARRIVAL = {"id", "created_at", "contact"}

# Few moments and people, so that events often meet.
moments = st.sampled_from([T0, T0, T0 + 1000])
users = st.sampled_from([USERS[0], USERS[0], USERS[1]])
labels = st.sampled_from(["vip", "khách quen"])
phones = st.sampled_from(["0901234567", "84912345678", "+84 93 456 78 90", "012345688", "", None])
message_ids = st.sampled_from(["a1", "b2"])


def _info(at, user, name, phone, new_shape):
    place = {"full_address": {"user_city": "Huế"}} if new_shape else {"city": "Huế"}
    return info(at, user, **{"name": name, "phone": phone, **place})


events = st.one_of(
    st.builds(follow, st.sampled_from(["follow", "unfollow"]), moments, users),
    # One message id has one content wherever it comes from: the id is made of it.
    st.builds(
        lambda name, at, user, text: chat(name, f"{name}-{at}-{user}-{text}", at, user, text=text),
        st.sampled_from(["user_send_text", "user_send_image", "oa_send_text", "user_asking_product"]),
        moments, users, st.sampled_from(["xin chào", "🎁", ""]),
    ),
    st.builds(
        tag, st.sampled_from(["add_user_to_tag", "remove_user_from_tag"]), labels, moments,
        st.lists(users, min_size=1, max_size=2, unique=True),
    ),
    st.builds(lambda label, at: tag("remove_tag", label, at), labels, moments),
    st.builds(lambda label, at: tag("add_user_to_tag", label, at), labels, moments),
    st.builds(_info, moments, users, st.sampled_from(["Đào", "Lan Anh"]), phones, st.booleans()),
    st.builds(received, message_ids, moments, users),
    st.builds(
        lambda msg_id, at, late: received(msg_id, at, PHONE, tracking_id="order-1", delivery_time=str(at - late)),
        message_ids, moments, st.integers(0, 5000),
    ),
    st.builds(seen, st.lists(message_ids, min_size=1, max_size=2), moments, users),
    st.builds(
        lambda at, user: {"oa_id": OA, "user_id": user, "event_name": "user_click_chatnow", "timestamp": str(at)},
        moments, users,
    ),
)  # fmt: skip


def dump():
    """Everything the events left behind, without what depends on the arrival alone."""
    found = {}
    for table in TABLES:
        columns = [field for field in table._meta.sorted_fields if field.name not in ARRIVAL]
        rows = [dict(row) for row in table.select(*columns).dicts()]
        found[table.__name__] = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows)
    joined = Follower.select(Follower.user_id, Contact.phone).join(Contact).tuples()
    found["links"] = sorted(map(str, joined))
    return found


def outcome(desk, stream, batch):
    for table in (InboxEvent, *TABLES):
        table.delete().execute()
    for body in stream:
        inbox.store([row(body, desk.now())])
    drain(desk, batch)
    assert not InboxEvent.select().where(InboxEvent.state != "done").exists()
    return dump()


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_order_and_repetition_change_nothing(inbox_desk, data):
    """The tables look the same after the events in order, and after any shuffle with any repeats, in any batches."""
    # Repeats of an event are the same bytes; two events that share a key are one event to Zalo.
    given_events = data.draw(
        st.lists(events, min_size=2, max_size=10, unique_by=lambda body: row(body, inbox_desk.now())[0])
    )
    repeats = data.draw(st.lists(st.sampled_from(given_events), max_size=4))
    shuffled = data.draw(st.permutations([*given_events, *repeats]))
    straight = outcome(inbox_desk, given_events, 500)
    assert outcome(inbox_desk, shuffled, data.draw(st.integers(1, 3))) == straight
    # And applied a second time, long after.
    InboxEvent.update(state="new").execute()
    drain(inbox_desk)
    assert dump() == straight
