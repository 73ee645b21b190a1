"""A message that may not leave now: why, that nothing is lost, and what else reaches the person."""

from __future__ import annotations

from bot import errors
from bot.keyboards import cancel_row
from bot.markup import Button, Rows, Screen, to
from bot.screens.titles import oa_title
from bot.turn import Turn
from models import Channel, OfficialAccount
from services.errors import Refusal
from services.preflight import Way
from texts.html import Html, lines


def refusal(
    turn: Turn, oa: OfficialAccount, error: Refusal, *, kind: str, name: str = "", others: list[Way] | None = None
) -> Screen:
    """The four parts, under what could not be sent, with the ways that are open now."""
    t = turn.t
    title = t(f"refusal.title_{kind}", name=name, title=oa_title(t, oa))
    open_ways = [way for way in others or [] if way.open]
    body = [errors.explain(turn, error)]
    if open_ways:
        body += [Html(""), t("refusal.others"), *(way_line(turn, at, way) for at, way in enumerate(open_ways, 1))]
    return Screen(lines(title, "", *body), [*_rows(turn, oa, kind, open_ways), cancel_row(t)], protect=True)


def way_line(turn: Turn, number: int, way: Way) -> Html:
    """1 · Tin tư vấn: chữ, ảnh · miễn phí đến 25/11 08:05."""
    t = turn.t
    until = t("way.until", when=t.moment(way.until, turn.now())) if way.until else Html("")
    if way.channel == Channel.CS:
        cost = t("way.free") if way.key == "way.cs_free" else t("way.maybe_charged")
        return Html(f"{number} · {t('way.cs')} · {cost}{until}")
    shown = way.price is not None and turn.staff.sees_money
    price = t("way.from", money=t.money(way.price or 0)) if shown else t("way.charged")
    return Html(f"{number} · {t('way.zns')} · {price}")


def _rows(turn: Turn, oa: OfficialAccount, kind: str, open_ways: list[Way]) -> Rows:
    t = turn.t
    rows = [[Button(t.plain(f"button.way_{way.channel}"), to("send.way", way.channel))] for way in open_ways]
    again = [Button(t.plain("button.try_again"), to("text.again" if kind == "cs" else "zns.again"))]
    if kind == "cs":
        again.append(Button(t.plain("button.edit_text"), to("text.edit")))
    card = [Button(t.plain("button.card_of", name=oa.name[:20]), to("oa", oa.id, fresh=True))]
    return [*rows, again, card]
