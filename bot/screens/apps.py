"""The owner's screens about Zalo apps and about Zalo's check of the domain."""

from __future__ import annotations

from dataclasses import dataclass

from bot.keyboards import back_row, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_name
from bot.turn import Turn
from models import OfficialAccount
from services import addresses, apps, verification
from services.apps import KnownApp, WebhookSecret
from services.errors import Refusal
from texts import Texts
from texts.html import Html, lines


@dataclass(frozen=True)
class AppFacts:
    """What a card says about an app; `secrets` is None when the row cannot be opened with SECRET_KEYS."""

    app: KnownApp
    oas: list[OfficialAccount]
    secrets: list[WebhookSecret] | None
    has_secret: bool


def app_name(t: Texts, app: KnownApp) -> str:
    """Its name; the environment's has one of its own while nobody named it."""
    return app.name or t.plain("apps.nameless" if app.from_environment else "apps.no_name")


async def app_list(turn: Turn) -> Screen:
    """Every app with what uses it."""
    t = turn.t
    found = await turn.db(lambda: [_facts(turn, app) for app in apps.known(turn.desk)])
    entries = [_entry(turn, facts) for facts in found] or [t("apps.none")]
    buttons = [[Button(f"🧩 {short(app_name(t, facts.app), 30)}", to("app", facts.app.app_id))] for facts in found]
    more = [Button(t.plain("button.app_add"), to("app.add")), Button(t.plain("button.guide"), to("guide", "app"))]
    return Screen(lines(t("apps.title"), "", *entries), [*buttons, more, back_row(t, to("settings"))])


async def app_card(turn: Turn, app_id: str, told: Html | None = None) -> Screen:
    """One app: who uses it, which webhook secret signs, and what the console needs. Raises Refusal `app.unknown`."""
    facts = await turn.db(lambda: _facts(turn, apps.find(turn.desk, app_id)))
    t, app = turn.t, facts.app
    text = lines(
        *([told, ""] if told else []),
        t("apps.card", name=app_name(t, app), app_id=app.app_id),
        t("apps.from_environment") if app.from_environment else None,
        _users(turn, facts),
        t("apps.secret_kept" if facts.has_secret else "apps.secret_missing"),
        "",
        *_secret_lines(turn, facts),
        "",
        *address_lines(turn),
    )
    return Screen(text, _card_rows(turn, facts))


def _facts(turn: Turn, app: KnownApp) -> AppFacts:
    oas = apps.oas_of(turn.desk, app.app_id)
    try:
        secrets = apps.webhook_secrets(turn.desk, app.app_id)
        return AppFacts(app, oas, secrets, bool(apps.keys_of_app(turn.desk, app.app_id).secret))
    except Refusal:
        return AppFacts(app, oas, None, False)


def _entry(turn: Turn, facts: AppFacts) -> Html:
    t = turn.t
    secrets = facts.secrets or []
    signs = apps.in_use(secrets)
    key = "apps.signs" if signs else "apps.signs_not" if secrets else "apps.signs_never"
    when = t.moment(signs.signed_at, turn.now()) if signs and signs.signed_at else ""
    return t(
        "apps.entry",
        name=app_name(t, facts.app),
        app_id=facts.app.app_id,
        count=len(facts.oas),
        events=t(key, when=when) if signs else t(key),
    )


def _users(turn: Turn, facts: AppFacts) -> Html:
    names = ", ".join(oa_name(oa) for oa in facts.oas)
    return turn.t("apps.users", names=names) if names else turn.t("apps.no_users")


def _secret_lines(turn: Turn, facts: AppFacts) -> list[Html]:
    """Every accepted webhook secret by its fingerprint, and what to do about a second one."""
    t = turn.t
    if facts.secrets is None:
        return [t("apps.unreadable")]
    if not facts.secrets:
        return [t("apps.no_webhook_secret")]
    signs = apps.in_use(facts.secrets)
    head = [t("apps.webhook_secrets"), *(_secret_line(turn, secret, signs) for secret in facts.secrets)]
    if len(facts.secrets) > 1:
        head.append(t("apps.drop_now") if signs == facts.secrets[0] else t("apps.drop_later"))
    return head


def _secret_line(turn: Turn, secret: WebhookSecret, signs: WebhookSecret | None) -> Html:
    t = turn.t
    where = t("apps.in_env") if secret.from_environment else Html("")
    if secret.signed_at is None:
        return t("apps.secret_unused", print=secret.fingerprint, where=where)
    key = "apps.secret_signs" if secret == signs else "apps.secret_signed"
    when = t.moment(secret.signed_at, turn.now())
    return t(key, print=secret.fingerprint, where=where, when=when)


def address_lines(turn: Turn) -> list[Html]:
    """What the console must hold, or that PUBLIC_URL is missing."""
    t, settings = turn.t, turn.desk.settings
    if not settings.public_url:
        return [t("guide.no_public_url")]
    return [
        t("apps.webhook_address", url=addresses.webhook(settings)),
        t("apps.callback_address", url=addresses.callback(settings)),
    ]


def address_buttons(turn: Turn) -> list[Button]:
    """The same addresses to copy."""
    t, settings = turn.t, turn.desk.settings
    if not settings.public_url:
        return []
    return [
        Button(t.plain("button.copy_webhook"), copy=addresses.webhook(settings)),
        Button(t.plain("button.copy_callback"), copy=addresses.callback(settings)),
    ]


def _card_rows(turn: Turn, facts: AppFacts) -> Rows:
    t, app_id = turn.t, facts.app.app_id
    change = [Button(t.plain("button.app_webhook"), to("app.webhook", app_id))]
    change += [
        Button(t.plain("button.app_drop", print=secret.fingerprint), to("app.drop", app_id, secret.fingerprint))
        for secret in facts.secrets or []
        if not secret.from_environment and len(facts.secrets or []) > 1
    ]
    rest = [Button(t.plain("button.rename"), to("app.name", app_id))]
    if not facts.app.from_environment:
        rest.insert(0, Button(t.plain("button.app_secret"), to("app.secret", app_id)))
        rest.append(Button(t.plain("button.app_remove"), to("app.remove", app_id), style="danger"))
    return [address_buttons(turn), *pairs(change), *pairs(rest), back_row(t, to("apps"))]


def drop_question(turn: Turn, app: KnownApp, secret: WebhookSecret, signs: bool, token: str) -> Screen:
    """The confirmation before a webhook secret is accepted no longer."""
    t = turn.t
    key = "apps.ask_drop_signing" if signs else "apps.ask_drop"
    text = lines(_card_title(t, app), "", t(key, print=secret.fingerprint))
    yes = Button(t.plain("button.app_drop_yes", print=secret.fingerprint), to("app.dropped", token), style="danger")
    return Screen(text, [[yes], back_row(t, to("app", app.app_id))])


def remove_question(turn: Turn, app: KnownApp, token: str) -> Screen:
    """The confirmation before an app is forgotten."""
    t = turn.t
    name = app_name(t, app)
    yes = Button(t.plain("button.remove_yes", name=short(name, 24)), to("app.gone", token), style="danger")
    return Screen(lines(_card_title(t, app), "", t("apps.ask_remove")), [[yes], back_row(t, to("app", app.app_id))])


def _card_title(t: Texts, app: KnownApp) -> Html:
    return t("apps.card", name=app_name(t, app), app_id=app.app_id)


async def domain_screen(turn: Turn, told: Html | None = None) -> Screen:
    """Zalo's check of the domain: what is shown now, and where to tap next."""
    t, settings = turn.t, turn.desk.settings
    found = await turn.db(verification.shown, turn.desk)
    body: list[Html] = [t("domain.how")]
    if not settings.public_url:
        body = [t("guide.no_public_url")]
    elif found.code:
        where = t("domain.from_environment") if found.from_environment else Html("")
        file = addresses.verifier(settings, found.code)
        body = [t("domain.shown", code=found.code, where=where, file=file), Html(""), t("domain.next")]
    return Screen(
        lines(*([told, ""] if told else []), t("domain.title"), "", *body), _domain_rows(turn, found, bool(found.code))
    )


def _domain_rows(turn: Turn, found: verification.Shown, shown: bool) -> Rows:
    t, settings = turn.t, turn.desk.settings
    rows: Rows = []
    if settings.public_url:
        rows.append([Button(t.plain("button.copy_domain"), copy=addresses.domain(settings))])
        if shown:
            rows[0].append(Button(t.plain("button.open_page"), url=f"{settings.public_url}/"))
    change = [Button(t.plain("button.domain_code"), to("domain.code"))]
    if shown and not found.from_environment:
        change.append(Button(t.plain("button.domain_clear"), to("domain.clear")))
    return [*rows, change, back_row(t, to("settings"))]
