"""A refresh token works once: real processes that race, die and come back, against the local Zalo."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest

import db
from db import to_ms
from models import Notice, OaState, OaToken, OfficialAccount, TokenState
from services import journal, token_pairs, tokens
from services.desk import Desk, utc_now
from services.token_pairs import Pair
from tests.tokens.fleet import Fleet, eventually, locked_row, refused_tokens
from zalo.oauth import TokenPair

pytestmark = pytest.mark.processes


@contextmanager
def nowhere() -> Iterator[str]:
    """An address at which connecting neither succeeds nor fails: its queue is full and nobody takes from it."""
    with ExitStack() as open_sockets:
        deaf = open_sockets.enter_context(socket.socket())
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for _ in range(4):
            knock = open_sockets.enter_context(socket.socket())
            knock.setblocking(False)
            knock.connect_ex(deaf.getsockname())
        yield f"http://127.0.0.1:{deaf.getsockname()[1]}"


def leased(fleet: Fleet) -> bool:
    return bool(fleet.row.lease_owner)


def is_told(kind: str) -> bool:
    return Notice.select().where(Notice.kind == kind).exists()


def issued(fleet: Fleet) -> TokenPair:
    """What exchanging a code gives."""
    new = fleet.zalo.post("/_sandbox/tokens/issue", {})
    return TokenPair(new["access_token"], new["refresh_token"], timedelta(hours=25))


def test_sixteen_threads_of_four_processes_and_one_expired_token_make_one_exchange(fleet: Fleet) -> None:
    """One asks Zalo, all sixteen are served with what it got."""
    fleet.fault("slow", delay_ms=400)
    crowd = [fleet.renewer(4) for _ in range(4)]
    fleet.go(*crowd)
    told = [line.split() for process in crowd for line in fleet.said(process)]
    assert [(word, generation) for word, _, generation in told] == [("served", "1")] * 16
    assert len({digest for _, digest, _ in told}) == 1
    assert (fleet.rotations, fleet.row.generation) == (1, 1)
    assert fleet.lives()


def test_a_process_killed_before_its_request_leaves_costs_nothing(fleet: Fleet) -> None:
    """Its lease is worth nothing once it is gone: the next process renews at once, and nobody is bothered."""
    with nowhere() as address:
        process = fleet.renewer(ZALO_OAUTH_URL=address)
        fleet.go(process)
        eventually(lambda: leased(fleet))
        fleet.kill(process)
    assert fleet.rotations == 0
    fleet.restart()
    eventually(fleet.lives)
    assert (fleet.rotations, fleet.told()) == (1, [])


def test_a_process_killed_between_the_journal_and_the_row_costs_nothing(fleet: Fleet) -> None:
    """Zalo rotated, only the journal has the pair: the next process saves it from there and asks Zalo nothing."""
    fleet.fault("slow", delay_ms=1500)
    process = fleet.renewer()
    fleet.go(process)
    eventually(lambda: fleet.rotations == 1)
    with locked_row():
        eventually(fleet.journal)
        fleet.kill(process)
    assert fleet.row.generation == 0
    fleet.restart()
    eventually(lambda: not fleet.journal() and fleet.lives())
    assert (fleet.rotations, fleet.row.generation, fleet.told()) == (1, 1, [])


def test_a_process_killed_while_the_answer_is_under_way_is_told_when_zalo_had_rotated(fleet: Fleet) -> None:
    """The new pair is gone for good: a manager is told within a minute of the restart, and which pair it was."""
    fleet.fault("slow", delay_ms=5000)
    process = fleet.renewer()
    fleet.go(process)
    eventually(lambda: fleet.rotations == 1)
    fleet.kill(process)
    fleet.restart()
    eventually(lambda: is_told("needs_reauth"), within=60)
    assert (fleet.row.state, OfficialAccount.get().state) == (TokenState.NEEDS_REAUTH, OaState.NEEDS_REAUTH)
    assert OfficialAccount.get().lost_at is not None


def test_a_process_killed_while_zalo_had_not_acted_costs_nothing(fleet: Fleet) -> None:
    """The request was read and nothing more: the refresh token still works."""
    fleet.fault("lost_request", delay_ms=5000, times=2)
    process = fleet.renewer()
    fleet.go(process)
    eventually(lambda: [each["hits"] for each in fleet.zalo.get("/_sandbox/faults")] == [1])
    fleet.kill(process)
    fleet.zalo.delete("/_sandbox/faults")
    fleet.restart()
    eventually(fleet.lives)
    assert (fleet.rotations, fleet.told()) == (1, [])


def test_a_lost_answer_is_told_by_the_process_that_lost_it(fleet: Fleet) -> None:
    """No restart is needed: asking once more tells, and the refusal is recorded with its notice."""
    fleet.fault("lost_answer")
    process = fleet.renewer()
    fleet.go(process)
    assert fleet.said(process) == ["refused Refusal oa.needs_reauth"]
    assert Notice.get().payload["lost"] is True


def test_a_database_that_takes_no_tokens_keeps_them_in_the_journal(fleet: Fleet) -> None:
    """The caller hears that no token could be had; the next look of the clock finishes it, without asking Zalo."""
    with refused_tokens():
        process = fleet.renewer()
        fleet.go(process)
        assert fleet.said(process) == ["refused TokenUnavailable"]
        (left,) = journal.leftover(fleet.desk)
        assert (left.oa_row, left.reason) == (fleet.oa.id, journal.Reason.WAITING)
        again = fleet.renewer()
        fleet.go(again)
        assert fleet.said(again) == ["refused TokenUnavailable"]  # the stored token is spent, and is not asked with
    assert (fleet.row.lease_owner, fleet.rotations) == ("", 1)
    fleet.restart()
    eventually(lambda: not fleet.journal() and fleet.lives())
    assert (fleet.rotations, fleet.told(), journal.leftover(fleet.desk)) == (1, [], [])


def test_an_endpoint_slower_than_the_limit_that_rotated_is_told(fleet: Fleet) -> None:
    """We hung up before the answer came: asking again tells that the token is spent."""
    fleet.fault("slow", delay_ms=3000)
    process = fleet.renewer(RENEW_LIMIT="1")
    fleet.go(process)
    assert fleet.said(process) == ["refused Refusal oa.needs_reauth"]
    assert is_told("needs_reauth")


def test_an_endpoint_slower_than_the_limit_that_acts_late_costs_nothing(fleet: Fleet) -> None:
    """The second request overtakes the first, which Zalo then refuses to nobody."""
    fleet.fault("slow", delay_ms=3000, processed=False)
    process = fleet.renewer(RENEW_LIMIT="1")
    fleet.go(process)
    assert fleet.said(process)[0].startswith("served")
    assert fleet.lives()
    assert fleet.told() == []


def test_a_siblings_rotation_is_adopted_after_a_refusal(fleet: Fleet) -> None:
    """Refused because somebody else was faster: their pair is in the row, and serves."""
    fleet.fault("error", code=-14014, delay_ms=1500, times=2)
    process = fleet.renewer()
    fleet.go(process)
    eventually(lambda: [each["hits"] for each in fleet.zalo.get("/_sandbox/faults")] == [1])
    new, now = issued(fleet), utc_now()
    pair = Pair(new.access, str(new.refresh), now + timedelta(hours=25), now)
    assert token_pairs.replace(fleet.desk.box, now, fleet.oa.id, 0, pair, TokenState.OK)
    assert [line.split()[0] for line in fleet.said(process)] == ["served"]
    assert (fleet.pair()[0], fleet.told()) == (new.access, [])


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_off_renews_all_the_same(fleet: Fleet, minutes: int) -> None:
    """Ours against Zalo's, in both directions: lives are counted by our own clock from the answer on."""
    fleet.zalo.post("/_sandbox/clock", {"set": to_ms(utc_now() - timedelta(minutes=minutes))})
    for generation in (1, 2):
        OaToken.update(access_expires_at=0).execute()
        process = fleet.renewer(2)
        fleet.go(process)
        assert [line.split()[2] for line in fleet.said(process)] == [str(generation)] * 2
    ahead = fleet.renewer(2, RENEW_CLOCK=str(60 * minutes))
    fleet.go(ahead)
    assert [line.split()[2] for line in fleet.said(ahead)] == ["2", "2"]
    assert fleet.lives()
    assert (fleet.rotations, fleet.told()) == (2, [])


def connect(fleet: Fleet, holding: Any = None) -> None:
    """As the worker does after the callback: exchange and save under the lease."""

    async def work() -> None:
        desk = Desk.from_settings(fleet.settings, nudge=lambda work: None)
        try:
            async with tokens.hold(desk, fleet.oa) as held:
                if holding is not None:
                    await asyncio.to_thread(holding)
                await held.save(await asyncio.to_thread(issued, fleet), fleet.settings.zalo_app_id)
        finally:
            await desk.close()

    asyncio.run(work())


def test_connecting_waits_for_a_renewal_under_way(fleet: Fleet) -> None:
    """Both pairs are saved one after the other, and the later one stands."""
    fleet.fault("slow", delay_ms=1500)
    process = fleet.renewer()
    fleet.go(process)
    eventually(lambda: fleet.rotations == 1)
    connect(fleet)
    assert [line.split()[2] for line in fleet.said(process)] == ["1"]
    assert (fleet.row.generation, fleet.rotations, fleet.told()) == (2, 1, [])
    assert fleet.lives()


def test_a_renewal_waits_for_connecting_and_takes_its_pair(fleet: Fleet) -> None:
    """Zalo is not asked a second time."""
    process = fleet.renewer(4)
    connect(fleet, holding=lambda: fleet.go(process))
    assert [line.split()[2] for line in fleet.said(process)] == ["1"] * 4
    assert (fleet.row.generation, fleet.rotations) == (1, 0)
    assert fleet.lives()
    db.database.close()
