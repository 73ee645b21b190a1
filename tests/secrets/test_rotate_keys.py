"""`manage.py rotate-keys`: a new key, while everything runs, at any point killed, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sealed_rows import everything, fill

from models import AuditEntry, ClockTick, OaToken, StaffUpdate, ZaloApp
from secretbox import SecretBox
from services import journal, rotation, sealed, token_pairs, updates
from services.audit import CLI
from services.desk import Desk, utc_now
from services.sealed import COLUMNS, Seal

ROOT = Path(__file__).parents[2]
NEW = SecretStr(Fernet.generate_key().decode())
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def with_keys(desk: Desk, *keys: SecretStr) -> Desk:
    """The desk of a process that was started with these keys."""
    return replace(desk, settings=desk.settings.model_copy(update={"secret_keys": keys}), box=SecretBox(keys))


@pytest.fixture
def old(database: Any, settings: Any) -> Iterator[Desk]:
    """A desk of before the change."""
    desk = Desk.from_settings(settings)
    yield desk
    asyncio.run(desk.close())


@pytest.fixture
def both(old: Desk) -> Desk:
    """A desk with the new key in front."""
    return with_keys(old, NEW, *old.settings.secret_keys)


def rotate(desk: Desk) -> dict[str, rotation.Count]:
    return {count.place: count for count in rotation.rotate(desk, CLI, lambda text: None)}


def test_everything_is_sealed_again_and_says_the_same(old, both, clock):
    """Afterwards the old key can go: every text is what it was, under the new key alone."""
    for n in (1, 2, 3):
        fill(old.box, clock.now(), n)
    journal.keep(old, journal.Entry(1, "29", 4, token_pairs.Pair("access", "refresh", clock.now())))
    before = everything(old.box)
    counts = rotate(both)
    assert {place: count.resealed for place, count in counts.items()} == {
        **{column.place: 3 for column in COLUMNS}, "journal": 1
    }  # fmt: skip
    assert everything(SecretBox([NEW])) == before
    assert rotation.prove(both).holds
    assert list(sealed.survey(with_keys(old, NEW)))[-1].seal is Seal.NEWEST
    (entry,) = AuditEntry.select().where(AuditEntry.action == "keys.rotated")
    assert (entry.actor, entry.detail["resealed"]) == ("cli", 3 * len(COLUMNS) + 1)


def test_a_second_run_changes_nothing(old, both, clock):
    """What is done stands in the rows themselves."""
    fill(old.box, clock.now(), 1)
    rotate(both)
    after = [getattr(row, column.name) for column in COLUMNS for row in column.rows()]
    counts = rotate(both)
    assert [count.resealed for count in counts.values()] == [0] * len(counts)
    assert [getattr(row, column.name) for column in COLUMNS for row in column.rows()] == after


def test_what_a_process_writes_meanwhile_is_never_lost(old, both, clock):
    """The text was read, then a renewal replaced it: the newer one stays, sealed with the new key."""
    fill(old.box, clock.now(), 1)
    (column,) = (column for column in COLUMNS if column.place == "oa_token.refresh")
    (stale,) = column.rows()
    newer = token_pairs.Pair("newer-access", "newer-refresh", clock.now())
    assert token_pairs.replace(old.box, clock.now(), stale.oa_id, 0, newer, "ok")
    assert sealed.reseal(both.box, column, stale) == (Seal.NEWEST, True)
    assert token_pairs.open_refresh(SecretBox([NEW]), OaToken.get()) == "newer-refresh"


def test_what_is_emptied_meanwhile_stays_empty(old, both, clock):
    """The bot forgets what was typed as soon as it is done; nobody writes it back."""
    fill(old.box, clock.now(), 1)
    (column,) = (column for column in COLUMNS if column.place == "staff_update.payload")
    (stale,) = column.rows()
    updates.done(stale.id)
    assert sealed.reseal(both.box, column, stale) == (Seal.GONE, False)
    assert StaffUpdate.get().payload == ""


def test_a_journal_file_brought_back_is_dropped_by_the_next_replay(shop):
    """Its renewal ended while the file was sealed again: the pair is in its row, so nothing is done twice."""
    desk = shop.desk()
    both = with_keys(desk, NEW, *desk.settings.secret_keys)
    pair = token_pairs.Pair("next-access", "next-refresh", shop.clock.now())
    path = journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    assert token_pairs.replace(desk.box, shop.clock.now(), shop.oa.id, 0, pair, "ok")
    assert sealed.reseal_file(both.box, path, f"journal:{shop.oa.id}") == (Seal.NEWEST, True)
    assert journal.replay(both) == 0
    assert not path.exists()
    assert OaToken.get().generation == 1


# --------------------------------------------------------------------------- as a command


@pytest.fixture
def run(environment: dict[str, str], database: Any, database_url: str) -> Run:
    """manage.py with the new key in front of the old one, unless told otherwise."""

    def call(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, capture_output=True, text=True,
            env=whole(environment, database_url, **more),
        )  # fmt: skip
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call


def whole(environment: dict[str, str], database_url: str, **more: str) -> dict[str, str]:
    keys = f"{NEW.get_secret_value()},{environment['SECRET_KEYS']}"
    paths = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return {**environment, **paths, "DATABASE_URL": database_url, "SECRET_KEYS": keys, **more}


def test_the_command_counts_proves_and_says_what_comes_next(run, old, clock):
    """One JSON line a place; the words for people go to stderr, and no key is among them."""
    fill(old.box, clock.now(), 1)
    done = run("rotate-keys", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["place"] for row in rows] == [column.place for column in COLUMNS] + ["journal"]
    assert {"place": "oa_token.access", "resealed": 1, "already": 0, "unreadable": []} in rows
    assert done.stderr.splitlines()[0].startswith("every process (web, bot, worker, clock) must have been restarted")
    assert "alone reads everything" in done.stderr
    assert "leave the older keys out" in done.stderr
    for key in (NEW, *old.settings.secret_keys):
        assert key.get_secret_value() not in done.stdout + done.stderr
    alone = run("rotate-keys", SECRET_KEYS=NEW.get_secret_value())
    assert "leave the older keys out" not in alone.stderr


def test_rows_no_key_opens_are_named(run, old, clock):
    """One clear line with table and row, after the rest was done all the same."""
    fill(old.box, clock.now(), 1)
    ZaloApp.update(secret="gAAAAAbroken").execute()
    refused = run("rotate-keys", "--json", code=1)
    row = ZaloApp.get().id
    assert json.loads(refused.stdout.splitlines()[0])["unreadable"] == [row]
    assert refused.stderr.splitlines()[-1].startswith(f"refused: no key of SECRET_KEYS opens zalo_app.secret {row};")
    assert token_pairs.open_access(SecretBox([NEW]), OaToken.get())


def test_a_process_that_still_has_the_old_key_is_named(both, old, clock, monkeypatch):
    """A text sealed with the old key after its place was passed: the proof finds it and says who writes there."""
    fill(old.box, clock.now(), 1)
    rotate(both)
    updates.store(clock.now(), old.box, [updates.Arrival(5, 1, 2, "{}")])
    proof = rotation.prove(both)
    assert not proof.holds
    assert [(found.place, found.seal) for found in proof.old] == [("staff_update.payload", Seal.OLD)]
    assert proof.writers() == ["bot"]


def test_the_command_refuses_while_somebody_seals_with_the_old_key(run, old, clock, environment):
    """Exit 1 and one line that says what to restart: here the first key is not the one the row has."""
    fill(old.box, clock.now(), 1)
    script = (
        "import sys; from services import rotation; from services.desk import utc_now; import cli.keys as keys\n"
        "prove = rotation.prove\n"
        "def late(desk):\n"
        "    from services import updates; from secretbox import SecretBox\n"
        "    updates.store(utc_now(), SecretBox(desk.settings.secret_keys[1:]), [updates.Arrival(6, 1, 2, '{}')])\n"
        "    return prove(desk)\n"
        "rotation.prove = late\n"
        "import manage; sys.argv = ['manage.py', 'rotate-keys']; manage.cli()"
    )
    url = str(old.settings.database)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, env=whole(environment, url)
    )
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("refused: sealed with an old key meanwhile: staff_update.payload ")
    assert "restart bot" in last


# --------------------------------------------------------------------------- killed in the middle, beside a real clock


def eventually(true: Callable[[], Any], within: float = 60) -> None:
    until = time.monotonic() + within
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def renewals() -> int:
    """How often the token was renewed so far; the clock's next look renews it again."""
    row, now = OaToken.get(), utc_now()
    if row.access_expires_at > now + timedelta(hours=2):
        OaToken.update(access_issued_at=now - timedelta(hours=24), access_expires_at=now + timedelta(hours=1)).execute()
        ClockTick.delete().where(ClockTick.job == "tokens").execute()
    return int(row.generation)


@pytest.mark.processes
@pytest.mark.timeout(240)
def test_killed_in_the_middle_beside_a_clock_that_renews(shop, environment, database_url):
    """Any row is under the old key or the new one, never neither; the next run ends the work and the OA lives."""
    desk = shop.desk()
    now = shop.clock.now()
    updates.store(now, desk.box, [updates.Arrival(n, 1, n, json.dumps({"text": f"update {n}"})) for n in range(3000)])
    hosts = {f"ZALO_{name.upper()}_URL": f"{shop.zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
    app = {"ZALO_APP_ID": shop.settings.zalo_app_id, "ZALO_APP_SECRET": shop.zalo.ready["app_secret"]}
    env = whole(environment, database_url, **hosts, **app)
    clock = subprocess.Popen([sys.executable, "clock.py"], cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
    command = [sys.executable, "manage.py", "rotate-keys", "--json"]
    try:
        eventually(lambda: renewals() >= 1)
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        seen = read_until(process, "staff_update.payload: 500 seen")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, seen
        keys = (NEW, *shop.settings.secret_keys)
        states = [found.seal for found in sealed.survey(with_keys(desk, *keys))]
        assert {Seal.NEWEST, Seal.OLD} == set(states)
        middle = renewals()
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        eventually(lambda: renewals() > middle)
    finally:
        clock.terminate()
        clock.wait(25)
    new = SecretBox([NEW])
    row = OaToken.get()
    answer = shop.zalo.get("/openapi/v2.0/oa/getoa", {"access_token": token_pairs.open_access(new, row)})
    assert answer["error"] == 0
    texts = [new.open(row.payload, f"staff_update:{row.update_id}:payload") for row in StaffUpdate.select()]
    assert sorted(texts) == sorted(json.dumps({"text": f"update {n}"}) for n in range(3000))


def read_until(process: subprocess.Popen[str], text: str) -> str:
    seen = ""
    assert process.stderr is not None
    for line in process.stderr:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"it ended before: {seen}")
