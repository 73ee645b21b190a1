"""A running sandbox, and a receiver for its webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.running import RunningSandbox, running_sandbox


class Caller:
    """The sandbox as an app sees it: with the OA's access token in its header."""

    def __init__(self, running: RunningSandbox) -> None:
        self.running = running
        self.token = running.oa["access_token"]
        self.oa_id = running.oa["oa_id"]

    @property
    def headers(self) -> dict[str, str]:
        return {"access_token": self.token}

    def get(self, path: str, data: Any = None) -> Any:
        query = "" if data is None else "?data=" + quote(json.dumps(data))
        return self.running.get("/openapi" + path + query, self.headers)

    def post(self, path: str, body: Any) -> Any:
        return self.running.post("/openapi" + path, body, self.headers)

    def say(self, user_id: str, message: Any) -> Any:
        return self.post("/v3.0/oa/message/cs", {"recipient": {"user_id": user_id}, "message": message})

    def zns_get(self, path: str) -> Any:
        return self.running.get("/business" + path, self.headers)

    def zns(self, phone: str = "84912340007", template: int = 0, **changes: Any) -> Any:
        """Send the sample of the template-th sendable template; `changes` go into the body, None leaves one out."""
        known = self.running.ready["templates"][template]
        body = {"phone": phone, "template_id": known["template_id"], "template_data": known["sample"]}
        body = {name: value for name, value in (body | changes).items() if value is not None}
        return self.running.post("/business/message/template", body, self.headers)

    def oa(self, **changes: Any) -> Any:
        return self.running.post(f"/_sandbox/oas/{self.oa_id}", changes)

    def person(self, **changes: Any) -> Any:
        return self.running.post("/_sandbox/users", changes)["users"][0]

    def renew(self) -> None:
        """Take a new pair of tokens, as after a long time the old one is dead."""
        self.token = self.running.post("/_sandbox/tokens/issue")["access_token"]

    def clock(self, **order: Any) -> Any:
        """Move the clock; a jump to a date takes new tokens, for the old ones may be dead by then."""
        answer = self.running.post("/_sandbox/clock", order)
        if "set" in order:
            self.renew()
        return answer


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    """A sandbox with five followers and no webhook."""
    with running_sandbox() as found:
        yield found


@pytest.fixture
def app(running: RunningSandbox) -> Caller:
    return Caller(running)


@pytest.fixture
def user(app: Caller) -> dict[str, Any]:
    """The first follower."""
    return app.running.get("/_sandbox/users?count=1")["users"][0]


@dataclass
class Delivered:
    """One POST that reached the receiver."""

    raw: bytes
    headers: dict[str, str]

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found


@dataclass
class Receiver:
    """A web server that notes every event and answers with `status`."""

    url: str = ""
    status: int = 200
    delivered: list[Delivered] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, enough: Callable[[list[Delivered]], bool]) -> list[Delivered]:
        """What was delivered, as soon as it is enough; fails after ten seconds."""
        with self.changed:
            assert self.changed.wait_for(lambda: enough(self.delivered), timeout=10), self.delivered
            return list(self.delivered)

    def wait_for(self, count: int) -> list[Delivered]:
        return self.wait(lambda delivered: len(delivered) >= count)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listens on a free port until the test ends."""
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(found.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            with found.changed:
                found.delivered.append(Delivered(raw, dict(self.headers.items())))
                found.changed.notify_all()

        def log_message(self, *_: Any) -> None:
            """Tests stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.url = f"http://127.0.0.1:{server.server_address[1]}/webhook/zalo"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def hooked(app: Caller, receiver: Receiver) -> Caller:
    """The app with its webhook at the receiver and quick receipts."""
    app.running.post("/_sandbox/webhook", {"url": receiver.url})
    app.running.post("/_sandbox/receipts", {"received_s": 0.01, "seen_s": 0.02})
    return app
