"""A house with people and OAs for the tests of staff, on a real database and without any network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

import config
from models import Notice, OfficialAccount, Role, Staff
from services import staff
from services.audit import Actor
from services.desk import Desk

ENVIRONMENTS_OWNER = 7001002003


@dataclass
class Place:
    """Settings, a clock and the people made so far."""

    settings: config.Settings
    clock: Any
    last: int = 100

    def desk(self) -> Desk:
        return replace(Desk.from_settings(self.settings), now=self.clock.now)

    def person(self, role: Role, name: str = "Lan", **fields: Any) -> Staff:
        self.last += 1
        person = staff.add(self.clock.now(), self.last, role, name)
        Staff.update(**fields).where(Staff.id == person.id).execute() if fields else None
        return Staff.get_by_id(person.id)

    def owner(self, name: str = "Chủ") -> Staff:
        return self.person(Role.OWNER, name)

    def by(self, person: Staff) -> Actor:
        return Actor(person.name, person, person.telegram_id, 5)

    def oa(self, name: str) -> OfficialAccount:
        self.last += 1
        return OfficialAccount.create(oa_id=f"29{self.last}", name=name, published=True, created_at=self.clock.now())

    def told(self, person: Staff, kind: str) -> list[Notice]:
        mine = (Notice.chat_id == person.telegram_id, Notice.kind == kind)
        return list(Notice.select().where(*mine).order_by(Notice.id))


@pytest.fixture
def place(database: Any, settings: config.Settings, clock: Any) -> Place:
    """Nobody there yet."""
    return Place(settings, clock)


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts at the same moment, each in a thread with a connection of its own; what they gave or raised."""
    import threading

    from db import database

    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(at: int) -> None:
        with database.connection_context():
            gate.wait(10)
            try:
                results[at] = acts[at]()
            except Exception as error:
                results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results
