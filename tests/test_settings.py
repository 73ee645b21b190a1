"""config.py: the environment is read once, and a wrong value refuses the start."""

import pytest
from cryptography.fernet import Fernet

import config

KEY = Fernet.generate_key().decode()
MINIMUM = {"SECRET_KEYS": KEY}


def load(**more: str) -> config.Settings:
    return config.load({**MINIMUM, **more}, env_file=None)


def test_secret_keys_are_the_only_thing_that_must_be_set():
    """Everything else has a default that works on one machine."""
    settings = load()
    assert settings.database == "sqlite:///data/oadesk.db"
    assert settings.queue == "sqlite:///data/queue.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    with pytest.raises(config.ConfigError, match="SECRET_KEYS is not set"):
        config.load({}, env_file=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEYS", "not-a-fernet-key-but-secret"),
        ("PORT", "secret-port"),
        ("DATABASE_URL", "mysql://root:secret@db/x"),
        ("QUEUE_URL", "redis://cache.example.vn/0"),
        ("PUBLIC_URL", "http://secret.example.vn"),
        ("ZALO_OPENAPI_URL", "secret"),
        ("ZALO_APP_ID", "secret"),
        ("TELEGRAM_BOT_TOKEN", "secret"),
        ("TELEGRAM_OWNER_ID", "secret"),
        ("LOG_LEVEL", "secret"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_never_repeated(name, value):
    """The message goes to logs and screens: it names the variable, not what stood in it."""
    with pytest.raises(config.ConfigError) as refused:
        load(**{name: value})
    assert name in str(refused.value)
    assert "secret" not in str(refused.value).replace(name, "")


def test_every_wrong_value_is_named_at_once():
    """Nobody has to start five times to find five mistakes."""
    with pytest.raises(config.ConfigError) as refused:
        load(PORT="x", ZALO_APP_ID="x")
    assert {"PORT", "ZALO_APP_ID"} <= {line.split()[0] for line in str(refused.value).splitlines()}


def test_a_value_may_come_from_a_file(tmp_path):
    """NAME_FILE is how platforms hand over secrets; a trailing newline is not part of them."""
    path = tmp_path / "keys"
    path.write_text(f"{KEY}\n")
    settings = config.load({"SECRET_KEYS_FILE": str(path)}, env_file=None)
    assert settings.secret_keys[0].get_secret_value() == KEY


def test_a_missing_file_is_named():
    """A wrong path is a wrong value."""
    with pytest.raises(config.ConfigError, match="SECRET_KEYS_FILE"):
        config.load({"SECRET_KEYS_FILE": "/nowhere/keys"}, env_file=None)


def test_the_environment_wins_over_the_env_file_and_foreign_lines_are_ignored(tmp_path):
    """A .env shared with other programs does no harm."""
    path = tmp_path / ".env"
    path.write_text(f"SECRET_KEYS={KEY}\nPORT=9001\nSOMETHING_ELSE=1\n")
    assert config.load({}, env_file=path).port == 9001
    assert config.load({"PORT": "9002"}, env_file=path).port == 9002


def test_comma_lists_hold_secrets_that_repr_hides():
    """Two webhook secrets are accepted while one is being replaced, and no log line can show them."""
    settings = load(ZALO_WEBHOOK_SECRET="first, second", TELEGRAM_BOT_TOKEN="1:abcdef")
    assert [secret.get_secret_value() for secret in settings.zalo_webhook_secret] == ["first", "second"]
    shown = repr(settings) + str(settings.model_dump())
    assert not any(secret in shown for secret in ("first", "second", "abcdef", KEY))


def test_the_environment_may_name_another_file_or_none(tmp_path, monkeypatch):
    """The demo and the tests must not read the .env of the real thing that happens to lie there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"SECRET_KEYS={KEY}\nPORT=9001\n")
    (tmp_path / "other").write_text(f"SECRET_KEYS={KEY}\nPORT=9003\n")
    assert config.load({}).port == 9001
    assert config.load({"ENV_FILE": "other"}).port == 9003
    assert config.load({"ENV_FILE": "", **MINIMUM}).port == 8000


SERVERS = {"DATABASE_URL": "postgresql://u:p@db.example.vn/x", "QUEUE_URL": "rediss://:p@cache.example.vn/0"}


@pytest.mark.parametrize("given", [{}, {"DATABASE_URL": SERVERS["DATABASE_URL"]}, {"QUEUE_URL": SERVERS["QUEUE_URL"]}])
def test_files_are_refused_where_the_disk_is_thrown_away(given):
    """A platform that sets DYNO would lose every customer, or the queue, at its next restart."""
    with pytest.raises(config.ConfigError) as refused:
        load(DYNO="web.1", **given)
    assert "DYNO" in str(refused.value)
    assert "DATABASE_URL" in str(refused.value)
    assert load(DYNO="", **given).dyno == ""


def test_servers_are_taken_where_the_disk_is_thrown_away():
    """PostgreSQL and Redis lie elsewhere."""
    assert load(DYNO="web.1", **SERVERS).dyno == "web.1"


def test_the_address_of_a_platforms_database_is_taken_as_it_is():
    """They set DATABASE_URL themselves, and begin it with postgres://."""
    assert load(DATABASE_URL="postgres://u:p@db.example.vn:5432/x").database.startswith("postgres://")


def test_a_key_is_not_forgotten_before_its_event():
    """Else the purge would delete rows whose bodies are still to be kept."""
    with pytest.raises(config.ConfigError, match="KEEP_EVENT_KEYS_DAYS"):
        load(KEEP_EVENTS_DAYS="60", KEEP_EVENT_KEYS_DAYS="59")
    assert load(KEEP_EVENTS_DAYS="60", KEEP_EVENT_KEYS_DAYS="60").keep_events_days == 60


def test_an_empty_line_does_not_stand_against_the_file_with_the_value(tmp_path):
    """.env.example ships SECRET_KEYS= empty; whoever adds SECRET_KEYS_FILE= need not delete that line."""
    path = tmp_path / "keys"
    path.write_text(Fernet.generate_key().decode())
    loaded = config.load({"SECRET_KEYS": "", "SECRET_KEYS_FILE": str(path), "ENV_FILE": ""})
    assert loaded.secret_keys[0].get_secret_value() == path.read_text()
