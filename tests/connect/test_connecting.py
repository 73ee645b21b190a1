"""The straight ways: a known OA, a new one, another one, a no."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from pydantic import SecretStr

import config
from models import (
    AuditEntry,
    InboxEvent,
    InboxState,
    OaState,
    OaToken,
    OauthState,
    OauthTicket,
    OfficialAccount,
    Role,
    StaffOa,
    TokenState,
)
from services import accounts, apps, connect_tickets, connecting, staff, tokens
from services.audit import CLI, Actor
from services.desk import Work
from services.errors import Conflict, NotAllowed, NotFound, Refusal


def everything_stored():
    return json.dumps([list(OauthTicket.select().dicts()), list(AuditEntry.select().dicts())], default=str)


def test_a_known_oa_gets_its_new_tokens(town):
    """One link, one exchange: the pair is saved under the next number, proven, and Zalo takes it."""
    generation = OaToken.get().generation
    ticket = town.connect(town.oa)
    row = OaToken.get()
    assert (ticket.state, ticket.found_name) == (OauthState.CONNECTED, "Spa Hoa Mai")
    assert (row.generation, row.state) == (generation + 1, TokenState.OK)
    assert row.refresh_expires_at == town.clock.now() + timedelta(days=90)
    assert town.works(town.oa)
    assert town.acts()[-2:] == ["oa.connect_begun", "oa.connected"]
    assert Work.SEND in town.nudges


def test_the_outcome_is_told_on_the_message_that_showed_the_link(town):
    """A notice "connect" of the ticket, once, to the chat it came from."""
    number, secret = town.begin(town.oa)
    connecting.shown(number, 55)
    town.come_back(town.agree(secret))
    town.work()
    (notice,) = town.notices()
    assert (notice.chat_id, notice.ref, notice.payload) == (7001002004, str(number), {"ticket": number})
    assert notice.message_id == 55


def test_an_oa_that_needed_a_person_works_again(town):
    """The classic failure, mended by one tap and one permission page."""
    town.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    OaToken.update(state=TokenState.NEEDS_REAUTH).execute()
    OfficialAccount.update(state=OaState.NEEDS_REAUTH, lost_at=town.clock.now()).execute()
    town.connect(town.oa)
    assert OfficialAccount.get().state == OaState.ACTIVE
    assert town.works(town.oa)


def test_a_new_oa_waits_for_the_yes_of_the_same_person(town, unregistered):
    """Nothing is registered before; afterwards it is there, paused, with proven tokens of the app that was granted."""
    ticket = town.connect(place=1)
    assert (ticket.state, ticket.found_name) == (OauthState.ASKING, unregistered["name"])
    assert OfficialAccount.select().count() == 1
    town.advance(hours=3)
    oa = connecting.confirm(town.desk(), town.actor, ticket.id)
    row = OaToken.get(OaToken.oa == oa.id)
    assert (oa.oa_id, oa.name, oa.published) == (unregistered["oa_id"], unregistered["name"], False)
    assert (oa.app_id, oa.profile["oa_id"]) == (town.settings.zalo_app_id, oa.oa_id)
    assert row.state == TokenState.OK
    assert row.access_expires_at == town.clock.now() + timedelta(hours=22)
    assert row.refresh_expires_at == town.clock.now() + timedelta(days=90) - timedelta(hours=3)
    assert town.works(oa)
    assert town.ticket(ticket.id).state == OauthState.CONNECTED
    assert town.acts()[-4:] == ["oa.connect_begun", "oa.connect_asked", "oa.connected", "oa.added"]


def test_a_yes_counts_once_and_only_from_the_same_person(town, unregistered):
    """Neither another manager nor a second tap registers anything."""
    ticket = town.connect(place=1)
    other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
    with pytest.raises(NotFound, match=r"connect\.unknown"):
        connecting.confirm(town.desk(), Actor("Lan", other), ticket.id)
    connecting.confirm(town.desk(), town.actor, ticket.id)
    with pytest.raises(Conflict, match=r"connect\.not_waiting"):
        connecting.confirm(town.desk(), town.actor, ticket.id)
    assert OfficialAccount.select().count() == 2


def test_an_oa_registered_by_somebody_else_meanwhile_gets_the_pair(town, unregistered):
    """The yes comes late: the OA there is stays, and the worker gives it the tokens Zalo takes now."""
    ticket = town.connect(place=1)
    new = accounts.NewAccount(unregistered["oa_id"], "Của Lan", "a" * 30, "r" * 30)
    there = accounts.register(town.desk(), CLI, new)
    oa = connecting.confirm(town.desk(), town.actor, ticket.id)
    assert oa.id == there.id
    town.work()
    assert town.ticket(ticket.id).state == OauthState.CONNECTED
    assert town.works(there)
    assert OfficialAccount.get_by_id(there.id).name == "Của Lan"


def test_a_removed_oa_is_asked_about_and_comes_back(town):
    """Erased tokens stay erased until somebody says yes to the name; what its events waited for is applied then."""
    accounts.remove(town.desk(), CLI, town.oa)
    ticket = town.connect()
    assert ticket.state == OauthState.ASKING
    InboxEvent.create(
        dedupe_key="k", oa_id=town.oa.oa_id, body=b"{}", headers={}, received_at=town.clock.now(), state="waiting"
    )
    oa = connecting.confirm(town.desk(), town.actor, ticket.id)
    assert (oa.id, oa.state) == (town.oa.id, OaState.ACTIVE)
    assert town.works(oa)
    assert InboxEvent.get().state == InboxState.NEW


def test_somebody_with_single_oas_may_use_the_one_they_connect(town, unregistered):
    """Else they would have connected it for others only."""
    town.person.every_oa = False
    town.person.save()
    ticket = town.connect(place=1)
    oa = connecting.confirm(town.desk(), town.actor, ticket.id)
    assert StaffOa.select().where(StaffOa.staff == town.person, StaffOa.oa == oa).exists()


def test_a_no_forgets_the_pair(town, unregistered):
    """Dropped by the person: nothing is registered and nothing stays sealed."""
    ticket = town.connect(place=1)
    connecting.drop(town.desk(), town.actor, ticket.id)
    ticket = town.ticket(ticket.id)
    assert (ticket.state, ticket.pair, ticket.profile) == (OauthState.DROPPED, "", None)
    with pytest.raises(Conflict, match=r"connect\.not_waiting"):
        connecting.confirm(town.desk(), town.actor, ticket.id)


def test_another_known_oa_keeps_working_though_the_wrong_one_was_chosen(town, unregistered):
    """Zalo killed its old access token with the exchange: its new pair is saved, and the person told."""
    second = connecting.confirm(town.desk(), town.actor, town.connect(place=1).id)
    ticket = town.connect(town.oa, place=1)
    assert (ticket.state, ticket.found_name) == (OauthState.WRONG_OA, unregistered["name"])
    assert town.works(second)
    assert town.works(town.oa)
    assert "oa.connect_wrong_oa" in town.acts()


def test_an_unknown_oa_chosen_for_a_known_one_is_dropped(town):
    """Nobody asked for it: its pair is forgotten."""
    before = OaToken.get().generation
    ticket = town.connect(town.oa, place=2)
    assert (ticket.state, ticket.pair) == (OauthState.WRONG_OA, "")
    assert OfficialAccount.select().count() == 1
    assert OaToken.get().generation == before


def test_the_callbacks_word_for_the_oa_is_not_believed(town, unregistered):
    """`oa_id` of the callback only says whose lease is taken first; `getoa` says whose tokens they are."""
    number, secret = town.begin(town.oa)
    back = town.agree(secret, 1) | {"oa_id": town.oa.oa_id}
    town.come_back(back)
    town.work()
    assert town.ticket(number).state == OauthState.WRONG_OA
    assert town.works(town.oa)
    second, secret = town.begin()
    town.come_back(town.agree(secret, 0) | {"oa_id": unregistered["oa_id"]})
    town.work()
    assert town.ticket(second).state == OauthState.CONNECTED
    assert town.works(town.oa)


def test_who_comes_back_without_a_code_was_denied(town):
    """Whatever Zalo sends for a no: nothing is exchanged, the link is spent, a number is kept."""
    number, secret = town.begin(town.oa)
    back = town.agree(secret, deny="1")
    assert town.come_back(back | {"error": "-14099"})
    town.work()
    ticket = town.ticket(number)
    assert (ticket.state, ticket.error_code) == (OauthState.DENIED, "-14099")
    assert town.exchanges() == 0
    assert len(town.notices()) == 1
    assert town.acts()[-1] == "oa.connect_denied"


def test_the_oa_moves_to_the_app_that_was_granted(town):
    """Its keys, its webhook and its next renewal are those of the app the person gave the permission to."""
    made = town.zalo.post("/_sandbox/apps", {})
    apps.add(town.desk(), Actor("Hoa", town.person), made["app_id"], "Hai", made["secret"], made["webhook_secret"])
    number, secret = town.begin(town.oa, made["app_id"])
    town.come_back(town.agree(secret))
    town.work()
    assert town.ticket(number).state == OauthState.CONNECTED
    oa = OfficialAccount.get()
    assert (oa.app_id, oa.app_since) == (made["app_id"], town.clock.now())
    generation = OaToken.get().generation

    async def renew():
        desk = town.desk()
        await tokens.refresh(desk, oa, generation)
        await desk.close()

    asyncio.run(renew())
    assert OaToken.get().generation == generation + 1


class TestPkce:
    def in_mode(self, town, mode, verifier=""):
        town.settings = town.settings.model_copy(update={"zalo_pkce": mode, "zalo_pkce_verifier": SecretStr(verifier)})

    @pytest.mark.parametrize(("mode", "verifier"), [("request", ""), ("fixed", "A" * 43), ("none", "")])
    def test_every_way_connects(self, town, mode, verifier):
        """Sources disagree whether the pair is made for each request or fixed in the console: both work, and none."""
        self.in_mode(town, mode, verifier)
        _, secret = town.begin(town.oa)
        assert ("code_challenge=" in town.front.permission_url(secret)) == (mode != "none")
        assert town.come_back(town.agree(secret))
        town.work()
        assert town.works(town.oa)

    def test_each_link_has_a_verifier_of_its_own(self, town):
        """Sealed in the ticket, never the same twice."""
        challenges = set()
        for _ in range(2):
            _, secret = town.begin()
            challenges.add(town.front.permission_url(secret).split("code_challenge=")[1])
        assert len(challenges) == 2


def test_no_secret_of_a_connection_stands_anywhere_in_clear(town, unregistered):
    """Link, code, verifier and tokens: neither in a row nor in the audit, at no step, and nothing when it is over."""
    number, secret = town.begin()
    verifier = connect_tickets.opened(town.desk().box, town.ticket(number), "verifier")
    back = town.agree(secret, 1)
    town.come_back(back)
    secrets = [secret, verifier, back["code"]]
    assert not [one for one in secrets if one in everything_stored()]
    town.work()
    state = town.zalo.get("/_sandbox/state")["oas"][1]
    secrets += [state["access_token"], state["refresh_token"]]
    assert not [one for one in secrets if one in everything_stored()]
    connecting.confirm(town.desk(), town.actor, number)
    ticket = town.ticket(number)
    assert (ticket.verifier, ticket.code, ticket.pair) == ("", "", "")
    assert not [one for one in secrets if one in everything_stored()]


class TestRefusals:
    def test_without_a_public_address_there_is_no_link(self, town):
        """Zalo would not know where to bring the person back to."""
        town.settings = town.settings.model_copy(update={"public_url": ""})
        with pytest.raises(Refusal, match=r"connect\.no_public_url"):
            town.begin()

    @pytest.mark.parametrize("app_id", ["", "4999999999999999999"])
    def test_without_an_app_there_is_no_link(self, town, app_id):
        """Neither one in the environment nor the one that was named."""
        if not app_id:
            town.settings = town.settings.model_copy(update={"zalo_app_id": "", "zalo_app_secret": SecretStr("")})
        with pytest.raises(Refusal, match=r"connect\.no_app"):
            town.begin(app_id=app_id)

    def test_an_operator_connects_nothing(self, town):
        """Managers and owners do."""
        town.person.role = Role.OPERATOR
        with pytest.raises(NotAllowed):
            town.begin()

    def test_an_oa_that_is_not_theirs_is_not_there(self, town):
        """Somebody with single OAs gets no link for another."""
        town.person.every_oa = False
        town.person.save()
        with pytest.raises(NotFound, match=r"oa\.unknown"):
            town.begin(town.oa)


def test_the_settings_name_the_ways_of_pkce(environment):
    """A fixed verifier is needed where it is fixed."""
    with pytest.raises(config.ConfigError, match="ZALO_PKCE_VERIFIER"):
        config.load(environment | {"ZALO_PKCE": "fixed"}, env_file=None)
