"""The key that seals everything is replaced while the desk goes on working."""

from __future__ import annotations

import subprocess
import sys

from sandbox.demo.machine import ROOT, keep_keys, keys_of, new_key
from sandbox.demo.stage import Missed, Stage


def rotate(stage: Stage) -> None:
    """A new key in front, everything sealed again, the old key thrown away."""
    old, new = keys_of(stage.machine.folder), new_key()
    stage.transcript.note("SECRET_KEYS gets a new key in front of the old one, and every process is started again")
    _restart(stage, f"{new},{old}")
    done = subprocess.run(
        [sys.executable, "manage.py", "rotate-keys"], cwd=ROOT, env=stage.machine.environment, capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode:
        raise Missed(f"rotate-keys: {done.stderr.strip()}")
    stage.saw("rotate-keys sealed everything again and proved that the new key alone reads it")
    _restart(stage, new)
    stage.saw("the old key is gone, and everything is up again")


def _restart(stage: Stage, keys: str) -> None:
    keep_keys(stage.machine.folder, keys)
    stage.machine.restart(SECRET_KEYS=keys)
