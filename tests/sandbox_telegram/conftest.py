"""Fixtures: a fresh local Telegram, and somebody who has started the bot."""

from collections.abc import Iterator

import pytest
from telegram_server import Server, running

from sandbox.telegram.person import Person


@pytest.fixture
def server() -> Iterator[Server]:
    """A fresh local Telegram for one test."""
    with running() as server:
        yield server


@pytest.fixture
def lan(server: Server) -> Person:
    """Lan, who has started the bot."""
    person = server.person()
    person.say("/start")
    return person
