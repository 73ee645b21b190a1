"""The real worker and clock processes, against the local Zalo."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import config
from models import ClockTick, Delivery, DeliveryState, FollowerSync, OaToken, OfficialAccount, ZnsTemplate
from sandbox.running import running_sandbox
from services import accounts, deliveries
from services.audit import CLI
from services.desk import Desk, utc_now

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKER = [str(BIN / "huey_consumer"), "jobs.huey", "-w", "2", "-k", "thread", "-n", "-d", "0.05", "-m", "0.5",
          "--graceful-signal", "TERM"]  # fmt: skip
CLOCK = [sys.executable, "clock.py"]


@dataclass
class House:
    """A data folder, a local Zalo with one registered OA, and the processes started for a test."""

    environment: dict[str, str]
    zalo: Any
    oa: Any
    settings: config.Settings
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, command: list[str], **changes: str) -> subprocess.Popen[bytes]:
        environment = {**self.environment, **changes, "PATH": os.environ["PATH"]}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.started.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes], within: float = 25) -> tuple[int, str]:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=within)
        return process.returncode, errors.decode()

    def queue(self, phone: str = "84912340007") -> Delivery:
        now = utc_now()
        values = {"customer_name": "Lan", "order_code": "LH-1", "order_date": "24/11/2026"}
        ZnsTemplate.insert(
            oa=self.oa, template_id="300111", status="ENABLE", params=[], synced_at=now
        ).on_conflict_ignore().execute()
        tracking = deliveries.new_tracking_id(now)
        sample = next(each["sample"] for each in self.zalo.ready["templates"] if each["template_id"] == "300111")
        return Delivery.create(
            oa=self.oa, channel="zns", kind="template", recipient=phone, dedupe_key=tracking, tracking_id=tracking,
            content={"template_id": "300111", "params": {**values, **sample}}, next_attempt_at=now, created_at=now,
            timeout_ms=7_200_000,
        )  # fmt: skip


def eventually(true: Any, within: float = 60) -> None:
    """Wait until it is so; a test fails when it never is."""
    until = time.monotonic() + within
    while not true():
        if time.monotonic() > until:
            pytest.fail("it did not happen in time")
        time.sleep(0.05)


@pytest.fixture
def house(database: Any, environment: dict[str, str], database_url: str) -> Any:
    with running_sandbox(followers=3) as zalo:
        hosts = {f"ZALO_{name.upper()}_URL": f"{zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
        app = {"ZALO_APP_ID": zalo.ready["app_id"], "ZALO_APP_SECRET": zalo.ready["app_secret"]}
        whole = {**environment, **app, **hosts, "DATABASE_URL": database_url}
        settings = config.load(whole, env_file=None)
        first = zalo.oa
        desk = Desk.from_settings(settings)
        new = accounts.NewAccount(
            first["oa_id"], "Spa Hoa Mai", first["access_token"], first["refresh_token"], published=True
        )
        made = House(whole, zalo, accounts.register(desk, CLI, new), settings)
        asyncio.run(desk.close())
        yield made
        for process in made.started:
            if process.poll() is None:
                process.kill()
            if process.stdout is not None and not process.stdout.closed:
                print(process.communicate()[1].decode()[-3000:])  # shown by pytest when the test failed


def state(row: Any) -> str:
    return str(type(row).get_by_id(row.id).state)


def test_a_worker_sends_what_nobody_nudged_it_about(house: House) -> None:
    """The sweep finds it; TERM ends the process cleanly within 25 s."""
    row = house.queue()
    worker = house.start(WORKER)
    eventually(lambda: state(row) == DeliveryState.SENT)
    code, errors = house.stop(worker)
    assert code == 0, errors
    assert "Traceback" not in errors
    assert house.environment["ZALO_APP_SECRET"] not in errors


def test_a_worker_that_is_told_to_stop_ends_its_request_first(house: House) -> None:
    """The answer that comes during the shutdown is recorded: nothing becomes uncertain by a deployment."""
    house.zalo.post("/_sandbox/faults", {"match": "/business/message/template", "kind": "slow", "delay_ms": 3000})
    row = house.queue()
    worker = house.start(WORKER)
    eventually(lambda: state(row) == DeliveryState.SENDING)
    code, errors = house.stop(worker)
    assert (code, state(row)) == (0, DeliveryState.SENT), errors


def test_a_killed_worker_repeats_nothing(house: House) -> None:
    """kill -9 with a request under way: the next worker leaves it alone, and calls it uncertain when the lease ends."""
    house.zalo.post("/_sandbox/faults", {"match": "/business/message/template", "kind": "slow", "delay_ms": 5000})
    row = house.queue()
    worker = house.start(WORKER)
    eventually(lambda: len(house.zalo.messages()) == 1)
    worker.kill()
    worker.communicate()
    Delivery.update(lease_until=utc_now() - timedelta(seconds=1)).execute()
    house.start(WORKER)
    eventually(lambda: state(row) == DeliveryState.UNCERTAIN)
    assert len(house.zalo.messages()) == 1


def test_two_clocks_renew_a_due_token_once(house: House) -> None:
    """Each turn is taken by one of them, and the newcomer is looked at once."""
    now = utc_now()
    OaToken.update(access_issued_at=now - timedelta(hours=20), access_expires_at=now + timedelta(hours=5)).execute()
    clocks = [house.start(CLOCK) for _ in range(2)]
    eventually(lambda: OaToken.get().generation == 1)
    looked = (ClockTick.job == "newcomers") & ClockTick.done_at.is_null(False)
    eventually(lambda: ClockTick.select().where(looked).exists())
    ends = [house.stop(clock) for clock in clocks]
    assert [code for code, _ in ends] == [0, 0], ends
    assert OaToken.get().generation == 1
    assert OfficialAccount.get().profile["oa_id"] == house.oa.oa_id
    assert FollowerSync.select().count() >= 1
    assert ZnsTemplate.select().count() == 6
    assert not [tick.error for tick in ClockTick.select() if tick.error]


@pytest.mark.redis
def test_a_worker_on_redis_is_woken_by_a_nudge(house: House, redis_queue: str) -> None:
    """The same code with QUEUE_URL=redis://."""
    worker = house.start(WORKER, QUEUE_URL=redis_queue)
    first = house.queue()
    eventually(lambda: state(first) == DeliveryState.SENT)
    second = house.queue()
    script = "import jobs; from services.desk import Work; jobs.nudge(Work.SEND)"
    nudging = house.start([sys.executable, "-c", script], QUEUE_URL=redis_queue)
    assert nudging.wait(30) == 0
    eventually(lambda: state(second) == DeliveryState.SENT)
    assert house.stop(worker)[0] == 0


@pytest.mark.parametrize("command", [WORKER, CLOCK])
def test_wrong_settings_end_the_start_with_one_clear_line(tmp_path: Path, command: list[str]) -> None:
    """The variable is named, its value is not repeated."""
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "SECRET_KEYS": "very-wrong-key"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, text=True, check=False)
    assert done.returncode != 0
    assert "SECRET_KEYS" in done.stderr
    assert "very-wrong-key" not in done.stderr
    assert "Traceback" not in done.stderr
