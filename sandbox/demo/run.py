"""`python -m sandbox demo`: start everything, play the story, stay up or end."""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from sandbox.demo.machine import OWNER_ID, CannotStart, Machine, running
from sandbox.demo.stage import Missed, Stage
from sandbox.demo.story import play
from sandbox.demo.transcript import Transcript


def demo(*, port: int, web_port: int, once: bool, data: Path | None, language: str) -> int:
    """Returns the exit code: 0 only if every step of the story was seen."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 shows question marks instead of failing
    # TERM ends the demo as Ctrl-C does, with everything it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _folder(data) as folder, running(folder, web_port, port) as machine:
            _play(machine, language, stay=not once, kept=data is not None)
    except (CannotStart, Missed) as error:
        print(f"OA Desk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 0 if not once else 1
    return 0


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        if (data / "oadesk.db").exists():
            raise CannotStart(f"{data} holds the data of an earlier demo; the story begins on a new folder")
        yield data.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="oadesk-demo-") as name:
        yield Path(name)


def _play(machine: Machine, language: str, *, stay: bool, kept: bool) -> None:
    name = "Hoa"
    with Transcript(machine.sandbox, OWNER_ID, name) as transcript:
        transcript.legend()
        stage = Stage(machine, transcript, name, language)
        try:
            play(stage)
        except Missed:
            machine.check()  # a process that died is the better explanation
            raise
        transcript.heading(f"{stage.seen} things looked for, all of them seen")
        if stay:
            _stay(machine, kept, stage.control("users?count=1")["users"][0])


def _stay(machine: Machine, kept: bool, customer: dict[str, Any]) -> None:
    act = {"event": "user_send_text", "user_id": customer["user_id"], "text": "Shop ơi"}
    print(
        f"""
Everything is up, and stays so until Ctrl-C.
  web         {machine.web}/healthz   {machine.web}/metrics
  sandbox     {machine.sandbox}/_sandbox/state
  data, logs  {machine.folder} {"" if kept else "(gone when this ends)"}
  From another terminal, in this order; what comes of it is shown here:
  write to the bot as Hoa
    curl -s {machine.sandbox}/_sandbox/telegram/say -d '{{"person": {OWNER_ID}, "text": "/oa"}}'
  then tap a button, by how its label begins (an OA that is live begins with 🟢)
    curl -s {machine.sandbox}/_sandbox/telegram/tap -d '{{"person": {OWNER_ID}, "text": "🟢"}}'
  a customer writes to the OA; then write /khach {customer["name"]} to the bot
    curl -s {machine.sandbox}/_sandbox/events -d '{json.dumps(act, ensure_ascii=False)}'""",
        flush=True,
    )
    while not threading.Event().wait(2):
        machine.check()
