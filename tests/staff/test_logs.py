"""services/logs.py: one line an event, and no secret in it, whoever logs it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from services import audit, logs

TOKEN = "700100200:AAbot-token-of-tests_1234567890"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    levels = {name: logging.getLogger(name).level for name in logs.TOO_TALKATIVE}
    logs.setup("DEBUG", secrets=["plain-secret-of-the-app"], stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "said",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/sendMessage",
        "sealed gAAAAABmabcdefghijklmnopqrstuvwxyz0123456789",
        "access_token=AT_abcdefgh&x=1",
        "it is plain-secret-of-the-app",
        "phone 84901234567",
        "phone 0901234567",
    ],
)
def test_secrets_and_phones_are_hidden_in_every_logger(out, said):
    """Through structlog, through the standard library, in values and in exceptions."""
    structlog.get_logger("a").info("said", text=said, inner={"deep": [said]})
    logging.getLogger("b").warning("said %s", said)
    try:
        raise RuntimeError(said)
    except RuntimeError:
        structlog.get_logger("c").exception("failed")
    logged = out.getvalue()
    assert logged.count("***") >= 4
    for secret in (TOKEN, "gAAAAABm", "AT_abcdefgh", "plain-secret", "84901234567", "0901234567"):
        assert secret not in logged


WRITTEN = [
    "0901234567", "84901234567", "+84901234567", "0084901234567", "0901 234 567", "0901.234.567", "0901-234-567",
    "090-123-4567", "090 1234 567", "(090) 123 4567", "0901 23 45 67", "0901 - 234 - 567", "+84 901 234 567",
    "+84-90-123-4567", "+84 (0)901 234 567", "+84 0901 234 567", "84 901 234 567", "0901\u00a0234\u00a0567",
    "0901\u2011234\u2011567", 84901234567,
]  # fmt: skip
NO_PHONES = [
    "2026-11-23 09:41:05", "23.11.2026 09:41", "09.11.2026 08:30", "09-11-2026 08", "2026-03-05 10:20:30.035123",
    "2026-11-23T02:00:00.038912Z", "1.234.567đ", "90.123.456đ", "1.090.123.456đ", "0,35 giây", "1795392000000",
    "17953920000", "2902001003004005006", "650300400500600", "098765432109876", "84.39.255.254", "0.0.3.1", "19001234",
    1795392000000, 1795392000, 90123456, 650300400500600, 8490123456, 849012345678, True, 84.5,
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_phone_is_hidden_however_it_is_written(written):
    """Staff type it with spaces, address books have dots, a program has a number."""
    clean, said = logs.Redact().clean, f"gọi {written}, rồi {written}."
    assert clean(said) == "gọi ***, rồi ***."
    assert clean({"n": [written]}) == {"n": ["***"]}
    assert audit.masked({"n": [written], "text": said}) == {
        "n": ["090***4567"], "text": "gọi 090***4567, rồi 090***4567.",
    }  # fmt: skip


@pytest.mark.parametrize("written", NO_PHONES)
def test_what_is_no_phone_stays_readable(written):
    """Dates, amounts, ids, addresses and times in milliseconds: without them neither log nor audit is of use."""
    assert logs.Redact().clean(written) == written
    assert audit.masked(written) == written


def test_lines_are_json_with_time_and_level(out):
    """Machines read them; Vietnamese stays readable."""
    structlog.get_logger("x").warning("chào", count=3)
    line = json.loads(out.getvalue())
    assert (line["event"], line["level"], line["count"], line["logger"]) == ("chào", "warning", 3, "x")
    assert line["timestamp"].endswith("Z")


def test_ids_are_no_phones(out):
    """An OA's number is needed for support and stays."""
    structlog.get_logger("x").info("oa", oa_id="2902001003004005006", update=98765432101234)
    assert "2902001003004005006" in out.getvalue()


@pytest.mark.parametrize("name", ["httpx", "httpcore", "telegram.ext"])
def test_libraries_that_log_addresses_are_silent_below_warning(out, name):
    """httpx logs every URL, and Telegram's URLs hold the token."""
    logging.getLogger(name).info("HTTP Request: POST https://api.telegram.org/bot%s/getMe", TOKEN)
    assert out.getvalue() == ""
