"""db.py: what both databases promise."""

import db
from models import TABLES, Counter


def test_schema_of_the_migrations_is_the_schema_of_the_models(database):
    """Nobody forgot a migration: a migrated database has exactly what models.py describes."""
    from playhouse.schema_diff import diff_models

    assert not diff_models(db.database.obj, list(TABLES))


def test_a_failed_write_leaves_nothing(database, clock):
    """write() is all or nothing."""
    try:
        with db.write():
            Counter.create(name="a", day="2026-11-23")
            raise RuntimeError
    except RuntimeError:
        pass
    assert Counter.select().count() == 0


def test_json_columns_take_what_no_database_takes(database):
    """Lone surrogates from outside become U+FFFD, and everything else comes back as it was."""
    from models import OfficialAccount

    profile = {"name": "a\ud800b\x00", "emoji": "🏢", "vi": "Hoa Mai ạ"}
    row = OfficialAccount.create(oa_id="1", name="A", created_at=0, profile=profile)
    assert OfficialAccount.get_by_id(row.id).profile == {**profile, "name": "a\ufffdb\x00"}
