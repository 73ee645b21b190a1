"""The webhook server under load, against the same server doing nothing.

Real gunicorn processes on 127.0.0.1 and a load generator in a process of its own; signed distinct bodies over 64
connections kept alive; SQLite with synchronous=FULL. Absolute figures belong to the machine: all share its cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cryptography.fernet import Fernet

from bench.events import APP, SECRET

ROOT = Path(__file__).parents[1]
SECONDS = 4.0
HELD, OTHERS = 300, 100

NOTHING = """
def app(environ, start_response):
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "0")])
    return []
"""


def main(seconds: float = SECONDS) -> None:
    """Print everything side by side."""
    with tempfile.TemporaryDirectory(prefix="oadesk-bench-") as folder:
        (Path(folder) / "nothing.py").write_text(NOTHING)
        for _ in range(2):
            with server(Path(folder), "nothing:app") as (port, pid):
                idle = measured(port, pid, seconds)
            with server(Path(folder), "webhook:create_app()") as (port, pid):
                real = measured(port, pid, seconds)
            print(
                f"webhook: {real['rate']:,.0f} events/s stored; doing nothing {idle['rate']:,.0f}/s;"
                f" ratio {real['rate'] / idle['rate']:.2f} (wanted: at least 0.4); failed {real['failed']:.0f}"
            )
            # Where others use the machine too, this one says more.
            each, bare = (1e6 * run["cpu"] / run["answered"] for run in (real, idle))
            print(f"  processor time an event {each:.0f} us; doing nothing {bare:.0f} us; ratio {bare / each:.2f}")
        with server(Path(folder), "webhook:create_app()") as (port, _):
            load(port, "open", 3, rate=500)  # a process that has just started is another question
            steady = load(port, "open", seconds, rate=1000)
            print(
                f"webhook at {steady['rate']:,.0f} events/s offered evenly: median {steady['p50']:.1f} ms,"
                f" p99 {steady['p99']:.1f} ms (wanted: under 100), failed {steady['failed']}"
            )
            slow = load(port, "held", seconds)
            print(
                f"webhook with {HELD} half-sent bodies held open: {slow['answered']} of {OTHERS} others answered,"
                f" slowest {slow['slowest']:.0f} ms"
            )


@contextlib.contextmanager
def server(folder: Path, app: str) -> Iterator[tuple[int, int]]:
    """gunicorn with the product's settings; yields its port and process id when it answers."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{folder}",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "DATA_DIR": str(folder / f"data-{port}"),
        "PORT": str(port),
        "ZALO_APP_ID": APP,
        "ZALO_WEBHOOK_SECRET": SECRET,
        "LOG_LEVEL": "ERROR",
    }
    subprocess.run([sys.executable, "manage.py", "migrate"], cwd=ROOT, env=environment, check=True, capture_output=True)
    settings = _settings(folder, app)
    command = [sys.executable, "-m", "gunicorn", "-c", str(settings), app]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _settings(folder: Path, app: str) -> Path:
    """The product's settings; the application that does nothing has no queue to be told of."""
    path = folder / "settings.py"
    text = (ROOT / "webhook/gunicorn.py").read_text()
    path.write_text(text + ("" if app.startswith("webhook") else "\ndel post_worker_init, worker_exit\n"))
    return path


def load(port: int, kind: str, seconds: float, rate: int = 0) -> dict[str, float]:
    """Run the load generator in a process of its own; returns its figures."""
    command = [sys.executable, "-m", "bench.load", kind, str(port), str(seconds), str(rate)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measured(port: int, pid: int, seconds: float) -> dict[str, float]:
    """Figures of a run with every connection busy, and the processor time it took the server."""
    time.sleep(1)  # what the workers do at their start is not about events
    before = processor_time(pid)
    return load(port, "closed", seconds) | {"cpu": processor_time(pid) - before}


def processor_time(pid: int) -> float:
    """Seconds the server's worker processes have used so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    stats = (Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split() for child in children)
    return sum(int(stat[11]) + int(stat[12]) for stat in stats) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port of 127.0.0.1 nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("the server ended before it answered")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
