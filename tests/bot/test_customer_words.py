"""Whatever customers send, staff get a message Telegram takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.customer_files import media_of
from bot.html_cut import cut, length
from bot.screens.chat import said_lines, what
from bot.turn import Office, Turn
from models import ChatMessage, Staff
from sandbox.telegram.html_text import parse_html
from services.desk import utc_now
from texts import load

NOW = utc_now()
WORDS = load()
KINDS = st.sampled_from(["text", "image", "location", "link", "business_card", "file", "sticker", "<b>", ""])
VALUES = st.one_of(st.none(), st.text(max_size=40), st.integers(), st.just('{"phone": "84900000000"}'), st.just("[1]"))
FIELDS = ("kind", "url", "thumbnail", "name", "description", "latitude", "longitude")
ATTACHMENTS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES)), max_size=3)


def reader(*, sees_numbers: bool) -> Turn:
    made: Any = SimpleNamespace(now=lambda: NOW)
    office = Office(made, SimpleNamespace(), WORDS, SimpleNamespace())  # type: ignore[arg-type]
    return Turn(office, Staff(telegram_id=1, sees_numbers=sees_numbers), 1)


@given(st.lists(st.tuples(KINDS, st.text(max_size=400), ATTACHMENTS), min_size=1, max_size=8), st.booleans())
@example([("text", "<" * 4000, [])] * 3, True)
@example([("location", "", [{"kind": "location", "latitude": "nan", "longitude": "inf"}])], True)
@settings(max_examples=150, deadline=None)
def test_any_line_is_a_message_telegram_takes(said, sees_numbers):
    """No shape breaks it, no sign opens a tag, and it fits."""
    turn = reader(sees_numbers=sees_numbers)
    rows = [ChatMessage(kind=kind, text=text, attachments=each, inbound=True, at=NOW) for kind, text, each in said]
    for row in rows:
        parse_html(what(turn, row))
    shown = said_lines(turn, rows, NOW)
    assert sum(length(line) for line in shown) <= 3400
    parse_html(cut("\n".join(shown), 4096))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES)), st.binary(max_size=40))
@example({"kind": "file", "name": "../../etc/passwd"}, b"%PDF")
@example({"kind": "file", "name": "..."}, b"")
def test_any_file_has_a_harmless_name(attachment, data):
    """No folders, no end of a line, never empty."""
    media = media_of(attachment, data)
    if media is not None:
        assert media.name
        assert not set(media.name) & set("/\\\n\r\0")
        assert len(media.name) <= 100
