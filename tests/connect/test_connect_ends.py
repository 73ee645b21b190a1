"""Every ticket ends, and somebody hears of it."""

from __future__ import annotations

import threading

import pytest

import db
from models import Notice, NoticeState, OaState, OaToken, OauthState, OauthTicket, OfficialAccount, Role, TokenState
from services import accounts, connect_codes, connect_lease, connect_tickets, connecting, staff, token_hold
from services.audit import CLI, Actor
from zalo import oa as zalo_oa

GETOA = "/openapi/v2.0/oa/getoa"


def returned(town, oa=None, place=0):
    number, secret = town.begin(oa)
    assert town.come_back(town.agree(secret, place))
    return number


def outcome(town, number):
    ticket = town.ticket(number)
    return ticket.state, ticket.error_code


async def broken(*args):
    raise KeyError("defect")


class TestADefect:
    def test_that_passes_costs_a_rest(self, town, monkeypatch):
        """The next try comes by itself, after a pause, and the message says that it takes longer."""
        number = returned(town, town.oa)
        with monkeypatch.context() as patch:
            patch.setattr(zalo_oa, "get_profile", broken)
            town.work()
        ticket = town.ticket(number)
        assert (ticket.state, ticket.error_code) == (OauthState.EXCHANGED, connect_codes.BROKEN)
        assert (ticket.lease_owner, ticket.next_attempt_at > town.clock.now()) == ("", True)
        assert [notice.ref for notice in town.notices()] == [str(number)]
        town.advance(seconds=3)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")

    def test_that_stays_ends_the_ticket_in_words(self, town, monkeypatch):
        """Not tried for ever in silence: after a day the person is told."""
        number = returned(town, place=1)
        monkeypatch.setattr(zalo_oa, "get_profile", broken)
        town.work()
        Notice.update(state=NoticeState.SENT).execute()
        town.advance(hours=25)
        town.work()
        assert outcome(town, number) == (OauthState.FAILED, connect_codes.BROKEN)
        assert town.ticket(number).pair == ""
        assert [notice.state for notice in town.notices()] == [NoticeState.QUEUED]

    def test_in_the_middle_of_saving_goes_on_from_what_is_stored(self, town, monkeypatch):
        """What was made of the ticket in memory before the transaction broke does not count."""
        number = returned(town, town.oa)
        before = OaToken.get().generation
        with monkeypatch.context() as patch:
            patch.setattr(token_hold, "_speak_for", lambda *args: 1 / 0)
            town.work()
        assert outcome(town, number) == (OauthState.EXCHANGED, connect_codes.BROKEN)
        assert OaToken.get().generation == before
        town.advance(seconds=3)
        town.work()
        assert outcome(town, number) == (OauthState.CONNECTED, "")


@pytest.mark.parametrize("exchanged", [False, True])
def test_what_no_worker_ended_in_a_day_is_ended_by_the_clock(town, exchanged):
    """However it got stuck; a ticket a worker has in its hands is left to it."""
    number = returned(town, place=1)
    if exchanged:
        town.fault(GETOA, "http_502")
        town.work()
    Notice.update(state=NoticeState.SENT).execute()
    town.advance(hours=23)
    assert connect_tickets.expire(town.clock.now()) == 0
    town.advance(hours=2)
    OauthTicket.update(next_attempt_at=None).execute()
    assert connect_lease.claim(town.clock.now(), "a worker")
    assert connect_tickets.expire(town.clock.now()) == 0
    town.advance(minutes=1)
    assert connect_tickets.expire(town.clock.now()) == 1
    code = connect_codes.UNREACHABLE if exchanged else connect_codes.BROKEN
    assert outcome(town, number) == (OauthState.FAILED, code)
    assert (town.ticket(number).code, town.ticket(number).pair) == ("", "")
    assert [notice.state for notice in town.notices()] == [NoticeState.QUEUED]
    assert town.acts()[-1] == "oa.connect_failed"


def test_an_oa_removed_while_it_is_connected_stays_without_tokens(town, monkeypatch):
    """The removal came after the question whose the pair is, and before it was saved."""
    number = returned(town, town.oa)
    real = token_hold.Held.save

    async def late(held, *args, **more):
        await db.in_thread(accounts.remove, town.desk(), CLI, town.oa)
        return await real(held, *args, **more)

    monkeypatch.setattr(token_hold.Held, "save", late)
    town.work()
    assert outcome(town, number) == (OauthState.FAILED, connect_codes.OA_GONE)
    assert OaToken.select().count() == 0
    assert OfficialAccount.get().state == OaState.REMOVED


def test_a_clock_that_was_ahead_connects_for_true(town):
    """The old pair was dated ten minutes into the future: connected means that the new one is there."""
    ahead = town.clock.now().replace(minute=town.clock.now().minute + 10)
    OaToken.update(access_issued_at=ahead, refreshed_at=ahead).execute()
    before = OaToken.get().generation
    assert town.connect(town.oa).state == OauthState.CONNECTED
    assert OaToken.get().generation == before + 1
    assert town.works(town.oa)


def test_a_refused_pair_is_not_called_connected_by_a_clock_that_was_ahead(town):
    """Only a renewal since the exchange, by its number, means that the OA lives by another pair."""
    ahead = town.clock.now().replace(minute=town.clock.now().minute + 10)
    OaToken.update(access_issued_at=ahead, refreshed_at=ahead, state=TokenState.OK).execute()
    town.fault(GETOA, "error", code=-216)
    number = returned(town, town.oa)
    town.work()
    assert outcome(town, number) == (OauthState.FAILED, "-216")


def test_two_people_who_say_yes_to_one_oa_at_once(town, unregistered, monkeypatch):
    """One registers it; the other hears that it is there, never the database's own words."""
    mine = town.connect(place=1)
    other = staff.add(town.clock.now(), 99, Role.MANAGER, "Lan")
    me, town.person = town.person, other
    theirs = town.connect(place=1)
    ask_again(town, mine.id, theirs.id)
    both, enter, said = threading.Barrier(2), accounts._enter, []

    def together(*args):
        if not db.is_sqlite():  # there the second waits for the first anyway
            both.wait(5)
        return enter(*args)

    def confirm(actor, number):
        with db.database.connection_context():
            try:
                connecting.confirm(town.desk(), actor, number)
                said.append("done")
            except Exception as problem:
                said.append(str(problem))

    monkeypatch.setattr(accounts, "_enter", together)
    people = [(Actor("Hoa", me), mine.id), (Actor("Lan", other), theirs.id)]
    threads = [threading.Thread(target=confirm, args=each) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == (["done", "done"] if db.is_sqlite() else ["done", "oa.exists"])
    assert OfficialAccount.select().count() == 2


def ask_again(town, number, like):
    """As when two workers ask at the very same moment, and neither sees the other's question."""
    box, mark = town.desk().box, town.ticket(number).secret_hash
    pair = connect_tickets.opened(box, town.ticket(like), "pair")
    asking = {"state": OauthState.ASKING, "pair": connect_tickets._seal(box, mark, "pair", pair), "error_code": ""}
    OauthTicket.update(**asking).where(OauthTicket.id == number).execute()
