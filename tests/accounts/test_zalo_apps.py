"""services/apps.py: several Zalo apps, their secrets, and the one answer for an app nobody knows here."""

import pytest
from cryptography.fernet import Fernet

import config
from models import AuditEntry, Delivery, DeliveryState, OaToken, OfficialAccount, TokenState, ZaloApp
from secretbox import SecretBox
from services import acceptance, accounts, apps, counters, gateway, house, outcomes, readiness, verification
from services.acceptance import KeyRing, fingerprint, secret_counter
from services.audit import CLI
from services.errors import Conflict, Invalid, NotFound, Refusal
from services.readiness import Level
from zalo import oa as zalo_oa

APP = "990011223344"
SECRET, HOOK, NEWER = "AppSecretOfTests0001", "WebhookSecretTests01", "WebhookSecretTests02"


@pytest.fixture
def second(shop):
    """An app besides the environment's."""
    return apps.add(shop.desk(), CLI, APP, "Hoa Mai", SECRET, HOOK)


def rings(shop):
    return KeyRing(shop.settings).read()


def audited():
    return [entry.action for entry in AuditEntry.select().order_by(AuditEntry.id)]


def lines(shop, oa):
    return {line.key: line for line in readiness.lines(shop.desk(), oa)}


def test_an_added_app_is_known_behind_the_environments(shop, second):
    """Its secret opens, its webhook secret is accepted, and both are sealed in the row."""
    found = apps.known(shop.desk())
    assert [(app.app_id, app.from_environment) for app in found] == [(shop.settings.zalo_app_id, True), (APP, False)]
    assert apps.keys_of_app(shop.desk(), APP).secret == SECRET
    assert rings(shop)[APP] == (HOOK,)
    row = ZaloApp.get()
    box = SecretBox(shop.settings.secret_keys)
    assert box.open(row.secret, f"zalo_app:{APP}:secret") == SECRET
    assert SECRET not in row.secret


def test_no_audit_row_holds_a_secret(shop, second):
    """Who did what is kept, by fingerprints only."""
    desk = shop.desk()
    apps.replace_secret(desk, CLI, APP, "AnotherAppSecret0002")
    apps.add_webhook_secret(desk, CLI, APP, NEWER)
    apps.drop_webhook_secret(desk, CLI, APP, fingerprint(HOOK))
    apps.rename(desk, CLI, APP, "Nha khoa An")
    apps.remove(desk, CLI, APP)
    assert [action for action in audited() if action.startswith("app.")] == [
        "app.added", "app.secret_replaced", "app.webhook_secret_added", "app.webhook_secret_dropped", "app.renamed",
        "app.removed",
    ]  # fmt: skip
    whole = str([(entry.target, entry.detail) for entry in AuditEntry.select()])
    assert not [secret for secret in (SECRET, HOOK, NEWER, "AnotherAppSecret0002") if secret in whole]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ((" 12 ", "A", SECRET, HOOK), "app.id_invalid"),
        (("hoa mai", "A", SECRET, HOOK), "app.id_invalid"),
        ((APP, "  ", SECRET, HOOK), "app.name_empty"),
        ((APP, "x" * 61, SECRET, HOOK), "app.name_long"),
        ((APP, "A", "short", HOOK), "app.secret_shape"),
        ((APP, "A", "two words of secret", HOOK), "app.secret_shape"),
        ((APP, "A", APP, HOOK), "app.secret_shape"),  # the app's id in place of its secret
        ((APP, "A", SECRET, "eyJ" + "x" * 200), "app.secret_shape"),  # a token in place of it
        ((APP, "A", SECRET, Fernet.generate_key().decode()), "app.secret_shape"),  # a key of SECRET_KEYS
        ((APP, "A", SECRET, SECRET), "app.same_secret"),
    ],
)
def test_what_is_no_secret_of_zalos_is_refused(shop, values, key):
    """Each of the usual mix-ups has a clear text; nothing is stored and no error repeats the value."""
    with pytest.raises(Invalid) as invalid:
        apps.add(shop.desk(), CLI, *values)
    assert invalid.value.key == key
    assert "secret" not in str(invalid.value.values)
    assert ZaloApp.select().count() == 0


def test_an_app_is_entered_once(shop, second):
    """Neither a second time nor over the environment's."""
    for app_id in (APP, shop.settings.zalo_app_id):
        with pytest.raises(Conflict) as conflict:
            apps.add(shop.desk(), CLI, app_id, "B", SECRET, HOOK)
        assert conflict.value.key == "app.exists"


def test_a_webhook_secret_is_replaced_without_a_gap(shop, second):
    """Both are accepted, newest first, until the old one is dropped."""
    apps.add_webhook_secret(shop.desk(), CLI, APP, NEWER)
    assert rings(shop)[APP] == (NEWER, HOOK)
    apps.drop_webhook_secret(shop.desk(), CLI, APP, fingerprint(HOOK))
    assert rings(shop)[APP] == (NEWER,)


def test_it_is_known_which_secret_signs(shop, second):
    """The one that signed last is in use; one that never signed is new."""
    desk = shop.desk()
    apps.add_webhook_secret(desk, CLI, APP, NEWER)
    assert apps.in_use(apps.webhook_secrets(desk, APP)) is None
    counters.add(shop.clock.now(), secret_counter(APP, fingerprint(HOOK)))
    shop.clock.advance(minutes=1)
    assert apps.in_use(apps.webhook_secrets(desk, APP)).fingerprint == fingerprint(HOOK)
    counters.add(shop.clock.now(), secret_counter(APP, fingerprint(NEWER)))
    newer, older = apps.webhook_secrets(desk, APP)
    assert apps.in_use([newer, older]) == newer
    assert (newer.signed_at, older.signed_at is not None) == (shop.clock.now(), True)


def test_the_environments_app_can_have_more_webhook_secrets(shop):
    """Its row adds to what the environment holds; its app secret stays the environment's."""
    desk, own = shop.desk(), shop.settings.zalo_app_id
    environments = shop.settings.zalo_webhook_secret[0].get_secret_value()
    apps.add_webhook_secret(desk, CLI, own, NEWER)
    assert set(rings(shop)[own]) == {environments, NEWER}
    found = apps.webhook_secrets(desk, own)
    assert [(secret.fingerprint, secret.from_environment) for secret in found] == [
        (fingerprint(NEWER), False), (fingerprint(environments), True),
    ]  # fmt: skip
    assert apps.keys_of_app(desk, own).secret == shop.settings.zalo_app_secret.get_secret_value()
    apps.drop_webhook_secret(desk, CLI, own, fingerprint(NEWER))
    with pytest.raises(Refusal) as refusal:
        apps.drop_webhook_secret(desk, CLI, own, fingerprint(environments))
    assert refusal.value.key == "app.webhook_secret_of_environment"


def test_what_would_break_events_is_refused(shop, second):
    """The last secret, a fourth one, one that is there, and the app secret in its place."""
    desk = shop.desk()
    with pytest.raises(Refusal) as last:
        apps.drop_webhook_secret(desk, CLI, APP, fingerprint(HOOK))
    with pytest.raises(Conflict) as known:
        apps.add_webhook_secret(desk, CLI, APP, HOOK)
    with pytest.raises(Invalid) as mixed:
        apps.add_webhook_secret(desk, CLI, APP, SECRET)
    with pytest.raises(Invalid) as mixed_too:
        apps.replace_secret(desk, CLI, APP, HOOK)
    apps.add_webhook_secret(desk, CLI, APP, NEWER)
    apps.add_webhook_secret(desk, CLI, APP, "WebhookSecretTests03")
    with pytest.raises(Refusal) as full:
        apps.add_webhook_secret(desk, CLI, APP, "WebhookSecretTests04")
    with pytest.raises(NotFound) as unknown:
        apps.drop_webhook_secret(desk, CLI, APP, "00000000")
    raised = [last, known, mixed, mixed_too, full, unknown]
    assert [each.value.key for each in raised] == [
        "app.last_webhook_secret", "app.webhook_secret_known", "app.same_secret", "app.same_secret",
        "app.webhook_secrets_full", "app.webhook_secret_unknown",
    ]  # fmt: skip


def test_an_app_in_use_stays(shop, second):
    """Its OAs are named; once they are gone it can be removed, and answers for nothing."""
    oa = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", app_id=APP, created_at=shop.clock.now())
    with pytest.raises(Refusal) as refusal:
        apps.remove(shop.desk(), CLI, APP)
    assert (refusal.value.key, refusal.value.values["names"]) == ("app.in_use", ["Gara Tín"])
    accounts.remove(shop.desk(), CLI, oa)
    apps.remove(shop.desk(), CLI, APP)
    assert APP not in rings(shop)


def test_the_environments_app_is_not_changed_here(shop):
    """Its secret and its being there are the administrator's; its name may be given in the bot."""
    desk, own = shop.desk(), shop.settings.zalo_app_id
    for act in (lambda: apps.remove(desk, CLI, own), lambda: apps.replace_secret(desk, CLI, own, SECRET)):
        with pytest.raises(Refusal) as refusal:
            act()
        assert refusal.value.key == "app.of_environment"
    apps.rename(desk, CLI, own, "Chính")
    assert apps.known(desk)[0].name == "Chính"


def test_an_oa_without_an_app_belongs_to_the_environments(shop):
    """It is counted among its users."""
    OfficialAccount.update(app_id="").where(OfficialAccount.id == shop.oa.id).execute()
    oa = shop.again(shop.oa)
    assert apps.keys_of(shop.desk(), oa) == shop.desk().app_keys()
    assert apps.oas_of(shop.desk(), shop.settings.zalo_app_id) == [oa]


@pytest.fixture
def orphan(shop):
    """An OA whose app was never entered here."""
    OfficialAccount.update(app_id="123454321").where(OfficialAccount.id == shop.oa.id).execute()
    return shop.again(shop.oa)


def test_an_unknown_app_is_refused_and_never_replaced_by_another(shop, orphan):
    """Keys, every call to Zalo and the card give one answer."""
    with pytest.raises(Refusal) as keys:
        apps.keys_of(shop.desk(), orphan)
    with pytest.raises(Refusal) as call:
        shop.run(lambda desk: gateway.call(desk, orphan, zalo_oa.get_profile))
    assert {keys.value.key, call.value.key} == {"app.unknown"}
    found = lines(shop, orphan)
    assert found["app.unknown"].level is Level.BROKEN
    assert found["app.unknown"].values == {"app_id": "123454321"}
    assert not [key for key in found if key.startswith("events.")]


def test_what_waits_for_an_unknown_app_is_kept(shop, orphan):
    """It is tried again every few minutes, since adding the app is no event anybody waits for."""
    row = Delivery.create(
        oa=orphan, channel="cs", kind="text", recipient="55", content={}, dedupe_key="d", tracking_id="t",
        created_at=shop.clock.now(),
    )  # fmt: skip
    outcomes.objected(shop.clock.now(), row, Refusal("app.unknown", app_id="123454321"))
    row = shop.again(row)
    assert (row.state, row.held_reason) == (DeliveryState.QUEUED, "app")
    assert row.next_attempt_at > shop.clock.now()


def test_secrets_that_cannot_be_opened_are_told_apart(shop, second, environment, database_url):
    """Another SECRET_KEYS: the app is there, its secrets are not; nothing fails with a defect."""
    from dataclasses import replace

    other = config.load(
        {**environment, "DATABASE_URL": database_url, "SECRET_KEYS": Fernet.generate_key().decode()}, env_file=None
    )
    desk = replace(shop.desk(), settings=other, box=SecretBox(other.secret_keys))
    with pytest.raises(Refusal) as refusal:
        apps.keys_of_app(desk, APP)
    assert refusal.value.key == "app.unreadable"
    oa = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", app_id=APP, created_at=shop.clock.now())
    assert "app.unreadable" in {line.key for line in readiness.lines(desk, oa)}


def test_the_card_tells_of_a_connection_near_its_end(shop):
    """Renewing gives three months anew, so a refresh token of two and a half says that renewing fails."""
    soon = shop.clock.now() + readiness.ENDING
    OaToken.update(state=TokenState.OK, refresh_expires_at=soon).where(OaToken.oa == shop.oa.id).execute()
    assert lines(shop, shop.oa)["connection.ending"].values == {"days": 14}
    OaToken.update(state=TokenState.NEEDS_REAUTH, error_code="permission_revoked").execute()
    assert lines(shop, shop.oa)["connection.revoked"].level is Level.BROKEN


CODE = "TzQMBB-pDnqKoTizxRy_8ZMBr4ARqsTHDp8m"


@pytest.mark.parametrize(
    "pasted",
    [
        CODE,
        f"  {CODE}\n",
        f'<meta name="zalo-platform-site-verification" content="{CODE}" />',
        f"<meta content='{CODE}' name='zalo-platform-site-verification'>",
        f"zalo_verifier{CODE}.html",
        f"https://desk.example.vn/zalo_verifier{CODE}.html",
    ],
)
def test_zalos_code_is_read_however_it_is_pasted(shop, pasted):
    """The code alone, the whole tag, the file's name, its address."""
    assert verification.put(shop.desk(), CLI, pasted) == CODE
    assert verification.shown(shop.desk()) == verification.Shown(CODE, from_environment=False)
    assert house.get(house.VERIFICATION_CODE) == CODE


@pytest.mark.parametrize("pasted", ["", "hello", "<meta name='x'>", "a" * 200, "mã của Zalo là gì vậy"])
def test_what_is_no_code_is_refused(shop, pasted):
    """Nothing is shown to the world but a code."""
    with pytest.raises(Invalid) as invalid:
        verification.put(shop.desk(), CLI, pasted)
    assert invalid.value.key == "verification.shape"


def test_clearing_the_code_brings_back_the_environments(shop):
    """Both acts are audited."""
    verification.put(shop.desk(), CLI, CODE)
    verification.clear(shop.desk(), CLI)
    assert verification.shown(shop.desk()) == verification.Shown("", from_environment=True)
    assert [action for action in audited() if action.startswith("verification")] == [
        "verification.set", "verification.cleared",
    ]  # fmt: skip


def test_the_counter_of_a_secret_names_no_secret():
    """What is counted in the open cannot be turned back into the secret."""
    assert HOOK not in acceptance.secret_counter(APP, fingerprint(HOOK))
