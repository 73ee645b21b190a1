"""Connecting by real processes: killed workers, the whole way through gunicorn, and what the logs hold."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import httpx
import pytest

from models import OaToken, OauthState
from services import connect_codes, connecting

pytestmark = pytest.mark.processes
TOKEN, GETOA = "/oauth/v4/oa/access_token", "/openapi/v2.0/oa/getoa"
BIN = Path(sys.executable).parent
WORKER = (str(BIN / "huey_consumer"), "jobs.huey", "-w", "2", "-k", "thread", "-n", "-d", "0.05", "-m", "0.5")


def returned(town, oa=None, place=0):
    number, secret = town.begin(oa)
    assert town.come_back(town.agree(secret, place))
    return number


def state(town, number):
    return town.ticket(number).state


def test_a_worker_killed_while_the_answer_was_under_way_costs_one_more_try(busy_town, eventually):
    """Zalo gave the pair to nobody: the next worker asks once more, hears that the code is spent, and says so."""
    town = busy_town
    town.fault(TOKEN, "slow", delay_ms=20_000)
    number = returned(town, town.oa)
    worker = town.start(*WORKER)
    eventually(lambda: town.exchanges() == 1)
    worker.kill()
    worker.wait()
    assert (state(town, number), town.ticket(number).attempts) == (OauthState.RETURNED, 1)
    town.start(*WORKER)
    eventually(lambda: state(town, number) == OauthState.FAILED)
    assert town.ticket(number).error_code == connect_codes.LOST
    assert town.exchanges() == 1
    assert len(town.notices()) == 1


def test_a_worker_killed_after_the_pair_was_stored_costs_nothing(busy_town, eventually):
    """Between the exchange and `getoa`: the next worker goes on with the sealed pair, without another exchange."""
    town = busy_town
    town.fault(GETOA, "slow", delay_ms=20_000)
    number = returned(town, town.oa)
    generation = OaToken.get().generation
    worker = town.start(*WORKER)
    eventually(lambda: state(town, number) == OauthState.EXCHANGED and not town.zalo.get("/_sandbox/faults"))
    worker.kill()
    worker.wait()
    assert OaToken.get().generation == generation
    town.start(*WORKER)
    eventually(lambda: state(town, number) == OauthState.CONNECTED)
    assert (town.exchanges(), OaToken.get().generation) == (1, generation + 1)
    assert town.works(town.oa)


def test_the_whole_way_by_real_processes(busy_town):
    """A browser: our page, Zalo's page, back to ours, which waits for the worker and says what came of it."""
    town = busy_town
    town.start_web()
    town.start(*WORKER)
    link = connecting.begin(town.desk(), town.actor, oa=None, app_id="", chat_id=1)
    with httpx.Client(trust_env=False, follow_redirects=True, timeout=30) as browser:
        start = browser.get(link.url)
        zalo = re.search(r'class="button" href="([^"]+)"', start.text).group(1).replace("&amp;", "&")
        assert "Spa Hoa Mai" in browser.get(zalo).text
        done = browser.post(zalo, data={"oa_id": town.oas[1]["oa_id"]})
        again = browser.get(done.url)
    assert (start.status_code, done.status_code, again.status_code) == (200, 200, 410)
    assert done.url.path == "/oauth/zalo/callback"
    assert town.oas[1]["name"] in done.text
    assert "Còn một bước trong Telegram" in done.text
    assert town.exchanges() == 1
    oa = connecting.confirm(town.desk(), town.actor, link.ticket_id)
    assert town.works(oa)
