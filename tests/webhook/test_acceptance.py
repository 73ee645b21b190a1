"""What is let in, and what is not."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from models import Counter, InboxEvent, Notice, Role
from services import staff
from services.acceptance import fingerprint
from zalo.events import parse
from zalo.signature import sign

APP = "4101110220330440550"
SECRET = "AbCdEfGhIjKlMnOpQrSt"
VECTORS = {
    "V1 ascii": (
        (
            '{"event_name":"user_send_text","app_id":"4101110220330440550","sender":{"id":"6503004005006007008"},'
            '"recipient":{"id":"2902001003004005006"},"message":{"text":"hello","msg_id":"a1b2c3d4e5f60718293a"},'
            '"timestamp":"1767225600123","user_id_by_app":"8104005006007008009"}'
        ),
        "fd2effb5593b816bef974e16e0f55ad241d02530c5be0722c9186a5d533dad58",
    ),
    "V2 utf-8": (
        (
            '{"event_name":"user_send_text","app_id":"4101110220330440550","sender":{"id":"6503004005006007008"},'
            '"recipient":{"id":"2902001003004005006"},"message":{"text":"Xin chào 🎁 a/b",'
            '"msg_id":"a1b2c3d4e5f60718293b"},"timestamp":"1767225600124","user_id_by_app":"8104005006007008009"}'
        ),
        "552d0f4e74daeb47a66857c702c3e1e4e71eef3fb15c968efdb6873c41a08032",
    ),
    "V3 escapes": (
        (
            '{"event_name":"user_send_text","app_id":"4101110220330440550","sender":{"id":"6503004005006007008"},'
            '"recipient":{"id":"2902001003004005006"},"message":{"text":"Xin ch\\u00e0o \\ud83c\\udf81 a/b",'
            '"msg_id":"a1b2c3d4e5f60718293b"},"timestamp":"1767225600124","user_id_by_app":"8104005006007008009"}'
        ),
        "7fd3e700b545656807c7161e1eec1097f2209a6bf7cdfae317c3ad1950347633",
    ),
    "V4 slashes": (
        (
            '{"event_name":"user_send_text","app_id":"4101110220330440550","sender":{"id":"6503004005006007008"},'
            '"recipient":{"id":"2902001003004005006"},"message":{"text":"Xin chào 🎁 a\\/b",'
            '"msg_id":"a1b2c3d4e5f60718293b"},"timestamp":"1767225600124","user_id_by_app":"8104005006007008009"}'
        ),
        "5cbdfe3756cfd46a0e266d850fd07be381aa1eef221abf40e0ccea5e32e4c26d",
    ),
    "V5 console": (
        (
            '{"app_id":"4101110220330440550","user_id_by_app":"8104005006007008009","event_name":"user_send_text",'
            '"timestamp":"1767225600125","sender":{"id":"6503004005006007008"},"recipient":{"id":"579745863508352884"},'
            '"message":{"msg_id":"This is message id","text":"This is testing message"}}'
        ),
        "d872adbcb0b1e72cf9d93997e95b04adf2b20b4feb53390f6dc4e279f2319b48",
    ),
    "V6 follow": (
        (
            '{"oa_id":"2902001003004005006","follower":{"id":"6503004005006007008"},"user_id_by_app":"8104005006007008009",'
            '"event_name":"follow","source":"oa_profile","app_id":"4101110220330440550","timestamp":"1767225600126"}'
        ),
        "176f1201ecebefb682a646860256d00691f23743ca5016695302c7341e24cbf5",
    ),
}
V1 = VECTORS["V1 ascii"][0].encode()


def post(web, raw, header):
    headers = {"X-ZEvent-Signature": header} if header is not None else {}
    return web.post("/webhook/zalo", data=raw, headers=headers, content_type="application/json")


def event(**changes):
    body = json.loads(V1) | changes
    return json.dumps({key: value for key, value in body.items() if value is not None}).encode()


def post_signed(web, raw, timestamp="1767225600123", secret=SECRET, app_id=APP):
    return post(web, raw, sign(app_id, raw, timestamp, secret))


@pytest.mark.parametrize("name", VECTORS)
def test_signed_events_are_stored_as_they_came(web, name):
    """Every signed byte sequence is stored unchanged before the 200."""
    body, digest = VECTORS[name]
    assert post(web, body.encode(), f"mac={digest}").status_code == 200
    stored = InboxEvent.get()
    assert bytes(stored.body) == body.encode()
    assert stored.state == "new"


@pytest.mark.parametrize("header", ["{}", "mac = {}", "MAC={}", " mac={} "])
def test_other_spellings_of_the_header_are_read(web, header):
    """Documentation and the wild write the same digest in several ways."""
    assert post(web, V1, header.format(VECTORS["V1 ascii"][1])).status_code == 200
    assert InboxEvent.select().count() == 1


WRONG = {
    "hmac over the body": "0cb84754a86989e196b296c9978cd9eeaccd4703f837738a4a8800d377bda81a",
    "hmac over app, body and time": "f7dd793669c98d58e66bb0f368dac0ed213d40e9b4818a687f7fe081396d9383",
    "the OA id first": "9996c8bc480089720ba803f830b41878c036e0aa5329c8f62f3999356ef591af",
    "too short": "fd2effb5593b816b",
    "not hex": "z" * 64,
    "of another body": VECTORS["V2 utf-8"][1],
}


@pytest.mark.parametrize("why", WRONG)
def test_wrong_signatures_are_answered_200_and_not_stored(web, why):
    """The console saves the address only after a 200, whatever the signature; nothing is taken in."""
    assert post(web, V1, f"mac={WRONG[why]}").status_code == 200
    assert InboxEvent.select().count() == 0


def test_the_negative_vector_is_really_an_hmac():
    """The refused digest is the one other people's code would make."""
    assert hmac.new(SECRET.encode(), V1, hashlib.sha256).hexdigest() == WRONG["hmac over the body"]


NOT_EVENTS = {
    "empty": b"",
    "cut off": V1[:-20],
    "no json": b"hello",
    "an array": b"[" + V1 + b"]",
    "deeply nested": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "binary": bytes(range(256)),
    "5 MB": b'{"timestamp":"1","x":"' + b"a" * 5_000_000 + b'"}',
}


@pytest.mark.parametrize("why", NOT_EVENTS)
def test_bodies_that_are_no_events_are_answered_200_and_not_stored(web, why):
    """Whatever the internet posts, there is no 5xx and no row."""
    raw = NOT_EVENTS[why]
    assert post(web, raw, None).status_code == 200
    assert post_signed(web, raw, "1").status_code == 200
    assert InboxEvent.select().count() == 0


ODD = {
    "unknown event": event(event_name="user_dances"),
    "unknown OA": event(recipient={"id": "1"}),
    "missing fields": event(sender=None, recipient=None, message=None, user_id_by_app=None),
    "no event name": event(event_name=None),
    "numeric timestamp": event(timestamp=1767225600123),
    "lone surrogates": V1.replace(b"hello", b"\\ud83c x \\udf81"),
    "NUL": V1.replace(b"hello", b"a\\u0000b"),
    "NUL in an id": V1.replace(b"a1b2c3d4e5f60718293a", b"a1\\u0000b"),
    "invalid utf-8": V1.replace(b"hello", b"\xff\xfe"),
    "a huge number": event(num=10**400),
    "no app": event(app_id=None),
    "fields of other types": event(sender=[1], recipient="x", message=7),
    "very long id": event(recipient={"id": "9" * 5000}),
    "2 MB": event(message={"text": "a" * 2_000_000, "msg_id": "a1b2c3d4e5f60718293c"}),
}


@pytest.mark.parametrize("why", ODD)
def test_odd_but_signed_events_are_never_lost(web, why):
    """A signed event is kept whatever its shape."""
    assert post_signed(web, ODD[why]).status_code == 200
    assert bytes(InboxEvent.get().body) == ODD[why]


def test_a_repeat_is_stored_once(web):
    """Zalo's retries are byte-identical and change nothing."""
    for _ in range(3):
        assert post_signed(web, V1).status_code == 200
    assert InboxEvent.select().count() == 1


def test_another_app_is_refused(web):
    """An app we do not know signs with a secret we do not know."""
    raw = event(app_id="999")
    assert post_signed(web, raw, app_id="999").status_code == 200
    assert InboxEvent.select().count() == 0


class TestSeveralSecrets:
    @pytest.fixture
    def environment(self, environment):
        return environment | {"ZALO_WEBHOOK_SECRET": "the-new-one, " + SECRET}

    @pytest.mark.parametrize("secret", ["the-new-one", SECRET])
    def test_both_are_accepted_and_the_one_in_use_is_remembered(self, web, app, secret):
        """While a secret is replaced nothing is lost, and one can see when the old one may go."""
        post_signed(web, V1, secret=secret)
        app.extensions["reception"].close()
        assert InboxEvent.select().count() == 1
        assert Counter.get(Counter.name == f"webhook.secret.{APP}.{fingerprint(secret)}").value == 1

    def test_a_fingerprint_tells_secrets_apart_and_shows_none(self):
        """Eight hex digits of the SHA-256: enough to compare, too little to find the secret."""
        assert fingerprint(SECRET) == hashlib.sha256(SECRET.encode()).hexdigest()[:8]
        assert fingerprint(SECRET) != fingerprint("the-new-one")


class TestNoSecret:
    @pytest.fixture
    def environment(self, environment):
        return environment | {"ZALO_WEBHOOK_SECRET": ""}

    @pytest.mark.parametrize("secret", [SECRET, ""])
    def test_nothing_is_accepted(self, web, secret):
        """Without a secret nothing can be proven, so nothing is let in; an empty secret proves nothing either."""
        assert post_signed(web, V1, secret=secret).status_code == 200
        assert InboxEvent.select().count() == 0


def test_an_app_added_later_has_its_own_secrets(web, app, settings):
    """The owner's second app is accepted with its secret, not with that of the first."""
    from models import ZaloApp
    from secretbox import SecretBox
    from services.desk import utc_now

    sealed = SecretBox(settings.secret_keys).seal('["second-secret"]', "zalo_app:77:webhook_secrets")
    ZaloApp.create(app_id="77", secret="-", webhook_secrets=sealed, created_at=utc_now())
    ZaloApp.create(app_id="78", secret="-", webhook_secrets="sealed by a key that is gone", created_at=utc_now())
    raw = event(app_id="77")
    post_signed(web, raw, secret=SECRET, app_id="77")
    assert InboxEvent.select().count() == 0
    post_signed(web, raw, secret="second-secret", app_id="77")
    assert InboxEvent.get().app_id == "77"


def test_a_secret_entered_a_moment_ago_is_taken_without_a_gap(web, app, settings, monkeypatch):
    """Keys that prove nothing are read again before an event is turned away, and at most once a second for a flood."""
    from models import ZaloApp
    from secretbox import SecretBox
    from services.acceptance import KeyRing
    from services.desk import utc_now
    from webhook import reception

    post_signed(web, event(), secret=SECRET)  # the keys are read
    readings, read = [], KeyRing.read
    monkeypatch.setattr(KeyRing, "read", lambda ring: readings.append(1) or read(ring))
    sealed = SecretBox(settings.secret_keys).seal('["entered-just-now"]', "zalo_app:77:webhook_secrets")
    ZaloApp.create(app_id="77", secret="-", webhook_secrets=sealed, created_at=utc_now())
    before = InboxEvent.select().count()
    for _ in range(5):  # a flood within the second costs nothing
        post_signed(web, event(), secret="wrong")
    assert not readings
    monkeypatch.setattr(reception, "DOUBTED_FOR", 0.0)
    post_signed(web, event(app_id="77"), secret="entered-just-now", app_id="77")
    assert (len(readings), InboxEvent.select().count()) == (1, before + 1)


class TestSealedWithAnotherKey:
    """rotate-keys ran, and this web process was not restarted with the new key."""

    SECOND = "second-app-of-tests"

    @pytest.fixture(autouse=True)
    def seal(self, database, settings, clock):
        from models import ZaloApp
        from secretbox import SecretBox

        def seal(app_id, secret, keys=settings.secret_keys):
            sealed = SecretBox(keys).seal(json.dumps([secret]), f"zalo_app:{app_id}:webhook_secrets")
            row = {"app_id": app_id, "secret": "-", "webhook_secrets": sealed, "created_at": clock.now()}
            ZaloApp.insert(**row).on_conflict(
                conflict_target=[ZaloApp.app_id], update={"webhook_secrets": sealed}
            ).execute()

        return seal

    @pytest.fixture
    def other_keys(self):
        return [SecretStr(Fernet.generate_key().decode())]

    def test_what_cannot_be_judged_is_answered_503_and_counted(self, web, app, seal, other_keys):
        """Zalo sends it again; answered 200 it would be gone, although it may well be genuine."""
        seal("77", self.SECOND, other_keys)
        answer = post_signed(web, event(app_id="77"), secret=self.SECOND, app_id="77")
        assert (answer.status_code, InboxEvent.select().count()) == (503, 0)
        app.extensions["reception"].close()
        assert Counter.get(Counter.name == "webhook.unjudged").value == 1
        assert post(web, event(app_id="77"), None).status_code == 200  # the console's probe is not signed

    def test_the_secrets_read_last_go_on_proving_events(self, web, monkeypatch, seal, other_keys):
        """The rotation changes nothing for who signs; what these do not prove may be signed with a newer one."""
        monkeypatch.setattr("webhook.reception.KEYS_FOR", -1.0)
        seal("77", self.SECOND)
        assert post_signed(web, event(app_id="77"), secret=self.SECOND, app_id="77").status_code == 200
        seal("77", "a-newer-one-of-tests", other_keys)
        again = event(app_id="77", message={"msg_id": "another", "text": "hello"})
        assert post_signed(web, again, secret=self.SECOND, app_id="77").status_code == 200
        assert InboxEvent.select().count() == 2
        newer = post_signed(web, event(app_id="77"), secret="a-newer-one-of-tests", app_id="77")
        assert (newer.status_code, InboxEvent.select().count()) == (503, 2)

    def test_the_environments_own_secrets_need_no_key(self, web, seal, other_keys):
        """Of its app only what was added is sealed; a secret that is none of its own may be that one."""
        seal(APP, self.SECOND, other_keys)
        assert post_signed(web, V1).status_code == 200
        assert InboxEvent.select().count() == 1
        assert post_signed(web, V1, secret=self.SECOND).status_code == 503


def test_only_headers_of_use_are_kept(web):
    """Cookies and addresses of strangers are not stored."""
    headers = {"X-ZEvent-Signature": f"mac={VECTORS['V1 ascii'][1]}", "X-ZEvent-Server": "ZNS", "Cookie": "a=b"}
    web.post("/webhook/zalo", data=V1, headers=headers)
    assert set(InboxEvent.get().headers) == {"X-ZEvent-Signature", "X-ZEvent-Server", "User-Agent"}


def test_a_burst_of_wrong_signatures_tells_managers_once_an_hour(web, app, clock):
    """Five within ten minutes mean a wrong secret; staff hear of it once, and again an hour later."""
    staff.add(clock.now(), 1, Role.MANAGER)
    staff.add(clock.now(), 2, Role.OPERATOR)

    def wrong(times):
        for _ in range(times):
            post_signed(web, V1, secret="another")
        app.extensions["reception"].close()

    wrong(4)
    assert Notice.select().count() == 0
    clock.advance(minutes=5)
    wrong(1)
    notice = Notice.get()
    assert (notice.chat_id, notice.kind, notice.payload["count"]) == (1, "wrong_signatures", 5)
    assert notice.payload["app_id"] == APP
    wrong(20)
    assert Notice.select().count() == 1
    clock.advance(minutes=61)
    wrong(5)
    assert Notice.select().count() == 2


def test_slow_wrong_signatures_alert_nobody(web, app, clock):
    """Single strangers over a day are counted and nothing more."""
    staff.add(clock.now(), 1, Role.OWNER)
    for _ in range(8):
        post_signed(web, V1, secret="another")
        app.extensions["reception"].close()
        clock.advance(minutes=15)
    assert Notice.select().count() == 0


@pytest.mark.parametrize("method", ["get", "head"])
def test_people_looking_at_the_address_get_200(web, method):
    """The address opened in a browser tells that something is there."""
    assert getattr(web, method)("/webhook/zalo").status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(["event_name", "sender", "recipient", "message", "oa_id", "follower", "info", "tag", "user_id"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(keys, json_values | st.just("follow"), max_size=6))
def test_any_signed_object_is_stored(web, shape):
    """No shape of a signed event makes the server fail or lose it."""
    raw = json.dumps(shape | {"timestamp": "1767225600123", "app_id": APP}).encode()
    assert post_signed(web, raw).status_code == 200
    assert InboxEvent.select().where(InboxEvent.dedupe_key == parse(raw, 0).dedupe_key).count() == 1
