"""A message that may not leave now: why, that nothing is lost, and what else reaches the person."""

from __future__ import annotations

from bot import errors
from bot.keyboards import pairs
from bot.markup import Button, Rows, Screen, to
from bot.screens.send import called
from bot.screens.stop import start_row
from bot.screens.titles import oa_title
from bot.screens.ways import Entry, Ways, open_line, sorted_ways, way_label
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services.drafts import Form
from services.errors import Refusal
from services.preflight import Verdict
from texts.html import Html, lines

# What ends when the person writes: only then is it worth waiting for.
ENDS_WHEN_THEY_WRITE = {
    "send.window_closed", "send.window_refused", "send.year_over", "send.never_interacted", "send.blocked",
}  # fmt: skip


async def refusal(
    turn: Turn, oa: OfficialAccount, form: Form, whom: Whom, error: Refusal, verdicts: list[Verdict]
) -> Screen:
    """The four parts, under what could not be sent, with the ways that are open now."""
    t, way = turn.t, str(form.data.get("way") or form.kind)
    found = sorted_ways(verdicts, without=way)
    title = t(f"refusal.title_{way}", name=called(turn, whom), title=oa_title(t, oa))
    body: list[Html] = [errors.explain(turn, error, kept=t("refusal.kept"))]
    if found.open or waits(whom, error):
        body += [Html(""), t("refusal.others")]
        body += [open_line(turn, at, entry) for at, entry in enumerate(found.open, 1)]
    if waits(whom, error):
        body.append(t("refusal.wait", number=len(found.open) + 1))
    return Screen(lines(title, "", *body), _rows(turn, oa, whom, error, found), protect=True)


def waits(whom: Whom, error: Refusal) -> bool:
    """Whether a word from the person would change the answer."""
    return whom.follower is not None and error.key in ENDS_WHEN_THEY_WRITE


def _rows(turn: Turn, oa: OfficialAccount, whom: Whom, error: Refusal, found: Ways) -> Rows:
    t = turn.t
    others = [_way_button(turn, at, each) for at, each in found.choices]
    watch = [Button(t.plain("button.watch"), to("send.watch"))] if waits(whom, error) else []
    again = Button(t.plain("button.try_again"), to("send.again"))
    edit = Button(t.plain("button.edit_text"), to("send.edit"))
    keep, drop = Button(t.plain("button.keep_draft"), to("send.keep")), Button(t.plain("button.drop"), to("cancel"))
    card = Button(t.plain("button.card_of", name=oa.name[:20]), to("oa", oa.id, fresh=True))
    return [*pairs(others), *_remedy(turn, whom, error), *pairs([*watch, again, edit, card]), [keep, drop]]


def _remedy(turn: Turn, whom: Whom, error: Refusal) -> Rows:
    """What ends the reason itself, for those who may: a stop of everything, a refusal that staff entered."""
    if error.key == "send.stop_all":
        return start_row(turn, fresh=True)
    if error.key == "send.said_no_staff":
        target = f"k{whom.follower.id}" if whom.follower is not None else f"p{whom.phone}"
        return [[Button(turn.t.plain("button.reopen"), to("oo.ask", target, fresh=True))]]
    return []


def _way_button(turn: Turn, number: int, entry: Entry) -> Button:
    label = way_label(turn, entry.way, number, entry.verdict)
    return Button(label, to("send.way", entry.way), style="primary" if number == 1 else "")
