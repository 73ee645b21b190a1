"""The answer to an information form fills the person's row and finds who asked for it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from db import to_ms
from models import Delivery, DeliveryState, Follower, Notice, OfficialAccount, Origin, Role, Staff
from services import deliveries, erasure, erasure_sweep, form_answers, inbox, staff
from services.audit import CLI
from services.desk import Desk
from zalo.events import parse

OA = "2902001003004005006"
USER = "6503004005006007008"
OLD = {
    "address": "1 Lê Lợi", "phone": "84901234567", "city": "Hồ Chí Minh", "district": "Quận 1", "name": "Trần Lan",
    "ward": "Bến Nghé",
}  # fmt: skip
NEW = {
    "name": "Trần Lan", "phone": "84901234567", "user_dob": "30/10/1999", "gender": "Nữ",
    "full_address": {"user_city": "Hồ Chí Minh", "user_ward": "Tân Thuận", "user_address": "Đường số 13"},
}  # fmt: skip


@pytest.fixture
def desk(database, settings, clock):
    OfficialAccount.create(oa_id=OA, name="Hoa Mai", created_at=clock.now())
    for number, name in ((55, "Hoa"), (56, "Mai")):
        staff.add(clock.now(), number, Role.OPERATOR, name)
    made = replace(Desk.from_settings(settings), now=clock.now)
    yield made
    asyncio.run(made.close())


def arrive(desk, info, *, ago=0):
    now = to_ms(desk.now())
    body = {
        "app_id": "4101110220330440550", "event_name": "user_submit_info", "sender": {"id": USER},
        "recipient": {"id": OA}, "info": info, "timestamp": str(now - ago),
    }  # fmt: skip
    raw = json.dumps(body).encode()
    event = parse(raw, now)
    inbox.store([(event.dedupe_key, "4101110220330440550", OA, event.name, raw, "{}", now)])
    while inbox.apply_batch(desk):
        pass


def asked(desk, staff_id=55, days=0.1, state=DeliveryState.DELIVERED, kind="form"):
    at = desk.now() - timedelta(days=days)
    return Delivery.create(
        oa=OfficialAccount.get(), channel="cs", kind=kind, recipient=USER, content={"form": {"title": "x"}},
        dedupe_key=f"{staff_id}{days}{state}{kind}", tracking_id=deliveries.new_tracking_id(at), created_at=at,
        state=state, staff_id=staff_id, origin=Origin.SINGLE,
    )  # fmt: skip


def told():
    return {row.chat_id for row in Notice.select().where(Notice.kind == form_answers.NOTICE, Notice.chat_id != 0)}


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (OLD, {"address": "1 Lê Lợi", "city": "Hồ Chí Minh", "district": "Quận 1", "ward": "Bến Nghé"}),
        (NEW, {"address": "Đường số 13", "city": "Hồ Chí Minh", "ward": "Tân Thuận", "birthday": "1999-10-30",
               "gender": "Nữ"}),
    ],
)  # fmt: skip
def test_either_shape_fills_name_phone_address_and_birthday(desk, info, expected):
    """The flat one, and the one with full_address and user_dob."""
    arrive(desk, info)
    row = Follower.get()
    assert row.shared_info == {"name": "Trần Lan", "phone": "84901234567", **expected}
    assert (row.phone, row.shared_name) == ("84901234567", "tran lan")


def test_who_asked_hears_of_it_and_nobody_else(desk):
    """The latest form counts."""
    asked(desk, 56, days=3)
    asked(desk, 55, days=1)
    arrive(desk, NEW)
    assert told() == {55}
    assert Notice.get(Notice.chat_id == 55).payload["asked"] is True


def test_without_anybody_who_asked_all_hear_of_it(desk):
    """Customers also fill in the form of the OA's menu."""
    arrive(desk, NEW)
    assert told() == {55, 56}


@pytest.mark.parametrize(
    "given",
    [{"days": 31}, {"state": DeliveryState.FAILED}, {"state": DeliveryState.CANCELLED}, {"kind": "text"}, {"days": -1}],
)
def test_a_form_that_is_old_or_never_came_asked_nothing(desk, given):
    """Nor did another message."""
    asked(desk, **given)
    arrive(desk, NEW)
    assert told() == {55, 56}


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.VIEWER}, {"every_oa": False}])
def test_who_may_not_know_any_more_is_not_told(desk, change):
    """Somebody else is."""
    asked(desk)
    Staff.update(**change).where(Staff.telegram_id == 55).execute()
    arrive(desk, NEW)
    assert told() == {56}


def test_the_same_answer_is_told_once(desk):
    """However often its event is applied."""
    for _ in range(2):
        arrive(desk, NEW)
        inbox.replay(desk.now(), [row.id for row in inbox.InboxEvent.select()])
        while inbox.apply_batch(desk):
            pass
    assert {row.version for row in Notice.select()} == {1}


def test_an_answer_of_long_ago_wakes_nobody(desk):
    """It is on the card all the same."""
    arrive(desk, NEW, ago=8 * 86_400_000)
    assert told() == set()
    assert Follower.get().phone


def test_an_erased_persons_late_answer_is_not_told(desk):
    """It is kept away altogether."""
    arrive(desk, OLD)
    job = erasure.erase(desk, CLI, OA, USER)
    asyncio.run(erasure_sweep.run(desk, job))
    Notice.delete().execute()
    arrive(desk, NEW, ago=1000)
    assert told() == set()
