"""Prints what happens in the chat as it happens: a person's words, the bot's, and each change of a message."""

from __future__ import annotations

import json
import re
import sys
import threading
from typing import Any
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

LEGEND = """\
👩 she writes · 👆 taps a button · 🤖 the bot writes · ✏️  changes a message · 🗑  a message is deleted · ✓ looked for
Lines without a sign: what happens at Zalo, in the browser or on the machine.
Zalo and Telegram are local copies: nothing leaves this machine, no account is used and nothing costs money."""

BOLD, DIM, GREEN, BLUE, OFF = "\033[1m", "\033[2m", "\033[32m", "\033[36m", "\033[0m"


class Transcript:
    """Follows one chat's log in a thread and prints it; the story adds headings between."""

    def __init__(self, base: str, chat_id: int, name: str) -> None:
        self._base, self._chat_id, self._name = base, chat_id, name
        self._colour = sys.stdout.isatty()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._printed = 0
        self._texts: dict[int, str] = {}
        self._thread = threading.Thread(target=self._follow, daemon=True, name="transcript")

    def __enter__(self) -> Transcript:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.catch_up()
        self._stop.set()

    def heading(self, text: str) -> None:
        """A line between two steps."""
        self.catch_up()
        self._print(f"\n{self._paint(BOLD, f'── {text} ' + '─' * max(3, 74 - len(text)))}")

    def legend(self) -> None:
        """What the signs mean, before the story."""
        self._print(self._paint(DIM, LEGEND))

    def note(self, text: str) -> None:
        """Something that happens outside the chat: a customer's act, a check that passed."""
        self.catch_up()
        self._print(self._paint(DIM, f"   {text}"))

    def catch_up(self) -> None:
        """Print what has happened so far, before anything else is printed."""
        self._show(self._entries(0))

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._show(self._entries(5))
            except OSError:
                return  # the sandbox has ended, and with it the story

    def _entries(self, seconds: float) -> list[dict[str, Any]]:
        query = urlencode({"chat_id": self._chat_id, "after": self._printed, "timeout": seconds})
        url = f"{self._base}/_sandbox/telegram/wait?{query}"
        with build_opener(ProxyHandler({})).open(url, timeout=seconds + 10) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    def _show(self, entries: list[dict[str, Any]]) -> None:
        with self._lock:
            for entry in entries:
                if entry["n"] > self._printed:
                    self._printed = entry["n"]
                    self._entry(entry)

    def _entry(self, entry: dict[str, Any]) -> None:
        if entry["kind"] == "message" and entry["from"] == "bot":
            self._bot("🤖", entry["message"])
        elif entry["kind"] == "message":
            self._print(f"{self._paint(GREEN, '👩 ' + self._name + ':')} {_one_line(entry['message'])}")
        elif entry["kind"] == "edit" and self._is_new(entry["message"]):
            self._bot("✏️ ", entry["message"])
        elif entry["kind"] == "delete":
            self._print(self._paint(DIM, f"   🗑  message {entry['message_id']} is deleted"))
        elif entry["kind"] == "tap":
            self._print(f"{self._paint(GREEN, '👆 ' + self._name + ':')} [{entry.get('text') or entry.get('data')}]")

    def _is_new(self, message: dict[str, Any]) -> bool:
        """An old screen that only loses its buttons is no news."""
        return bool(message["keyboard"]) or self._texts.get(message["message_id"]) != _one_line(message)

    def _bot(self, sign: str, message: dict[str, Any]) -> None:
        self._texts[message["message_id"]] = _one_line(message)
        lines = _one_line(message).splitlines() or [""]
        rows = [" ".join(f"[{button['text']}]" for button in row) for row in message["keyboard"]]
        shown = [*lines, *(self._paint(BLUE, row) for row in rows)]
        self._print(f"{sign} " + "\n   ".join(shown))

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{OFF}" if self._colour else text

    @staticmethod
    def _print(text: str) -> None:
        print(text, flush=True)


def _one_line(message: dict[str, Any]) -> str:
    text = message.get("text") or message.get("caption") or ""
    file = message.get("file") or {}
    label = f"📎 {file.get('file_name') or 'photo'} " if file else ""
    return re.sub(r"^(AT|RT)[^ ]{6}\S+$", r"\1… (a token)", f"{label}{text}")
