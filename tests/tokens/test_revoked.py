"""Zalo's event permission_revoked, which names nothing but the OA."""

import json

import pytest

from db import to_ms
from models import InboxEvent, Notice, OaState, OaToken, OfficialAccount, TokenState
from services import inbox, token_loss, token_pairs, tokens
from services.errors import Refusal
from services.token_pairs import Pair


def revoke(shop, minutes_ago=0, app_id=None):
    """The event as it lies in the inbox, applied."""
    app = shop.settings.zalo_app_id if app_id is None else app_id
    at = to_ms(shop.clock.now()) - minutes_ago * 60_000
    body = {"app_id": app, "oa_id": shop.oa.oa_id, "event_name": "permission_revoked", "timestamp": str(at)}
    count = InboxEvent.select().count()
    InboxEvent.create(
        dedupe_key=str(count), app_id=app, oa_id=shop.oa.oa_id, name="permission_revoked",
        body=json.dumps(body).encode(), headers={}, received_at=shop.clock.now(),
    )  # fmt: skip
    assert inbox.apply_batch(shop.desk()) == 1


def state(shop):
    return OaToken.get().state


def test_it_is_said_at_once(shop, manager):
    """No renewal has to fail first; the card, the sender and the managers know in the same moment."""
    shop.advance(minutes=1)
    revoke(shop)
    assert (state(shop), shop.again(shop.oa).state) == (TokenState.NEEDS_REAUTH, OaState.NEEDS_REAUTH)
    assert OaToken.get().error_code == token_loss.REVOKED
    (notice,) = Notice.select()
    payload = {"oa_id": shop.oa.oa_id, "code": token_loss.REVOKED, "lost": False, "revoked": True}
    assert (notice.kind, notice.payload, notice.urgent) == ("needs_reauth", payload, True)
    assert shop.again(shop.oa).lost_at == shop.clock.now()


def test_coming_again_it_says_nothing_new(shop, manager):
    """Zalo repeats events, and people replay them."""
    shop.advance(minutes=1)
    for _ in range(3):
        revoke(shop)
    inbox.replay(shop.clock.now(), [row.id for row in InboxEvent.select()])
    inbox.apply_batch(shop.desk())
    assert Notice.get().version == 1


def test_a_late_one_does_not_end_a_connection_that_is_newer(shop, manager):
    """Somebody connected the OA again before the event came, or it was replayed."""
    shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    revoke(shop, minutes_ago=11)
    assert (state(shop), Notice.select().count()) == (TokenState.OK, 0)
    assert tokens.due(shop.clock.now()) == []


@pytest.mark.parametrize("dead", [True, False])
def test_where_two_clocks_could_disagree_zalo_is_asked(shop, manager, dead):
    """Ours says that the pair is a little younger than the event: a renewal tells, within the minute."""
    shop.run(lambda desk: tokens.refresh(desk, shop.oa, 0))
    if dead:
        shop.zalo.post("/_sandbox/tokens/expire", {"kill_refresh": True})
    revoke(shop, minutes_ago=5)
    assert state(shop) == TokenState.OK
    (oa,) = tokens.due(shop.clock.now())
    try:
        shop.run(lambda desk: tokens.refresh(desk, oa, 1))
    except Refusal:
        assert dead
    assert (state(shop) == TokenState.NEEDS_REAUTH) is dead


def test_another_apps_permission_is_none_of_our_business(shop, manager):
    """The OA was moved to another app; the old one lost a permission nobody needs any more."""
    shop.advance(minutes=1)
    revoke(shop, app_id="4101110220330440999")
    assert state(shop) == TokenState.UNPROVEN


def test_an_oa_nobody_registered_has_nothing_to_lose(shop, manager):
    """Removed, or never entered."""
    OfficialAccount.update(state=OaState.REMOVED).execute()
    assert not token_loss.revoked(shop.clock.now(), shop.oa.oa_id, "", to_ms(shop.clock.now()) + 1)


def test_a_renewal_that_succeeds_meanwhile_wins(shop, manager):
    """Zalo gave a new pair after all: the OA works, and the alert says so."""
    shop.advance(minutes=1)
    revoke(shop)
    Notice.update(state="sent").execute()
    desk = shop.desk()
    pair = Pair("a", "b", desk.now(), desk.now())
    assert token_pairs.replace(desk.box, desk.now(), shop.oa.id, 0, pair, TokenState.OK)
    assert (shop.again(shop.oa).state, Notice.get().state) == (OaState.ACTIVE, "queued")
