"""A whole run of the product with everything it printed, stored, showed and sent, to be searched afterwards."""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from sandbox.demo.browser import Browser
from sandbox.demo.machine import BOT_TOKEN, PARTS, ROOT, running
from sandbox.demo.stage import Stage
from sandbox.demo.story import play
from sandbox.demo.transcript import Transcript
from sandbox.telegram.person import Person

OWNER, NAME, LANGUAGE = 7001002003, "Hoa", "vi"
APP = "990011223344"
TYPED = ("AppSecretTypedInChat", "WebhookSecretTypedIn")
INVITATION = re.compile(r"https://t\.me/\w+\?start=inv_([\w-]+)")
# The keys that seal everything lie beside the demo's data, and the sandbox plays Zalo: both may know secrets.
NOT_OURS = {"demo.key", "sandbox.log"}


@dataclass
class Evidence:
    """Everything there is to search, by what it is; what must not be in it, by what that is."""

    found: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)  # whoever they were shown to holds them in Telegram

    def leaks(self) -> list[str]:
        """Where a secret stands in clear, by the names of both."""
        wanted = [(name, secret, False) for name, secret in self.secrets.items()]
        wanted += [(name, secret, True) for name, secret in self.links.items()]
        return [
            f"{name} in {place}"
            for place, text in self.found.items()
            for name, secret, is_link in wanted
            if not (is_link and place.startswith("telegram")) and holds(text, secret)
        ]


def holds(text: bytes, secret: str) -> bool:
    """Whether the secret stands there as it is, or as addresses and JSON write it."""
    forms = {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], secret.replace("/", "\\/")}
    return any(form.encode() in text for form in forms)


def whole_run(folder: Path) -> Evidence:
    """Play the demo's story and what it leaves out, with every process at LOG_LEVEL=DEBUG, and collect."""
    evidence = Evidence()
    with running(folder, 0, 0, LOG_LEVEL="DEBUG") as machine:
        keys = machine.environment["SECRET_KEYS"]
        with Transcript(machine.sandbox, OWNER, NAME) as transcript:
            stage = Stage(machine, transcript, NAME, LANGUAGE)
            play(stage)
            _more(stage)
            _trouble(stage)
        _collect(evidence, stage)
        evidence.secrets |= _secrets(stage, {*keys.split(","), *machine.environment["SECRET_KEYS"].split(",")})
        evidence.links |= _links(stage)
        evidence.found |= _files(folder, "while it runs")
    # Once more: a process may say its worst while it ends.
    evidence.found |= _files(folder, "at the end")
    evidence.found |= _rows(folder)
    return evidence


def _more(stage: Stage) -> None:
    """An app whose secrets are typed into the chat, and a colleague who comes by a link."""
    owner, words = stage.hoa, stage.words
    owner.say("/caidat")
    owner.wait_for(words("button.apps"))
    owner.tap(words("button.apps"))
    owner.wait_for(words("apps.title"))
    owner.tap(words("button.app_add"))
    for step, text in zip(("app_id", "name", "secret", "webhook"), (APP, "Nha khoa An", *TYPED), strict=True):
        owner.wait_for(words(f"app_form.ask_{step}"))
        owner.say(text)
    owner.wait_for(words("app_form.done"))
    link = _invite(owner, stage)
    colleague = Person(stage.machine.sandbox, 42, "Tuấn")
    colleague.open_link(link)
    colleague.wait_for("Tuấn")
    colleague.open_link(link)  # once more: said to be used


def _invite(owner: Person, stage: Stage) -> str:
    owner.say("/caidat")
    owner.wait_for("👥 Nhân viên")
    for label in ("👥 Nhân viên", "➕ Mời", "📨 Gửi tin", "🏢 Mọi OA", "✅ Tạo link"):
        owner.wait_for(label)
        owner.tap(label)
    shown = owner.wait_for(lambda message: bool(INVITATION.search(message["text"])))
    found = INVITATION.search(shown["text"])
    assert found is not None
    return found.group()


def _trouble(stage: Stage) -> None:
    """What goes wrong says the most: refused renewals, a Telegram that drops calls, forged events, wrong links."""
    oa_id, web = stage.oa["oa_id"], stage.machine.web
    stage.control("tokens/expire", {"oa_id": oa_id})
    stage.control("faults", {"match": "/oauth/v4/oa/access_token", "kind": "http_502", "times": 2})
    for method, kind in (("getMe", "error"), ("getUpdates", "error"), ("sendMessage", "lost_answer")):
        stage.control("telegram/faults", {"method": method, "kind": kind, "times": 1})
    for words in (("followers", "--oa", oa_id, "--sync"), ("doctor",)):
        _cli(stage, *words)
    stage.control("faults", {"match": "/oauth/v4/oa/access_token", "kind": "error", "code": -14003, "times": 1})
    _cli(stage, "followers", "--oa", oa_id, "--sync")
    stage.control("events", {"event": "user_send_text", "oa_id": oa_id, "text": "x", "sign": "wrong"})
    for path in ("/oauth/zalo/callback?code=made-up&state=made-up&oa_id=1", "/oauth/zalo/start?t=made-up"):
        Browser().open(web + path)


def _collect(evidence: Evidence, stage: Stage) -> None:
    machine = stage.machine
    for path in ("/", "/healthz", "/readyz", "/metrics", "/oauth/zalo/callback?error=x", "/nowhere"):
        evidence.found[f"page {path}"] = Browser().open(machine.web + path).html.encode()
    for url in _link_urls(stage):
        evidence.found[f"page of a link {len(evidence.found)}"] = Browser().open(url).html.encode()
    log = stage.control("telegram/log")
    # Not what a person typed: that is in the chat until the bot deletes it, and in nothing else.
    said = [entry for entry in log if entry.get("from") != "person"]
    evidence.found["telegram: what the bot sent"] = json.dumps(said, ensure_ascii=False).encode()
    for person in stage.control("telegram/people"):
        chat = stage.control(f"telegram/chat/{person['id']}")["messages"]
        left = [message for message in chat if not message["deleted"]]
        evidence.found[f"telegram: chat {person['id']}"] = json.dumps(left, ensure_ascii=False).encode()
    for words in (
        ("doctor", "--json"), ("oa", "list", "--json"), ("staff", "list", "--json"), ("deliveries", "--json"),
        ("inbox", "--json"), ("rotate-keys", "--json"), ("backup", str(machine.folder / "desk.backup")),
    ):  # fmt: skip
        evidence.found[f"manage.py {words[0]}"] = _cli(stage, *words)
    evidence.found["the backup, unpacked"] = gzip.decompress((machine.folder / "desk.backup").read_bytes())


def _cli(stage: Stage, *words: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=ROOT, env=stage.machine.environment, capture_output=True
    )
    output = stage.machine.folder / "cli.log"  # searched with the other files
    with output.open("ab") as log:
        log.write(done.stdout + done.stderr)
    return done.stdout + done.stderr


def _secrets(stage: Stage, keys: set[str]) -> dict[str, str]:
    given = {f"token, code or app secret {n}": text for n, text in enumerate(stage.control("secrets"))}
    known = {f"key {n}": key for n, key in enumerate(sorted(keys))}
    typed = {f"secret typed in the chat {n}": text for n, text in enumerate(TYPED)}
    return {**given, **known, **typed, "the bot token's second half": BOT_TOKEN.partition(":")[2]}


def _links(stage: Stage) -> dict[str, str]:
    """The secrets of links to connect and of invitations, out of what the bot showed."""
    found = {f"connect link {n}": value for n, url in enumerate(_link_urls(stage)) for value in _values(url)}
    whole = json.dumps(stage.control("telegram/log"))
    return found | {f"invitation {n}": secret for n, secret in enumerate(sorted(set(INVITATION.findall(whole))))}


def _link_urls(stage: Stage) -> list[str]:
    urls = {
        str(button["url"])
        for entry in stage.control("telegram/log")
        for row in (entry.get("message") or {}).get("keyboard") or []
        for button in row
        if str(button.get("url", "")).startswith(f"{stage.machine.web}/oauth/")
    }
    return sorted(urls)


def _values(url: str) -> list[str]:
    return [value for _, value in parse_qsl(urlsplit(url).query) if len(value) >= 16]


def _files(folder: Path, when: str) -> dict[str, bytes]:
    """Every file of the data folder as bytes: logs, databases with what they no longer show, the queue, pictures."""
    found = {}
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if path.is_file() and path.name not in NOT_OURS:
                found[f"{path.relative_to(folder)} {when}"] = path.read_bytes()
    assert {f"{name}.log {when}" for name in PARTS} <= set(found)
    return found


def _rows(folder: Path) -> dict[str, bytes]:
    return {f"{table}.{column}": b"\n".join(values) for (table, column), values in texts_of(folder).items()}


def texts_of(folder: Path) -> dict[tuple[str, str], list[bytes]]:
    """Every text and blob of the database by table and column."""
    found: dict[tuple[str, str], list[bytes]] = {}
    with sqlite3.connect(folder / "oadesk.db") as database:
        for table in _tables(database):
            cursor = database.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, str | bytes):
                        text = value if isinstance(value, bytes) else value.encode()
                        found.setdefault((table, name), []).append(text)
    database.close()
    return found


def _tables(database: sqlite3.Connection) -> Iterator[str]:
    rows: list[Any] = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    yield from (name for (name,) in rows if not name.startswith("sqlite_"))
