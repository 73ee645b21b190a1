"""services/sealed.py: the list of sealed places is complete, and a text opens in its own place only."""

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sealed_rows import everything, fill

from models import OauthTicket
from secretbox import CannotOpen, SecretBox
from services import apps, connect_tickets, connecting, drafts, journal, sealed, staff, token_pairs, updates
from services.audit import CLI, Actor
from services.desk import Desk
from services.sealed import COLUMNS, JOURNAL_SEALED_IN, Seal

ROOT = Path(__file__).parents[2]
PRODUCT = ("services", "webhook", "bot", "cli", "jobs.py", "clock.py", "manage.py")


@pytest.fixture
def desk(database, settings, clock):
    return Desk.from_settings(settings)


def sealing_modules() -> set[str]:
    """The files that call `.seal(text, context)` on a box."""
    paths = [path for name in PRODUCT for path in (sorted((ROOT / name).rglob("*.py")) or [ROOT / name])]
    return {
        str(path.relative_to(ROOT)) for path in paths if any(map(is_sealing, ast.walk(ast.parse(path.read_text()))))
    }


def is_sealing(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "seal"):
        return False
    return ast.unparse(node.func.value).rpartition(".")[2].strip("_").endswith("box")


def test_whoever_seals_is_on_the_list():
    """A new secret that rotate-keys would forget fails here, and so does a place that is gone."""
    listed = {column.sealed_in for column in COLUMNS} | {JOURNAL_SEALED_IN}
    assert sealing_modules() - {"services/sealed.py"} == listed


def test_no_two_texts_of_the_database_have_the_same_context(desk, clock):
    """The context names table, row and field."""
    for n in (1, 2):
        fill(desk.box, clock.now(), n)
    contexts = [column.context(row) for column in COLUMNS for row in column.rows()]
    assert len(contexts) == len(set(contexts)) == 2 * len(COLUMNS)
    for column in COLUMNS:
        assert all(column.context(row).endswith(f":{column.name}") for row in column.rows())


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.place)
def test_texts_that_changed_rows_do_not_open(desk, clock, column):
    """Whoever can write to the database still cannot give one row the secret of another."""
    for n in (1, 2):
        fill(desk.box, clock.now(), n)
    first, second = column.rows()
    mine, theirs = getattr(first, column.name), getattr(second, column.name)
    for row, blob in ((first, theirs), (second, mine)):
        column.table.update({column.name: blob}).where(column.table.id == row.id).execute()
    for row in column.rows():
        with pytest.raises(CannotOpen):
            desk.box.open(getattr(row, column.name), column.context(row))
    found = [each.seal for each in sealed.survey(desk) if each.place == column.place]
    assert found == [Seal.UNREADABLE, Seal.UNREADABLE]


def test_what_the_program_seals_is_found_by_the_list(shop):
    """The contexts of the list are those of the code, for every column of it and for the journal."""
    settings = shop.settings.model_copy(update={"public_url": "https://desk.example.vn"})
    desk, now = replace(shop.desk(), settings=settings), shop.clock.now()
    person = staff.recognise(now, shop.settings.telegram_owner_id, "Hoa", shop.settings.telegram_owner_id)
    drafts.save(now, desk.box, person, drafts.Form("add_oa", "name", {"token": "pasted"}))
    updates.store(now, desk.box, [updates.Arrival(77, 1, 2, '{"text": "a token"}')])
    pair = token_pairs.Pair("access", "refresh", now)
    journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    apps.add(desk, CLI, "990011223344", "An", "AppSecretOfTests0001", "WebhookSecretTests01")
    link = connecting.begin(desk, Actor("Hoa", person), oa=None, app_id="", chat_id=1)
    ticket = OauthTicket.get_by_id(link.ticket_id)
    assert connect_tickets.returned(now, desk.box, ticket, "a code", "")
    seals = {each.place: each.seal for each in sealed.survey(desk)}
    assert connect_tickets.keep_pair(now, desk.box, OauthTicket.get_by_id(ticket.id), "{}")
    seals |= {each.place: each.seal for each in sealed.survey(desk)}
    assert seals == dict.fromkeys([column.place for column in COLUMNS] + ["journal"], Seal.NEWEST)


def test_a_look_tells_old_keys_and_lost_ones_apart(desk, clock):
    """Old: opens with a key behind the first. Unreadable: with none."""
    old, lost = (SecretStr(Fernet.generate_key().decode()) for _ in range(2))
    for n, box in enumerate((desk.box, SecretBox([old]), SecretBox([lost]))):
        fill(box, clock.now(), n)
    keys = (*desk.settings.secret_keys, old)
    later = Desk.from_settings(desk.settings.model_copy(update={"secret_keys": keys}))
    for quick in (False, True):
        found = sorted((each.place, each.row, each.seal) for each in sealed.survey(later, quick=quick))
        assert [seal for place, _, seal in found if place == "oa_token.access"] == [
            Seal.NEWEST, Seal.OLD, Seal.UNREADABLE
        ]  # fmt: skip
        assert len(found) == 3 * len(COLUMNS)


def test_pages_hold_every_row_once(desk, clock, monkeypatch):
    """However many there are."""
    monkeypatch.setattr(sealed, "PAGE", 2)
    for n in range(5):
        fill(desk.box, clock.now(), n)
    assert len(everything(desk.box)) == 5 * len(COLUMNS)
