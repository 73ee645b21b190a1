"""`python -m bot` as a platform runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models import Role, Staff

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.processes


@pytest.fixture
def process(house, environment, database_url, tmp_path) -> Iterator[subprocess.Popen[str]]:
    telegram = {"TELEGRAM_API_URL": f"{house.town.base}/telegram", "LOG_LEVEL": "DEBUG"}
    values = {**environment, **telegram, "DATABASE_URL": database_url, "PATH": os.environ["PATH"]}
    started = subprocess.Popen(
        [sys.executable, "-m", "bot"], cwd=ROOT, env=values, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    )
    yield started
    if started.poll() is None:
        started.kill()
    started.communicate()


def test_it_answers_and_ends_cleanly_on_term(house, process):
    """Exit 0 within seconds, and the bot's token in no log line, not even at DEBUG; the owner is entered."""
    person = house.person()
    person.say("/start")
    person.wait_for("Chào", timeout=30)
    assert Staff.get(Staff.telegram_id == house.settings.telegram_owner_id).role == Role.OWNER
    process.send_signal(signal.SIGTERM)
    _, logged = process.communicate(timeout=10)
    assert process.returncode == 0
    token = house.settings.telegram_bot_token.get_secret_value()
    assert "polling telegram" in logged
    assert token not in logged
    assert token.partition(":")[2] not in logged


@pytest.mark.parametrize(
    ("missing", "named"), [("SECRET_KEYS", "SECRET_KEYS"), ("TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN")]
)
def test_without_its_settings_it_says_which(environment, tmp_path, missing, named):
    """One clear line and exit 1, never a traceback."""
    values = {name: value for name, value in environment.items() if name != missing} | {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [sys.executable, "-m", "bot"], cwd=ROOT, env=values, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr
