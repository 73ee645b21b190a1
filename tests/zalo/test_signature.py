"""Webhook signatures."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zalo.signature import app_id_of, appsecret_proof, sign, verify

APP, SECRET = "4101110220330440550", "AbCdEfGhIjKlMnOpQrSt"
_TEXT = (
    '{"event_name":"user_send_text","app_id":"4101110220330440550","sender":{"id":"6503004005006007008"},'
    '"recipient":{"id":"2902001003004005006"},"message":{"text":"%s","msg_id":"%s"},'
    '"timestamp":"%s","user_id_by_app":"8104005006007008009"}'
)
VECTORS = {
    "V1 ASCII": (
        _TEXT % ("hello", "a1b2c3d4e5f60718293a", "1767225600123"),
        "fd2effb5593b816bef974e16e0f55ad241d02530c5be0722c9186a5d533dad58",
    ),
    "V2 raw UTF-8": (
        _TEXT % ("Xin chào 🎁 a/b", "a1b2c3d4e5f60718293b", "1767225600124"),
        "552d0f4e74daeb47a66857c702c3e1e4e71eef3fb15c968efdb6873c41a08032",
    ),
    "V3 escaped": (
        _TEXT % (r"Xin ch\u00e0o \ud83c\udf81 a/b", "a1b2c3d4e5f60718293b", "1767225600124"),
        "7fd3e700b545656807c7161e1eec1097f2209a6bf7cdfae317c3ad1950347633",
    ),
    "V4 escaped slash": (
        _TEXT % (r"Xin chào 🎁 a\/b", "a1b2c3d4e5f60718293b", "1767225600124"),
        "5cbdfe3756cfd46a0e266d850fd07be381aa1eef221abf40e0ccea5e32e4c26d",
    ),
    "V5 console test": (
        (
            '{"app_id":"4101110220330440550","user_id_by_app":"8104005006007008009","event_name":"user_send_text",'
            '"timestamp":"1767225600125","sender":{"id":"6503004005006007008"},"recipient":{"id":"579745863508352884"},'
            '"message":{"msg_id":"This is message id","text":"This is testing message"}}'
        ),
        "d872adbcb0b1e72cf9d93997e95b04adf2b20b4feb53390f6dc4e279f2319b48",
    ),
    "V6 follow": (
        (
            '{"oa_id":"2902001003004005006","follower":{"id":"6503004005006007008"},'
            '"user_id_by_app":"8104005006007008009","event_name":"follow","source":"oa_profile",'
            '"app_id":"4101110220330440550","timestamp":"1767225600126"}'
        ),
        "176f1201ecebefb682a646860256d00691f23743ca5016695302c7341e24cbf5",
    ),
}
V1, V1_HEX = VECTORS["V1 ASCII"][0].encode(), VECTORS["V1 ASCII"][1]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_is_accepted(vector: str) -> None:
    """The raw bytes are what is hashed: V2, V3 and V4 are one JSON value in three spellings."""
    raw, digest = VECTORS[vector]
    assert verify(raw.encode(), "mac=" + digest, APP, [SECRET]) == 0
    assert sign(APP, raw.encode(), json.loads(raw)["timestamp"], SECRET) == "mac=" + digest


@pytest.mark.parametrize("vector", [name for name in VECTORS if name != "V2 raw UTF-8"])
def test_a_mac_of_another_spelling_is_refused(vector: str) -> None:
    """A receiver that re-serialises would confuse them."""
    assert verify(VECTORS["V2 raw UTF-8"][0].encode(), "mac=" + VECTORS[vector][1], APP, [SECRET]) is None


@pytest.mark.parametrize(
    "digest",
    [
        "0cb84754a86989e196b296c9978cd9eeaccd4703f837738a4a8800d377bda81a",  # HMAC over the body
        "f7dd793669c98d58e66bb0f368dac0ed213d40e9b4818a687f7fe081396d9383",  # HMAC over app + body + timestamp
        "9996c8bc480089720ba803f830b41878c036e0aa5329c8f62f3999356ef591af",  # the OA id as first term
    ],
)
def test_the_usual_wrong_rules_are_refused(digest: str) -> None:
    """Each is found in public code."""
    assert verify(V1, "mac=" + digest, APP, [SECRET]) is None


def test_the_zns_vector_is_accepted() -> None:
    """The same rule over a delivery receipt."""
    raw = (
        b'{"event_name":"user_received_message","app_id":"1234567890","sender":{"id":"5550001112223"},'
        b'"recipient":{"id":"84901234567"},"message":{"delivery_time":"1767229205500",'
        b'"msg_id":"a1b2c3d4e5f60718293a","tracking_id":"ord1001"},"timestamp":"1767229205600"}'
    )
    header = "mac=fb38e2758e9340b1a0288dfb9845d494701f23a087ceabf2602ec6318edb9d8b"
    assert verify(raw, header, "1234567890", ["demo_oa_secret"]) == 0


@pytest.mark.parametrize(
    "header", [V1_HEX, f"mac={V1_HEX}", f"mac = {V1_HEX}", f"  MAC={V1_HEX.upper()}  ", f"mac{V1_HEX}"]
)
def test_the_header_is_read_in_every_documented_form(header: str) -> None:
    """Live headers say `mac=`; pages and proxies vary."""
    assert verify(V1, header, APP, [SECRET]) == 0


@pytest.mark.parametrize(
    "header",
    [None, "", "mac=", "mac=zz", V1_HEX[:-1], V1_HEX + "0", f"sha256={V1_HEX}", f"mac={V1_HEX}x", "mac=" + "０" * 64],
)
def test_a_header_that_is_no_mac_is_refused(header: str | None) -> None:
    """Never an exception."""
    assert verify(V1, header, APP, [SECRET]) is None


def test_a_long_header_costs_no_time() -> None:
    """Anybody may send one; matching thousands of spaces took a second."""
    assert verify(V1, f"mac={V1_HEX}" + " " * 200, APP, [SECRET]) is None
    assert verify(V1, " " * 8000 + "x", APP, [SECRET]) is None


def test_any_of_several_secrets_may_match() -> None:
    """Two hold while one is being replaced, and the caller learns which."""
    assert verify(V1, V1_HEX, APP, ["new-secret", SECRET]) == 1
    assert verify(V1, V1_HEX, APP, ["new-secret"]) is None
    assert verify(V1, V1_HEX, APP, []) is None


def test_an_empty_secret_opens_nothing() -> None:
    """A setting left empty must not mean that everybody can sign."""
    digest = sign(APP, V1, "1767225600123", "")
    assert verify(V1, digest, APP, [""]) is None


def test_another_app_is_refused() -> None:
    """Even when its body was signed with our secret."""
    digest = sign("999", V1, "1767225600123", SECRET)
    assert verify(V1, digest, "999", [SECRET]) is None


def test_a_changed_byte_is_refused() -> None:
    """Over the whole body."""
    assert verify(V1.replace(b"hello", b"hellO"), V1_HEX, APP, [SECRET]) is None
    assert verify(V1 + b"\n", V1_HEX, APP, [SECRET]) is None


def signed(raw: bytes, timestamp: str) -> int | None:
    return verify(raw, sign(APP, raw, timestamp, SECRET), APP, [SECRET])


def test_a_numeric_timestamp_is_hashed_as_its_digits() -> None:
    """Some events are said to carry one."""
    assert signed(b'{"timestamp":1767225600123}', "1767225600123") == 0


@pytest.mark.parametrize(
    ("literal", "text"),
    [("true", "True"), ("true", "true"), ("null", "None"), ("1.5", "1.5"), ("[1]", "[1]"), ('"é"', "é")],
)
def test_a_timestamp_of_another_type_is_refused(literal: str, text: str) -> None:
    """A bool is an int in Python, and must not pass as one."""
    assert signed(b'{"timestamp":%s}' % literal.encode(), text) is None


def test_a_silly_number_elsewhere_does_not_cost_a_signed_event() -> None:
    """Python refuses integers of over 4,300 digits."""
    assert signed(b'{"timestamp":"1","x":' + b"9" * 5000 + b"}", "1") == 0


def test_invalid_utf8_does_not_cost_a_signed_event() -> None:
    """The bytes were signed, whatever they say."""
    assert signed(b'{"timestamp":"1","x":"\xff\xfe"}', "1") == 0
    assert signed(b'\xef\xbb\xbf{"timestamp":"1"}', "1") == 0


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b'"x"', b"{", b'{"timestamp"', b"[" * 200_000, b'{"a":' * 200_000, b"\x00", b"{}"]
)
def test_a_body_that_is_no_object_with_a_timestamp_is_refused(raw: bytes) -> None:
    """Truncated, nested past all sense, or empty: never an exception."""
    assert verify(raw, V1_HEX, APP, [SECRET]) is None


@settings(max_examples=100)
@given(st.binary(max_size=200), st.text(max_size=80))
def test_nothing_made_up_is_accepted_or_raises(raw: bytes, header: str) -> None:
    """Whatever arrives from the internet."""
    assert verify(raw, header, APP, [SECRET]) is None


def test_journey_events_name_the_app_in_camel_case() -> None:
    """Both keys are read; anything that is no id is none."""
    assert app_id_of({"appId": "7"}) == "7"
    assert app_id_of({"app_id": 8}) == "8"
    assert app_id_of({"app_id": {}}) is None


def test_an_app_id_of_the_wrong_type_is_refused() -> None:
    """A body that names its app as an object names some other app."""
    assert signed(b'{"timestamp":"1","app_id":{}}', "1") is None


def test_the_proof_is_an_hmac_of_the_token() -> None:
    """The vector of the documentation, and the rule spelled out."""
    expected = "a751bfc3360c80496af56539f4965e11b3abeaf59807807b4bdb604af827dd83"
    assert appsecret_proof("demo_app_secret", "demo_access_token") == expected
    assert hmac.new(b"demo_app_secret", b"demo_access_token", hashlib.sha256).hexdigest() == expected
