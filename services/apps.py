"""The Zalo apps that speak for OAs: the one of the environment, and those the owner added in the bot.

An OA belongs to the app whose id it carries, or to the environment's when it carries none. An app nobody knows here is
refused (`app.unknown`) wherever it is asked for: another app's secret would only be turned down by Zalo, and an OA
would look connected until its token ends.

An app has one secret for tokens and up to three webhook secrets (Zalo: OA Secret Key), so that one can be replaced
while both are accepted. A row may also exist for the environment's app: it then only adds webhook secrets and a name.
Refusals and conflicts name the app by {app_id}; no error holds a secret.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from peewee import IntegrityError

from db import write
from models import OaState, OfficialAccount, ZaloApp
from services import acceptance, app_rows, audit, counters
from services.audit import Actor
from services.desk import Desk
from services.errors import Conflict, Invalid, NotFound, Refusal
from zalo.client import AppKeys
from zalo.payload import clean

MAX_WEBHOOK_SECRETS = 3
LONGEST_NAME = 60
SHORTEST_ID, LONGEST_ID = 5, 25
# Both of Zalo's secrets are about 20 letters and digits. A token is far longer, and a key of SECRET_KEYS ends in "=".
_SECRET = re.compile(r"(?!\d+$)[A-Za-z0-9_-]{8,64}")


@dataclass(frozen=True)
class KnownApp:
    """An app that can be used; `name` is "" while nobody gave it one."""

    app_id: str
    name: str
    from_environment: bool


@dataclass(frozen=True)
class WebhookSecret:
    """One accepted webhook secret, never in clear. `signed_at`: the last event it signed, None if it never did."""

    fingerprint: str
    from_environment: bool
    signed_at: datetime | None


def known(desk: Desk) -> list[KnownApp]:
    """Every app, the environment's first."""
    rows = {row.app_id: row for row in ZaloApp.select().order_by(ZaloApp.id)}
    own = desk.settings.zalo_app_id
    first = rows.pop(own, None)
    found = [KnownApp(own, first.name if first else "", True)] if own else []
    return [*found, *(KnownApp(row.app_id, row.name, False) for row in rows.values())]


def find(desk: Desk, app_id: str) -> KnownApp:
    """One of them. Raises Refusal `app.unknown` (app_id)."""
    app = next((app for app in known(desk) if app.app_id == app_id), None)
    if app is None:
        raise Refusal("app.unknown", app_id=app_id)
    return app


def app_id_of(desk: Desk, oa: OfficialAccount) -> str:
    """The id of the app the OA belongs to, known here or not."""
    return str(oa.app_id or desk.settings.zalo_app_id)


def keys_of(desk: Desk, oa: OfficialAccount) -> AppKeys:
    """Id and secret of the OA's app, as the client wants them. Raises as `keys_of_app`."""
    return keys_of_app(desk, app_id_of(desk, oa))


def keys_of_app(desk: Desk, app_id: str) -> AppKeys:
    """Id and secret of an app. Raises Refusal `app.unknown`, `app.unreadable` (app_id)."""
    own = desk.app_keys()
    if app_id == own.app_id:
        return own
    return AppKeys(app_id=app_id, secret=app_rows.open_secret(desk, app_id), use_proof=own.use_proof)


def oas_of(desk: Desk, app_id: str) -> list[OfficialAccount]:
    """The OAs that belong to the app; removed ones do not count."""
    theirs = OfficialAccount.app_id == app_id
    if app_id == desk.settings.zalo_app_id:
        theirs |= OfficialAccount.app_id == ""
    rows = OfficialAccount.select().where(theirs, OfficialAccount.state != OaState.REMOVED)
    return list(rows.order_by(OfficialAccount.name, OfficialAccount.id))


def webhook_secrets(desk: Desk, app_id: str) -> list[WebhookSecret]:
    """The accepted secrets: those added here, newest first, then the environment's. Raises as `keys_of_app`."""
    added, own = app_rows.added(desk, app_id), app_rows.of_environment(desk, app_id)
    marked = [(secret, False) for secret in added] + [(secret, True) for secret in own if secret not in added]
    prints = [(acceptance.fingerprint(secret), from_environment) for secret, from_environment in marked]
    return [WebhookSecret(print_, environment, _signed_at(app_id, print_)) for print_, environment in prints]


def in_use(secrets: Sequence[WebhookSecret]) -> WebhookSecret | None:
    """The one that signed last: Zalo uses it now. None while none has signed."""
    signed = [(secret.signed_at, secret) for secret in secrets if secret.signed_at is not None]
    return max(signed, key=lambda pair: pair[0])[1] if signed else None


def add(desk: Desk, actor: Actor, app_id: str, name: str, secret: str, webhook_secret: str) -> KnownApp:
    """Enter an app. Commits before it returns; audited.

    Raises Invalid `app.id_invalid`, `app.name_empty`, `app.name_long` (limit), `app.secret_shape`, `app.same_secret`,
    and Conflict `app.exists` (app_id).
    """
    app_id, name = check_id(app_id), check_name(name)
    secret, webhook_secret = check_secret(secret), check_secret(webhook_secret)
    _differ(secret, [webhook_secret])
    check_new(desk, app_id)
    try:
        with write():
            app_rows.insert(desk, app_id, name, secret, [webhook_secret])
            detail = {"name": name, "webhook_secret": acceptance.fingerprint(webhook_secret)}
            audit.record(desk.now(), actor, "app.added", target=app_id, detail=detail)
    except IntegrityError:  # somebody else entered it this very moment
        raise Conflict("app.exists", app_id=app_id) from None
    return KnownApp(app_id, name, False)


def rename(desk: Desk, actor: Actor, app_id: str, name: str) -> None:
    """Change what staff call it. Raises Invalid `app.name_empty`, `app.name_long`, Refusal `app.unknown`. Audited."""
    name = check_name(name)
    with write():
        row = app_rows.to_change(desk, app_id)
        ZaloApp.update(name=name).where(ZaloApp.id == row.id).execute()
        audit.record(desk.now(), actor, "app.renamed", target=app_id, detail={"name": name})


def replace_secret(desk: Desk, actor: Actor, app_id: str, secret: str) -> None:
    """Use another app secret from now on. Audited.

    Raises Invalid `app.secret_shape`, `app.same_secret`, Refusal `app.unknown`, `app.of_environment`.
    """
    secret = check_secret(secret)
    with write():
        _not_of_environment(desk, app_id)
        _differ(secret, [*app_rows.added(desk, app_id), *app_rows.of_environment(desk, app_id)])
        app_rows.write_secret(desk, app_rows.row(app_id), secret)
        audit.record(desk.now(), actor, "app.secret_replaced", target=app_id)


def add_webhook_secret(desk: Desk, actor: Actor, app_id: str, secret: str) -> WebhookSecret:
    """Accept events signed with this secret too; the older ones stay accepted. Audited.

    Raises Invalid `app.secret_shape`, `app.same_secret`, Conflict `app.webhook_secret_known`, Refusal `app.unknown`,
    `app.unreadable`, `app.webhook_secrets_full` (limit).
    """
    secret = check_secret(secret)
    with write():
        row = app_rows.to_change(desk, app_id)
        added, own = app_rows.added(desk, app_id), app_rows.of_environment(desk, app_id)
        _differ(keys_of_app(desk, app_id).secret, [secret])
        if secret in {*added, *own}:
            raise Conflict("app.webhook_secret_known", app_id=app_id)
        if len({*added, *own}) >= MAX_WEBHOOK_SECRETS:
            raise Refusal("app.webhook_secrets_full", app_id=app_id, limit=MAX_WEBHOOK_SECRETS)
        app_rows.write_added(desk, row, [secret, *added])
        print_ = acceptance.fingerprint(secret)
        audit.record(desk.now(), actor, "app.webhook_secret_added", target=app_id, detail={"webhook_secret": print_})
    return WebhookSecret(print_, False, _signed_at(app_id, print_))


def drop_webhook_secret(desk: Desk, actor: Actor, app_id: str, fingerprint: str) -> None:
    """Accept this one no longer. Audited.

    Raises NotFound `app.webhook_secret_unknown`, Refusal `app.unknown`, `app.unreadable`, `app.last_webhook_secret`,
    `app.webhook_secret_of_environment`.
    """
    with write():
        row = app_rows.to_change(desk, app_id)
        added, own = app_rows.added(desk, app_id), app_rows.of_environment(desk, app_id)
        kept = [secret for secret in added if acceptance.fingerprint(secret) != fingerprint]
        if len(kept) == len(added):
            ours = fingerprint in {acceptance.fingerprint(secret) for secret in own}
            if ours:
                raise Refusal("app.webhook_secret_of_environment", app_id=app_id)
            raise NotFound("app.webhook_secret_unknown", app_id=app_id)
        if not kept and not own:
            raise Refusal("app.last_webhook_secret", app_id=app_id)
        app_rows.write_added(desk, row, kept)
        detail = {"webhook_secret": fingerprint}
        audit.record(desk.now(), actor, "app.webhook_secret_dropped", target=app_id, detail=detail)


def remove(desk: Desk, actor: Actor, app_id: str) -> None:
    """Forget an app and its secrets. Audited.

    Raises Refusal `app.unknown`, `app.of_environment`, `app.in_use` (names).
    """
    with write():
        _not_of_environment(desk, app_id)
        row = app_rows.row(app_id)
        users = oas_of(desk, app_id)
        if users:
            raise Refusal("app.in_use", app_id=app_id, names=[oa.name for oa in users])
        ZaloApp.delete().where(ZaloApp.id == row.id).execute()
        audit.record(desk.now(), actor, "app.removed", target=app_id, detail={"name": row.name})


def check_id(text: str) -> str:
    """The app's id as typed, without spaces around. Raises Invalid `app.id_invalid`."""
    found = text.strip()
    if not (found.isascii() and found.isdigit() and SHORTEST_ID <= len(found) <= LONGEST_ID):
        raise Invalid("app.id_invalid")
    return found


def check_new(desk: Desk, app_id: str) -> None:
    """Raises Conflict `app.exists` (app_id) when the app is here already."""
    if any(app.app_id == app_id for app in known(desk)):
        raise Conflict("app.exists", app_id=app_id)


def check_name(text: str) -> str:
    """The name as it will stand. Raises Invalid `app.name_empty`, `app.name_long` (limit)."""
    name = " ".join(clean(text).split())
    if not name:
        raise Invalid("app.name_empty")
    if len(name) > LONGEST_NAME:
        raise Invalid("app.name_long", limit=LONGEST_NAME)
    return name


def check_secret(text: str) -> str:
    """A pasted secret without spaces around. Raises Invalid `app.secret_shape` for what is no secret of Zalo's."""
    secret = text.strip()
    if not _SECRET.fullmatch(secret):
        raise Invalid("app.secret_shape")
    return secret


def _differ(secret: str, webhook_secrets: Sequence[str]) -> None:
    """The classic mix-up: with one of them in both places either tokens or events fail, days later."""
    if secret in webhook_secrets:
        raise Invalid("app.same_secret")


def _not_of_environment(desk: Desk, app_id: str) -> None:
    if app_id == desk.settings.zalo_app_id:
        raise Refusal("app.of_environment", app_id=app_id)


def _signed_at(app_id: str, fingerprint: str) -> datetime | None:
    return counters.last_at(acceptance.secret_counter(app_id, fingerprint))
