"""`make demo`: the story through real processes, and one clear line for what a fresh machine may lack."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.demo.story import STEPS

ROOT = Path(__file__).parents[1]


def demo(*words: str, timeout: float = 240) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sandbox", "demo", "--once", "--port", "0", "--web-port", "0", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


@pytest.mark.processes
@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_story_is_seen_to_its_end(language, tmp_path):
    """Every step was seen, in either language, by the real processes, and none of them printed a secret."""
    done = demo("--language", language, "--data", str(tmp_path / "data"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    found = re.search(r"(\d+) things looked for, all of them seen", done.stdout)
    assert found
    assert int(found[1]) > 90
    assert [title for title, _ in STEPS if f"── {title} " not in done.stdout] == []
    printed = done.stdout + done.stderr + "".join(log.read_text() for log in (tmp_path / "data").glob("*.log"))
    assert "local-demo-token" not in printed
    assert "Traceback" not in printed
    key = (tmp_path / "data" / "demo.key").read_text()
    assert key not in printed


@pytest.mark.processes
def test_an_occupied_port_is_one_clear_line():
    """It names the port and how to choose another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option, variable in (("--web-port", "PORT"), ("--port", "SANDBOX_PORT")):
            done = demo(option, str(port))
            assert done.returncode == 1
            assert len(done.stderr.strip().splitlines()) == 1
            assert str(port) in done.stderr
            assert f"{variable}=" in done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Just enough of a checkout for scripts/venv.sh."""
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/venv.sh", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def set_up(checkout: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    env = {"PATH": os.environ["PATH"], "HOME": str(checkout), **more}
    script = [str(checkout / "scripts/venv.sh"), "requirements.txt"]
    return subprocess.run(script, env=env, capture_output=True, text=True)


def pretend_python(checkout: Path, body: str) -> str:
    path = checkout / "python-for-test"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('case "$2" in *version_info*) exit 1;; esac', "3.11"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "python3-venv"),
    ],
)
def test_what_python_lacks_is_one_clear_line(checkout, body, named):
    """An old Python, or one without venv."""
    done = set_up(checkout, PYTHON=pretend_python(checkout, body))
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert named in done.stderr


def test_no_python_at_all_is_one_clear_line(checkout):
    """The package to install is named."""
    done = set_up(checkout, PYTHON="no-such-python")
    assert done.returncode == 1
    assert "apt-get install python3" in done.stderr


@pytest.mark.timeout(180)
def test_no_package_index_is_one_clear_line(checkout):
    """pip's own pages of text go to a file; the next try starts where this one stopped."""
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull, "PYTHON": sys.executable}
    done = set_up(checkout, **nowhere)
    assert done.returncode == 1
    assert "package index" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert (checkout / ".venv/install.log").exists()
