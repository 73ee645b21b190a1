"""manage.py as scripts call it: a real process, JSON lines on stdout, one clear line on refusal."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models import AuditEntry, InboxEvent
from sandbox.running import RunningSandbox, running_sandbox

ROOT = Path(__file__).parents[1]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(followers=7) as running:
        yield running


@pytest.fixture
def run(environment: dict[str, str], database_url: str, sandbox: RunningSandbox) -> Run:
    """Run the command line against an empty, migrated database and the local Zalo."""
    names = {"oauth", "openapi", "business"}
    where = {f"ZALO_{name.upper()}_URL": f"{sandbox.base}/{name}" for name in names}
    keys = {"ZALO_APP_ID": sandbox.ready["app_id"], "ZALO_APP_SECRET": sandbox.ready["app_secret"]}
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    env = {**environment, **where, **keys, **path, "DATABASE_URL": database_url}

    def call(*words: str, code: int = 0, **more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env={**env, **more}, capture_output=True, text=True
        )
        assert done.returncode == code, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    return call


@pytest.fixture
def empty(database: Any, run: Run) -> Run:
    """The same, with the tables certainly empty."""
    return run


def rows(done: "subprocess.CompletedProcess[str]") -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def add(
    run: Run, sandbox: RunningSandbox, *more: str, code: int = 0, **changed: str
) -> "subprocess.CompletedProcess[str]":
    oa = sandbox.oa
    given = {
        "oa-id": oa["oa_id"],
        "name": "Hoa Mai",
        "access-token": oa["access_token"],
        "refresh-token": oa["refresh_token"],
    }
    given |= {name.replace("_", "-"): value for name, value in changed.items()}
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return run("oa", "add", *words, *more, "--json", code=code)


def test_an_added_oa_sends_nothing_until_it_is_published(empty, sandbox):
    """Neither flag is set by default: the safe side."""
    added = rows(add(empty, sandbox))[0]
    assert (added["published"], added["testing"], added["mode"]) == (False, False, "paused")
    listed = rows(empty("oa", "list", "--json"))
    assert [(row["oa_id"], row["name"]) for row in listed] == [(sandbox.oa["oa_id"], "Hoa Mai")]
    assert sandbox.oa["access_token"] not in json.dumps(listed)


def test_both_flags_can_be_given_when_adding(empty, sandbox):
    """Scripts set an OA up in one call."""
    added = rows(add(empty, sandbox, "--published", "--testing"))[0]
    assert (added["published"], added["testing"], added["mode"]) == (True, True, "test")


def test_the_owner_hears_of_an_added_oa_before_they_ever_wrote_to_the_bot(empty, sandbox):
    """Somebody must be told when its connection is lost."""
    add(empty, sandbox)
    assert [row["role"] for row in rows(empty("staff", "list", "--json"))] == ["owner"]


@pytest.mark.parametrize(
    ("changed", "named"), [({"access_token": "dead-token"}, "token"), ({"oa_id": "1234567890"}, "1234567890")]
)
def test_wrong_tokens_and_ids_are_refused_before_anything_is_stored(empty, sandbox, changed, named):
    """One clear line, exit 1, no row, and no token in what is printed."""
    refused = add(empty, sandbox, code=1, **changed)
    assert refused.stderr.startswith("refused: ")
    assert len(refused.stderr.strip().splitlines()) == 1
    assert named in refused.stderr
    assert "Traceback" not in refused.stderr
    assert sandbox.oa["access_token"] not in refused.stderr
    assert rows(empty("oa", "list", "--json")) == []


def test_followers_are_pulled_and_printed_one_a_line(empty, sandbox):
    """--sync reads the list from Zalo first."""
    add(empty, sandbox)
    assert rows(empty("followers", "--oa", sandbox.oa["oa_id"], "--json")) == []
    pulled = rows(empty("followers", "--oa", sandbox.oa["oa_id"], "--json", "--sync"))
    assert len(pulled) == 7
    assert {"user_id", "is_follower", "display_name", "phone", "tags"} <= pulled[0].keys()
    assert all(isinstance(row["user_id"], str) and row["is_follower"] is True for row in pulled)


def test_an_unknown_oa_is_named(empty):
    """The caller mistyped something: say what."""
    refused = empty("followers", "--oa", "42", "--json", code=1)
    assert "42" in refused.stderr
    assert refused.stdout == ""


def test_templates_are_listed_and_read_from_zalo(empty, sandbox):
    """Nothing is known before the first reading; what Zalo refuses is one line."""
    oa_id = sandbox.oa["oa_id"]
    add(empty, sandbox)
    assert rows(empty("templates", "--oa", oa_id, "--json")) == []
    found = rows(empty("templates", "--oa", oa_id, "--json", "--sync"))
    assert len(found) == 6
    first = next(row for row in found if row["template_id"] == "300111")
    assert (first["status"], first["price_phone"], first["params"][0]["sample"]) == ("ENABLE", 300, "Nguyễn Thị Lan")
    sandbox.post("/_sandbox/faults", {"match": "/business/template/all", "kind": "error", "code": -138})
    refused = empty("templates", "--oa", oa_id, "--sync", code=1)
    assert refused.stderr.startswith("refused: ")


@pytest.mark.parametrize(
    "words", [("oa", "add"), ("followers",), ("replay",), ("replay", "1", "--dead"), ("nonsense",)]
)
def test_wrong_usage_is_exit_2(run, words):
    """Scripts can tell "you called me wrong" from "I refused"."""
    assert "Usage" in run(*words, code=2).stderr


def test_empty_lists_print_nothing(empty):
    """No row, no line."""
    for words in (("oa", "list"), ("inbox",), ("inbox", "--state", "dead"), ("deliveries",), ("staff", "list")):
        assert empty(*words, "--json").stdout == ""


def test_staff_are_added_and_changed(empty):
    """The second call changes the role."""
    empty("staff", "add", "--telegram-id", "42", "--role", "operator", "--name", "Lan")
    empty("staff", "add", "--telegram-id", "42", "--role", "manager", "--language", "en")
    (person,) = rows(empty("staff", "list", "--json"))
    assert (person["name"], person["role"], person["language"]) == ("Lan", "manager", "en")


def test_a_wrong_setting_is_one_line_without_its_value(run):
    """A typo in the environment shows its name only."""
    refused = run("oa", "list", code=1, PORT="not-a-port")
    assert "PORT" in refused.stderr
    assert "not-a-port" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_database_that_is_not_there_is_one_line(run):
    """No stack trace, and no password."""
    refused = run("oa", "list", code=1, DATABASE_URL="postgresql://postgres:hidden-word@127.0.0.1:1/x")
    assert refused.stderr.startswith("refused: ")
    assert "hidden-word" not in refused.stderr


def test_a_new_key_is_a_fernet_key(run, environment):
    """What it prints can be put into SECRET_KEYS."""
    key = run("new-key").stdout.strip()
    run("oa", "list", SECRET_KEYS=key)


def test_three_migrations_at_once_are_safe(environment, tmp_path, postgres_url_of_a_new_database):
    """Three machines of a platform start the release step together: one does the work, all succeed."""
    for url in (f"sqlite:///{tmp_path / 'three.db'}", postgres_url_of_a_new_database):
        env = {**environment, "DATABASE_URL": url, "PATH": os.environ["PATH"]}
        command = [sys.executable, "manage.py", "migrate", "--json"]
        started = [
            subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(3)
        ]
        outputs = [process.communicate(timeout=60) for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], outputs
        assert sum(len(out.splitlines()) for out, _ in outputs) == len(list((ROOT / "migrations").glob("0*.py")))


def test_what_make_run_lacks_is_named_at_once(run):
    """Without a bot nothing starts; a Zalo app may come later, and the remark says that it is missing."""
    assert "PUBLIC_URL" in run("check").stderr
    assert "TELEGRAM_BOT_TOKEN" in run("check", code=1, TELEGRAM_BOT_TOKEN="").stderr
    remark = run("check", ZALO_APP_ID="", ZALO_WEBHOOK_SECRET="").stderr
    assert "ZALO_APP_ID, ZALO_WEBHOOK_SECRET" in remark


def test_everything_is_stopped_and_let_go_on_the_command_line(empty, sandbox):
    """One line each; letting go what does not stand still is refused; both are written down as cli."""
    add(empty, sandbox, "--published")
    assert "1 OA(s) stopped" in empty("stop-all").stderr
    assert "stood still already" in empty("stop-all").stderr
    assert rows(empty("oa", "list", "--json"))[0]["stopped_code"] == "stopall"
    assert "1 OA(s) send again" in empty("start-all").stderr
    assert rows(empty("oa", "list", "--json"))[0]["stopped_code"] == ""
    assert "refused: " in empty("start-all", code=1).stderr
    assert audited("stop_all") == [("cli", "stop_all.on"), ("cli", "stop_all.off")]


def test_what_the_command_line_changes_is_written_down(empty, sandbox, clock):
    """A pull of the list somebody asked for, and events applied again; neither when there was nothing to do."""
    add(empty, sandbox)
    empty("followers", "--oa", sandbox.oa["oa_id"], "--sync", "--json")
    empty("replay", "--dead", code=1)
    dead = InboxEvent.create(
        dedupe_key="x", oa_id=sandbox.oa["oa_id"], body=b"{}", headers={}, received_at=clock.now(), state="dead"
    )
    empty("replay", str(dead.id))
    assert audited("oa.synced") == [("cli", "oa.synced")]
    assert audited("inbox") == [("cli", "inbox.replayed")]


def audited(beginning: str) -> list[tuple[str, str]]:
    found = AuditEntry.select().where(AuditEntry.action.startswith(beginning)).order_by(AuditEntry.id)
    return [(entry.actor, entry.action) for entry in found]
