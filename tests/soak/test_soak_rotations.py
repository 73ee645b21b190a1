"""A thousand rotations of a refresh token by real processes that are killed all the time, and answers that get lost."""

from __future__ import annotations

import asyncio
import random
import subprocess
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import Notice, OaToken, OfficialAccount, TokenState
from services import tokens
from services.desk import Desk
from tests.tokens.fleet import RENEWING, WORKER, Fleet, eventually, fleet_of
from zalo.oauth import TokenPair

pytestmark = [pytest.mark.soak, pytest.mark.processes]
ROTATIONS, RENEWERS, CHECK_EVERY = 1000, 3, 100
# The first is the rule; of the others one in a while.
SLOW = {"kind": "slow", "times": None, "delay_ms": 60}
FAULTS = ("lost_answer", "lost_request", "http_502", "lost_answer", "empty")


class Storm:
    """Renewers and a worker, one of which is killed every moment."""

    def __init__(self, fleet: Fleet, witness: Path, chance: random.Random) -> None:
        self.fleet, self.witness, self.chance = fleet, witness, chance
        self.count: Counter[str] = Counter()
        self.renewers: list[subprocess.Popen[str]] = []
        self.worker = self.start(WORKER)

    def start(self, command: list[str]) -> subprocess.Popen[str]:
        process = self.fleet.start(command, RENEW_WITNESS=str(self.witness), LOG_LEVEL="ERROR")
        if command is not WORKER:
            self.fleet.go(process)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        self.count["kills"] += 1
        self.fleet.kill(process)
        self.fleet.started.remove(process)

    def rage(self) -> None:
        """One moment of it."""
        while len(self.renewers) < RENEWERS:
            self.renewers.append(self.start(RENEWING))
        victim = self.renewers.pop(self.chance.randrange(RENEWERS))
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        time.sleep(self.chance.uniform(0.05, 0.6))
        if self.chance.random() < 0.1:
            kind = self.chance.choice(FAULTS)
            self.count[kind] += 1
            self.fleet.zalo.delete("/_sandbox/faults")
            self.fleet.fault(kind)
            self.fleet.fault(**SLOW)
        self.kill(victim)
        if self.chance.random() < 0.05:
            self.kill(self.worker)
            self.worker = self.start(WORKER)

    def calm(self) -> None:
        """Everybody is gone but the worker: within a minute the OA lives, or its death is told."""
        while self.renewers:
            self.kill(self.renewers.pop())
        self.fleet.zalo.delete("/_sandbox/faults")
        eventually(lambda: self.fleet.lives() or dead(), within=60)
        self.fleet.fault(**SLOW)

    def mourn(self) -> None:
        """A death: it was told, the answer had not reached the journal, and somebody connects the OA again."""
        row = OaToken.get()
        assert Notice.select().where(
            Notice.kind == "needs_reauth", Notice.ref.startswith(f"{self.fleet.oa.oa_id}:{row.generation}:")
        ).exists()  # fmt: skip
        assert str(row.generation) not in self.witness.read_text(encoding="ascii").split()
        assert not self.fleet.journal()
        self.count["deaths"] += 1
        asyncio.run(connect(self.fleet))


def dead() -> bool:
    return bool(OaToken.get().state == TokenState.NEEDS_REAUTH)


async def connect(fleet: Fleet) -> None:
    desk = Desk.from_settings(fleet.settings, nudge=lambda work: None)
    async with tokens.hold(desk, fleet.oa) as held:
        new = await asyncio.to_thread(fleet.zalo.post, "/_sandbox/tokens/issue", {})
        pair = TokenPair(new["access_token"], new["refresh_token"], timedelta(hours=25))
        await held.save(pair, fleet.settings.zalo_app_id)
    await desk.close()


@pytest.mark.timeout(1800)
def test_no_oa_dies_unsaid_or_with_its_answer_in_the_journal(
    database: Any, environment: dict[str, str], database_url: str, tmp_path: Path, capsys: Any
) -> None:
    """1,000 rotations, a process killed every third of a second, answers lost now and then."""
    seed = random.SystemRandom().randrange(10**6)
    witness = tmp_path / "witness"
    witness.touch()
    begun = time.monotonic()
    with fleet_of(environment, database_url) as fleet:
        fleet.fault(**SLOW)
        storm, next_check = Storm(fleet, witness, random.Random(seed)), CHECK_EVERY
        while fleet.rotations < ROTATIONS:
            storm.rage()
            if fleet.rotations >= next_check:
                storm.calm()
                next_check += CHECK_EVERY
            if dead():
                storm.mourn()
        storm.calm()
        if dead():
            storm.mourn()
        eventually(fleet.lives)
        told = Notice.select().where(Notice.kind == "needs_reauth").count()
        figures = {"rotations": fleet.rotations, "saved": len(witness.read_text(encoding="ascii").split())}
    with capsys.disabled():
        print(f"\n{figures} {dict(storm.count)} seed {seed}, {time.monotonic() - begun:.0f} s")
    assert told == storm.count["deaths"]
    assert storm.count["kills"] > 100
    assert OfficialAccount.get().lost_at is None
