"""Before and after somebody is forgotten: what goes, what stays, that nothing brings it back."""

from __future__ import annotations

from bot.keyboards import back_row
from bot.markup import Button, Screen, to
from bot.screens.titles import name_of, oa_title
from bot.turn import Turn
from models import Follower, OfficialAccount
from services import phones
from services.erasure import Scope
from texts.html import Html, lines


def erase_question(
    turn: Turn, oa: OfficialAccount, person: Follower, scope: Scope, token: str, everywhere: str
) -> Screen:
    """What an erasure touches, in figures. `everywhere` is the second yes: also other OAs' people of that number."""
    t = turn.t
    parts = [
        t("erase.title", name=name_of(turn, person)),
        t("erase.goes", messages=scope.messages, deliveries=scope.deliveries),
        t("erase.phone", phone=phones.mask(person.phone)) if person.phone else None,
        t("erase.others", count=scope.others) if scope.others else None,
        t("erase.opted_out") if scope.opted_out else None,
        t("erase.stays"),
    ]
    rows = [[Button(t.plain("button.erase_yes"), to("k.erased", token), style="danger")]]
    if scope.others:
        label = t.plain("button.erase_all", count=scope.others + 1)
        rows.append([Button(label, to("k.erased", everywhere), style="danger")])
    return Screen(lines(oa_title(t, oa), "", *parts), [*rows, back_row(t, to("k", person.id))], protect=True)


def erase_begun(turn: Turn, oa: OfficialAccount) -> Screen:
    """The first part is done; this message tells when the rest is. Its button opens a new one, so that it can."""
    t = turn.t
    text: Html = lines(oa_title(t, oa), "", t("erase.begun"))
    return Screen(text, [[Button(t.plain("button.home"), to("home", fresh=True))]])
