"""Customers of somebody who goes, or may not look after them any more, belong to everybody again."""

from __future__ import annotations

import pytest

from models import OfficialAccount, Role, StaffOa
from services import conversation_list, conversations, staffing
from services.audit import Actor
from services.conversation_list import Which

OA, OTHER = "2902001003004005006", "2902001003004005999"


def removed(desk, owner, lan, oa):
    staffing.remove(desk, owner, lan)


def viewer(desk, owner, lan, oa):
    staffing.set_role(desk, owner, lan, Role.VIEWER)


def closed(desk, owner, lan, oa):
    staffing.allow_oa(desk, owner, lan, oa, False)


@pytest.mark.parametrize("leaves", [removed, viewer, closed])
def test_whom_they_looked_after_waits_for_everybody(chats, leaves):
    """They stand in the list again at once, and a colleague can take them."""
    owner, lan, hoa = chats.person(Role.OWNER, "Chủ"), chats.person(), chats.person(name="Hoa")
    chats.writes()
    now = chats.clock.now()
    conversations.take(now, chats.actor(lan), OA, chats.follower().user_id)
    leaves(chats.desk, Actor(owner.name, owner), lan, chats.oa)
    _, total = conversation_list.page(now, hoa.telegram_id, [OA], Which.WAITING, 0, 6)
    assert total == 1
    conversations.take(now, chats.actor(hoa), OA, chats.follower().user_id)


def test_what_stays_open_to_them_stays_theirs(chats):
    """Another OA is closed to them."""
    owner, lan = chats.person(Role.OWNER, "Chủ"), chats.person()
    other = OfficialAccount.create(oa_id=OTHER, name="Nha khoa An", created_at=chats.clock.now())
    StaffOa.create(staff=lan, oa=chats.oa)
    chats.writes()
    conversations.take(chats.clock.now(), chats.actor(lan), OA, chats.follower().user_id)
    staffing.allow_oa(chats.desk, Actor(owner.name, owner), lan, other, False)
    assert chats.talk().taken_by == lan.telegram_id
