"""`manage.py backup` and `restore`: one moment of either database, whole or not at all, and back into either."""

from __future__ import annotations

import gzip
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from full_desk import fill, read_all

import config
import db
import models as m
from models import (
    TABLES,
    AuditEntry,
    Confirmation,
    Consent,
    Contact,
    Counter,
    Delivery,
    InboxEvent,
    Notice,
    OfficialAccount,
    StaffUpdate,
)
from services import backup, durable, house, restore, stop_all, tables
from services.archive import Reader
from services.audit import CLI
from services.desk import Desk
from services.errors import Refusal

ROOT = Path(__file__).parents[2]
# What a restore changes on purpose.
SETTLED = {"lease", "confirmation", "official_account", "setting", "audit_entry", "notice", "staff_update"}


def quiet(table: str, rows: int) -> None:
    """Nobody listens."""


@pytest.fixture
def desk(database: Any, settings: config.Settings, clock: Any) -> Desk:
    return Desk.from_settings(settings)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "desk.backup"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'other.db'}"
    url: str = request.getfixturevalue("postgres_url_of_a_new_database")
    return url


@pytest.fixture
def other(desk: Desk, other_url: str, tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[[], Desk]]:
    """Calling it opens the other database, for a desk with a data folder of its own."""

    def go() -> Desk:
        db.open_database(other_url)
        whole = {**environment, "DATABASE_URL": other_url, "DATA_DIR": str(tmp_path / "other")}
        return Desk.from_settings(config.load(whole, env_file=None))

    yield go
    db.close_database()


def make(desk: Desk, file: Path, **options: Any) -> Any:
    return backup.make(desk, CLI, file, quiet, **options)


def put_back(desk: Desk, file: Path, **options: Any) -> Any:
    return restore.restore(desk, CLI, file, quiet, **options)


def lines(file: Path) -> list[Any]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return [json.loads(line) for line in text]


def rewrite(file: Path, change: Callable[[list[bytes]], list[bytes]]) -> None:
    with gzip.open(file, "rb") as old:
        changed = change(old.readlines())
    with gzip.open(file, "wb") as new:
        new.writelines(changed)


# --------------------------------------------------------------------------- there and back


def test_every_table_and_value_comes_back_in_either_kind(desk, file, other, clock):
    """From SQLite and from PostgreSQL, into SQLite and into PostgreSQL: this is also the way to move."""
    for n in (1, 2):
        fill(clock.now(), n)
    before = read_all()
    assert all(before.values()), [name for name, rows in before.items() if not rows]
    made = make(desk, file)
    assert made.rows == {name: len(rows) for name, rows in before.items()}
    put_back(other(), file, moved=True)
    after = read_all()
    assert set(after) == set(before) == {table._meta.table_name for table in TABLES}
    unchanged = set(before) - SETTLED
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    for name in SETTLED - {"lease", "audit_entry", "setting"}:
        assert after[name] == before[name], name
    assert InboxEvent.get().body == bytes(range(256))


def test_new_rows_are_numbered_behind_the_restored_ones(desk, file, other, clock):
    """Nothing written after a restore collides with what was restored."""
    fill(clock.now())
    highest = max(row.id for row in Contact.select())
    make(desk, file)
    put_back(other(), file)
    assert Contact.create(phone="84907654321", created_at=clock.now()).id > highest
    assert AuditEntry.create(at=clock.now(), actor="cli", action="x").id


def test_an_empty_desk_can_be_backed_up(desk, file, other):
    """No rows are also something."""
    make(desk, file)
    put_back(other(), file)
    assert OfficialAccount.select().count() == 0


def test_pictures_files_and_the_journal_travel_too(desk, file, other):
    """Into the data folder of the new desk; `files=False` leaves them out."""
    folder = desk.settings.data_dir
    digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    kept = [f"{digest}.{suffix}" for suffix in ("jpg", "png", "gif", "pdf", "doc", "docx", "csv")]
    for name in kept:
        durable.write(folder / "uploads" / name, b"test")
    durable.write(folder / "journal" / "1-4-00aabbcc.pair", b"gAAAA")
    made = make(desk, file)
    assert made.files == len(kept) + 1
    bare = file.with_suffix(".bare")
    assert make(desk, bare, files=False).files == 0
    new = other()
    put_back(new, file)
    assert [(new.settings.data_dir / "uploads" / name).read_bytes() for name in kept] == [b"test"] * len(kept)
    assert (new.settings.data_dir / "journal" / "1-4-00aabbcc.pair").read_bytes() == b"gAAAA"


# --------------------------------------------------------------------------- what stands still afterwards


def test_after_a_restore_nothing_leaves_before_a_manager_says_so(desk, file, other, clock):
    """What waited then may have been sent since: sending stands still, and old questions are void."""
    fill(clock.now())
    m.Staff.update(role="manager").execute()
    StaffUpdate.update(state="new", payload="gAAAA").execute()
    make(desk, file)
    put_back(other(), file)
    assert stop_all.in_force() is not None
    assert {row.stopped_code for row in OfficialAccount.select()} == {stop_all.CODE}
    assert Notice.select().where(Notice.kind == "stop_all").count() == 1
    assert Confirmation.get().expires_at <= Desk.from_settings(desk.settings).now()
    assert (StaffUpdate.get().state, StaffUpdate.get().payload) == ("failed", "")
    assert house.get(restore.RESTORED)["made_at"]
    assert AuditEntry.select().where(AuditEntry.action == "backup.restored").count() == 1


def test_a_desk_that_was_stopped_before_goes_on_where_it_was(desk, file, other, clock):
    """--moved: nothing happened since, so nothing has to be asked."""
    fill(clock.now())
    make(desk, file)
    put_back(other(), file, moved=True)
    assert stop_all.in_force() is None
    assert Delivery.get().state == "queued"
    assert Confirmation.get().expires_at > clock.now()


# --------------------------------------------------------------------------- one moment


def test_a_backup_is_of_one_moment_while_others_write(desk, file, other, clock):
    """Two rows that are always written together are both in it, or neither; and nobody who writes has to wait."""
    now, stop, pairs, problems = clock.now(), threading.Event(), [0], []

    def write_on() -> None:
        try:
            while not stop.is_set():
                pairs[0] += 1
                with db.write():
                    Contact.create(phone=str(pairs[0]), created_at=now)
                    InboxEvent.create(dedupe_key=str(pairs[0]), body=b"x", headers={}, received_at=now)
        except Exception as problem:
            problems.append(problem)
        finally:
            db.database.close()

    fill(now)
    seen: list[int] = []

    def after_each_table(table: str, rows: int) -> None:
        # Not before the writer got on: else the test would prove nothing.
        seen.append(pairs[0])
        while thread.is_alive() and pairs[0] < seen[-1] + 3:
            stop.wait(0.01)

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        made = backup.make(desk, CLI, file, after_each_table)
    finally:
        stop.set()
        thread.join(30)
    assert problems == []
    assert seen[-1] > seen[0]
    assert made.rows["contact"] == made.rows["inbox_event"]
    put_back(other(), file)
    assert sorted(row.phone for row in Contact.select() if len(row.phone) < 9) == sorted(
        row.dedupe_key for row in InboxEvent.select() if row.dedupe_key.isdigit()
    )


# --------------------------------------------------------------------------- whole or not at all


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_bytes(file.read_bytes()[:-40]),
        lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"not a backup at all"),
        lambda file: rewrite(file, lambda found: found[:-1]),
        lambda file: rewrite(file, lambda found: found[:1]),
        lambda file: rewrite(file, lambda found: [*found[:5], *found[6:]]),
        lambda file: rewrite(file, lambda found: [line.replace(b"Lan", b"Lam") for line in found]),
    ],
    ids=["end cut off", "half", "empty", "something else", "no trailer", "header only", "a line less", "changed"],
)
def test_a_damaged_file_is_refused_and_the_database_stays_empty(desk, file, other, clock, harm):
    """It is proved before anything is written."""
    fill(clock.now())
    make(desk, file)
    harm(file)
    with pytest.raises(Refusal) as refusal:
        put_back(other(), file)
    assert refusal.value.key == "backup.damaged"
    assert db.applied_migrations() == []


def test_what_fails_in_the_middle_leaves_nothing(desk, file, other, clock, monkeypatch):
    """The disk fills up at the last file: no row, no picture, and the next try works."""
    fill(clock.now())
    durable.write(desk.settings.data_dir / "journal" / "1-4-00aabbcc.pair", b"gAAAA")
    durable.write(desk.settings.data_dir / "journal" / "1-5-00aabbcc.pair", b"gAAAA")
    make(desk, file)
    new = other()
    real, left = durable.write, [1]

    def full(path: Path, data: bytes) -> None:
        if not left[0]:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        real(path, data)

    monkeypatch.setattr("services.restore.durable.write", full)
    with pytest.raises(OSError, match="No space"):
        put_back(new, file)
    assert all(table.is_empty() for table in tables.every())
    assert not list((new.settings.data_dir / "journal").glob("*.pair"))
    monkeypatch.undo()
    put_back(new, file)
    assert OfficialAccount.select().count() == 1


def test_a_database_with_rows_is_never_touched(desk, file, clock):
    """There is no way to replace: one restores beside it."""
    fill(clock.now())
    make(desk, file)
    before = read_all()
    with pytest.raises(Refusal) as refusal:
        put_back(desk, file)
    assert refusal.value.key == "backup.not_empty"
    assert read_all() == before


def test_names_of_files_lead_nowhere_else(desk, file, other, tmp_path):
    """A backup somebody changed, sum and all, writes nothing outside the data folder."""
    from services import archive

    header = archive.Header(db.known_migrations(), desk.now())
    for name in ("../escaped", "uploads/../../escaped.png", "/etc/escaped", f"uploads/{'0' * 64}.png"):
        with archive.writing(file, header) as writer:
            for table in tables.every():
                writer.table(table.name, list(table.columns))
            writer.file(name, b"x")
        with pytest.raises(Refusal) as refusal:
            put_back(other(), file)
        assert refusal.value.key == "backup.damaged"
        db.open_database(desk.settings.database)
    assert not list(tmp_path.rglob("escaped*"))


# --------------------------------------------------------------------------- versions


def test_a_backup_of_an_older_version_is_brought_up_to_this_one(desk, file, other, clock):
    """Into a database without tables: they are made as they were then, filled, and migrated."""
    first = db.known_migrations()[0]
    fill(clock.now())
    new = other()
    db.migrate(first)
    db.database.execute_sql("INSERT INTO contact (phone, name, opted_out_at, opted_out_code, created_at) "
                            "VALUES ('84901234567', '', 9, '-141', 5)")  # fmt: skip
    db.database.execute_sql("INSERT INTO staff_update (update_id, payload, state, received_at, error) "
                            "VALUES (1, 'gAAAA', 'new', 5, '')")  # fmt: skip
    old_header = db.applied_migrations()
    assert old_header == [first]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("services.backup.audit.record", lambda *args, **options: None)  # its table was another one then
        make(new, file)
    for table in reversed(tables.every()):
        db.database.execute_sql(f'DROP TABLE "{table.name}"')
    db.database.execute_sql("DROP TABLE schema_migration")
    db.open_database(new.settings.database)
    put_back(new, file)
    assert db.applied_migrations() == db.known_migrations()
    assert [row.phone for row in Contact.select()] == ["84901234567"]
    assert StaffUpdate.get().state == "failed"
    assert [(word.recipient, word.given, word.code) for word in Consent.select()] == [("84901234567", False, "-141")]
    assert stop_all.in_force() is not None


def test_killed_before_the_migrations_nothing_leaves(desk, file, other, monkeypatch):
    """The rows of an older version are in, the schema is still theirs: whoever migrates and starts sends nothing."""
    first = db.known_migrations()[0]
    new = other()
    db.migrate(first)
    db.database.execute_sql(
        "INSERT INTO official_account (oa_id, name, emoji, description, published, testing, app_id, state, "
        "zns_per_minute, stopped_code, created_at, revision) "
        "VALUES ('2902', 'Hoa Mai', '', '', true, false, '', 'active', 1, '', 5, 0)"
    )
    monkeypatch.setattr("services.backup.audit.record", lambda *args, **options: None)
    make(new, file)
    for table in reversed(tables.every()):
        db.database.execute_sql(f'DROP TABLE "{table.name}"')
    db.database.execute_sql("DROP TABLE schema_migration")
    db.open_database(new.settings.database)

    def killed(upto: str | None = None) -> list[str]:
        if upto is None:
            raise KeyboardInterrupt
        return db.migrate(upto)

    monkeypatch.undo()
    monkeypatch.setattr("services.restore.migrate", killed)
    with pytest.raises(KeyboardInterrupt):
        put_back(new, file)
    db.migrate()
    oa = OfficialAccount.get()
    assert (oa.stopped_at is not None, oa.stopped_code) == (True, restore.RESTORED)


def test_schemas_that_do_not_fit_are_refused(desk, file, other, clock, monkeypatch):
    """A newer one, and an older one into a database that was migrated already."""
    make(desk, file)
    rewrite(file, lambda found: found)
    reader = Reader(file)
    reader.check()
    real = db.known_migrations()
    monkeypatch.setattr("services.restore.known_migrations", lambda: real[:-1])
    new = other()
    with pytest.raises(Refusal) as refusal:
        put_back(new, file)
    assert (refusal.value.key, refusal.value.values) == ("backup.newer", {"migration": real[-1]})
    monkeypatch.undo()
    monkeypatch.setattr("services.restore.known_migrations", lambda: [*real, "9999_later"])
    db.migrate()
    monkeypatch.setattr("services.restore.applied_migrations", lambda: [*real, "9999_later"])
    with pytest.raises(Refusal) as refusal:
        put_back(new, file)
    assert refusal.value.key == "backup.schema"


# --------------------------------------------------------------------------- the commands


@pytest.fixture
def run(environment: dict[str, str], database: Any, database_url: str) -> Any:
    def call(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**environment, "PATH": os.environ["PATH"], "DATABASE_URL": database_url, **more}
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True
        )  # fmt: skip
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call


def test_the_commands_do_it_and_say_what_else_is_needed(run, file, clock, tmp_path):
    """The file is for its owner only; SECRET_KEYS and what may be spent are named."""
    fill(clock.now())
    done = run("backup", str(file), "--json")
    assert {"table": "contact", "rows": 1} in [json.loads(line) for line in done.stdout.splitlines()]
    assert "SECRET_KEYS" in done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.glob("*backup*")] == [file.name]
    elsewhere = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}", "DATA_DIR": str(tmp_path / "new")}
    restored = run("restore", str(file), **elsewhere)
    assert "stands still" in restored.stderr
    assert "doctor" in restored.stderr
    refused = run("restore", str(file), code=1, **elsewhere)
    assert refused.stderr.startswith("refused: The database is not empty")
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_file_that_cannot_be_written_is_one_line(run, tmp_path):
    """And what stood there before still stands."""
    assert run("backup", str(tmp_path / "no" / "folder"), code=1).stderr.startswith("refused: ")
    assert run("restore", str(tmp_path / "none"), code=1).stderr.startswith("refused: There is no backup")


def test_an_older_backup_stays_until_the_new_one_is_whole(desk, file, monkeypatch):
    """Written beside it and renamed at the end."""
    make(desk, file)
    before = file.read_bytes()
    monkeypatch.setattr("services.backup._write", lambda *args: (_ for _ in ()).throw(OSError(28, "No space")))
    with pytest.raises(OSError, match="No space"):
        make(desk, file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.glob(".*backup*")] == []


def test_no_secret_of_the_environment_is_in_it(desk, file, clock, environment):
    """Nor is anything in clear that is sealed in the database."""
    fill(clock.now())
    make(desk, file)
    with gzip.open(file, "rb") as raw:
        whole = raw.read().decode()
    for name in ("SECRET_KEYS", "ZALO_APP_SECRET", "ZALO_WEBHOOK_SECRET", "TELEGRAM_BOT_TOKEN"):
        assert environment[name] not in whole


# --------------------------------------------------------------------------- memory


@pytest.mark.processes
def test_memory_does_not_grow_with_the_tables(run, file, clock, tmp_path, environment, database_url):
    """Sixty megabytes of events take no more than a few: rows are streamed out and in."""
    small = peak("backup", file, environment, database_url)
    body = os.urandom(30_000)
    for start in range(0, 2000, 200):
        rows = [
            {"dedupe_key": str(n), "body": body, "headers": {}, "received_at": clock.now()}
            for n in range(start, start + 200)
        ]
        with db.write():
            InboxEvent.insert_many(rows).execute()
    assert peak("backup", file, environment, database_url) - small < 30_000
    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert peak("restore", file, environment, url) - small < 45_000
    db.open_database(url)
    assert InboxEvent.select().count() == 2000
    assert Counter.select().count() == 0


def peak(command: str, file: Path, environment: dict[str, str], url: str) -> int:
    """The largest resident size of the command, in kilobytes."""
    script = (
        "import sys, resource, manage\n"
        "try: manage.cli(sys.argv[1:])\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    env = {**environment, "PATH": os.environ["PATH"], "DATABASE_URL": url}
    done = subprocess.run(
        [sys.executable, "-c", script, command, str(file)], cwd=ROOT, env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])
