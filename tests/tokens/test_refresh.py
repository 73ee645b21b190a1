"""services/tokens.py: a refresh token works once, and nothing may come of that."""

import asyncio
import logging
import threading
from datetime import timedelta

import pytest

import db
from models import Notice, OaState, OaToken, OfficialAccount, TokenState
from services import journal, token_pairs, tokens
from services.errors import Conflict, Refusal
from services.token_pairs import Pair


def row_of(shop):
    return OaToken.get(OaToken.oa == shop.oa.id)


def pair_of(shop, row):
    desk = shop.desk()
    return token_pairs.open_access(desk.box, row), token_pairs.open_refresh(desk.box, row)


def refresh(shop, seen=0, **options):
    return shop.run(lambda desk: tokens.refresh(desk, shop.oa, seen, **options))


def zalo_takes(shop, access):
    answer = shop.zalo.get("/openapi/v2.0/oa/getoa", {"access_token": access})
    return answer["error"] == 0


def fault(shop, kind, **more):
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth/v4/oa/access_token", "kind": kind, **more})


def kinds():
    return sorted(row.kind for row in Notice.select())


def test_renewing_replaces_both_tokens_and_counts_up(shop):
    """Both tokens change together under the next generation, and nothing stays in the journal."""
    before = pair_of(shop, row_of(shop))
    access = refresh(shop)
    row = row_of(shop)
    after = pair_of(shop, row)
    assert (row.generation, row.state, access.token, access.generation) == (1, TokenState.OK, after[0], 1)
    assert not set(before) & set(after)
    assert zalo_takes(shop, after[0])
    assert not zalo_takes(shop, before[0])
    assert row.refresh_expires_at == shop.clock.now() + timedelta(days=90)
    assert not list((shop.settings.data_dir / "journal").glob("*"))


def test_eight_threads_and_one_expired_token_make_one_exchange(shop):
    """Whoever comes second waits, and takes the token of the first."""
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth/v4/oa/access_token", "kind": "slow", "delay_ms": 300})
    found, problems = [], []
    gate = threading.Barrier(8)

    def worker():
        gate.wait()
        try:
            found.append(refresh(shop).token)
        except Exception as problem:
            problems.append(problem)
        finally:
            db.database.close()

    threads = [threading.Thread(target=worker) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert len(found) == 8
    assert len(set(found)) == 1
    row = row_of(shop)
    assert row.generation == 1
    assert zalo_takes(shop, found[0])


def test_a_lost_answer_whose_request_never_arrived_costs_nothing(shop):
    """The second try with the same token succeeds, and nobody is bothered."""
    fault(shop, "lost_request")
    assert zalo_takes(shop, refresh(shop).token)
    assert kinds() == []


def test_a_lost_answer_after_zalo_rotated_is_said_at_once(shop, manager):
    """The new pair is gone for good: the OA needs a person, who is told in the same transaction."""
    fault(shop, "lost_answer")
    with pytest.raises(Refusal) as refusal:
        refresh(shop)
    assert refusal.value.key == "oa.needs_reauth"
    assert row_of(shop).state == TokenState.NEEDS_REAUTH
    assert shop.again(shop.oa).state == OaState.NEEDS_REAUTH
    (notice,) = Notice.select()
    assert (notice.kind, notice.payload["lost"], notice.chat_id) == ("needs_reauth", True, 55)


def test_an_empty_answer_means_the_refresh_token_was_used(shop, manager):
    """Zalo's 200 without a body counts as a refusal, and is not asked for a second time."""
    fault(shop, "empty", times=5)
    with pytest.raises(Refusal):
        refresh(shop)
    assert kinds() == ["needs_reauth"]
    assert [each["hits"] for each in shop.zalo.get("/_sandbox/faults")] == [1]


def test_a_dead_refresh_token_is_told_once_however_often_it_is_tried(shop, manager):
    """Later callers get the same refusal without asking Zalo again."""
    shop.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    for _ in range(3):
        with pytest.raises(Refusal):
            refresh(shop)
    assert Notice.select().count() == 1
    assert tokens.due(shop.clock.now() + timedelta(days=2)) == []


def test_a_siblings_newer_pair_is_adopted_after_a_refusal(shop):
    """Refused, but meanwhile somebody else saved a newer pair: that one is right."""
    row = row_of(shop)
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "slow", "delay_ms": 600, "times": 1})

    async def race(desk):
        mine = asyncio.create_task(tokens.refresh(desk, shop.oa, 0))
        await asyncio.sleep(0.2)
        pair = Pair(new["access_token"], new["refresh_token"], desk.now() + timedelta(hours=25), desk.now())
        done = await db.in_thread(token_pairs.replace, desk.box, desk.now(), row.oa_id, 0, pair, TokenState.OK)
        assert done
        return await mine

    shop.zalo.post("/_sandbox/faults", {"match": "/oauth", "kind": "error", "code": -14014})
    access = shop.run(race)
    assert (access.generation, access.token) == (1, new["access_token"])
    assert shop.again(shop.oa).state == OaState.ACTIVE


def test_no_connection_changes_nothing_and_is_tried_again_later(shop, manager):
    """An unreachable Zalo is no reason to give up an OA; the next try waits."""
    fault(shop, "http_502", times=2)
    with pytest.raises(tokens.TokenUnavailable):
        refresh(shop)
    row = row_of(shop)
    assert (row.state, row.attempts, row.lease_owner) == (TokenState.UNPROVEN, 1, "")
    with pytest.raises(tokens.TokenUnavailable):
        refresh(shop)
    assert row_of(shop).attempts == 1
    shop.advance(minutes=10)
    assert refresh(shop).generation == 1
    assert (row_of(shop).attempts, kinds()) == (0, [])


def test_failing_renewals_of_a_token_that_is_over_are_told_once(shop, manager):
    """No dead OA and a silent staff: managers hear of it when nothing can be sent any more."""
    shop.advance(hours=26)
    fault(shop, "http_502", times=20)
    for _ in range(4):
        with pytest.raises(tokens.TokenUnavailable):
            refresh(shop, at_once=True)
    assert kinds() == ["renewal_failing"]


def test_wrong_app_credentials_do_not_condemn_the_oa(shop, manager):
    """-14004 is about the app's secret: the refresh token is as good as before."""
    fault(shop, "error", code=-14004, times=2)
    with pytest.raises(tokens.TokenUnavailable):
        refresh(shop)
    with pytest.raises(tokens.TokenUnavailable):
        refresh(shop, at_once=True)
    assert row_of(shop).state == TokenState.UNPROVEN
    (notice,) = Notice.select()
    assert (notice.kind, notice.payload["code"]) == ("oauth_refused", -14004)
    assert zalo_takes(shop, refresh(shop, at_once=True).token)


def test_a_pair_left_in_the_journal_is_saved_by_the_next_process(shop):
    """Died between Zalo's answer and the row: the file finishes the work, once."""
    desk = shop.desk()
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    pair = Pair(new["access_token"], new["refresh_token"], desk.now() + timedelta(hours=25), desk.now())
    path = journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    assert new["refresh_token"].encode() not in path.read_bytes()
    assert tokens.replay_journal(desk) == 1
    assert tokens.replay_journal(desk) == 0
    assert not path.exists()
    assert pair_of(shop, row_of(shop)) == (pair.access, pair.refresh)


def test_whoever_refreshes_takes_what_the_journal_holds_instead_of_a_spent_token(shop):
    """The stored refresh token is spent then; asking Zalo with it would look like a dead OA."""
    desk = shop.desk()
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    pair = Pair(new["access_token"], new["refresh_token"], desk.now() + timedelta(hours=25), desk.now())
    journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    assert refresh(shop).token == new["access_token"]


def test_a_journal_entry_that_came_too_late_is_dropped(shop):
    """Its generation does not fit any more: a newer pair is in the row."""
    desk = shop.desk()
    refresh(shop)
    before = pair_of(shop, row_of(shop))
    pair = Pair("old-access", "old-refresh", desk.now() + timedelta(hours=25), desk.now())
    path = journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    assert tokens.replay_journal(desk) == 0
    assert not path.exists()
    assert pair_of(shop, row_of(shop)) == before


def test_a_pair_that_brings_a_lost_oa_back_makes_it_active(shop, manager):
    """Needs a person, then a person pasted new tokens: everything goes on."""
    shop.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    with pytest.raises(Refusal):
        refresh(shop)
    new = shop.zalo.post("/_sandbox/tokens/issue", {})
    tokens.save_pair(shop.desk(), shop.oa, new["access_token"], new["refresh_token"])
    assert shop.again(shop.oa).state == OaState.ACTIVE
    assert shop.run(lambda desk: tokens.access_token(desk, shop.oa)).token == new["access_token"]


def test_pasting_while_a_renewal_runs_is_refused(shop):
    """Both would write; the one under way holds the lease."""
    OaToken.update(lease_owner="other", lease_until=shop.clock.now() + timedelta(seconds=30)).execute()
    with pytest.raises(Conflict) as conflict:
        tokens.save_pair(shop.desk(), shop.oa, "a" * 20, "b" * 20)
    assert conflict.value.key == "token.busy"


def test_a_lease_that_ended_is_taken_over(shop):
    """Whoever held it died; sixty seconds are four times what a request may take."""
    OaToken.update(lease_owner="dead", lease_until=shop.clock.now() - timedelta(seconds=1)).execute()
    assert refresh(shop).generation == 1


def test_an_expired_token_is_renewed_on_demand(shop):
    """By our clock, with a minute to spare; before that it is used as it is."""
    old = pair_of(shop, row_of(shop))[0]
    shop.advance(hours=24, minutes=58)
    assert shop.run(lambda desk: tokens.access_token(desk, shop.oa)).token == old
    shop.advance(minutes=1, seconds=1)
    access = shop.run(lambda desk: tokens.access_token(desk, shop.oa))
    assert access.token != old
    assert zalo_takes(shop, access.token)


def test_renewal_is_due_when_forty_percent_of_the_life_is_left(shop):
    """15 of 25 hours gone, not before."""
    now = shop.clock.now()
    assert tokens.due(now + timedelta(hours=14, minutes=59)) == []
    assert [oa.id for oa in tokens.due(now + timedelta(hours=15, seconds=1))] == [shop.oa.id]


def test_no_token_is_ever_written_to_a_log_or_an_exception(shop, manager, caplog, capsys):
    """Success, refusal and lost answers alike."""
    secrets = [*pair_of(shop, row_of(shop)), shop.settings.zalo_app_secret.get_secret_value()]
    caplog.set_level(logging.DEBUG)
    texts = []
    access = refresh(shop)
    secrets += [*pair_of(shop, row_of(shop))]
    texts.append(repr(access))
    fault(shop, "lost_answer")
    with pytest.raises(Refusal) as refusal:
        refresh(shop, 1)
    texts += [repr(refusal.value), str(refusal.getrepr(style="long"))]
    out = capsys.readouterr()
    everything = "\n".join([caplog.text, out.out, out.err, *texts])
    assert not [secret for secret in secrets if secret in everything]


def test_tokens_at_rest_are_sealed(shop):
    """Neither token stands in the row."""
    row = row_of(shop)
    access, refresh_token = pair_of(shop, row)
    assert access not in row.access
    assert refresh_token not in row.refresh


def test_a_removed_oa_has_no_token_and_no_journal(shop):
    """Erased means erased, the journal too."""
    from services import accounts
    from services.audit import CLI

    desk = shop.desk()
    pair = Pair("x" * 20, "y" * 20, desk.now(), desk.now())
    path = journal.keep(desk, journal.Entry(shop.oa.id, shop.oa.oa_id, 0, pair))
    accounts.remove(desk, CLI, shop.oa)
    assert tokens.current(shop.oa) is None
    assert not path.exists()
    assert OfficialAccount.get().state == OaState.REMOVED
