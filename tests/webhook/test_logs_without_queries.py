"""No log of the web process holds what stands behind a question mark: links and codes travel there."""

from __future__ import annotations

import pytest
from web_server import ask, serving

from models import InboxEvent

pytestmark = pytest.mark.processes
SECRET = "SecretOfTheLinkSecretOfTheLink"
CODE = "CodeOfZaloCodeOfZalo"
CALLBACK = f"/oauth/zalo/callback?state={SECRET}&code={CODE}".encode()
HOST = b"Host: x\r\n"
REQUESTS = {
    "a callback": b"GET " + CALLBACK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a start": f"GET /oauth/zalo/start?t={SECRET} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a head": b"HEAD " + CALLBACK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a referrer": b"GET / HTTP/1.1\r\nReferer: https://x" + CALLBACK + b"\r\n" + HOST + b"\r\n",
    "another path": b"GET /nowhere?code=" + CODE.encode() + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a wrong version": b"GET " + CALLBACK + b" HTTP/9.9\r\n" + HOST + b"\r\n",
    "a space in the address": b"GET " + CALLBACK + b" and more HTTP/1.1\r\n" + HOST + b"\r\n",
    "a wrong method": b"G@T " + CALLBACK + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a broken header": b"GET " + CALLBACK + b" HTTP/1.1\r\nRefer er: http://x" + CALLBACK + b"\r\n\r\n",
    "a header of no kind": b"GET / HTTP/1.1\r\nhttp://x" + CALLBACK + b"\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nA: b\r\n " + CALLBACK + b"\r\n\r\n",
    "a wrong expectation": b"GET " + CALLBACK + b" HTTP/1.1\r\nExpect: " + CALLBACK + b"\r\n" + HOST + b"\r\n",
    "an endless line": b"GET " + CALLBACK + b"x" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "half a request": b"GET " + CALLBACK,
}


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_log_holds_a_query(database, database_url, environment, tmp_path, level):
    """Access log and error log, good requests and those gunicorn could not read, at every level."""
    log = tmp_path / "log"
    given = environment | {"LOG_LEVEL": level, "PUBLIC_URL": "http://127.0.0.1:8000"}
    with serving(given, database_url, log, "--access-logfile", "-") as (port, _):
        for data in REQUESTS.values():
            ask(port, data) if b"\r\n\r\n" in data else hang_up(port, data)
    said = log.read_text(encoding="utf-8", errors="replace")
    assert '"GET /oauth/zalo/callback" 404' in said
    assert "Invalid request from ip=127.0.0.1" in said
    assert SECRET not in said
    assert CODE not in said


def hang_up(port, data):
    import socket

    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(data)


def test_a_request_that_fails_is_logged_without_its_query(database, database_url, environment, tmp_path):
    """The database is gone while the server runs: 503, a page, and nothing of the address in the log."""
    from db import database as proxy

    log = tmp_path / "log"
    with serving(environment | {"LOG_LEVEL": "DEBUG"}, database_url, log, "--access-logfile", "-") as (port, _):
        proxy.execute_sql("ALTER TABLE oauth_ticket RENAME TO oauth_ticket_away")
        try:
            answer = ask(port, REQUESTS["a callback"])
        finally:
            proxy.execute_sql("ALTER TABLE oauth_ticket_away RENAME TO oauth_ticket")
    assert answer.startswith(b"HTTP/1.1 503")
    said = log.read_text(encoding="utf-8", errors="replace")
    assert "a page of connecting failed" in said
    assert SECRET not in said
    assert CODE not in said
    assert InboxEvent.select().count() == 0
