"""services/token_keeping.py and journal.py: between Zalo's answer and the row, whatever disk and database do."""

import asyncio
import os
import time
import traceback
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from peewee import OperationalError

import db
from models import Counter, Notice, OaToken, OfficialAccount, TokenState
from services import accounts, journal, token_keeping, token_lease, token_owner, token_pairs, tokens
from services.audit import CLI
from services.journal import Entry, Reason
from services.token_pairs import Pair
from tests.tokens.fleet import refused_tokens


def new_pair(shop):
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    now = shop.clock.now()
    return Pair(new["access_token"], new["refresh_token"], now + timedelta(hours=25), now)


def keep(shop, generation=0, oa_row=None, oa_id=None):
    return journal.keep(shop.desk(), Entry(oa_row or shop.oa.id, oa_id or shop.oa.oa_id, generation, new_pair(shop)))


def no_disk(*_):
    raise OSError(28, "No space left on device")


def reasons(shop):
    return [each.reason for each in journal.leftover(shop.desk())]


def test_a_full_disk_does_not_cost_the_pair(shop, monkeypatch):
    """The row takes it without the journal."""
    monkeypatch.setattr(journal, "keep", no_disk)
    assert shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0)).generation == 1


def test_what_neither_disk_nor_database_takes_is_tried_until_one_does(shop, monkeypatch):
    """Only this process has the pair: it does not give it up, and the caller is not kept waiting for it."""
    monkeypatch.setattr(token_keeping, "AGAIN", 0.05)
    monkeypatch.setattr(journal, "keep", no_disk)

    async def work(desk):
        with refused_tokens():
            with pytest.raises(tokens.TokenUnavailable):
                await tokens.refresh(desk, shop.oa, 0)
            await asyncio.sleep(0.2)
        db.database.close()
        await asyncio.gather(*token_keeping._unkept)

    shop.run(work)
    row = OaToken.get()
    access = token_pairs.open_access(shop.desk().box, row)
    assert (row.generation, row.state) == (1, TokenState.OK)
    assert shop.zalo.get("/openapi/v2.0/oa/getoa", {"access_token": access})["error"] == 0


def test_a_database_that_cannot_even_take_the_lease_is_no_raw_error(shop, monkeypatch):
    """Its text may quote the values it was about; Zalo was not asked."""

    secret = "".join(["secret", "value"])

    def broken(*_):
        raise OperationalError("attempt to write a readonly database", secret)

    monkeypatch.setattr(token_lease, "take", broken)
    with pytest.raises(tokens.TokenUnavailable) as unavailable:
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    assert secret not in "".join(traceback.format_exception(unavailable.value))
    assert shop.zalo.sandbox.world.tokens.refreshes == 0


def test_what_lies_in_the_journal_is_listed_with_its_reason(shop):
    """For the doctor: nothing secret, and oldest first."""
    waiting = keep(shop)
    assert [each.file for each in journal.leftover(shop.desk())] == [waiting.name]
    assert journal.leftover(shop.desk())[0].oa_row == shop.oa.id
    assert reasons(shop) == [Reason.WAITING]
    waiting.unlink()
    keep(shop, generation=7)
    keep(shop, oa_id="2902001003004009999")
    broken = keep(shop)
    broken.write_bytes(b"gibberish")
    assert sorted(reasons(shop)) == sorted([Reason.OLD_DATABASE, Reason.OTHER_OA, Reason.UNREADABLE])
    assert journal.replay(shop.desk()) == 0
    assert len(reasons(shop)) == 3  # nothing of it is thrown away by itself


def test_the_only_copy_of_a_pair_is_never_thrown_away(shop):
    """Replayed before the backup is restored: the database knows no such OA, or another one by that number."""
    OaToken.update(generation=9).execute()
    kept = [
        keep(shop, oa_row=4711, oa_id="2902001003004009999"),  # no such row yet
        keep(shop, oa_id="2902001003004009999", generation=3),  # another installation's, or another order of rows
        keep(shop, oa_id="2902001003004009999", generation=9),
    ]
    assert journal.replay(shop.desk()) == 0
    assert all(path.exists() for path in kept)
    assert reasons(shop) == [Reason.OTHER_OA] * 3
    superseded = keep(shop, generation=8)
    assert journal.replay(shop.desk()) == 0
    assert not superseded.exists()


def test_a_pair_that_outlived_the_removal_of_its_oa_never_fits_again(shop):
    """Killed between removing the OA and emptying the journal: the OA that is added again counts on from there."""
    shop.run(removed)
    left = keep(shop, generation=2)
    journal.replay(shop.desk())
    assert (left.exists(), reasons(shop)) == (True, [Reason.NO_TOKENS])
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    account = accounts.NewAccount(new["oa_id"], "Spa Hoa Mai", new["access_token"], new["refresh_token"])
    accounts.register(shop.desk(), CLI, account)
    assert OaToken.get().generation == 3
    assert journal.replay(shop.desk()) == 0
    assert token_pairs.open_access(shop.desk().box, OaToken.get()) == new["access_token"]


async def removed(desk):
    await db.in_thread(accounts.remove, desk, CLI, OfficialAccount.get())


def test_a_pair_sealed_with_a_key_that_is_gone_stays_and_is_named(shop, monkeypatch):
    """Somebody took a key out of SECRET_KEYS too early; putting it back mends it."""
    desk = shop.desk()
    keep(shop)
    other = type(desk.box)([type(shop.settings.secret_keys[0])(Fernet.generate_key().decode())])
    assert [each.reason for each in journal.leftover(shop.desk(box=other))] == [Reason.UNREADABLE]
    assert journal.replay(shop.desk(box=other)) == 0
    assert journal.replay(desk) == 1


def test_the_stored_token_is_not_spent_while_its_successor_cannot_be_read(shop, manager):
    """A process with old keys would call the OA dead. It waits, and people hear of it once nothing can be sent."""
    path = keep(shop)
    readable = path.read_bytes()
    path.write_bytes(b"gibberish")
    with pytest.raises(tokens.TokenUnavailable):
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    row = OaToken.get()
    assert (row.generation, row.state, row.error_code, row.lease_owner) == (0, TokenState.UNPROVEN, "journal", "")
    assert (shop.zalo.sandbox.world.tokens.refreshes, Notice.select().count()) == (0, 0)
    assert Counter.get(Counter.name == "tokens.journal_closed").value == 1
    shop.advance(hours=26)
    with pytest.raises(tokens.TokenUnavailable):
        shop.run(lambda desk: tokens.access_token(desk, shop.oa))
    assert [(each.kind, each.payload["code"]) for each in Notice.select()] == [("renewal_failing", "journal")]
    path.write_bytes(readable)  # restarted with the right keys
    shop.run(tokens.rescue)
    assert (OaToken.get().generation, OaToken.get().state, path.exists()) == (1, TokenState.OK, False)


def test_a_connection_by_a_person_needs_no_unreadable_pair(shop):
    """Of an older pair whatever lies there does not matter."""
    keep(shop).write_bytes(b"gibberish")
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    tokens.save_pair(shop.desk(), shop.oa, new["access_token"], new["refresh_token"])
    assert shop.run(lambda desk: tokens.prove(desk, shop.oa)).generation == 2


def test_one_pair_that_cannot_be_saved_does_not_stop_the_others(shop, monkeypatch):
    """Each OA has its own trouble."""
    second = OfficialAccount.create(oa_id="2902001003004009999", name="B", created_at=shop.clock.now())
    keep(shop)
    pair = Pair("a", "b", shop.clock.now(), shop.clock.now())
    token_pairs.insert(shop.desk().box, shop.clock.now(), second, pair, TokenState.OK)
    keep(shop, oa_row=second.id, oa_id=second.oa_id)
    real = token_pairs.replace

    def replace(box, now, oa_row, *rest):
        if oa_row == shop.oa.id:
            raise OperationalError("locked")
        return real(box, now, oa_row, *rest)

    monkeypatch.setattr(token_pairs, "replace", replace)
    assert tokens.replay_journal(shop.desk()) == 1
    assert reasons(shop) == [Reason.WAITING]


def test_what_a_killed_writer_left_half_written_is_cleared_away(shop):
    """It has no name by which it could be read; one that is being written now is left alone."""
    folder = keep(shop).parent
    old, fresh = folder / ".old", folder / ".fresh"
    for path in (old, fresh):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    journal.replay(shop.desk())
    assert (old.exists(), fresh.exists()) == (False, True)


def test_a_renewal_that_broke_off_on_another_machine_is_finished_when_its_lease_ends(shop):
    """Nobody here can know whether that process lives, so its lease is waited for, and not longer."""
    _, *rest = token_owner.new().split(".")
    OaToken.update(lease_owner=".".join(["0" * 12, *rest]), lease_until=shop.clock.now() + token_lease.LEASE).execute()
    shop.run(tokens.rescue)
    assert OaToken.get().generation == 0
    shop.advance(seconds=46)
    assert [oa.id for oa in tokens.due(shop.clock.now())] == [shop.oa.id]
    shop.run(tokens.rescue)
    assert (OaToken.get().generation, OaToken.get().lease_owner) == (1, "")
    shop.run(tokens.rescue)
    assert OaToken.get().generation == 1


def test_a_connection_lost_in_another_container_is_told_within_a_minute_of_the_restart(shop, manager):
    """Every start has process ids of its own there: the lease is sat out to its end, and that is early enough."""
    shop.zalo.post("/_sandbox/tokens/expire", {"oa_id": shop.oa.oa_id, "kill_refresh": True})
    _, *rest = token_owner.new().split(".")
    OaToken.update(lease_owner=".".join(["0" * 12, *rest]), lease_until=shop.clock.now() + token_lease.LEASE).execute()
    waited = 0
    while not Notice.select().where(Notice.kind == "needs_reauth").exists():
        shop.advance(seconds=5)  # as often as the worker looks
        waited += 5
        shop.run(tokens.rescue)
    assert waited <= 50


def test_an_oa_of_which_nobody_knows_whether_it_lives_is_asked_about_soon_and_told(shop, manager):
    """Two lost answers in a row: the third try comes in seconds, and people hear of the doubt before long."""
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "lost_request", "times": 4})
    with pytest.raises(tokens.TokenUnavailable):
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    shop.run(tokens.rescue)
    assert OaToken.get().attempts == 1  # its pause is not over
    shop.advance(seconds=11)
    shop.run(tokens.rescue)
    row = OaToken.get()
    assert (row.attempts, row.error_code) == (2, "unknown")
    assert [each.kind for each in Notice.select()] == ["renewal_failing"]
    shop.advance(seconds=11)
    shop.run(tokens.rescue)
    assert (OaToken.get().state, OaToken.get().error_code) == (TokenState.OK, "")


def test_a_pair_lost_in_an_earlier_try_is_told_as_lost(shop, manager):
    """The refusal comes in a later renewal; what people are told is still why."""
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "lost_answer", "times": 1})
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "http_502", "times": 1})
    with pytest.raises(tokens.TokenUnavailable):
        shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    shop.advance(seconds=11)
    shop.run(tokens.rescue)
    assert Notice.get(Notice.kind == "needs_reauth").payload["lost"] is True
