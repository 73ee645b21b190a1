"""Settings: the environment, read once. The only module that looks at it.

A wrong value refuses the start with a sentence that names the variable and never repeats its value. Every variable may
also be given as NAME_FILE, the path of a file that holds the value (how most platforms hand over secrets).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
AddressList = Annotated[tuple[str, ...], NoDecode]
CommaList = Annotated[tuple[SecretStr, ...], NoDecode]
VatTable = Annotated[tuple[tuple[date, int], ...], NoDecode]  # since when, percent; oldest first


class ConfigError(Exception):
    """The environment does not allow a start; the text names each variable and what it needs."""


class Settings(BaseSettings):
    """What the processes of OA Desk are told from outside; see `.env.example` for a comment on each."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    data_dir: Path = Path("data")
    database_url: SecretStr = SecretStr("")
    queue_url: SecretStr = SecretStr("")
    secret_keys: CommaList
    public_url: str = ""
    zalo_app_id: str = ""
    zalo_app_secret: SecretStr = SecretStr("")
    zalo_webhook_secret: CommaList = ()
    zalo_oauth_url: str = "https://oauth.zaloapp.com"
    zalo_openapi_url: str = "https://openapi.zalo.me"
    zalo_business_url: str = "https://business.openapi.zalo.me"
    zalo_app_proof: bool = False
    zalo_pkce: Literal["request", "fixed", "none"] = "request"
    zalo_pkce_verifier: SecretStr = SecretStr("")
    zalo_verification_code: str = ""
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_owner_id: int | None = None
    telegram_api_url: str = "https://api.telegram.org"
    telegram_proxy: SecretStr = SecretStr("")
    metrics_token: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    alert_email: AddressList = ()
    keep_events_days: int = Field(default=30, ge=1, le=3650)
    keep_event_keys_days: int = Field(default=90, ge=1, le=3650)
    keep_messages_days: int = Field(default=365, ge=1, le=36500)
    keep_audit_days: int = Field(default=1095, ge=30, le=36500)
    media_allow_private: bool = False
    vat_percent: int = Field(default=8, ge=0, le=30)
    vat_changes: VatTable = ()
    web_concurrency: int = Field(default=2, ge=1, le=64)
    log_level: str = "INFO"
    dyno: str = ""  # set by platforms whose disks are thrown away at every restart

    @field_validator("secret_keys", "zalo_webhook_secret", "alert_email", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("vat_changes", mode="before")
    @classmethod
    def _dated_percents(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(sorted(_dated_percent(part) for part in value.split(",") if part.strip()))
        except ValueError:
            raise ValueError("is a list such as 2027-01-01:10, each a day and a percentage from 0 to 30") from None

    @field_validator("secret_keys")
    @classmethod
    def _fernet_keys(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not keys:
            raise ValueError("needs at least one key; make one with: .venv/bin/python manage.py new-key")
        for key in keys:
            try:
                Fernet(key.get_secret_value())
            except ValueError:
                raise ValueError("holds a key that is not a Fernet key (44 characters of base64)") from None
        return keys

    @field_validator("telegram_owner_id", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("zalo_app_id")
    @classmethod
    def _digits(cls, value: str) -> str:
        if value and not (value.isascii() and value.isdigit()):
            raise ValueError("is the app's number: digits only")
        return value

    @field_validator("telegram_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        number, colon, rest = value.get_secret_value().partition(":")
        if value.get_secret_value() and not (colon and number.isdigit() and rest):
            raise ValueError("looks like 123456:ABC..., as BotFather gives it")
        return value

    @field_validator("zalo_oauth_url", "zalo_openapi_url", "zalo_business_url", "telegram_api_url", "public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        local = parts.hostname in LOOPBACK
        if parts.scheme not in {"https", "http"} or not parts.hostname:
            raise ValueError("is an address such as https://desk.example.vn")
        if parts.scheme == "http" and not local:
            raise ValueError("must be https (http is accepted on this machine only)")
        return value.rstrip("/")

    @field_validator("zalo_pkce_verifier")
    @classmethod
    def _verifier(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and not (len(text) == 43 and text.isascii() and text.isalnum()):
            raise ValueError("is 43 letters and digits")
        return value

    @field_validator("smtp_from", "alert_email")
    @classmethod
    def _mail_address(cls, value: Any) -> Any:
        for address in (value,) if isinstance(value, str) else value:
            if address and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", address):
                raise ValueError("is an e-mail address such as desk@example.vn")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("is one of DEBUG, INFO, WARNING, ERROR")
        return value.upper()

    @model_validator(mode="after")
    def _defaults_in_data_dir(self) -> Settings:
        # postgres:// is how hosting platforms still write it.
        _check_url("DATABASE_URL", self.database, {"sqlite", "postgresql", "postgres"})
        _check_url("QUEUE_URL", self.queue, {"sqlite", "redis", "rediss"})
        if self.dyno and "sqlite" in {urlsplit(self.database).scheme, urlsplit(self.queue).scheme}:
            raise ValueError(
                "this platform throws its disk away at every restart (DYNO is set): "
                "DATABASE_URL must be postgresql:// and QUEUE_URL redis://"
            )
        if self.zalo_pkce == "fixed" and not self.zalo_pkce_verifier.get_secret_value():
            raise ValueError("ZALO_PKCE_VERIFIER is needed while ZALO_PKCE is fixed")
        if self.keep_event_keys_days < self.keep_events_days:
            raise ValueError("KEEP_EVENT_KEYS_DAYS must be at least KEEP_EVENTS_DAYS: the row goes with the key")
        if self.smtp_host and not (self.smtp_from and self.alert_email):
            raise ValueError("SMTP_FROM and ALERT_EMAIL are needed while SMTP_HOST is set")
        queue = urlsplit(self.queue)
        if queue.scheme.startswith("redis") and queue.hostname not in LOOPBACK and not queue.password:
            raise ValueError("QUEUE_URL needs a password unless redis runs on this machine")
        return self

    @property
    def database(self) -> str:
        """DATABASE_URL, or the SQLite file in DATA_DIR."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'oadesk.db'}"

    @property
    def queue(self) -> str:
        """QUEUE_URL, or the SQLite file in DATA_DIR."""
        return self.queue_url.get_secret_value() or f"sqlite:///{self.data_dir / 'queue.db'}"

    def secrets(self) -> list[str]:
        """Every secret of the environment, in clear: what no log line may show, whoever writes it."""
        single = (self.zalo_app_secret, self.telegram_bot_token, self.metrics_token, self.database_url, self.queue_url)
        held = (
            *self.secret_keys, *self.zalo_webhook_secret, *single, self.telegram_proxy, self.zalo_pkce_verifier,
            self.smtp_password,
        )  # fmt: skip
        return [secret.get_secret_value() for secret in held if secret.get_secret_value()]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # Everything comes through `load`, so that a test can hand in any environment without touching the real one.
        return (init_settings,)


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Read the environment, which wins over `.env` (or the file ENV_FILE names; empty: none). Raises ConfigError."""
    given = os.environ if environ is None else environ
    named = given.get("ENV_FILE")
    values = {**_dotenv(env_file if named is None else Path(named)), **given}
    known = {name: _value(values, name.upper()) for name in Settings.model_fields}
    try:
        return Settings.model_validate({name: value for name, value in known.items() if value is not None})
    except ValidationError as error:
        raise ConfigError(_explain(error)) from None


def _dotenv(path: Path | None) -> dict[str, str]:
    if path is None or not path.is_file():
        return {}
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _value(values: Mapping[str, str], name: str) -> str | None:
    given, path = values.get(name), values.get(f"{name}_FILE")
    # An empty line, as .env.example has them, does not stand against the file that holds the value.
    if given or not path:
        return given
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{name}_FILE cannot be read: {type(error).__name__}") from None


def _dated_percent(text: str) -> tuple[date, int]:
    day, _, percent = text.strip().partition(":")
    if not 0 <= int(percent) <= 30:
        raise ValueError(percent)
    return date.fromisoformat(day.strip()), int(percent)


def _check_url(name: str, url: str, schemes: set[str]) -> None:
    if urlsplit(url).scheme not in schemes:
        raise ValueError(f"{name} must begin with one of: {', '.join(sorted(s + '://' for s in schemes))}")


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        text = "is not set" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        lines.append(f"{name} {text}".strip())
    return "\n".join(lines)


__all__ = ["ConfigError", "Settings", "load"]
