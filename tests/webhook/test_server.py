"""The real server: gunicorn with the product's settings."""

from __future__ import annotations

import contextlib
import runpy
import socket

import pytest
from web_server import ROOT, ask, serving

import db
from models import InboxEvent
from webhook.door import READ_LIMIT
from webhook.writer import LIMIT
from zalo.signature import sign

APP = "4101110220330440550"
SECRET = "AbCdEfGhIjKlMnOpQrSt"

pytestmark = pytest.mark.processes


@pytest.fixture
def server(database, database_url, environment, tmp_path):
    with serving(environment, database_url, tmp_path / "log") as running:
        yield running


def request(number, padding=b""):
    raw = (
        padding
        + (
            f'{{"event_name":"follow","app_id":"{APP}","oa_id":"2902","follower":{{"id":"{number}"}},'
            f'"timestamp":"1767225600126"}}'
        ).encode()
    )
    mac = sign(APP, raw, "1767225600126", SECRET)
    head = f"POST /webhook/zalo HTTP/1.1\r\nHost: x\r\nX-ZEvent-Signature: {mac}\r\nContent-Length: {len(raw)}\r\n\r\n"
    return head.encode() + raw


def test_half_sent_bodies_do_not_stop_others(server):
    """Clients that stop in the middle of a body cost a greenlet each, and nobody else waits for them."""
    port, _ = server
    with contextlib.ExitStack() as stuck:
        for number in range(100):
            line = stuck.enter_context(socket.create_connection(("127.0.0.1", port), timeout=15))
            line.sendall(request(number)[:-10])
        answers = [ask(port, request(1000 + number)) for number in range(20)]
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    assert InboxEvent.select().count() == 20


def test_two_signed_megabytes_are_kept(server):
    """No signed event is lost for its size; clients that stop in the middle of large bodies hold up only each other."""
    port, _ = server
    assert ask(port, request(1, b" " * 2_000_000)).startswith(b"HTTP/1.1 200")
    assert len(bytes(InboxEvent.get().body)) > 2_000_000
    with contextlib.ExitStack() as stuck:
        for number in range(20):
            line = stuck.enter_context(socket.create_connection(("127.0.0.1", port), timeout=15))
            line.sendall(request(number, b" " * 2_000_000)[:-10])
        assert ask(port, request(2)).startswith(b"HTTP/1.1 200")


def test_five_megabytes_are_answered_and_forgotten(server):
    """Too much is read no further than needed, and the next request on a new connection is served."""
    port, _ = server
    big = b"POST /webhook/zalo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n"
    assert ask(port, big + b"a" * 2000).startswith(b"HTTP/1.1 200")
    assert ask(port, request(1)).startswith(b"HTTP/1.1 200")
    assert InboxEvent.select().count() == 1


def test_bodies_without_a_length_are_read_too(server):
    """Proxies may send a body in chunks."""
    port, _ = server
    head, _, raw = request(5).partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    chunked = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""])
    pieces = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (raw[:40], raw[40:]))
    assert ask(port, chunked + pieces + b"0\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert bytes(InboxEvent.get().body) == raw


def test_the_server_ends_cleanly_on_term(server):
    """What was answered is stored, and the process ends by itself."""
    port, process = server
    assert ask(port, request(7)).startswith(b"HTTP/1.1 200")
    process.terminate()
    assert process.wait(30) == 0
    assert InboxEvent.select().count() == 1
    db.database.close()


def test_a_stop_outlasts_every_request_and_not_the_platforms_patience(environment, monkeypatch, tmp_path):
    """Connections a proxy keeps open are waited for as long as requests are; all must be over within 25 s."""
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    patience = runpy.run_path(str(ROOT / "webhook/gunicorn.py"))["graceful_timeout"]
    assert READ_LIMIT + LIMIT < patience <= 20
