"""A full run at LOG_LEVEL=DEBUG: no secret in clear in anything the product printed, stored, showed or sent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from whole_run import Evidence, texts_of, whole_run

from sandbox.demo.machine import PARTS
from services import sealed

# One run for all of them, also where tests are spread over processes.
pytestmark = [pytest.mark.processes, pytest.mark.timeout(400), pytest.mark.xdist_group("whole-run")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("whole-run")


@pytest.fixture(scope="module")
def evidence(folder: Path) -> Evidence:
    return whole_run(folder)


def test_no_secret_stands_anywhere_in_clear(evidence):
    """Tokens, codes, app and webhook secrets, keys, the bot token, and the links outside of the chat they are for."""
    assert evidence.leaks() == []


def test_the_run_was_worth_searching(evidence):
    """Every process talked at DEBUG, every kind of secret was there, and every kind of place."""
    assert len(evidence.secrets) >= 20
    assert len(evidence.links) >= 3
    assert any(name.startswith("invitation") for name in evidence.links)
    for part in PARTS:
        assert len(evidence.found[f"{part}.log at the end"]) > 200, part
    assert any(b'"debug"' in evidence.found[f"{part}.log at the end"] for part in PARTS)
    for place in (
        "page /metrics",
        "queue.db while it runs",
        "the backup, unpacked",
        "audit_entry.detail",
        "cli.log at the end",
    ):
        assert place in evidence.found
    assert b"alone reads everything" in evidence.found["manage.py rotate-keys"]
    assert b"oadesk_check" in evidence.found["page /metrics"]


def test_a_planted_secret_is_found_wherever_it_lies(evidence):
    """The search can fail: each secret in a copy of each place is reported, but for links in the chat they are for."""
    for place, text in evidence.found.items():
        planted = "".join(f"x={secret};" for secret in {**evidence.secrets, **evidence.links}.values())
        copy = replace(evidence, found={place: text + planted.encode()})
        wanted = list(evidence.secrets) + ([] if place.startswith("telegram") else list(evidence.links))
        assert copy.leaks() == [f"{name} in {place}" for name in wanted]


def test_sealed_text_stands_only_where_the_list_of_sealed_columns_says(evidence, folder):
    """Whatever was sealed in a full run is found by rotate-keys, too."""
    listed = {tuple(column.place.split(".")) for column in sealed.COLUMNS}
    holding = {
        place for place, values in texts_of(folder).items() if any(value.startswith(b"gAAAA") for value in values)
    }
    assert holding
    assert holding <= listed
