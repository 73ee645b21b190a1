"""Who first, how second: the questions before a message is written."""

from __future__ import annotations

from bot.errors import spoken
from bot.keyboards import cancel_row, pairs, short
from bot.markup import Button, Rows, Screen, to
from bot.screens.customers import choose_line
from bot.screens.titles import name_of, oa_title
from bot.screens.ways import Ways, closed_lines, open_line, sorted_ways, way_label
from bot.turn import Turn
from bot.whom import Whom
from models import Follower, OfficialAccount
from services import followers, phones
from services.drafts import Form
from services.interaction import last_interaction
from services.preflight import Verdict
from texts import figures
from texts.html import Html, lines


def ask_who(turn: Turn, oa: OfficialAccount, form: Form) -> Screen:
    """Name, number or id?"""
    t = turn.t
    sent = next((name for name in ("image", "gif", "file") if form.data.get(name)), "")
    key = {"": "send.ask_who", "file": "send.ask_who_file"}.get(sent, "send.ask_who_image")
    return Screen(lines(t("send.title", title=oa_title(t, oa)), "", t(key)), [cancel_row(t)])


def ask_choice(turn: Turn, oa: OfficialAccount, rows: list[Follower]) -> Screen:
    """Several people fit."""
    t = turn.t
    buttons = [[Button(choose_label(turn, row), to("f", "choose", row.id))] for row in rows]
    text = lines(t("send.title", title=oa_title(t, oa)), "", t("send.which"), *(choose_line(turn, row) for row in rows))
    return Screen(text, [*buttons, cancel_row(t)], protect=True)


def choose_label(turn: Turn, person: Follower) -> str:
    """A name and the masked number, for a button."""
    phone = f" · {phones.mask(person.phone)}" if person.phone else ""
    return short(name_of(turn, person), 24) + phone


def called(turn: Turn, whom: Whom) -> str:
    """By what name the screens speak of the person: their own, else their number."""
    return name_of(turn, whom.follower) if whom.follower is not None else whom.shown_phone


def phone_of(whom: Whom) -> str:
    """· 090***8812 behind a name; nothing where the number itself is the name."""
    return f" · {whom.shown_phone}" if whom.follower is not None and whom.phone else ""


def to_title(turn: Turn, oa: OfficialAccount, whom: Whom) -> Html:
    """Gửi cho Minh Anh · 090***8812 · OA and mode."""
    return turn.t("send.to", name=called(turn, whom), phone=phone_of(whom), title=oa_title(turn.t, oa))


async def ways_screen(turn: Turn, oa: OfficialAccount, whom: Whom, verdicts: list[Verdict]) -> Screen:
    """What reaches this person now, what later, and why the rest does not."""
    found = sorted_ways(verdicts)
    t = turn.t
    body: list[Html] = []
    if found.open:
        shown = [open_line(turn, at, entry) for at, entry in enumerate(found.open, 1)]
        body += [Html(""), t("send.possible"), *shown]
    if found.later or found.closed:
        body += [Html(""), t("send.not_now"), closed_lines(turn, found)]
    if any(entry.way == "cs" for entry in found.open):
        body += [Html(""), t("send.type_at_once")]
    facts = await _facts(turn, oa, whom.follower) if whom.follower is not None else None
    return Screen(lines(to_title(turn, oa, whom), facts, *body), _rows(turn, whom, found), protect=True)


async def _facts(turn: Turn, oa: OfficialAccount, person: Follower) -> Html:
    t = turn.t
    parts = []
    if person.is_follower and person.follow_at:
        parts.append(t("send.follows_since", month=figures.month(person.follow_at)))
    last = last_interaction(person)
    if last is not None:
        parts.append(t("send.last_wrote", when=spoken(turn, last.shown)))
    tags = (await turn.db(followers.tags_of, oa.oa_id, [person.user_id]))[person.user_id]
    if tags:
        parts.append(t("send.tags", tags=", ".join(tags)))
    told = " · ".join(parts)
    return Html(told[:1].upper() + told[1:]) if told else t("send.nothing_known")


def _rows(turn: Turn, whom: Whom, found: Ways) -> Rows:
    t = turn.t
    buttons = [
        Button(way_label(turn, entry.way, at), to("f", "way", entry.way), style="primary" if at == 1 else "")
        for at, entry in found.choices
    ]
    # What goes later may be written now; it waits here until then.
    for entry in found.later_choices:
        buttons.append(Button(f"🕐 {t.plain(f'button.way_{entry.way}')}", to("f", "way", entry.way)))
    last = cancel_row(t)
    if whom.follower is not None:
        last = [Button(t.plain("button.profile"), to("k", whom.follower.id)), *last]
    return [*pairs(buttons), last]
