"""Starts and stops what the demo runs: the sandbox and the real processes of the Procfile."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

ROOT = Path(__file__).resolve().parents[2]
OWNER_ID = 7001002003
BOT_TOKEN = "700100200:local-demo-token"
PARTS = ("web", "bot", "worker", "clock")
START_LIMIT = 60.0  # seconds until everything answers; a slow laptop needs about ten
STOP_LIMIT = 25.0


class CannotStart(Exception):
    """Something the demo needs is not there; the text is one line that says what to do."""


@dataclass
class Machine:
    """The running demo: addresses, the sandbox's ready line, and the processes."""

    folder: Path
    web: str
    ready: dict[str, Any]
    environment: dict[str, str] = field(repr=False)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)

    @property
    def sandbox(self) -> str:
        return str(self.ready["base"])

    def restart(self, **changes: str) -> None:
        """Stop the product's processes and start them with a changed environment; the sandbox stays up."""
        _stop({name: process for name, process in self.processes.items() if name in PARTS})
        self.environment.update(changes)
        _start_parts(self)
        _wait_until_ready(self)

    def check(self) -> None:
        """Raise CannotStart naming the first process that has ended, with the end of its log."""
        for name, process in self.processes.items():
            if process.poll() is not None:
                tail = (self.folder / f"{name}.log").read_text(errors="replace").strip().splitlines()[-8:]
                raise CannotStart(f"the {name} process ended by itself:\n" + "\n".join(tail))


@contextmanager
def running(folder: Path, web_port: int, sandbox_port: int, **settings: str) -> Iterator[Machine]:
    """Start everything in `folder`, with these settings besides, wait until it answers, stop it at the end.

    Raises CannotStart.
    """
    if web_port and web_port == sandbox_port:
        raise CannotStart("the web process and the sandbox need two ports; PORT and SANDBOX_PORT are the same")
    web_port, sandbox_port = _free(web_port, "web-port", "PORT"), _free(sandbox_port, "port", "SANDBOX_PORT")
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        web = f"http://127.0.0.1:{web_port}"
        command = [sys.executable, "-m", "sandbox", "serve", "--port", str(sandbox_port)]
        command += ["--webhook-url", f"{web}/webhook/zalo", "--oas", "2"]
        processes["sandbox"] = _start("sandbox", command, dict(os.environ), folder, stdout=subprocess.PIPE)
        ready = _ready_line(processes["sandbox"], folder)
        machine = Machine(folder, web, ready, _environment(folder, web_port, ready) | settings, processes)
        _migrate(machine)
        _start_parts(machine)
        _wait_until_ready(machine)
        yield machine
    finally:
        _stop(processes)


def _start_parts(machine: Machine) -> None:
    for name, line in _procfile().items():
        if name in PARTS:
            machine.processes[name] = _start(name, ["sh", "-c", f"exec {line}"], machine.environment, machine.folder)


def _free(port: int, option: str, variable: str) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OverflowError:
            raise CannotStart(f"{port} is no port: they end at 65535") from None
        except OSError:
            raise CannotStart(
                f"port {port} is taken by another program; choose one with: make demo {variable}=... (--{option})"
            ) from None
        return int(probe.getsockname()[1])


def _environment(folder: Path, web_port: int, ready: dict[str, Any]) -> dict[str, str]:
    base = ready["base"]
    kept = {name: value for name, value in os.environ.items() if name in {"HOME", "LANG", "LC_ALL", "TMPDIR", "TZ"}}
    return kept | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "ENV_FILE": "",  # a .env for the real thing must not lead the demo to the real database
        "DATA_DIR": str(folder),
        "SECRET_KEYS": keys_of(folder),
        "PORT": str(web_port),
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "ZALO_APP_ID": ready["app_id"],
        "ZALO_APP_SECRET": ready["app_secret"],
        "ZALO_WEBHOOK_SECRET": ready["webhook_secret"],
        "ZALO_OAUTH_URL": f"{base}/oauth",
        "ZALO_OPENAPI_URL": f"{base}/openapi",
        "ZALO_BUSINESS_URL": f"{base}/business",
        "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
        "TELEGRAM_OWNER_ID": str(OWNER_ID),
        "TELEGRAM_API_URL": f"{base}/telegram",
        "MEDIA_ALLOW_PRIVATE": "true",  # what customers send lies at the local Zalo
    }


def keys_of(folder: Path) -> str:
    """The demo's SECRET_KEYS, newest first, kept beside the data they seal; one is made when there is none."""
    path = folder / "demo.key"
    if not path.exists():
        keep_keys(folder, new_key())
    return path.read_text()


def keep_keys(folder: Path, keys: str) -> None:
    """Write SECRET_KEYS for the next start of the demo in this folder."""
    path = folder / "demo.key"
    path.touch(mode=0o600)
    path.write_text(keys)


def new_key() -> str:
    """A Fernet key: 32 random bytes, URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name.strip(): command.strip() for name, _, command in (line.partition(":") for line in lines) if command}


def _start(
    name: str, command: list[str], environment: dict[str, str], folder: Path, stdout: int | IO[bytes] | None = None
) -> subprocess.Popen[bytes]:
    with (folder / f"{name}.log").open("ab") as log:
        # A session of its own: Ctrl-C in the terminal reaches the demo, which then stops everything in order.
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=stdout or log, stderr=log,
            start_new_session=True,
        )  # fmt: skip


def _ready_line(process: subprocess.Popen[bytes], folder: Path) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else b""
    try:
        ready: dict[str, Any] = json.loads(line)
    except ValueError:
        said = (folder / "sandbox.log").read_text(errors="replace").strip().splitlines()
        raise CannotStart(said[-1] if said else "the sandbox did not start") from None
    return ready


def _migrate(machine: Machine) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"], cwd=ROOT, env=machine.environment, capture_output=True, text=True
    )
    if done.returncode:
        raise CannotStart(f"the database could not be prepared: {done.stderr.strip()}")


def _wait_until_ready(machine: Machine) -> None:
    end = time.monotonic() + START_LIMIT
    while not (_answers(f"{machine.web}/readyz") and _answers(f"{machine.sandbox}/_sandbox/state")):
        machine.check()
        if time.monotonic() > end:
            raise CannotStart(f"the web process did not answer within {START_LIMIT:g} s; see {machine.folder}/web.log")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        with build_opener(ProxyHandler({})).open(url, timeout=3) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _stop(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        if process.poll() is None:
            _signal(process, signal.SIGTERM)
    end = time.monotonic() + STOP_LIMIT
    for process in processes.values():
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()
        if process.stdout:
            process.stdout.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # it may end between the look and the signal
        os.killpg(process.pid, number) if number == signal.SIGKILL else process.send_signal(number)
