"""services/preflight beside the local Zalo, over real sockets: what one lets go the other takes, and codes agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta

import pytest

from db import to_ms
from models import Channel, Follower, SendClass, ZnsTemplate
from services import gateway, preflight, templates
from services.interaction import LastInteraction
from services.modes import Mode
from services.preflight import Answer, Letter, judge
from services.preflight.windows import Hours
from zalo import messages as bodies
from zalo import oa as zalo_oa
from zalo import zns
from zalo.client import Host
from zalo.errors import Refused

CS = Letter(Channel.CS, "text", SendClass.CARE)
ALWAYS = Hours(time(0), time.max)  # our own hours are narrower than Zalo's, and are not the question here
A_LITTLE = timedelta(seconds=20)  # the sandbox's clock goes on while a test talks to it
DAY = timedelta(days=1)
OF = {"TRANSACTION": "300111", "PROMOTION": "300114"}


@pytest.fixture
def zalo(shop):
    """The shop with somebody Zalo knows."""
    user = shop.zalo.get("/_sandbox/users")["users"][0]
    now = shop.clock.now()
    shop.person = Follower.create(
        oa_id=shop.oa.oa_id, user_id=user["user_id"], phone=user["phone"], is_follower=True, first_seen_at=now
    )
    return shop


def describe(shop, since, **more):
    """The same person to both sides; `since` None: never interacted."""
    at = None if since is None else shop.clock.now() - since
    changes = {"last_interaction": 0 if at is None else to_ms(at), **more}
    shop.zalo.post("/_sandbox/users", {"user_id": shop.person.user_id, **changes})
    known = preflight.facts(shop.desk(), shop.oa, follower=shop.person)
    last = None if at is None else LastInteraction(at, at)
    person = replace(known.person, last=last, never=at is None, is_follower=more.get("is_follower", True))
    return replace(known, oa=replace(known.oa, hours=ALWAYS), person=person)


def by_template(shop, channel, tag):
    row = shop.run(lambda desk: templates.fresh(desk, shop.oa, OF[tag]))
    return Letter(channel, "template", preflight.class_of_tag(tag), row)


def sent(shop, letter):
    """Zalo's code; 0 when it took the message."""
    try:
        shop.run(lambda desk: gateway.call(desk, shop.oa, request(shop, letter), host=host(letter)))
    except Refused as refused:
        return refused.code
    return 0


def host(letter):
    return Host.BUSINESS if letter.channel == Channel.ZNS else Host.OPENAPI


def request(shop, letter):
    if letter.channel == Channel.CS:
        return lambda zalo, token: zalo_oa.send_message(zalo, token, bodies.text(shop.person.user_id, "Chào"))
    template = letter.template
    sample = next(
        each["sample"] for each in shop.zalo.ready["templates"] if each["template_id"] == template.template_id
    )
    if letter.channel == Channel.UID:
        body = bodies.template(shop.person.user_id, template.template_id, sample)
        return lambda zalo, token: zalo_oa.send_template(zalo, token, body)
    return lambda zalo, token: zns.send(
        zalo, token, phone=shop.person.phone, template_id=template.template_id, params=sample, tracking_id="t1",
        development=False,
    )  # fmt: skip


def agree(shop, letter, known):
    verdict = judge(known, letter)
    code = sent(shop, letter)
    if verdict.answer is Answer.YES:
        assert code == 0
    else:
        assert verdict.refusal.code == str(code)
    return verdict.answer


@pytest.mark.parametrize(
    ("since", "answer"),
    [
        (timedelta(hours=1), "yes"),
        (7 * DAY - A_LITTLE, "yes"),
        (7 * DAY + timedelta(milliseconds=1), "no"),
        (30 * DAY, "no"),
        (None, "no"),
    ],
)
def test_the_window_of_a_consultation_message_is_zalos(zalo, since, answer):
    """-230 after 7 days, -232 for somebody who never interacted."""
    assert agree(zalo, CS, describe(zalo, since)) == answer


@pytest.mark.parametrize(
    ("since", "answer"),
    [(8 * DAY, "yes"), (365 * DAY - A_LITTLE, "yes"), (365 * DAY + timedelta(milliseconds=1), "no"), (None, "no")],
)
def test_the_window_of_a_transaction_by_template_is_zalos(zalo, since, answer):
    """A year."""
    assert agree(zalo, by_template(zalo, Channel.UID, "TRANSACTION"), describe(zalo, since)) == answer


@pytest.mark.parametrize(
    ("hours", "follows", "answer"),
    [(0, True, "yes"), (0, False, "no"), (12.99, True, "yes"), (13, True, "later"), (20.99, True, "later"),
     (21, True, "yes")],
)  # fmt: skip
def test_media_by_template_goes_to_followers_by_day(zalo, hours, follows, answer):
    """-213, and -234 from 22:00 to 06:00 in Vietnam; it is 09:00."""
    letter = by_template(zalo, Channel.UID, "PROMOTION")
    zalo.advance(hours=hours)
    assert agree(zalo, letter, describe(zalo, DAY, is_follower=follows)) == answer


@pytest.mark.parametrize(("hours", "answer"), [(12.99, "yes"), (13, "later"), (21, "yes")])
def test_a_template_zalo_refused_at_night_waits_as_long_as_zalo_refuses_it(zalo, hours, answer):
    """-133, for the templates that have it."""
    letter = by_template(zalo, Channel.ZNS, "TRANSACTION")
    zalo.zalo.post(f"/_sandbox/templates/{letter.template.template_id}", {"night_rule": True})
    ZnsTemplate.update(night_refused_at=zalo.clock.now()).where(ZnsTemplate.id == letter.template.id).execute()
    zalo.advance(hours=hours)
    letter = replace(letter, template=zalo.again(letter.template))
    assert agree(zalo, letter, describe(zalo, DAY)) == answer


@pytest.mark.parametrize(("status", "code"), [("REJECT", "-131"), ("DISABLE", "-146"), ("PENDING_REVIEW", "-131")])
def test_the_states_of_a_template_are_zalos(zalo, status, code):
    """Refused here by the code Zalo would refuse it with."""
    letter = by_template(zalo, Channel.ZNS, "TRANSACTION")
    template = letter.template
    zalo.zalo.post(f"/_sandbox/templates/{template.template_id}", {"status": status})
    template.status = status
    assert agree(zalo, letter, describe(zalo, DAY)) == "no"
    assert judge(describe(zalo, DAY), letter).refusal.code == code
    assert judge(describe(zalo, DAY), letter).rule == code


def test_the_second_advertisement_of_a_day_waits_for_both(zalo):
    """-1472 by phone."""
    letter = by_template(zalo, Channel.ZNS, "PROMOTION")
    zalo.zalo.post("/_sandbox/users", {"user_id": zalo.person.user_id, "related": True})
    known = describe(zalo, DAY)
    assert agree(zalo, letter, known) == "yes"
    had = replace(known.person, promoted=(zalo.clock.now(),))
    assert agree(zalo, letter, replace(known, person=had)) == "later"
    assert known.oa.mode is Mode.LIVE
