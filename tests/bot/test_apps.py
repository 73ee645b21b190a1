"""The owner's screens about Zalo apps and the check of the domain."""

from __future__ import annotations

import pytest

from bot.markup import to
from models import AuditEntry, Draft, OfficialAccount, Role, StaffUpdate, ZaloApp
from sandbox.telegram.person import labels
from services import addresses, apps, counters, house, staff
from services.acceptance import fingerprint, secret_counter
from services.audit import CLI

PUBLIC = "https://desk.example.vn"
APP = "990011223344"
SECRET, HOOK, NEWER = "AppSecretOfTests0001", "WebhookSecretTests01", "WebhookSecretTests02"
CODE = "TzQMBB-pDnqKoTizxRy_8ZMBr4ARqsTHDp8m"


@pytest.fixture
def environment(environment):
    """A server with an address."""
    return {**environment, "PUBLIC_URL": PUBLIC}


def owner_of(desk, words):
    """The owner, in the language of the test."""
    owner = desk.owner()
    person = staff.recognise(desk.clock.now(), owner.id, "Chủ", owner.id)
    staff.set_language(person, words.language)
    return owner


def open_apps(owner, words):
    owner.say("/caidat")
    owner.wait_for(words("button.apps"))
    owner.tap(words("button.apps"))
    return owner.wait_for(words("apps.title"))


def open_app(owner, words, name="Hoa Mai"):
    open_apps(owner, words)
    owner.tap(f"🧩 {name}")
    return owner.wait_for(words("apps.webhook_secrets"))


def add(desk):
    return apps.add(desk.desk(), CLI, APP, "Hoa Mai", SECRET, HOOK)


def answer(owner, words, **other):
    """Begin the form and answer its four questions; returns the numbers of the typed messages by step."""
    given = {"app_id": APP, "name": "Hoa Mai", "secret": SECRET, "webhook": HOOK, **other}
    open_apps(owner, words)
    owner.tap(words("button.app_add"))
    typed = {}
    for step, text in given.items():
        owner.wait_for(words(f"app_form.ask_{step}"))
        typed[step] = owner.say(text)
    return typed


def test_the_owner_adds_an_app(desk, words):
    """Four questions; then its card with the addresses to copy, and both secrets are off the chat."""
    owner = owner_of(desk, words)
    typed = answer(owner, words)
    card = owner.wait_for(words("app_form.done"))
    assert addresses.webhook(desk.settings) in card["text"]
    copies = {b["copy_text"]["text"] for row in card["keyboard"] for b in row if b.get("copy_text")}
    assert copies == {addresses.webhook(desk.settings), addresses.callback(desk.settings)}
    owner.wait_until_deleted(typed["secret"])
    owner.wait_until_deleted(typed["webhook"])
    assert apps.keys_of_app(desk.desk(), APP).secret == SECRET


def test_no_secret_of_the_form_stays_in_clear(desk):
    """Neither in a message of the bot nor in a row, also while the form is open."""
    owner = owner_of(desk, desk.vi)
    typed = answer(owner, desk.vi, webhook="Khoá sai")
    owner.wait_for("không giống khóa")
    owner.wait_until_deleted(typed["webhook"])
    desk.settle()
    shown = [message for message in owner.chat() if SECRET in message["text"] and not message["deleted"]]
    kept = "".join(str(list(table.select().dicts())) for table in (StaffUpdate, Draft, AuditEntry))
    assert not shown
    assert SECRET not in kept


def test_a_secret_typed_after_leaving_the_form_is_deleted_too(desk, words):
    """Somebody looked something up in the guide and pastes where the form no longer listens."""
    owner = owner_of(desk, words)
    open_apps(owner, words)
    owner.tap(words("button.app_add"))
    for step, text in (("app_id", APP), ("name", "Hoa Mai")):
        owner.wait_for(words(f"app_form.ask_{step}"))
        owner.say(text)
    owner.wait_for(words("app_form.ask_secret"))
    owner.say("/trogiup")
    owner.wait_for(words("help.title"))
    typed = owner.say(SECRET)
    owner.wait_for(words("unknown.secret"))
    owner.wait_until_deleted(typed)
    owner.tap(words("button.go_on"))
    owner.wait_for(words("app_form.ask_secret"))


def test_one_secret_for_both_is_refused_and_both_are_asked_again(desk, words):
    """The classic mix-up is named; the app's number and name stay."""
    owner = owner_of(desk, words)
    answer(owner, words, webhook=SECRET)
    shown = owner.wait_for(words("error.app.same_secret.what"))
    assert words("app_form.ask_secret") in shown["text"]
    assert ZaloApp.select().count() == 0
    owner.say(SECRET)
    owner.wait_for(words("app_form.ask_webhook"))
    owner.say(HOOK)
    owner.wait_for(words("app_form.done"))


def test_an_app_that_is_here_is_refused_at_the_first_question(desk):
    """Before any secret is typed."""
    add(desk)
    owner = owner_of(desk, desk.vi)
    open_apps(owner, desk.vi)
    owner.tap("➕ Thêm ứng dụng")
    owner.wait_for("ID ứng dụng?")
    owner.say(APP)
    assert "ID ứng dụng?" in owner.wait_for("đã có ở đây")["text"]


def test_the_webhook_secret_is_replaced_without_a_gap(desk, words):
    """The new one beside the old; when it has signed, the card says so, and the old one goes after a question."""
    add(desk)
    owner = owner_of(desk, words)
    counters.add(desk.clock.now(), secret_counter(APP, fingerprint(HOOK)))
    open_app(owner, words)
    owner.tap(words("button.app_webhook"))
    owner.wait_for(words("app_form.change_webhook"))
    typed = owner.say(NEWER)
    card = owner.wait_for(words("app_form.changed_webhook"))
    owner.wait_until_deleted(typed)
    assert words("apps.drop_later") in card["text"]
    desk.clock.advance(minutes=1)
    counters.add(desk.clock.now(), secret_counter(APP, fingerprint(NEWER)))
    card = open_app(owner, words)
    assert words("apps.drop_now") in card["text"]
    signing = next(line for line in card["text"].splitlines() if fingerprint(NEWER) in line)
    assert signing.startswith("✅")
    drop = next(b for row in card["keyboard"] for b in row if fingerprint(HOOK) in b["text"])
    owner.tap_data(drop["data"], card["message_id"])
    question = owner.wait_for(words("apps.ask_drop"))
    owner.tap_data(question["keyboard"][0][0]["data"], question["message_id"])
    owner.wait_for(words("apps.dropped"))
    assert [secret.fingerprint for secret in apps.webhook_secrets(desk.desk(), APP)] == [fingerprint(NEWER)]


def test_dropping_the_secret_that_signs_warns(desk):
    """Somebody who pasted a wrong new one must not lose the right old one by a tap."""
    add(desk)
    apps.add_webhook_secret(desk.desk(), CLI, APP, NEWER)
    counters.add(desk.clock.now(), secret_counter(APP, fingerprint(HOOK)))
    owner = owner_of(desk, desk.vi)
    card = open_app(owner, desk.vi)
    drop = next(b for row in card["keyboard"] for b in row if fingerprint(HOOK) in b["text"])
    owner.tap_data(drop["data"], card["message_id"])
    owner.wait_for("Zalo đang ký bằng khóa")


def test_rename_and_a_new_app_secret(desk, words):
    """One question each; the message with the secret is deleted."""
    add(desk)
    owner = owner_of(desk, words)
    open_app(owner, words)
    owner.tap(words("button.rename"))
    owner.wait_for(words("app_form.change_name"))
    owner.say("Nha khoa An")
    owner.wait_for("Nha khoa An")
    owner.tap(words("button.app_secret"))
    owner.wait_for(words("app_form.change_secret"))
    typed = owner.say("AnotherAppSecret0002")
    owner.wait_for(words("app_form.changed_secret"))
    owner.wait_until_deleted(typed)
    assert apps.keys_of_app(desk.desk(), APP).secret == "AnotherAppSecret0002"


def test_an_app_is_removed_after_a_question_unless_an_oa_uses_it(desk, words):
    """The OA that uses it is named."""
    add(desk)
    oa = OfficialAccount.create(oa_id="777000111222", name="Gara Tín", app_id=APP, created_at=desk.clock.now())
    owner = owner_of(desk, words)
    open_app(owner, words)
    owner.tap(words("button.app_remove"))
    assert "Gara Tín" in owner.wait_for(words("error.app.in_use.what"))["text"]
    OfficialAccount.delete().where(OfficialAccount.id == oa.id).execute()
    open_app(owner, words)
    owner.tap(words("button.app_remove"))
    owner.wait_for(words("apps.ask_remove"))
    owner.tap(words("button.remove_yes"))
    owner.wait_for(words("apps.title"))
    assert ZaloApp.select().count() == 0


def test_the_environments_app_shows_what_can_be_done_here(desk, words):
    """One more webhook secret and a name; its app secret and its end are the administrator's."""
    owner = owner_of(desk, words)
    open_apps(owner, words)
    owner.tap(f"🧩 {words.t.plain('apps.nameless')}")
    card = owner.wait_for(words("apps.from_environment"))
    assert words("button.app_webhook") in labels(card)
    assert words("button.app_secret") not in labels(card)
    assert words("button.app_remove") not in labels(card)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.MANAGER])
def test_only_the_owner_sees_apps_and_domain(desk, role):
    """Others have no door to them, and a forged button is refused."""
    person = desk.person(role)
    person.say("/caidat")
    shown = person.wait_for("Ngôn ngữ")
    assert not {"🧩 Ứng dụng Zalo", "🌐 Xác minh tên miền"} & set(labels(shown))
    for action in ("apps", "app.add", "domain", "domain.code", "domain.clear"):
        person.tap_data(to(action), shown["message_id"], force=True, wait=True)
        assert "việc này dành cho chủ sở hữu" in person.last()["text"]


def open_domain(owner, words):
    owner.say("/caidat")
    owner.wait_for(words("button.domain"))
    owner.tap(words("button.domain"))
    return owner.wait_for(words("domain.title"))


@pytest.mark.parametrize(
    "pasted", [CODE, f'<meta name="zalo-platform-site-verification" content="{CODE}" />', f"zalo_verifier{CODE}.html"]
)
def test_zalos_code_is_pasted_and_cleared(desk, words, pasted):
    """However it is pasted; then the screen says where to tap Verify. Each act is audited."""
    owner = owner_of(desk, words)
    open_domain(owner, words)
    owner.tap(words("button.domain_code"))
    owner.wait_for(words("domain.ask_code"))
    owner.say(pasted)
    shown = owner.wait_for(words("domain.taken"))
    assert words("domain.next") in shown["text"]
    assert f"{PUBLIC}/zalo_verifier{CODE}.html" in shown["text"]
    assert house.get(house.VERIFICATION_CODE) == CODE
    owner.tap(words("button.domain_clear"))
    owner.wait_for(words("domain.cleared"))
    assert not house.get(house.VERIFICATION_CODE)
    actions = [entry.action for entry in AuditEntry.select() if entry.action.startswith("verification")]
    assert actions == ["verification.set", "verification.cleared"]


def test_what_is_no_code_is_asked_again(desk):
    """In four parts."""
    owner = owner_of(desk, desk.vi)
    open_domain(owner, desk.vi)
    owner.tap("✏️ Nhập mã")
    owner.wait_for("Dán mã của Zalo")
    owner.say("chào bạn")
    assert "Dán mã của Zalo" in owner.wait_for("không giống mã xác minh")["text"]
