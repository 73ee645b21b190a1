"""Connecting when something is late, lost, doubled or taken away meanwhile."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from peewee import OperationalError
from pydantic import SecretStr

import db
from models import (
    Notice,
    NoticeState,
    OaState,
    OaToken,
    OauthState,
    OauthTicket,
    OfficialAccount,
    Role,
    TokenState,
    ZaloApp,
)
from services import chores, connect_codes, connect_exchange, connect_tickets, connect_worker, connecting, staff, tokens
from services.audit import Actor
from services.errors import Conflict, NotFound

TOKEN = "/oauth/v4/oa/access_token"
GETOA = "/openapi/v2.0/oa/getoa"


def returned(town, oa=None, place=0):
    """A person is back from Zalo, and the worker has not seen it yet."""
    number, secret = town.begin(oa)
    assert town.come_back(town.agree(secret, place))
    return number


async def until(true):
    """Let others work until it is so."""
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for is a row
            await asyncio.sleep(0.01)


def outcome(town, number):
    ticket = town.ticket(number)
    return ticket.state, ticket.error_code


def without_the_key(town):
    return town.settings.model_copy(update={"secret_keys": (SecretStr(Fernet.generate_key().decode()),)})


class TestTheTicket:
    def test_two_callbacks_at_once_spend_it_once(self, town):
        """A reloaded page, a browser that asks twice: one of them wins, and there is one exchange."""
        number, secret = town.begin(town.oa)
        codes = [town.agree(secret) for _ in range(4)]
        wins = []

        def callback(back):
            with db.database.connection_context():
                wins.append(town.come_back(back))

        threads = [threading.Thread(target=callback, args=(back,)) for back in codes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(wins) == [False, False, False, True]
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert town.exchanges() == 1

    def test_after_ten_minutes_it_is_worth_nothing(self, town):
        """A code that comes back late is not even stored."""
        number, secret = town.begin(town.oa)
        back = town.agree(secret)
        town.clock.advance(minutes=10)
        assert not town.come_back(back)
        assert (town.ticket(number).state, town.ticket(number).code) == (OauthState.OPEN, "")

    @pytest.mark.parametrize("change", [{"active": False}, {"role": Role.OPERATOR}, {"every_oa": False}])
    def test_who_may_connect_no_longer_comes_back_in_vain(self, town, change):
        """Removed, demoted or kept from this OA between the link and the callback."""
        number, secret = town.begin(town.oa)
        back = town.agree(secret)
        type(town.person).update(**change).execute()
        assert not town.come_back(back)
        town.work()
        assert (town.ticket(number).state, town.exchanges()) == (OauthState.OPEN, 0)

    def test_a_newer_link_ends_the_older_one(self, town):
        """One open link a person; another person's stays."""
        other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
        theirs = connecting.begin(town.desk(), Actor("Lan", other), oa=None, app_id="", chat_id=99)
        first, secret = town.begin()
        second, _ = town.begin()
        assert town.ticket(first).state == OauthState.DROPPED
        assert town.ticket(first).verifier == ""
        assert not town.come_back({"state": secret, "code": "c"})
        assert {town.ticket(second).state, town.ticket(theirs.ticket_id).state} == {OauthState.OPEN}

    def test_time_ends_what_nobody_used_or_confirmed(self, town, unregistered):
        """Links after ten minutes, silently; names after a day, with word to the person; sealed columns are emptied."""
        asking = town.connect(place=1).id
        unused, _ = town.begin()
        Notice.update(state=NoticeState.SENT).execute()
        for later, states in [(11, ("dropped", "asking")), (60 * 24, ("dropped", "dropped"))]:
            town.clock.advance(minutes=later)
            asyncio.run(self.chore(town))
            assert (town.ticket(unused).state, town.ticket(asking).state) == states
        row = town.ticket(asking)
        assert (row.pair, row.verifier, row.profile) == ("", "", None)
        assert [notice.ref for notice in Notice.select().where(Notice.state == NoticeState.QUEUED)] == [str(asking)]
        with pytest.raises(Conflict):
            connecting.confirm(town.desk(), town.actor, asking)

    async def chore(self, town):
        desk = town.desk()
        await chores.drop_connect_tickets(desk)
        await desk.close()

    def test_other_peoples_tickets_are_not_there(self, town):
        """Neither to look at nor to drop."""
        number, _ = town.begin()
        other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
        with pytest.raises(NotFound):
            connecting.get(number, other)
        with pytest.raises(NotFound):
            connecting.drop(town.desk(), Actor("Lan", other), number)

    def test_nothing_is_dropped_while_the_worker_is_at_it(self, town):
        """The pair that is under way may be the only one Zalo still takes."""
        number = returned(town, town.oa)
        with pytest.raises(Conflict, match=r"connect\.working"):
            connecting.drop(town.desk(), town.actor, number)

    def test_the_message_is_edited_though_the_outcome_was_faster(self, town):
        """The link's message is known a moment after the link: an outcome that waits finds it."""
        number = returned(town, town.oa)
        town.work()
        connecting.shown(number, 77)
        assert town.notices()[0].message_id == 77


class TestTheExchange:
    def test_a_lost_request_is_repeated(self, town):
        """Nobody knows whether Zalo got it: asked once more, and the code still works."""
        town.fault(TOKEN, "lost_request")
        number = returned(town, town.oa)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert town.works(town.oa)

    def test_a_lost_answer_is_asked_for_once_more_and_then_given_up(self, town):
        """The pair is gone with it: the person is told to connect again, and the OA lives by its old refresh token."""
        town.fault(TOKEN, "lost_answer")
        number = returned(town, town.oa)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.LOST)
        assert town.exchanges() == 1
        assert town.notices()[0].payload == {"ticket": number}
        generation = OaToken.get().generation

        async def renew():
            desk = town.desk()
            await tokens.refresh(desk, town.oa, generation)
            await desk.close()

        asyncio.run(renew())
        assert town.works(town.oa)

    def test_two_lost_answers_are_the_end(self, town):
        """No third exchange is tried, by nobody."""
        town.zalo.post("/_sandbox/faults", {"match": TOKEN, "kind": "lost_request", "times": 2})
        number = returned(town, town.oa)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.LOST)

    def test_a_zalo_that_is_away_is_asked_until_the_code_is_dead(self, town):
        """Surely not sent is no attempt: it works as soon as Zalo is back, or ends after ten minutes."""
        number = returned(town, town.oa)
        town.settings = town.settings.model_copy(update={"zalo_oauth_url": "http://127.0.0.1:9"})
        town.work()
        row = town.ticket(number)
        assert (row.state, row.attempts, row.lease_until) == (OauthState.RETURNED, 0, None)
        assert row.next_attempt_at > town.clock.now()
        for _ in range(20):
            town.advance(seconds=40)
            town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.UNREACHABLE)

    def test_zalos_number_is_kept(self, town):
        """A wrong app secret, for instance: said with its code."""
        number = returned(town, town.oa)
        town.settings = town.settings.model_copy(update={"zalo_app_secret": SecretStr("wrong")})
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, "-14004")
        assert town.ticket(number).code == ""
        assert town.acts()[-1] == "oa.connect_failed"

    def test_a_code_older_than_ten_minutes_is_refused_by_its_number(self, town):
        """The worker was down meanwhile."""
        number = returned(town, town.oa)
        town.advance(minutes=11)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, "-14005")

    def test_a_person_removed_before_the_exchange_connects_nothing(self, town):
        """The code is thrown away."""
        number = returned(town, town.oa)
        type(town.person).update(active=False).execute()
        town.work()
        assert (town.ticket(number).state, town.exchanges()) == (OauthState.DROPPED, 0)

    def test_a_process_without_the_key_leaves_the_code_to_one_that_has_it(self, town):
        """SECRET_KEYS is being replaced, and this worker was not started anew yet: nothing is thrown away."""
        number = returned(town, town.oa)
        keys = town.settings.secret_keys
        town.settings = without_the_key(town)
        town.work()
        row = town.ticket(number)
        assert (row.state, row.error_code, row.attempts) == (OauthState.RETURNED, connect_codes.UNREADABLE, 0)
        assert row.code
        town.settings = town.settings.model_copy(update={"secret_keys": keys})
        town.advance(seconds=3)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")

    def test_a_key_that_is_gone_ends_it_in_words(self, town):
        """SECRET_KEYS was replaced without sealing again: said when the code is dead anyway."""
        number = returned(town, town.oa)
        town.settings = without_the_key(town)
        town.work()
        town.advance(minutes=10)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.UNREADABLE)

    def test_a_process_without_the_key_leaves_the_pair_and_the_app_alone(self, town, other_app):
        """The same when the pair is stored already, and when it is the app's secret that it cannot open."""
        number, secret = town.begin(town.oa, other_app)
        assert town.come_back(town.agree(secret))
        keys = town.settings.secret_keys
        town.fault(GETOA, "http_502")
        town.work()
        town.settings = without_the_key(town)
        for _ in range(2):
            town.advance(minutes=20)
            town.work()
            assert outcome(town, number) == (OauthState.EXCHANGED, connect_codes.UNREADABLE)
        town.settings = town.settings.model_copy(update={"secret_keys": keys})
        town.advance(minutes=20)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")

    def test_an_app_whose_secret_cannot_be_opened_now_costs_no_code(self, town, other_app):
        """It is the process that is old, not the app that is gone."""
        number, secret = town.begin(town.oa, other_app)
        assert town.come_back(town.agree(secret))
        sealed = ZaloApp.get().secret
        ZaloApp.update(secret="sealed by another key").execute()
        town.work()
        assert outcome(town, number) == (OauthState.RETURNED, connect_codes.UNREADABLE)
        ZaloApp.update(secret=sealed).execute()
        town.advance(seconds=3)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")

    def test_a_database_that_is_busy_for_a_moment_costs_no_pair(self, town, monkeypatch):
        """Nobody else has it: storing is tried again."""
        real, tries = connect_tickets.keep_pair, []

        def stumbling(*args):
            tries.append(1)
            if len(tries) < 3:
                raise OperationalError("database is locked")
            return real(*args)

        monkeypatch.setattr(connect_tickets, "keep_pair", stumbling)
        monkeypatch.setattr(connect_exchange, "_SAVE_PAUSES", (0.0, 0.0, 0.0))
        number = returned(town, town.oa)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")


class TestWhoseItIs:
    @pytest.mark.parametrize("fault", [{"kind": "http_502"}, {"kind": "empty"}, {"kind": "error", "code": -32}])
    def test_a_stumbling_getoa_is_asked_again(self, town, fault):
        """The pair is stored already: a rest, then it goes on, and the message says that it takes longer."""
        town.fault(GETOA, **fault)
        number = returned(town, town.oa)
        town.work()
        assert town.ticket(number).state == OauthState.EXCHANGED
        assert len(town.notices()) == 1
        town.advance(seconds=3)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert town.exchanges() == 1
        assert town.works(town.oa)

    def test_a_getoa_that_never_answers_ends_after_a_day(self, town):
        """Longer than that no access token is good; the sealed pair goes."""
        town.zalo.post("/_sandbox/faults", {"match": GETOA, "kind": "http_502", "times": None})
        number = returned(town, place=1)
        town.work()
        town.advance(hours=25)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.UNREACHABLE)
        assert town.ticket(number).pair == ""

    def test_a_refusal_is_told_by_its_number(self, town):
        """The app is not activated, for instance."""
        town.fault(GETOA, "error", code=-209)
        number = returned(town, place=1)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, "-209")

    def test_an_oa_renewed_after_the_exchange_is_connected(self, town):
        """While `getoa` was away the OA's own renewal took over: our pair is dead, the OA lives."""
        town.fault(GETOA, "http_502")
        number = returned(town, town.oa)
        town.work()
        town.advance(seconds=3)
        generation = OaToken.get().generation

        async def renew():
            desk = town.desk()
            await tokens.refresh(desk, town.oa, generation)
            await desk.close()

        asyncio.run(renew())
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert OaToken.get().generation == generation + 1
        assert town.works(town.oa)


class TestBesideARenewal:
    def test_connecting_waits_for_a_renewal_that_is_under_way(self, town):
        """Both end well, in this order: the pair of the connection is the last, and Zalo takes it."""
        number = returned(town, town.oa)
        town.fault(TOKEN, "slow", delay_ms=1500)

        async def both():
            desk = town.desk()
            generation = OaToken.get().generation
            renewal = asyncio.create_task(tokens.refresh(desk, town.oa, generation))
            await until(lambda: OaToken.get().lease_until is not None)
            assert await connect_worker.step(desk)
            access = await renewal
            assert access.generation == generation + 1
            await connect_worker.finished()
            await desk.close()
            return generation

        generation = asyncio.run(both())
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert OaToken.get().generation == generation + 2
        assert town.works(town.oa)

    def test_a_renewal_that_comes_during_the_exchange_finds_the_new_pair(self, town):
        """It waits for the lease, sees the next number, and asks Zalo nothing."""
        number = returned(town, town.oa)
        town.fault(TOKEN, "slow", delay_ms=1500)

        async def both():
            desk = town.desk()
            generation = OaToken.get().generation
            assert await connect_worker.step(desk)
            await until(lambda: OaToken.get().lease_until is not None)
            access = await tokens.refresh(desk, town.oa, generation)
            assert access.generation == generation + 1
            await connect_worker.finished()
            await desk.close()

        asyncio.run(both())
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        assert town.zalo.get("/_sandbox/state")["counters"]["refreshes"] == 0
        assert town.works(town.oa)

    def test_one_slow_oa_keeps_nobody_waiting(self, town):
        """Two people connect at once; the second is not held up by the first one's OA, which is being renewed."""
        slow = returned(town, town.oa)
        other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
        town.person = other
        quick = returned(town, place=1)
        OaToken.update(lease_owner="somebody", lease_until=town.clock.now() + timedelta(seconds=60)).execute()

        async def both():
            desk = town.desk()
            while await connect_worker.step(desk):
                pass
            await until(lambda: town.ticket(quick).state == OauthState.ASKING)
            assert town.ticket(slow).state == OauthState.RETURNED
            OaToken.update(lease_owner="", lease_until=None).execute()
            await connect_worker.finished()
            await desk.close()

        asyncio.run(both())
        assert town.ticket(slow).state == OauthState.CONNECTED

    def test_an_oa_that_lost_its_tokens_meanwhile_gets_them_back(self, town):
        """Called dead between link and callback: the connection brings it back, within the hour by itself."""
        number = returned(town, town.oa)
        OaToken.update(state=TokenState.NEEDS_REAUTH).execute()
        OfficialAccount.update(state=OaState.NEEDS_REAUTH, lost_at=town.clock.now() - timedelta(minutes=5)).execute()
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")
        oa = OfficialAccount.get()
        assert (oa.state, oa.lost_at, oa.stopped_at) == (OaState.ACTIVE, None, None)


def test_two_workers_take_one_ticket_once(town):
    """Claimed by lease: there is one exchange, whoever comes first."""
    number = returned(town, town.oa)
    threads = [threading.Thread(target=town.work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert OauthTicket.select().where(OauthTicket.attempts == 1).count() == 1
    assert outcome(town, number) == (OauthState.CONNECTED, "")
    assert town.exchanges() == 1
