"""What a connection must not change: OAs of other people, OAs of other apps, and what a right that ended allowed."""

from __future__ import annotations

import pytest

from models import OaToken, OauthState, OfficialAccount, Role, Staff, StaffOa
from services import accounts, apps, connect_codes, connecting, inbox, staff, tokens
from services.audit import CLI, Actor
from services.errors import NotAllowed, NotFound

GETOA = "/openapi/v2.0/oa/getoa"


def outcome(ticket):
    return ticket.state, ticket.error_code


def generation(oa):
    return OaToken.get(OaToken.oa == oa.id).generation


def limit(town, *oas):
    """The person may use these OAs only."""
    town.person.every_oa = False
    town.person.save()
    for oa in oas:
        StaffOa.create(staff=town.person, oa=oa)


class TestTheWrongOa:
    def test_of_another_app_stays_with_its_app(self, town, second, other_app):
        """A slip on Zalo's page moves no OA: nothing is saved, and its own refresh token renews it, due at once."""
        before = generation(second)
        ticket = town.connect(town.oa, place=1, app_id=other_app)
        assert outcome(ticket) == (OauthState.WRONG_OA, connect_codes.OTHER_APP)
        again = OfficialAccount.get_by_id(second.id)
        assert (apps.app_id_of(town.desk(), again), again.app_since) == (town.settings.zalo_app_id, None)
        assert generation(second) == before
        assert [oa.id for oa in tokens.due(town.clock.now())] == [second.id]
        town.renew(again)
        assert town.works(again)

    def test_of_the_same_app_gets_the_pair(self, town, second):
        """Its access token died by the exchange, and nothing else of it changes."""
        ticket = town.connect(town.oa, place=1)
        assert outcome(ticket) == (OauthState.WRONG_OA, "")
        assert town.works(second)

    def test_that_the_person_may_not_use_is_left_alone(self, town, second):
        """And is not told to be registered here: for this person it is not."""
        before = generation(second)
        limit(town, town.oa)
        ticket = town.connect(town.oa, place=1)
        assert outcome(ticket) == (OauthState.WRONG_OA, connect_codes.NOT_YOURS)
        assert generation(second) == before


def test_the_expected_oa_moves_to_another_app_on_purpose(town, other_app):
    """The person chose both."""
    ticket = town.connect(town.oa, app_id=other_app)
    assert outcome(ticket) == (OauthState.CONNECTED, "")
    moved = OfficialAccount.get_by_id(town.oa.id)
    assert (moved.app_id, moved.previous_app_id) == (other_app, town.settings.zalo_app_id)


def test_a_link_for_any_oa_does_not_open_those_of_others(town, second):
    """A manager of single OAs grants one that is not theirs: it ends in words, and its tokens stay."""
    before = generation(second)
    limit(town, town.oa)
    ticket = town.connect(place=1)
    assert outcome(ticket) == (OauthState.FAILED, connect_codes.NOT_YOURS)
    assert (generation(second), ticket.pair) == (before, "")
    town.renew(second)
    assert town.works(second)


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.OPERATOR}, {"every_oa": False}])
@pytest.mark.parametrize("exchanged", [False, True])
def test_a_right_that_ended_under_way_ends_the_ticket(town, change, exchanged):
    """Removed, demoted or kept from this OA, before the exchange or after it: nothing is saved."""
    before = generation(town.oa)
    number, secret = town.begin(town.oa)
    assert town.come_back(town.agree(secret))
    if exchanged:
        town.fault(GETOA, "http_502")
        town.work()
        town.advance(seconds=3)
    Staff.update(**change).execute()
    town.work()
    assert outcome(town.ticket(number)) == (OauthState.DROPPED, "")
    assert (town.exchanges(), generation(town.oa)) == (int(exchanged), before)
    town.renew(town.oa)
    assert town.works(town.oa)


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.VIEWER}])
def test_a_yes_of_somebody_who_may_no_longer_is_no_yes(town, unregistered, change):
    """However old what the bot knows of them is: nothing is registered, and the pair is forgotten."""
    ticket = town.connect(place=1)
    Staff.update(**change).execute()
    with pytest.raises(NotAllowed, match=r"role\.manager"):
        connecting.confirm(town.desk(), town.actor, ticket.id)
    ticket = town.ticket(ticket.id)
    assert (outcome(ticket), ticket.pair) == ((OauthState.DROPPED, ""), "")
    assert OfficialAccount.select().count() == 1


def test_a_yes_to_an_oa_somebody_registered_for_others_meanwhile_is_refused(town, unregistered):
    """Whoever may use single OAs only gets neither the OA nor its tokens."""
    limit(town, town.oa)
    ticket = town.connect(place=1)
    there = accounts.register(town.desk(), CLI, accounts.NewAccount(unregistered["oa_id"], "Lan", "a" * 30, "r" * 30))
    with pytest.raises(NotFound, match=r"oa\.unknown"):
        connecting.confirm(town.desk(), town.actor, ticket.id)
    assert outcome(town.ticket(ticket.id)) == (OauthState.FAILED, connect_codes.NOT_YOURS)
    assert generation(there) == 0


def test_the_app_moves_with_the_tokens_or_not_at_all(town, other_app, monkeypatch):
    """Whatever stops the saving: what the OA's app brings meanwhile is not called foreign."""
    monkeypatch.setattr("services.connect_tickets.notices.post", broken)
    number, secret = town.begin(town.oa, other_app)
    assert town.come_back(town.agree(secret))
    town.work()
    assert town.ticket(number).state == OauthState.EXCHANGED
    oa = OfficialAccount.get()
    assert (oa.app_id, oa.app_since, oa.previous_app_id) == (town.settings.zalo_app_id, None, "")


def broken(*args, **more):
    raise KeyError("defect")


class TestTwoQuestionsAboutOneOa:
    def test_the_newer_one_ends_the_older(self, town, unregistered):
        """The older one's access token is dead; its message says so, and its yes registers nothing."""
        older = town.connect(place=1)
        other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
        town.person = other
        town.advance(seconds=5)
        newer = town.connect(place=1)
        older = town.ticket(older.id)
        assert (outcome(older), older.pair) == ((OauthState.DROPPED, connect_codes.NEWER), "")
        assert [notice.ref for notice in town.notices()] == [str(older.id), str(newer.id)]
        oa = connecting.confirm(town.desk(), Actor("Lan", other), newer.id)
        assert town.works(oa)

    def test_questions_about_other_oas_stay(self, town):
        """Two new OAs may wait at the same time."""
        first, second = town.connect(place=1), town.connect(place=2)
        assert {town.ticket(each.id).state for each in (first, second)} == {OauthState.ASKING}


def test_an_event_of_the_app_before_the_move_is_heard(town, other_app):
    """End to end: connected by another app, the old one's repetitions still count."""
    town.connect(town.oa, app_id=other_app)
    owner = inbox._registered(town.settings.zalo_app_id)[town.oa.oa_id]
    now = int(town.clock.now().timestamp() * 1000)
    assert owner.hears(town.settings.zalo_app_id, now + 60_000)
    assert not owner.hears("4888888888888888888", now + 60_000)
