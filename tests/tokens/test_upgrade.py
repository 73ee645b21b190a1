"""What version 0001 left behind, after the migration."""

import pytest

import db
from models import OfficialAccount


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def old(request, tmp_path):
    """A database as version 0001 made it."""
    empty = f"sqlite:///{tmp_path / 'old.db'}"
    db.open_database(empty if request.param == "sqlite" else request.getfixturevalue("postgres_url_of_a_new_database"))
    db.migrate("0001_initial")
    yield db.database
    db.close_database()


def insert(table, **values):
    given = {column.name: _filler(column) for column in db.database.get_columns(table) if not column.null}
    given = {**given, **values}
    marks = ", ".join("?" if db.is_sqlite() else "%s" for _ in given)
    names = ", ".join(f'"{name}"' for name in given)
    db.database.execute_sql(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(given.values()))


def _filler(column):
    kind = column.data_type.upper()
    return False if "BOOL" in kind else 0 if "INT" in kind else ""


def test_an_oa_that_was_lost_before_the_update_is_away_since_then(old):
    """Else the hour after which staff are asked would begin with the update."""
    for number, state in ((1, "needs_reauth"), (2, "active")):
        insert("official_account", id=number, oa_id=str(number), state=state)
        insert("oa_token", id=number, oa_id=number, state="ok", changed_at=1_795_000_000_000 + number)
    db.migrate()
    lost, active = OfficialAccount.select().order_by(OfficialAccount.id)
    assert (db.to_ms(lost.lost_at), active.lost_at) == (1_795_000_000_001, None)
