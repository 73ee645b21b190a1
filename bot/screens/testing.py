"""[Test to me]: who gets the test, what it costs, and why it could not go."""

from __future__ import annotations

from bot import errors
from bot.keyboards import home_row
from bot.markup import Button, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Channel, Delivery, OfficialAccount
from services import phones
from services.errors import DeskError
from texts.html import Html, escape, lines


def test_told(turn: Turn, oa: OfficialAccount, sent: list[Delivery]) -> Screen:
    """To whom it went. The result of each comes on a message of its own."""
    t = turn.t
    names = [Html(f"• {escape(_name(row))}") for row in sent]
    by_phone = any(row.channel == Channel.ZNS for row in sent)
    told = t("testing.told_zns" if by_phone else "testing.told_oa", count=len(sent))
    return Screen(lines(oa_title(t, oa), "", told, *names), [home_row(t)], protect=True)


def _name(row: Delivery) -> str:
    if row.channel == Channel.ZNS:
        return phones.mask(row.recipient)
    return row.recipient_name or f"…{row.recipient[-4:]}"


def test_costs(turn: Turn, oa: OfficialAccount, error: DeskError) -> Screen:
    """Tests to a user id are real messages: what they cost is said before."""
    t, price = turn.t, error.values["price"]
    shown = t.money(price) if turn.staff.sees_money and price is not None else t.plain("testing.some_money")
    told = t("testing.costs", count=error.values["count"], money=shown)
    yes = Button(t.plain("button.test_paid", money=shown), to("send.test", "paid"))
    back = Button(t.plain("button.back"), to("send.again"))
    return Screen(lines(oa_title(t, oa), "", told), [[yes], [back]], protect=True)


def test_refused(turn: Turn, oa: OfficialAccount, error: DeskError) -> Screen:
    """Nobody may get a test, or it may not leave now; the preview itself stays as it is."""
    t = turn.t
    card = Button(t.plain("button.card_of", name=oa.name[:20]), to("oa", oa.id, fresh=True))
    return Screen(lines(oa_title(t, oa), "", errors.explain(turn, error)), [[card], home_row(t)], protect=True)
