"""Two Zalo apps in one house, end to end: a real web process and the local Zalo's signed events."""

from __future__ import annotations

import pytest

from models import ChatMessage, Counter, InboxEvent, OauthState, OfficialAccount
from services import apps, connecting, inbox
from services.acceptance import fingerprint

pytestmark = pytest.mark.processes


@pytest.fixture
def second_app(busy_town):
    """Added by the owner, with its own secrets."""
    made = busy_town.zalo.post("/_sandbox/apps", {"name": "Hai"})
    apps.add(busy_town.desk(), busy_town.actor, made["app_id"], "Hai", made["secret"], made["webhook_secret"])
    return made


@pytest.fixture
def web(busy_town, second_app):
    """gunicorn, and Zalo's events on their way to it."""
    address = busy_town.start_web()
    busy_town.zalo.post("/_sandbox/webhook", {"url": f"{address}/webhook/zalo"})
    return address


def say(town, oa_id, text, **more):
    """Somebody writes to the OA; the apps are told, and have answered."""
    order = {"event": "user_send_text", "oa_id": oa_id, "text": text, "wait": True, **more}
    sent = town.zalo.post("/_sandbox/events", order)["sent"]
    assert [status for each in sent for status in each["statuses"]] == [200] * len(sent)
    return len(sent)


def drained(town):
    while inbox.apply_batch(town.desk()):
        pass
    return {row.text for row in ChatMessage.select()}


def test_each_oa_is_heard_through_its_own_app(busy_town, second_app, web, eventually):
    """Zalo tells both apps of an OA that granted both: the message counts once; a forged one of the other app never."""
    town, own, other = busy_town, busy_town.settings.zalo_app_id, second_app["app_id"]
    number, secret = town.begin(app_id=other)
    town.come_back(town.agree(secret, 1))
    town.work()
    assert town.ticket(number).state == OauthState.ASKING
    oa = connecting.confirm(town.desk(), town.actor, number)
    assert oa.app_id == other

    assert say(town, oa.oa_id, "gửi Nha khoa") == 2
    assert say(town, town.oa.oa_id, "gửi Hoa Mai") == 1
    assert drained(town) == {"gửi Nha khoa", "gửi Hoa Mai"}
    say(town, town.oa.oa_id, "giả", app_id=other)
    assert drained(town) == {"gửi Nha khoa", "gửi Hoa Mai"}

    foreign = InboxEvent.select().where(InboxEvent.error == "foreign_app")
    assert sorted(row.app_id for row in foreign) == sorted([own, other])
    secrets = {own: town.zalo.ready["webhook_secret"], other: second_app["webhook_secret"]}
    for app_id, one in secrets.items():
        name = f"webhook.secret.{app_id}.{fingerprint(one)}"
        eventually(lambda name=name: Counter.select().where(Counter.name == name, Counter.value == 2).exists())


def test_an_oa_that_moves_to_another_app_loses_no_event(busy_town, second_app, web):
    """What the old app brought before the move is applied after it; from then on the new app is the one."""
    town = busy_town
    say(town, town.oa.oa_id, "trước")
    number, secret = town.begin(town.oa, second_app["app_id"])
    town.come_back(town.agree(secret))
    town.work()
    assert town.ticket(number).state == OauthState.CONNECTED
    assert OfficialAccount.get().app_id == second_app["app_id"]
    assert say(town, town.oa.oa_id, "sau") == 2
    assert drained(town) == {"trước", "sau"}
