"""The real bot in a thread of its own, a local Telegram and a local Zalo, and people who type and tap."""

from __future__ import annotations

import asyncio
import html
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import config
from bot.app import Running, running
from models import Follower, OfficialAccount, Role
from sandbox.running import RunningSandbox, running_sandbox
from sandbox.telegram.person import Person
from services import accounts, sending, staff
from services.audit import CLI
from services.desk import Desk
from services.names import fold_name
from services.updates import Arrival
from texts import load

OWNER = 7001002003
LIMIT = 20.0


@pytest.fixture
def database_url(tmp_path: Path, sqlite_template: bytes) -> str:
    """The bot's own behaviour does not depend on the database; a real SQLite file is enough."""
    path = tmp_path / "oadesk.db"
    path.write_bytes(sqlite_template)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def town() -> Iterator[RunningSandbox]:
    """One local Zalo and Telegram for all tests of this folder; people and chats are new in each."""
    with running_sandbox(followers=0) as sandbox:
        yield sandbox


class Words:
    """The bot's words of one language, as far as they hold no value."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.t = load()[language]

    def __call__(self, key: str) -> str:
        """The first line of a text up to its first placeholder, without tags; the longest piece if that is empty."""
        plain = html.unescape(re.sub(r"<[^>]+>", "", self.t.raw(key)))
        first = re.split(r"\{|\n", plain)[0].rstrip()
        return first or max(re.split(r"\{[^}]*\}|\n", plain), key=len).strip()


class House:
    """A business with its bot."""

    def __init__(self, town: RunningSandbox, settings: config.Settings, clock: Any, numbers: Iterator[int]) -> None:
        self.town, self.settings, self.clock = town, settings, clock
        self.bot: Running
        self._numbers = numbers
        self._loop: asyncio.AbstractEventLoop
        self._thread: threading.Thread | None = None
        self._end: asyncio.Event
        self.nudged: list[Any] = []
        self.vi = Words("vi")

    def desk(self) -> Desk:
        return replace(Desk.from_settings(self.settings, nudge=self.nudged.append), now=self.clock.now)

    def actor(self) -> Any:
        return CLI

    # ------------------------------------------------------------ the bot's process

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), name="bot")
        self._thread.start()
        assert ready.wait(LIMIT)

    async def _serve(self, ready: threading.Event) -> None:
        desk = self.desk()
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with running(desk, long_poll=5) as self.bot:
            ready.set()
            await self._end.wait()
        await desk.close()

    def stop(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(LIMIT)
            assert not self._thread.is_alive()
            self._thread = None

    def settle(self) -> None:
        """Wait until the bot has nothing under way."""
        asyncio.run_coroutine_threadsafe(self.bot.poller.lanes.idle(), self._loop).result(LIMIT)

    def drain(self) -> None:
        """Have the outbox send what is due now."""
        asyncio.run_coroutine_threadsafe(self.bot.outbox.drain(), self._loop).result(LIMIT)

    def wait_until(self, met: Callable[[], bool]) -> None:
        """Look again and again; fails after LIMIT seconds."""
        end = time.monotonic() + LIMIT
        while not met():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)

    # ------------------------------------------------------------ people and things

    def person(self, role: Role | None = Role.MANAGER, language: str = "vi", name: str = "Hoa") -> Person:
        number = next(self._numbers)
        if role is not None:
            staff.add(self.clock.now(), number, role, name, language)
        return Person(self.town.base, number, name, language)

    def owner(self) -> Person:
        """The person of TELEGRAM_OWNER_ID."""
        return Person(self.town.base, OWNER, "Chủ", "vi")

    def oa(self, name: str = "Spa Hoa Mai", **flags: bool) -> OfficialAccount:
        issued = self.issue()
        new = accounts.NewAccount(
            issued["oa_id"], name, issued["access_token"], issued["refresh_token"], **{"published": True, **flags}
        )
        return accounts.register(self.desk(), CLI, new)

    def update_of(self, person: Person, text: str, tap: tuple[int, str] | None = None) -> Arrival:
        """An update of this person as Telegram would send it, for storing by hand."""
        user = {"id": person.id, "is_bot": False, "first_name": "Hoa"}
        chat = {"id": person.id, "type": "private", "first_name": "Hoa"}
        number = next(self._numbers)
        message = {"message_id": tap[0] if tap else 9000, "date": 1, "chat": chat, "text": text or "-"}
        if tap:
            query = {"id": "1", "from": user, "chat_instance": "1", "data": tap[1], "message": message}
            return Arrival(number, person.id, tap[0], json.dumps({"update_id": number, "callback_query": query}))
        return Arrival(number, person.id, 9000, json.dumps({"update_id": number, "message": {**message, "from": user}}))

    def delete(self, person: Person, message_id: int) -> None:
        """The person takes one of the bot's messages away."""
        token = self.settings.telegram_bot_token.get_secret_value()
        body = {"chat_id": person.id, "message_id": message_id}
        assert self.town.post(f"/telegram/bot{token}/deleteMessage", body)["ok"]

    def issue(self) -> dict[str, str]:
        """A fresh pair of tokens of the local Zalo's OA."""
        found: dict[str, str] = self.town.post("/_sandbox/tokens/issue", {})
        return found

    def follower(self, name: str = "Trần Minh Anh", phone: str = "84909998812", **facts: Any) -> Follower:
        user_id = str(next(self._numbers)).rjust(19, "5")
        self.town.post("/_sandbox/users", {"user_id": user_id, "display_name": name, "last_interaction": self._ms()})
        values = {
            "oa_id": self.town.oa["oa_id"],
            "user_id": user_id,
            "display_name": name,
            "search_name": fold_name(name),
            "phone": phone,
            "is_follower": True,
            "last_interaction_at": self.clock.now(),
            "first_seen_at": self.clock.now(),
            **facts,
        }
        return Follower.create(**values)

    def work(self) -> int:
        """What a worker does: send what is due."""

        async def once() -> int:
            desk = self.desk()
            try:
                return await sending.send_due(desk, "worker")
            finally:
                await desk.close()

        return asyncio.run(once())

    def advance(self, **delta: float) -> None:
        self.clock.advance(**delta)
        self.town.post("/_sandbox/clock", {"set": self._ms()})

    def _ms(self) -> int:
        return int(self.clock.moment.timestamp() * 1000)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    """Telegram ids nobody else in these tests has."""
    return iter(range(7100000001, 7200000000))


@pytest.fixture
def house(
    database: Any,
    database_url: str,
    environment: dict[str, str],
    town: RunningSandbox,
    clock: Any,
    numbers: Iterator[int],
) -> Iterator[House]:
    """The business, with its database open and its bot not started."""
    hosts = {f"ZALO_{name.upper()}_URL": f"{town.base}/{name}" for name in ("oauth", "openapi", "business")}
    app = {"ZALO_APP_ID": town.ready["app_id"], "ZALO_APP_SECRET": town.ready["app_secret"]}
    telegram = {"TELEGRAM_API_URL": f"{town.base}/telegram"}
    settings = config.load({**environment, **app, **hosts, **telegram, "DATABASE_URL": database_url}, env_file=None)
    made = House(town, settings, clock, numbers)
    made.advance(seconds=0)
    yield made
    made.stop()
    town.delete("/_sandbox/telegram/faults")
    town.delete("/_sandbox/faults")


@pytest.fixture
def desk(house: House) -> House:
    """The business with its bot at work."""
    house.start()
    return house


@pytest.fixture
def story(request: pytest.FixtureRequest) -> Callable[[Person], None]:
    """Print a chat as it stands; pytest shows it when the test fails, `-s` always."""

    def tell(person: Person) -> None:
        for message in person.chat():
            gone = " [deleted]" if message["deleted"] else ""
            print(f"--- {message['from']}{gone}\n{message['text']}")
            for row in message.get("keyboard") or []:
                print("   ", *[f"[{button['text']}]" for button in row])

    return tell


@pytest.fixture(params=["vi", "en"])
def words(request: pytest.FixtureRequest) -> Words:
    """A test with this runs once in each language."""
    return Words(request.param)
