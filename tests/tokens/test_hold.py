"""services/token_hold.py: a pair from outside, under the lease of the renewals."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest

from db import in_thread
from models import AuditEntry, OaState, OaToken, OfficialAccount, TokenState
from services import accounts, audit, token_hold, token_lease, token_owner, token_pairs, tokens
from services.audit import CLI
from services.errors import Conflict, Invalid, NotFound
from services.token_pairs import Pair
from zalo.oauth import TokenPair

SOON = timedelta(seconds=30)


def pair_of(number):
    return TokenPair(f"access-{number}", f"refresh-{number}", timedelta(hours=25))


def save(shop, pair=None, **more):
    async def work(desk):
        async with tokens.hold(desk, shop.oa) as held:
            return await held.save(pair or pair_of(1), more.pop("app_id", shop.settings.zalo_app_id), **more)

    return shop.run(work)


def access_of(shop):
    return token_pairs.open_access(shop.desk().box, OaToken.get())


def test_saving_puts_both_tokens_in_under_the_next_generation(shop):
    """Proven, since Zalo issued them a moment ago; the lease ends with it."""
    row = save(shop)
    assert (row.generation, row.state, row.lease_owner, row.attempts) == (1, TokenState.OK, "", 0)
    assert access_of(shop) == "access-1"
    assert row.refresh_expires_at == shop.clock.now() + timedelta(days=90)


def test_an_oa_without_tokens_gets_its_first_pair(shop):
    """There is nothing to hold, and nothing that could come between."""
    OaToken.delete().execute()
    assert save(shop).generation == 0
    assert access_of(shop) == "access-1"


def test_saving_brings_a_lost_oa_back(shop):
    """As every good pair does."""
    tokens.lost(shop.desk(), shop.oa, -14014)
    save(shop)
    assert shop.again(shop.oa).state == OaState.ACTIVE


def test_a_hold_without_saving_changes_nothing(shop):
    """The lease is given back, whatever went wrong inside."""

    async def work(desk):
        async with tokens.hold(desk, shop.oa):
            held = await in_thread(OaToken.get)
            assert token_lease.held(desk.now(), held)
            raise LookupError

    with pytest.raises(LookupError):
        shop.run(work)
    assert (OaToken.get().lease_owner, OaToken.get().generation) == ("", 0)


def test_a_renewal_that_does_not_end_makes_connecting_wait_and_then_say_so(shop, monkeypatch):
    """After its patience, which is longer than a request may take."""
    assert timedelta(seconds=token_hold.PATIENCE) > timedelta(seconds=15)
    monkeypatch.setattr(token_hold, "PATIENCE", 0.3)
    OaToken.update(lease_owner="another machine", lease_until=shop.clock.now() + SOON).execute()
    with pytest.raises(Conflict) as conflict:
        save(shop)
    assert conflict.value.key == "token.busy"


def test_the_lease_of_a_process_that_is_gone_is_taken_at_once(shop):
    """It ran on this machine, and its number is nobody's now."""
    script = "from services import token_owner; print(token_owner.new())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    OaToken.update(lease_owner=done.stdout.strip(), lease_until=shop.clock.now() + SOON).execute()
    assert save(shop).generation == 1


def test_what_belongs_to_saving_is_written_with_it_or_not_at_all(shop):
    """The audit row and the pair are one transaction."""

    def also():
        audit.record(shop.clock.now(), CLI, "oa.connected")
        raise Conflict("confirm.used")

    with pytest.raises(Conflict):
        save(shop, also=also)
    assert OaToken.get().generation == 0
    assert not AuditEntry.select().where(AuditEntry.action == "oa.connected").exists()


def test_the_app_that_was_asked_speaks_for_the_oa_from_now_on(shop):
    """And since when, if it is another one than before."""
    save(shop)
    assert shop.again(shop.oa).app_since is None
    save(shop, app_id="4101110220330440999")
    oa = shop.again(shop.oa)
    assert (oa.app_id, oa.app_since) == ("4101110220330440999", shop.clock.now())


def test_an_oa_that_moves_remembers_the_app_it_had(shop):
    """What that one's webhook repeats is still heard for a while (services.inbox)."""
    save(shop, app_id="4101110220330440999")
    assert shop.again(shop.oa).previous_app_id == shop.settings.zalo_app_id


def test_a_pair_issued_later_stays(shop):
    """The lease ran out (a machine that slept) and somebody renewed: theirs works, ours was killed by it."""
    earlier = shop.clock.now() - timedelta(minutes=5)
    row = overtaken(shop, pair_of(2), earlier)
    assert (row.generation, access_of(shop)) == (1, "access-2")
    assert OfficialAccount.get().app_id == shop.settings.zalo_app_id


def test_a_pair_that_is_dead_already_is_replaced_however_new_it_is(shop):
    """Somebody renewed while the lease had run out, and that connection was lost again at once."""
    earlier = shop.clock.now() - timedelta(minutes=5)
    row = overtaken(shop, pair_of(2), earlier, lost=True)
    assert (row.generation, row.state, access_of(shop)) == (2, TokenState.OK, "access-1")
    assert OfficialAccount.get().state == OaState.ACTIVE


def overtaken(shop, theirs, earlier, *, lost=False):
    """Save a pair issued `earlier`, after somebody else stored theirs under a lease that had run out."""

    async def work(desk):
        async with tokens.hold(desk, shop.oa) as held:
            await in_thread(store, desk)
            return await held.save(pair_of(1), "4101110220330440999", issued_at=earlier)

    def store(desk):
        now, row = desk.now(), OaToken.get()
        pair = Pair(theirs.access, theirs.refresh, now + theirs.expires_in, now)
        assert token_pairs.replace(desk.box, now, shop.oa.id, row.generation, pair, TokenState.OK)
        if lost:
            tokens.lost(desk, shop.oa, -14014)

    return shop.run(work)


@pytest.mark.parametrize("lost", [False, True])
def test_a_clock_that_was_ahead_keeps_no_pair_out(shop, lost):
    """The last renewal was dated ten minutes into the future; nobody wrote since, so the new pair is the newer one."""
    ahead = shop.clock.now() + timedelta(minutes=10)
    OaToken.update(access_issued_at=ahead, refreshed_at=ahead).execute()
    if lost:
        tokens.lost(shop.desk(), shop.oa, -14014)
    row = save(shop)
    assert (row.generation, row.state, access_of(shop)) == (1, TokenState.OK, "access-1")
    assert shop.again(shop.oa).state == OaState.ACTIVE


def test_no_tokens_outlive_an_oa_that_is_removed_meanwhile(shop):
    """Its row was erased under the lease: nothing is stored, and `also` is not called."""

    async def work(desk):
        async with tokens.hold(desk, shop.oa) as held:
            await in_thread(accounts.remove, desk, CLI, shop.oa)
            await held.save(pair_of(1), shop.settings.zalo_app_id, also=lambda: pytest.fail("it was saved"))

    with pytest.raises(NotFound, match=r"oa\.unknown"):
        shop.run(work)
    assert OaToken.select().count() == 0


def test_a_pair_without_a_refresh_token_is_no_connection(shop):
    """It would be dead in 25 hours."""
    with pytest.raises(Invalid):
        save(shop, TokenPair("access-1", None, timedelta(hours=25)))
    assert OaToken.get().generation == 0


def test_a_living_process_and_other_machines_are_never_called_gone(shop):
    """Only what surely ended is: a number that is somebody else's now, or one that waits to be buried."""
    mine = token_owner.new()
    machine, pid, _, chance = mine.split(".")
    assert not token_owner.gone(mine)
    assert not token_owner.gone("")
    assert not token_owner.gone("dead")
    assert not token_owner.gone(f"000000000000.{pid}.1.{chance}")
    assert token_owner.gone(f"{machine}.{pid}.1.{chance}")
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert token_owner.gone(f"{machine}.{child.pid}.1.{chance}")
    child.wait()
