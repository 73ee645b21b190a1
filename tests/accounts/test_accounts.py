"""services/accounts.py: registering OAs, their mode, and their end."""

import pytest

from models import AuditEntry, Confirmation, Delivery, DeliveryState, Notice, OaState, OaToken, OfficialAccount, Role
from services import accounts, confirmations, counters, modes, quotas, staff, templates
from services.accounts import NewAccount
from services.audit import CLI
from services.errors import Conflict, Invalid, NotFound
from services.modes import Mode
from services.readiness import Level, lines, worst

LONG = "x" * 101


def new(**changes):
    return NewAccount(
        **{"oa_id": "2902001003004005999", "name": "Nha khoa An", "access": "A" * 30, "refresh": "R" * 30, **changes}
    )


def keys(shop):
    return {line.key: line.level for line in lines(shop.desk(), shop.again(shop.oa))}


def test_registering_stores_the_oa_its_tokens_and_an_audit_entry(shop):
    """All in one; the default is neither published nor testing."""
    oa = accounts.register(shop.desk(), CLI, new(description="Răng"))
    assert (oa.name, oa.description, modes.mode(oa)) == ("Nha khoa An", "Răng", Mode.PAUSED)
    assert OaToken.get(OaToken.oa == oa.id).generation == 0
    entry = AuditEntry.get(AuditEntry.oa_id == oa.oa_id)
    assert (entry.action, entry.actor) == ("oa.added", "cli")
    assert "AAAA" not in str(entry.detail)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"oa_id": "spa hoa mai"}, "oa.id_invalid"),
        ({"oa_id": "12"}, "oa.id_invalid"),
        ({"name": "  "}, "oa.name_empty"),
        ({"name": LONG}, "oa.name_long"),
        ({"access": " "}, "oa.token_empty"),
        ({"refresh": "two words"}, "oa.token_shape"),
        ({"refresh": "quote”"}, "oa.token_shape"),
        ({"description": "x" * 1001}, "oa.description_long"),
    ],
)
def test_wrong_values_are_refused_by_rule(shop, changes, key):
    """Nothing is stored, and the error names the rule without repeating a token."""
    with pytest.raises(Invalid) as invalid:
        accounts.register(shop.desk(), CLI, new(**changes))
    assert invalid.value.key == key
    assert OfficialAccount.select().count() == 1


def test_an_oa_is_registered_once(shop):
    """A second time is refused with the name it has."""
    with pytest.raises(Conflict) as conflict:
        accounts.register(shop.desk(), CLI, new(oa_id=shop.oa.oa_id))
    assert conflict.value.values["name"] == "Spa Hoa Mai"


def test_a_removed_oa_can_come_back_with_its_past(shop):
    """Same row, new tokens, and confirmations from before are void."""
    desk = shop.desk()
    oa = accounts.get(shop.oa.oa_id)
    accounts.remove(desk, CLI, oa)
    with pytest.raises(NotFound):
        accounts.get(oa.oa_id)
    assert accounts.active() == []
    back = accounts.register(desk, CLI, new(oa_id=oa.oa_id, name="Hoa Mai 2"))
    assert (back.id, back.name, back.state) == (oa.id, "Hoa Mai 2", OaState.ACTIVE)
    assert back.revision > oa.revision - 1


def test_the_access_token_is_checked_with_zalo_before_anything_is_stored(shop):
    """Right, wrong OA, dead, and unusable."""
    found = shop.zalo.post("/_sandbox/tokens/issue", {})

    def check(token, oa_id=None):
        return shop.run(lambda desk: accounts.check_access_token(desk, token, oa_id))

    assert check(found["access_token"], shop.oa.oa_id).oa_id == shop.oa.oa_id
    with pytest.raises(Invalid) as wrong:
        check(found["access_token"], "1234567890")
    assert (wrong.value.key, wrong.value.values["found"]) == ("oa.wrong_id", shop.oa.oa_id)
    with pytest.raises(Invalid) as dead:
        check("nonsense")
    assert (dead.value.key, dead.value.code) == ("oa.token_dead", "-216")
    with pytest.raises(Invalid):
        check("two words")
    shop.zalo.post("/_sandbox/faults", {"match": "/openapi", "kind": "http_502"})
    with pytest.raises(Conflict) as silent:
        check(found["access_token"])
    assert silent.value.key == "zalo.unreachable"


@pytest.mark.parametrize(
    ("published", "testing", "expected"),
    [(False, False, Mode.PAUSED), (False, True, Mode.PAUSED), (True, True, Mode.TEST), (True, False, Mode.LIVE)],
)
def test_two_flags_make_one_mode(shop, published, testing, expected):
    """Not published: nothing leaves, whatever testing says."""
    assert accounts.set_flags(shop.desk(), CLI, shop.oa, published=published, testing=testing) is expected
    assert modes.mode(shop.again(shop.oa)) is expected


def test_only_changes_towards_sending_need_a_confirmation():
    """Paused, test, live: upwards."""
    up = {(Mode.PAUSED, Mode.TEST), (Mode.PAUSED, Mode.LIVE), (Mode.TEST, Mode.LIVE)}
    assert {(old, now) for old in Mode for now in Mode if accounts.towards_sending(old, now)} == up


def test_a_change_voids_open_confirmations(shop):
    """What was asked about the OA as it was is not a yes to the OA as it is."""
    desk = shop.desk()
    person = staff.add(desk.now(), 7, Role.MANAGER)
    token = confirmations.ask(desk.now(), person, "x", {}, shop.again(shop.oa))
    accounts.rename(desk, CLI, shop.again(shop.oa), "Spa Hoa Mai Q.7")
    with pytest.raises(Conflict):
        confirmations.use(desk.now(), person, token, "x")
    assert Confirmation.get().used_at is None


def test_setting_a_flag_to_what_it_is_changes_nothing(shop):
    """No revision, no audit entry."""
    before = (shop.again(shop.oa).revision, AuditEntry.select().count())
    accounts.set_flags(shop.desk(), CLI, shop.oa, published=True)
    assert (shop.again(shop.oa).revision, AuditEntry.select().count()) == before


def test_a_flag_changed_on_an_old_screen_is_changed_all_the_same(shop):
    """What counts is the row, not what the screen of some minutes ago believed."""
    old, now = shop.again(shop.oa), shop.again(shop.oa)
    accounts.set_flags(shop.desk(), CLI, now, published=False)
    assert accounts.set_flags(shop.desk(), CLI, old, published=True) is Mode.LIVE
    assert shop.again(shop.oa).published
    assert old.revision == shop.again(shop.oa).revision


def test_finding_ignores_accents_and_prefers_the_exact_one(shop):
    """By part of the name, or by the whole id."""
    accounts.register(shop.desk(), CLI, new(name="Hoa Mai"))
    assert [oa.name for oa in accounts.find("hoa mai")] == ["Hoa Mai", "Spa Hoa Mai"]
    assert [oa.name for oa in accounts.find(shop.oa.oa_id)] == ["Spa Hoa Mai"]
    assert accounts.find("nobody") == []


def test_the_card_of_a_healthy_oa_has_no_alarm(shop):
    """Connected by pasted tokens, package and quota read."""
    from services import tokens

    shop.run(lambda desk: tokens.prove(desk, shop.oa))
    shop.run(lambda desk: accounts.refresh_profile(desk, shop.oa))
    shop.run(lambda desk: templates.sync(desk, shop.oa))
    shop.run(lambda desk: quotas.refresh(desk, shop.oa))
    OfficialAccount.update(last_event_at=shop.clock.now()).execute()
    found = keys(shop)
    assert set(found.values()) == {Level.OK}
    topics = ("connection", "package", "verified", "events", "quality", "quota", "templates")
    assert set(found) == {"mode.live", *(f"{topic}.ok" for topic in topics)}


def test_every_thing_that_stops_sending_has_a_line(shop):
    """Mode, stop, connection, package, silence, quota."""
    from datetime import timedelta

    now = shop.clock.now()
    OfficialAccount.update(
        published=False,
        stopped_at=now,
        stopped_code="-115",
        profile={"package_name": "Tăng trưởng", "package_valid_through_date": "22/11/2026", "is_verified": False},
        last_event_at=now - timedelta(hours=4),
        zns_quota={"remaining": 0, "daily": 500, "quality_48h": "LOW"},
        zns_quota_at=now,
    ).execute()
    OaToken.update(state="needs_reauth", error_code="-14014").execute()
    found = keys(shop)
    assert found == {
        "mode.paused": Level.WARNING, "stopped": Level.BROKEN, "connection.broken": Level.BROKEN,
        "package.over": Level.BROKEN, "verified.no": Level.WARNING, "events.silent": Level.WARNING,
        "quality.low": Level.WARNING, "quota.empty": Level.WARNING, "templates.never": Level.UNKNOWN,
    }  # fmt: skip
    assert worst(lines(shop.desk(), shop.again(shop.oa))) is Level.BROKEN


def test_a_new_oa_says_that_its_refresh_token_is_not_proven(shop):
    """Proving it would spend it."""
    assert keys(shop)["connection.unproven"] is Level.WARNING


def test_missing_secrets_of_the_app_have_a_line(shop):
    """Without them tokens cannot be renewed and events are not accepted."""
    from dataclasses import replace

    from pydantic import SecretStr

    bare = shop.settings.model_copy(update={"zalo_app_secret": SecretStr(""), "zalo_webhook_secret": ()})
    found = {line.key for line in lines(replace(shop.desk(), settings=bare), shop.oa)}
    assert {"app.no_secret", "events.no_secret"} <= found


def test_wrongly_signed_events_have_a_line_until_a_good_one_comes(shop):
    """The commonest mistake of a set-up: another of Zalo's secrets stands in ZALO_WEBHOOK_SECRET."""
    now = shop.clock.now()
    counters.add(now, "webhook.wrong")
    assert keys(shop)["events.wrong"] is Level.WARNING
    OfficialAccount.update(last_event_at=now).execute()
    assert "events.ok" in keys(shop)
    counters.add(shop.clock.advance(minutes=1), "webhook.wrong")
    assert keys(shop)["events.wrong"] is Level.WARNING


def test_one_template_that_was_asked_for_is_not_the_whole_list(shop):
    """A message by a template's number makes that one known; the card does not take it for all there are."""
    shop.run(lambda desk: templates.fresh(desk, shop.oa, "300111"))
    assert keys(shop)["templates.never"] is Level.UNKNOWN
    assert not templates.known(shop.oa)
    shop.run(lambda desk: templates.sync(desk, shop.oa))
    assert templates.known(shop.oa)
    assert keys(shop)["templates.ok"] is Level.OK


def test_a_yes_to_one_thing_is_no_yes_to_another(shop):
    """A button forged with the token of a harmless question changes nothing."""
    desk = shop.desk()
    person = staff.add(desk.now(), 7, Role.MANAGER)
    token = confirmations.ask(desk.now(), person, "mode", {}, shop.again(shop.oa))
    with pytest.raises(NotFound):
        confirmations.use(desk.now(), person, token, "remove_oa")
    assert confirmations.use(desk.now(), person, token, "mode").used_at is not None


def test_removing_an_oa_tells_those_whose_messages_waited(shop):
    """The message that said "waiting" is edited to say that it was cancelled."""
    now = shop.clock.now()
    row = Delivery.create(
        oa=shop.oa, channel="cs", kind="text", recipient="1", content={}, dedupe_key="d", tracking_id="t",
        created_at=now, chat_id=7, chat_message_id=8,
    )  # fmt: skip
    accounts.remove(shop.desk(), CLI, shop.again(shop.oa))
    assert Delivery.get_by_id(row.id).state == DeliveryState.CANCELLED
    assert Notice.get(Notice.kind == "delivery").message_id == 8
