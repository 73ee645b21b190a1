"""The web application over a real database, asked without a server in between."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from zalo.signature import sign

APP = "4101110220330440550"
SECRET = "AbCdEfGhIjKlMnOpQrSt"
OA = "2902001003004005006"


@pytest.fixture
def app(database: Any, settings: Any, clock: Any) -> Iterator[Any]:
    from webhook import create_app

    app = create_app(settings, now=clock.now)
    yield app
    app.extensions["reception"].close()


@pytest.fixture
def web(app: Any) -> Any:
    return app.test_client()


def mac(raw: bytes, timestamp: str, secret: str = SECRET, app_id: str = APP) -> dict[str, str]:
    return {"X-ZEvent-Signature": sign(app_id, raw, timestamp, secret)}
