"""Where the story is played: one person at the bot, the controls of the local Zalo, and the checks that count."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.demo.machine import OWNER_ID, ROOT, Machine
from sandbox.demo.transcript import Transcript
from sandbox.demo.words import Words
from sandbox.telegram.person import NotSeen, Person, Seen

PATIENCE = 30.0  # seconds a step may take; usually well under one


class Missed(Exception):
    """A step was not seen; the text says which, and what was there instead."""


@dataclass
class Stage:
    """Where the story is played."""

    machine: Machine
    transcript: Transcript
    name: str
    language: str
    seen: int = 0
    words: Words = field(init=False)
    hoa: Person = field(init=False)

    def __post_init__(self) -> None:
        self.words = Words(self.language)
        self.hoa = Person(self.machine.sandbox, OWNER_ID, self.name, self.language)

    @property
    def oa(self) -> dict[str, str]:
        first: dict[str, str] = self.machine.ready["oas"][0]
        return first

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """One of the sandbox's control paths; GET without a body."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.machine.sandbox}/_sandbox/{path}", data=data)  # noqa: S310
        with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)

    def customer(self, event: str, **more: Any) -> None:
        """A customer acts; Zalo signs the event and posts it to the webhook."""
        self.control("events", {"event": event, "oa_id": self.oa["oa_id"], **more})

    def tap(self, key: str) -> None:
        """Tap the button whose label stands under this key of the texts."""
        self.hoa.tap(self.words(key))

    def tap_holding(self, label: str) -> None:
        """Tap the newest button that has these words anywhere on it: those that are numbered, or end with a price."""
        for message in reversed(self.hoa.chat()):
            for button in (each for row in message["keyboard"] for each in row):
                if label in button["text"] and not message["deleted"]:
                    self.hoa.tap(button["text"], message["message_id"])
                    return
        raise Missed(f"no button with {label!r}")

    def hour(self) -> int:
        """The hour in Vietnam."""
        return int(str(self.control("state")["clock"]["now"])[11:13])

    def accepted(self) -> list[dict[str, Any]]:
        """What the local Zalo has accepted so far, oldest first."""
        found: list[dict[str, Any]] = self.control("messages")
        return found

    def arrives(self, after: int, channel: str, recipient: str, what: str) -> dict[str, Any]:
        """Wait for exactly one more message at Zalo, of this channel and to this recipient. Raises Missed."""
        found: list[dict[str, Any]] = self.until(lambda: self.accepted()[after:], what)
        if [(row["channel"], row["recipient"]) for row in found] != [(channel, recipient)]:
            raise Missed(f"Zalo accepted {found}, and not one {channel} to {recipient}")
        return found[0]

    def say(self, vietnamese: str, english: str) -> int:
        """Type a command by the name it has in her language."""
        return self.hoa.say(vietnamese if self.language == "vi" else english)

    def wait(self, wanted: str | Callable[[Seen], bool], what: str = "an answer") -> Seen:
        """Wait until the bot shows it, without counting it. Raises Missed."""
        try:
            return self.hoa.wait_for(wanted, PATIENCE)
        except NotSeen as missing:
            raise Missed(f"not seen: {what}\n{missing}") from None

    def see(self, wanted: str | Callable[[Seen], bool], what: str) -> Seen:
        """Wait until the bot shows it. Raises Missed."""
        found = self.wait(wanted, what)
        self.saw(what)
        return found

    def see_text(self, key: str, what: str) -> Seen:
        """Wait until a text of the product stands on the screen."""
        return self.see(self.words.middle(key), what)

    def see_on(self, message: Seen, wanted: str, what: str) -> Seen:
        """Wait until this very message says so: others change meanwhile."""
        return self.see(lambda each: each["message_id"] == message["message_id"] and wanted in each["text"], what)

    def until(self, ready: Callable[[], Any], what: str) -> Any:
        """Wait until something is true at Zalo's side or in the lists. Raises Missed."""
        end = time.monotonic() + PATIENCE
        while not (found := ready()):
            if time.monotonic() > end:
                raise Missed(f"not seen: {what}")
            self.machine.check()
            time.sleep(0.2)
        self.saw(what)
        return found

    def saw(self, what: str) -> None:
        """Count and print a check that passed."""
        self.seen += 1
        self.transcript.note(f"✓ {what}")

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """What the command line prints as JSON lines."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words, "--json"],
            cwd=ROOT,
            env=self.machine.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Missed(f"manage.py {' '.join(words)}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]
