"""The real server of the product: gunicorn with its settings, on a free port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(
    environment: dict[str, str], database_url: str, log_path: Path, *options: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port and the process; everything it prints goes to `log_path`."""
    port = int(environment.get("PORT") or free_port())
    given = {
        "WEB_CONCURRENCY": "1", **environment, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PORT": str(port),
        "DATABASE_URL": database_url,
    }  # fmt: skip
    settings = ("-c", str(ROOT / "webhook/gunicorn.py"), *options, "webhook:create_app()")
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *settings], cwd=ROOT, env=given, stdout=log, stderr=log
        )
        try:
            _wait(port, process)
            yield port, process
        finally:
            process.terminate()
            process.wait(30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET /readyz HTTP/1.0\r\n\r\n")
            if b" 200 " in line.recv(200):
                return
        time.sleep(0.05)
    raise AssertionError("the server does not answer")


def ask(port: int, data: bytes) -> bytes:
    """What the server answers to these bytes, as far as one read brings it."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        line.sendall(data)
        return line.recv(1000)
