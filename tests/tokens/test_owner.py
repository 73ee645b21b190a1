"""services/token_owner.py among containers: equal host names and process ids, other processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services import token_owner

ROOT = Path(__file__).parents[2]
SAY = "import sys; from services import token_owner as o; print(o.new(), o.gone(sys.argv[1]), flush=True); input()"
APART = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


def can_unshare():
    try:
        return subprocess.run([*APART, "--mount-proc", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture
def container():
    """Starts a process that counts its processes anew; returns its owner string, and whether it calls ours gone."""
    if not can_unshare():
        pytest.skip("this machine lets nobody have process ids of their own")
    started = []

    def start(*options, ours=""):
        command = [*APART, *options, sys.executable, "-c", SAY, ours]
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        owner, gone = process.stdout.readline().split()
        return owner, gone == "True"

    yield start
    for process in started:
        process.communicate("\n")


def test_two_containers_never_call_each_other_gone(container):
    """Both are process 1 of the same kernel and alive; neither knows the other's number."""
    mine = token_owner.new()
    first, ours_is_gone = container("--mount-proc", ours=mine)
    second, first_is_gone = container("--mount-proc", ours=first)
    assert first.split(".")[1] == second.split(".")[1] == "1"
    assert first.split(".")[0] != second.split(".")[0]
    assert (ours_is_gone, first_is_gone) == (False, False)
    assert not token_owner.gone(first)
    assert not token_owner.gone(second)


def test_a_process_that_sees_the_numbers_of_others_judges_nobody(container):
    """Its /proc is of another namespace: what stands there of its own number is about somebody else."""
    mine = token_owner.new()
    machine, _, _, chance = mine.split(".")
    stranger, ours_is_gone = container(ours=f"{machine}.{os.getpid()}.1.{chance}")
    assert stranger.startswith(".")
    assert not ours_is_gone
    assert not token_owner.gone(stranger)
