"""`manage.py doctor`: every line is right, says what to do, and none keeps the others from being said."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

import clock as clock_process
import db
from bot import polling, probe
from models import ClockTick, Delivery, InboxEvent, Lease, Notice, OaToken, OfficialAccount, Staff, TokenState, ZaloApp
from secretbox import SecretBox
from services import acceptance, counters, doctor, durable, house, journal, mail, stop_all
from services.audit import CLI
from services.desk import Desk
from services.health import accounts, environment, ground, machinery, reach
from services.health.findings import Check, Finding, Level
from services.restore import RESTORED
from services.schedule import TURNS
from services.token_pairs import Pair

ROOT = Path(__file__).parents[2]
OK, WARNING, BROKEN = Level.OK, Level.WARNING, Level.BROKEN


def only(findings: Any) -> Finding:
    (finding,) = findings
    assert isinstance(finding, Finding)
    assert finding.do or finding.level is OK, finding
    return finding


def level(findings: Any) -> Level:
    return only(findings).level


def with_settings(desk: Desk, **changed: Any) -> Desk:
    return replace(desk, settings=desk.settings.model_copy(update=changed))


def test_where_all_is_well_nothing_is_said_to_be_wrong(well):
    """No check cries wolf."""
    findings = list(doctor.examine(well, (*doctor.CHECKS, Check("telegram", probe.telegram, rows=False))))
    wrong = [finding for finding in findings if finding.level is not OK]
    assert wrong == []
    assert {finding.check for finding in findings} >= {check.name for check in doctor.CHECKS} | {"time", "telegram"}


# --------------------------------------------------------------------------- none stops the others


def test_a_check_that_hangs_or_breaks_is_a_line_of_its_own(well):
    """The others are said all the same, in their order, and the whole ends in time."""
    gate = threading.Event()

    def hangs(desk: Desk) -> list[Finding]:
        gate.wait(60)
        return []

    def breaks(desk: Desk) -> list[Finding]:
        raise RuntimeError("a secret perhaps")

    checks = [Check("hangs", hangs), Check("breaks", breaks), Check("staff", machinery.staff)]
    began = time.monotonic()
    findings = list(doctor.examine(well, checks, limit=0.5))
    assert [(finding.check, finding.level) for finding in findings] == [
        ("hangs", BROKEN), ("breaks", BROKEN), ("staff", OK)
    ]  # fmt: skip
    assert time.monotonic() - began < 30
    assert "secret" not in str(findings)
    gate.set()


def test_without_a_database_the_rest_is_still_looked_at(settings, environment, tmp_path):
    """Neither a server that is away nor a file that is not there stops the checks that need none; nothing is made."""
    nowhere = tmp_path / "none" / "desk.db"
    for url in ("postgresql://postgres:hidden-word@127.0.0.1:1/x", f"sqlite:///{nowhere}"):
        desk = with_settings(Desk.from_settings(settings), database_url=SecretStr(url))
        db.open_database(url)
        found = {finding.check: finding for finding in doctor.examine(desk, doctor.CHECKS)}
        assert found["database"].level is BROKEN
        assert found["tokens"].level is WARNING
        assert found["secret_keys"].level is OK
        assert "hidden-word" not in str(found)
        db.close_database()
    assert not nowhere.exists()


# --------------------------------------------------------------------------- the environment


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", WARNING),
        ("https://desk.example.vn", OK),
        ("http://127.0.0.1:8000", WARNING),
        ("https://192.168.1.10", WARNING),
        ("https://intranet", WARNING),
        ("https://desk.example.vn?x=1", BROKEN),
        ("https://me@desk.example.vn", BROKEN),
    ],
)
def test_the_public_address_must_be_one_that_zalo_reaches(settings, url, expected):
    """Not this machine, not the office's network, nothing but an address."""
    assert level(environment.public_url(with_settings(Desk.from_settings(settings), public_url=url))) is expected


def test_keys_named_twice_are_told(settings):
    """Two keys are fine; the same one twice is a slip."""
    desk = Desk.from_settings(settings)
    (key,) = settings.secret_keys
    other = SecretStr(Fernet.generate_key().decode())
    assert level(environment.secret_keys(with_settings(desk, secret_keys=(other, key)))) is OK
    assert level(environment.secret_keys(with_settings(desk, secret_keys=(key, key)))) is WARNING


def test_little_room_on_the_disk_is_told_before_there_is_none(settings, monkeypatch):
    """A warning under 1 GiB, broken under 100 MiB."""
    desk = Desk.from_settings(settings)
    assert level(environment.data_dir(desk)) is WARNING  # not there yet
    settings.data_dir.mkdir(parents=True)
    usage = type("Usage", (), {"free": 0})
    for free, expected in ((5000, OK), (500, WARNING), (50, BROKEN)):
        usage.free = free * environment.MIB
        monkeypatch.setattr("services.health.environment.shutil.disk_usage", lambda folder: usage)
        assert level(environment.data_dir(desk)) is expected


def test_a_folder_one_may_not_write_in_is_broken(settings, monkeypatch):
    """Renewed tokens are kept there before anything else."""
    settings.data_dir.mkdir(parents=True)

    def refuse(**options: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("services.health.environment.tempfile.TemporaryFile", refuse)
    found = only(environment.data_dir(Desk.from_settings(settings)))
    assert (found.level, "Permission denied" in found.text) == (BROKEN, True)


def test_files_that_others_may_read_are_named(settings, tmp_path, monkeypatch):
    """Unless the folder around them is closed already."""
    monkeypatch.chdir(tmp_path)
    folder = settings.data_dir
    folder.mkdir(parents=True, mode=0o755)
    (folder / "oadesk.db").touch(mode=0o644)
    found = only(environment.permissions(Desk.from_settings(settings)))
    assert (found.level, "oadesk.db" in found.text) == (WARNING, True)
    folder.chmod(0o700)
    assert level(environment.permissions(Desk.from_settings(settings))) is OK
    (tmp_path / ".env").touch(mode=0o644)
    assert ".env" in only(environment.permissions(Desk.from_settings(settings))).text


def test_the_mail_server_is_knocked_at(settings):
    """Off is fine; set and not there is a warning, and so is a password in clear."""
    desk = Desk.from_settings(settings)
    assert level(environment.email(desk)) is OK
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        mail = {"smtp_host": "127.0.0.1", "smtp_port": port, "alert_email": ("hoa@example.vn",)}
        assert level(environment.email(with_settings(desk, **mail))) is OK
        in_clear = {**mail, "smtp_security": "none", "smtp_password": SecretStr("mail-password")}
        assert level(environment.email(with_settings(desk, **in_clear))) is WARNING
    assert level(environment.email(with_settings(desk, **mail))) is WARNING


def test_the_bot_token_is_needed(settings):
    """Without it there is no bot."""
    desk = Desk.from_settings(settings)
    assert level(environment.settings(desk)) is OK
    assert level(environment.settings(with_settings(desk, telegram_bot_token=SecretStr("")))) is BROKEN


# --------------------------------------------------------------------------- the ground


def test_a_database_that_cannot_be_written_to_is_broken(well):
    """Reading alone keeps nobody's token alive."""
    assert level(ground.database(well)) is OK
    off, on = "PRAGMA query_only = 1", "PRAGMA query_only = 0"
    if not db.is_sqlite():
        off, on = (f"SET default_transaction_read_only = {value}" for value in ("on", "off"))
    with db.database.connection_context():
        db.database.execute_sql(off)
        with pytest.MonkeyPatch.context() as patch:
            # The check opens a connection of its own, which would not be read only.
            patch.setattr(type(db.database.obj), "connection_context", nullcontext)
            assert level(ground.database(well)) is BROKEN
        db.database.execute_sql(on)


def test_migrations_to_come_and_of_a_newer_version_are_broken(well, monkeypatch):
    """Both ways round."""
    assert level(ground.migrations(well)) is OK
    names = db.known_migrations()
    monkeypatch.setattr(db, "known_migrations", lambda: [*names, "9999_later"])
    assert "9999_later" in only(ground.migrations(well)).text
    monkeypatch.setattr(db, "known_migrations", lambda: names[:-1])
    assert "newer" in only(ground.migrations(well)).text


def test_old_keys_are_counted_and_lost_ones_named(well, clock):
    """Under an old key: a warning with the command to run. Opened by none: broken, by table and row."""
    old = well.settings.secret_keys
    new = SecretStr(Fernet.generate_key().decode())
    assert level(ground.keys(well)) is OK
    keys = (new, *old)
    found = only(ground.keys(replace(with_settings(well, secret_keys=keys), box=SecretBox(keys))))
    assert (found.level, "rotate-keys" in found.do) == (WARNING, True)
    alone = replace(with_settings(well, secret_keys=(new,)), box=SecretBox([new]))
    found = only(ground.keys(alone))
    assert (found.level, f"oa_token.access {OaToken.get().id}" in found.text) == (BROKEN, True)


def test_a_quick_look_is_broken_only_when_nothing_opens(well):
    """One lost row is no reason to turn events away; keys of another desk are."""
    ZaloApp.create(app_id="41", secret="gAAAAlost", webhook_secrets="gAAAAlost", created_at=well.now())
    assert level(ground.keys_quickly(well)) is WARNING
    assert level(ground.keys(well)) is BROKEN
    foreign = SecretBox([SecretStr(Fernet.generate_key().decode())])
    assert level(ground.keys_quickly(replace(well, box=foreign))) is BROKEN


# --------------------------------------------------------------------------- the machinery


def test_a_bot_holds_the_right_to_poll(well):
    """The lease the poller takes is the one the doctor looks for."""
    assert (machinery.POLLING, machinery.POLLING_LASTS) == (polling.LEASE, polling.LEASE_LASTS)
    assert level(machinery.bot(well)) is OK
    Lease.update(until=well.now() - timedelta(seconds=1)).execute()
    assert level(machinery.bot(well)) is BROKEN


@pytest.mark.parametrize(("minutes", "expected"), [(0, OK), (5, WARNING), (30, BROKEN)])
def test_what_is_overdue_shows_a_worker_that_does_not_move(well, shop, minutes, expected):
    """By the oldest event, and by the oldest message; one that waits for its time is not overdue."""
    since = well.now() - timedelta(minutes=minutes)
    InboxEvent.create(dedupe_key="a", body=b"", headers={}, received_at=since)
    assert level(machinery.worker(well)) is expected
    InboxEvent.delete().execute()
    delivery(shop.oa, well.now(), next_attempt_at=since)
    assert level(machinery.worker(well)) is expected
    Delivery.update(next_attempt_at=well.now() + timedelta(hours=8)).execute()
    assert level(machinery.worker(well)) is OK


def delivery(oa: Any, now: Any, **more: Any) -> Any:
    return Delivery.create(
        oa=oa, channel="zns", kind="template", recipient="84901234567", content={}, dedupe_key="a", tracking_id="a",
        created_at=now, **more,
    )  # fmt: skip


def test_a_clock_that_stopped_is_broken_and_a_late_job_a_warning(well, clock):
    """Each job is measured by its own timetable."""
    assert level(machinery.clock(well)) is OK
    assert set(machinery.tick_ages(well.now())) == {job.name for job in TURNS}
    ClockTick.update(slot=well.now() - timedelta(days=2)).where(ClockTick.job == "reconcile").execute()
    found = only(machinery.clock(well))
    assert (found.level, "reconcile" in found.text) == (WARNING, True)
    clock.advance(minutes=20)
    assert level(machinery.clock(well)) is BROKEN
    ClockTick.delete().execute()
    assert level(machinery.clock(well)) is BROKEN


def test_a_job_that_failed_or_does_not_end_is_told(well):
    """With the name of what went wrong."""
    ClockTick.update(error="NotSent").where(ClockTick.job == "tokens").execute()
    found = only(machinery.clock(well))
    assert (found.level, "tokens failed (NotSent)" in found.text) == (WARNING, True)
    ClockTick.update(error="", done_at=None, slot=well.now() - timedelta(hours=2)).where(
        ClockTick.job == "profiles"
    ).execute()
    assert any("has not ended" in finding.text for finding in machinery.clock(well))


def test_notices_that_wait_or_were_given_up_are_told(well):
    """What staff should have heard."""
    assert level(machinery.notices(well)) is OK
    early = well.now() - timedelta(minutes=5)
    values = {"chat_id": 1, "kind": "x", "payload": {}, "created_at": early, "next_attempt_at": early}
    Notice.create(ref="1", **values)
    assert level(machinery.notices(well)) is WARNING
    Notice.update(next_attempt_at=well.now() - timedelta(hours=1)).execute()
    assert level(machinery.notices(well)) is BROKEN
    Notice.update(state="failed").execute()
    assert "given up" in only(machinery.notices(well)).text


def test_letters_the_mail_server_did_not_take_are_told(well):
    """Until one was taken again, or for a day."""
    now = well.now()
    assert level(machinery.letters(well)) is OK
    counters.add(now - timedelta(hours=1), mail.FAILED)
    assert level(machinery.letters(well)) is WARNING
    house.put(now, mail.SENT, db.to_ms(now - timedelta(minutes=50)))
    assert level(machinery.letters(well)) is OK
    counters.add(now - timedelta(minutes=40), mail.FAILED)
    assert level(machinery.letters(well)) is WARNING
    assert level(machinery.letters(replace(well, now=lambda: now + timedelta(days=2)))) is OK


def test_the_clock_is_asked_for_its_letters_too(well):
    """The mail job is not one of the services' own, and would be missed by nobody."""
    assert clock_process.mail_job().name in machinery.tick_ages(well.now())
    ClockTick.delete().where(ClockTick.job == "mail").execute()
    found = only(machinery.clock(well))
    assert (found.level, found.text) == (WARNING, "late: mail")


def test_a_pair_left_in_the_journal_is_told_with_its_reason(well, shop):
    """Not the one of a renewal that is under way."""
    pair = Pair("next-access", "next-refresh", well.now())
    path = journal.keep(well, journal.Entry(shop.oa.id, shop.oa.oa_id, 7, pair))
    seconds = well.now().timestamp() - 600
    os.utime(path, (seconds, seconds))
    found = only(machinery.pairs_left(well))
    assert (found.level, path.name in found.text) == (WARNING, True)
    assert "next-access" not in str(found)
    path.unlink()
    durable.write(path.with_name("1-0-ff.pair"), b"garbage")
    assert level(machinery.pairs_left(well)) is WARNING


def test_somebody_owns_the_desk_and_somebody_can_stand_in(well):
    """An owner alone is a warning."""
    assert level(machinery.staff(well)) is OK
    Staff.delete().where(Staff.telegram_id == 55).execute()
    assert level(machinery.staff(well)) is WARNING
    Staff.delete().execute()
    assert level(machinery.staff(with_settings(well, telegram_owner_id=None))) is BROKEN


# --------------------------------------------------------------------------- Zalo's side


def test_every_app_can_renew_and_prove(well):
    """No secret, no webhook secret, or the wrong one of the two."""
    assert level(accounts.zalo_apps(well)) is OK
    assert level(accounts.zalo_apps(with_settings(well, zalo_app_id=""))) is BROKEN
    assert level(accounts.zalo_apps(with_settings(well, zalo_app_secret=SecretStr("")))) is BROKEN
    assert level(accounts.zalo_apps(with_settings(well, zalo_webhook_secret=()))) is BROKEN
    same = with_settings(well, zalo_webhook_secret=(well.settings.zalo_app_secret,))
    found = only(accounts.zalo_apps(same))
    assert (found.level, "was given as OA Secret Key" in found.text) == (BROKEN, True)
    assert well.settings.zalo_app_secret.get_secret_value() not in str(found)


def test_silence_and_wrong_signatures_are_told(well):
    """By OA, and for the last day."""
    assert level(accounts.webhook(well)) is OK
    OfficialAccount.update(last_event_at=well.now() - timedelta(hours=9)).execute()
    assert "9 h ago" in only(accounts.webhook(well)).text
    OfficialAccount.update(last_event_at=None).execute()
    assert level(accounts.webhook(well)) is WARNING
    OfficialAccount.update(last_event_at=well.now()).execute()
    counters.add(well.now() - timedelta(hours=2), acceptance.counter(acceptance.Kind.WRONG))
    first, second = accounts.webhook(well)
    assert (first.level, second.level, "signature" in first.text) == (WARNING, OK, True)


@pytest.mark.parametrize(
    ("changed", "expected", "named"),
    [
        ({}, OK, "79 days left"),
        ({"state": TokenState.UNPROVEN}, WARNING, "pasted"),
        ({"attempts": 3, "error_code": "-14020"}, WARNING, "-14020"),
        ({"refresh_expires_at": 13}, WARNING, "12 days left"),
        ({"access_expires_at": -1}, BROKEN, "nothing can be sent"),
        ({"state": TokenState.NEEDS_REAUTH, "error_code": "-14014"}, BROKEN, "-14014"),
    ],
)
def test_every_state_of_a_token_is_told(well, clock, changed, expected, named):
    """With the days that are left, by name of the OA."""
    days = {name: well.now() + timedelta(days=value) for name, value in changed.items() if name.endswith("_at")}
    OaToken.update({**changed, **days}).execute() if changed else None
    clock.advance(seconds=1)
    found = only(accounts.tokens(well))
    assert (found.level, "Spa Hoa Mai" in found.text) == (expected, True)
    assert named in found.text


def test_an_oa_without_tokens_is_broken(well):
    """Nothing can be sent."""
    OaToken.delete().execute()
    assert level(accounts.tokens(well)) is BROKEN


def test_after_a_restore_the_tokens_of_then_are_doubted_until_they_were_renewed(well, clock):
    """Refresh tokens that were used since the backup are spent."""
    clock.advance(minutes=1)
    house.put(well.now(), RESTORED, {"at": well.now().isoformat(), "made_at": well.now().isoformat()})
    first, _ = accounts.tokens(well)
    assert (first.level, "restored" in first.text) == (WARNING, True)
    OaToken.update(changed_at=well.now() + timedelta(minutes=1)).execute()
    assert level(accounts.tokens(well)) is OK


@pytest.mark.parametrize(("until", "expected"), [("31/12/2027", OK), ("01/12/2026", WARNING), ("01/11/2026", BROKEN)])
def test_the_package_is_told_before_it_ends(well, until, expected):
    """Two weeks ahead."""
    OfficialAccount.update(profile={"package_name": "A", "package_valid_through_date": until}).execute()
    assert level(accounts.package(well)) is expected


def test_a_desk_without_oas_says_so_once(well):
    """No empty lists."""
    OaToken.delete().execute()
    OfficialAccount.update(state="removed").execute()
    for check in (accounts.webhook, accounts.tokens, accounts.package):
        assert only(check(well)).text == accounts.NONE_YET


@pytest.mark.parametrize(
    ("minutes", "expected", "named"), [(0, OK, ""), (1, WARNING, "60 s behind"), (-10, BROKEN, "ahead of")]
)
def test_our_clock_is_compared_with_zalos(well, shop, minutes, expected, named):
    """By the Date header of an answer: over half a minute a warning, over five minutes broken."""
    shop.zalo.post("/_sandbox/clock", {"set": int((well.now() + timedelta(minutes=minutes)).timestamp() * 1000)})
    found = [finding for finding in reach.zalo(well) if finding.check == "time"]
    assert level(found) is expected
    assert named.replace("60 s ", "") in only(found).text


def test_each_host_of_zalo_is_asked_for_itself(well):
    """The one that is away is named, with what cannot be done without it."""
    found = list(reach.zalo(with_settings(well, zalo_business_url="http://127.0.0.1:1")))
    assert [(finding.check, finding.level) for finding in found] == [
        ("zalo", OK), ("zalo", OK), ("zalo", BROKEN), ("time", OK)
    ]  # fmt: skip
    assert "ZNS" in found[2].text


def test_a_server_that_cannot_prove_its_name_is_not_zalo(well, tmp_path):
    """TLS is not waved through: here a server that speaks none."""
    plain = well.settings.zalo_oauth_url.replace("http://", "https://")
    found = next(reach.zalo(with_settings(well, zalo_oauth_url=plain)))
    assert found.level is BROKEN


def test_telegram_is_asked_who_the_bot_is(well):
    """Through the proxy if there is one; the token is in no finding."""
    found = only(probe.telegram(well))
    assert (found.level, "@" in found.text) == (OK, True)
    away = only(probe.telegram(with_settings(well, telegram_api_url="http://127.0.0.1:1")))
    proxied = only(probe.telegram(with_settings(well, telegram_proxy=SecretStr("http://127.0.0.1:1"))))
    assert (away.level, proxied.level) == (BROKEN, BROKEN)
    assert ("directly" in away.text, "TELEGRAM_PROXY" in proxied.text) == (True, True)
    token = well.settings.telegram_bot_token.get_secret_value()
    assert token.partition(":")[2] not in str((found, away, proxied))
    assert level(probe.telegram(with_settings(well, telegram_bot_token=SecretStr("")))) is WARNING


def test_a_token_that_telegram_does_not_know_is_told(well, monkeypatch):
    """Not as a bad network."""
    from telegram.error import InvalidToken

    async def refused(desk: Desk) -> str:
        raise InvalidToken

    monkeypatch.setattr(probe, "_who_am_i", refused)
    assert "does not know" in only(probe.telegram(well)).text


# --------------------------------------------------------------------------- the command


@pytest.fixture
def run(environment: dict[str, str], database_url: str, database: Any, tmp_path: Path) -> Callable[..., Any]:
    def call(code: int, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        away = dict.fromkeys(("ZALO_OAUTH_URL", "ZALO_OPENAPI_URL", "ZALO_BUSINESS_URL"), "http://127.0.0.1:1")
        env = {**environment, **away, "TELEGRAM_API_URL": "http://127.0.0.1:1", "DATABASE_URL": database_url}
        done = subprocess.run(
            [sys.executable, "manage.py", "doctor", *words], cwd=ROOT, env={**env, **more, "PATH": os.environ["PATH"]},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call


def test_the_command_prints_a_line_each_and_what_is_broken(run, environment):
    """With Telegram and Zalo away: exit 1, everything else was looked at, and no secret is printed."""
    done = run(1, "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(set(row) == {"check", "level", "text", "do"} for row in rows)
    levels = {row["check"]: row["level"] for row in rows}
    assert (levels["telegram"], levels["zalo"], levels["database"], levels["queue"]) == ("broken", "broken", "ok", "ok")
    assert all(row["do"] for row in rows if row["level"] != "ok")
    assert done.stderr.startswith("refused: broken: ")
    people = run(1)
    for name in ("SECRET_KEYS", "ZALO_APP_SECRET", "ZALO_WEBHOOK_SECRET"):
        assert environment[name] not in done.stdout + done.stderr + people.stdout + people.stderr
    assert "bot-token-of-tests" not in done.stdout + people.stdout
    assert "-> " in people.stdout


def test_with_nothing_configured_it_says_what_is_missing(run):
    """One line for each wrong setting, and no stack trace."""
    done = run(1, "--json", SECRET_KEYS="", PORT="no")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["check"] for row in rows} == {"settings"}
    assert {"SECRET_KEYS", "PORT"} == {row["text"].split()[0] for row in rows}
    assert "Traceback" not in done.stderr


def test_a_queue_that_is_away_is_broken_and_stops_nothing(run):
    """Redis not there."""
    rows = [json.loads(line) for line in run(1, "--json", QUEUE_URL="redis://127.0.0.1:1/0").stdout.splitlines()]
    assert {row["check"]: row["level"] for row in rows}["queue"] == "broken"
    assert {row["check"]: row["level"] for row in rows}["database"] == "ok"


def test_it_ends_well_when_nothing_is_broken(well, shop, run, environment):
    """Exit 0, warnings or not: scripts can rely on it."""
    now = db.from_ms(int(time.time() * 1000))
    Lease.update(until=now + timedelta(minutes=2)).execute()
    for job in TURNS:
        ClockTick.create(job=job.name, slot=job.slot(now) + timedelta(milliseconds=1), done_at=now)
    shop.zalo.post("/_sandbox/clock", {"reset": True})
    hosts = {f"ZALO_{name.upper()}_URL": f"{shop.zalo.base}/{name}" for name in ("oauth", "openapi", "business")}
    OfficialAccount.update(app_id=environment["ZALO_APP_ID"]).execute()
    done = run(0, "--json", **hosts, TELEGRAM_API_URL=f"{shop.zalo.base}/telegram")
    assert "nothing is broken" in done.stderr


def test_the_red_button_is_a_line_of_its_own(database, settings, clock):
    """Nothing leaves while everything is stopped: a doctor that finds all well then would mislead."""
    desk = replace(Desk.from_settings(settings), now=clock.now)
    assert [finding.level for finding in accounts.sending(desk)] == [OK]
    stop_all.stop_all(desk, CLI)
    (finding,) = accounts.sending(desk)
    assert finding.level is WARNING
    assert "start-all" in finding.do
