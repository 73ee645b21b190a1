"""Dockerfile, systemd units and Caddyfile: what they name is there, and what they promise holds."""

from __future__ import annotations

import http.client
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest
from test_architecture import PLACES
from test_docs import commands

import config

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROCESSES = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text(encoding="utf-8").splitlines())
SECRETS = re.compile(r"SECRET|PASSWORD|TOKEN|KEY", re.IGNORECASE)


# ------------------------------------------------------------------ the image


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each on one line."""
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def copied() -> list[tuple[list[str], str]]:
    """What comes from the checkout: sources and where to."""
    words = [value.split() for name, value in instructions() if name == "COPY" and not value.startswith("--from")]
    return [(parts[:-1], parts[-1]) for parts in words]


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps it out; the last line that fits decides, for the path and for the folders above."""
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    out = False
    for rule in filter(None, (line for line in rules if not line.startswith("#"))):
        names = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        if any(fnmatch(name, rule.lstrip("!").removeprefix("**/")) for name in names):
            out = not rule.startswith("!")
    return out


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """/app of the image: what the Dockerfile copies, and nothing else of the checkout."""
    app = tmp_path_factory.mktemp("image")
    for sources, target in copied():
        for source in sources:
            if target.startswith("/"):
                continue
            place = app / target / Path(source).name if target.endswith("/") else app / target
            place.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / source, place)
    return app


def test_what_the_image_copies_is_there_and_not_ignored():
    """A name that was changed elsewhere would only be noticed while building."""
    sources = [source for paths, _ in copied() for source in paths]
    assert len(sources) > 15
    assert [source for source in sources if not (ROOT / source).exists() or ignored(source)] == []


def test_every_part_of_the_product_is_in_the_image(image):
    """And none that is for development only."""
    wanted = {name for name in PLACES if name != "sandbox"} | {"migrations", "locale", "Procfile"}
    names = {path.name.removesuffix(".py") for path in image.iterdir()}
    assert names == wanted | {"deploy"}


@pytest.mark.parametrize("path", [".env", "data/oadesk.db", ".git/config", "tests/conftest.py", "deploy/oadesk.env"])
def test_settings_data_and_history_stay_out_of_the_image(path):
    """What a builder has lying about is not handed on."""
    assert ignored(path)


def test_the_image_runs_as_nobody_in_particular():
    """By number, so that a platform can see that it is not root; the last word is that user's."""
    users = [value for name, value in instructions() if name == "USER"]
    assert users
    assert re.fullmatch(r"[1-9][0-9]{3,}:[1-9][0-9]{3,}", users[-1])


def test_the_base_is_pinned_to_the_python_we_test_with():
    """One base in both stages, named down to the distribution; never `latest`."""
    bases = {value.split()[0] for name, value in instructions() if name == "FROM"}
    assert bases == {"python:3.11-slim-bookworm"}


def test_no_secret_is_built_in():
    """They come with the environment, at the start."""
    for name, value in instructions():
        if name in {"ENV", "ARG"}:
            assert not SECRETS.search(value), value


def test_the_image_asks_the_web_process_how_it_is():
    """By the route that exists for it."""
    check = next(value for name, value in instructions() if name == "HEALTHCHECK")
    assert "deploy/healthy" in check
    assert "/healthz" in (DEPLOY / "healthy").read_text(encoding="utf-8")
    assert '"/healthz"' in (ROOT / "webhook" / "health.py").read_text(encoding="utf-8")


@pytest.fixture
def in_image(image: Path, environment: dict[str, str], tmp_path: Path):
    """Run something in the copied image, with its settings and nothing else."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    env = {**environment, "PATH": path, "DATA_DIR": str(tmp_path / "data"), "PYTHONDONTWRITEBYTECODE": "1"}

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=image, env={**env, **more}, capture_output=True, text=True, timeout=60)

    return run


def test_the_copied_files_are_enough_to_start_everything(in_image):
    """No process imports what was left out."""
    done = in_image(sys.executable, "-c", "import bot.__main__, webhook, clock, jobs, manage, cli.erase, bot.probe")
    assert done.returncode == 0, done.stderr


def test_a_process_is_started_by_its_name_in_the_procfile(in_image, tmp_path):
    """release migrates; what is no process is a command of the desk."""
    assert in_image("deploy/process", "release").returncode == 0
    assert (tmp_path / "data" / "oadesk.db").exists()
    listed = in_image("deploy/process", "oa", "list")
    assert (listed.returncode, listed.stdout) == (0, "")
    assert in_image("deploy/process", "nonsense").returncode == 2


def test_compose_names_files_that_exist_and_processes_that_are_known():
    """A look at the text: no YAML reader is needed for it."""
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"command: (\w+)", text)) == set(PROCESSES)
    assert (DEPLOY / "Caddyfile").exists()
    for name in re.findall(r"\b([A-Z_]+)_FILE: /run/secrets", text):
        assert name.lower() in config.Settings.model_fields or name == "POSTGRES_PASSWORD"
    assert "latest" not in text


# ------------------------------------------------------------------ systemd


def read(path: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def test_there_is_a_unit_for_every_process_and_it_runs_what_the_procfile_says():
    """The Procfile is the truth; a unit names the programs by their full paths and needs no quotes."""
    for name, command in PROCESSES.items():
        unit = read(DEPLOY / "systemd" / f"oadesk-{'migrate' if name == 'release' else name}.service")
        plain = unit["Service"]["ExecStart"].replace("/opt/oadesk/.venv/bin/", "")
        assert plain == command.replace("'", "")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_may_do_little(path):
    """Its own user, a read-only system, no new rights, and time to stop cleanly."""
    service = read(path)["Service"]
    assert service["User"] == "oadesk"
    wanted = {
        "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes",
        "CapabilityBoundingSet": "", "SystemCallFilter": "@system-service", "UMask": "0077",
    }  # fmt: skip
    assert {name: service[name] for name in wanted} == wanted
    assert not any(SECRETS.search(line) for line in service["Environment"].split())
    if service["Type"] != "oneshot":
        assert int(service["TimeoutStopSec"]) > 25
        assert service["Restart"] == "always"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units(tmp_path):
    """Copied to where the programs exist, for it looks for them."""
    folder = tmp_path / "units"
    folder.mkdir()
    for path in [*UNITS, DEPLOY / "systemd" / "oadesk.target"]:
        text = path.read_text(encoding="utf-8").replace("/opt/oadesk/.venv/bin/", "/bin/true #")
        (folder / path.name).write_text(re.sub(r"(ExecStart=/bin/true).*", r"\1", text))
    names = [str(path) for path in sorted(folder.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "oadesk" in line and "Failed to" not in line]
    assert ours == []


def test_the_settings_of_the_units_start_the_desk(tmp_path):
    """The sample of deploy/systemd, once its secrets lie where it says."""
    text = (DEPLOY / "systemd" / "oadesk.env").read_text(encoding="utf-8")
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    from cryptography.fernet import Fernet

    values = {"secret_keys": Fernet.generate_key().decode(), "telegram_bot_token": "1:abc", "zalo_app_secret": "x",
              "zalo_webhook_secret": "y"}  # fmt: skip
    for name, value in values.items():
        (secrets / name).write_text(value + "\n")
    sample = tmp_path / "oadesk.env"
    sample.write_text(text.replace("/etc/oadesk/secrets", str(secrets)))
    settings = config.load({"ENV_FILE": str(sample)})
    assert settings.telegram_bot_token.get_secret_value() == "1:abc"
    assert settings.database == "sqlite:////var/lib/oadesk/oadesk.db"
    named = set(re.findall(r"^#?([A-Z_]+?)(?:_FILE)?=", text, re.MULTILINE))
    assert named <= {name.upper() for name in config.Settings.model_fields}


# ------------------------------------------------------------------ the guides


@pytest.mark.parametrize("name", ["operations", "deployment", "security"])
def test_the_guides_name_commands_and_files_that_exist(name):
    """Somebody follows them at night."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    known = commands()
    first = {command.split()[0] for command in known}
    for word in re.findall(
        r"(?:^    |`|bin/)oadesk ([a-z-]+)|(?:manage\.py|--rm web|--rm oadesk) ([a-z-]+)", text, re.M
    ):
        assert max(word) in first, word
    for path in re.findall(r"\bdeploy/[A-Za-z./-]*[A-Za-z]", text):
        made_there = path.startswith("deploy/secrets") or path == "deploy/oadesk.env"
        assert made_there or (ROOT / path).exists(), path
    for setting in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text):
        plain = setting.removesuffix("_FILE").lower()
        assert plain in config.Settings.model_fields or setting in {"NAME_FILE", "ENV_FILE"}, setting


# ------------------------------------------------------------------ Caddy


CADDYFILE = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")


def test_caddy_lets_through_what_zalo_needs_and_nothing_else():
    """Every address of the desk is either named or kept inside."""
    paths = re.search(r"@desk path (.+)", CADDYFILE)
    assert paths
    assert set(paths.group(1).split()) == {"/", "/webhook/zalo", "/oauth/zalo/*", "/zalo_verifier*.html", "/healthz"}


class Upstream(http.server.BaseHTTPRequestHandler):
    """The desk, as far as Caddy sees it."""

    def do_GET(self) -> None:
        if "state=die" in self.path:
            self.close_connection = True  # as a process that is being restarted
            return
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def do_POST(self) -> None:
        size = int(self.headers["Content-Length"])
        while size > 0 and (part := self.rfile.read(min(size, 65536))):
            size -= len(part)
        self.close_connection = size > 0  # Caddy cut it off, and waits for no answer
        if not size:
            self.do_GET()

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """The real Caddy with our file, without TLS, in front of a small server: its port and its log."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not installed")
    folder = tmp_path_factory.mktemp("caddy")
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    thread = threading.Thread(target=upstream.serve_forever)
    thread.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = {"DESK_HOST": f"http://127.0.0.1:{port}", "DESK_UPSTREAM": f"127.0.0.1:{upstream.server_port}"}
    env = {**os.environ, **where, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = folder / "log"
    with log.open("wb") as stream:
        running = subprocess.Popen(
            [program, "run", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")], env=env, stderr=stream
        )
    try:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert running.poll() is None, log.read_text()
                time.sleep(0.05)
        yield port, log
    finally:
        running.terminate()
        running.wait(20)
        upstream.shutdown()
        upstream.server_close()
        thread.join(10)


def ask(port: int, method: str, path: str, body: bytes = b"") -> http.client.HTTPResponse:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request(
            method, path, body=body or None, headers={"Cookie": "secret-cookie=1", "Referer": "http://x/?code=1"}
        )
        answer = line.getresponse()
        answer.read()
        return answer
    finally:
        line.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/webhook/zalo", 200),
        ("/oauth/zalo/callback?code=secret-code&state=x", 200),
        ("/zalo_verifierABC.html", 200),
        ("/healthz", 200),
        ("/metrics", 404),
        ("/readyz", 404),
        ("/anything", 404),
    ],
)
def test_caddy_passes_on_what_is_for_outside(caddy, path, status):
    """Metrics above all: behind a proxy everybody seems to be local."""
    assert ask(caddy[0], "GET", path).status == status


def test_caddy_refuses_bodies_nobody_sends(caddy):
    """The desk itself takes 4 MB; a little more comes through so that it can count it."""
    assert ask(caddy[0], "POST", "/webhook/zalo", b"x" * 4_100_000).status == 200
    assert ask(caddy[0], "POST", "/webhook/zalo", b"x" * 6_000_000).status in {413, 502}


def test_caddys_log_has_no_query_and_no_headers(caddy):
    """The way back from Zalo's permission page carries a code; what Caddy says of a failure names the request too."""
    port, log = caddy
    answer = ask(port, "GET", "/oauth/zalo/callback?code=very-secret-code&state=y")
    assert (answer.status, answer.headers["Server"]) == (200, None)
    assert ask(port, "GET", "/oauth/zalo/callback?code=very-secret-code&state=die").status == 502
    end = time.monotonic() + 20
    while '"logger":"http.log.error' not in log.read_text() and time.monotonic() < end:
        time.sleep(0.05)
    text = log.read_text()
    assert "/oauth/zalo/callback" in text
    for secret in ("very-secret-code", "state=", "secret-cookie", "http://x/"):
        assert secret not in text
    assert all(json.loads(line) for line in text.splitlines() if line.startswith("{"))
