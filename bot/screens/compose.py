"""The question of a consultation message: what is to be said."""

from __future__ import annotations

from bot.attachments import something
from bot.keyboards import cancel_row
from bot.markup import Button, Rows, Screen, to
from bot.screens.letter import letter
from bot.screens.send import to_title
from bot.turn import Turn
from bot.whom import Whom
from models import OfficialAccount
from services.drafts import Form
from texts.html import Html, escape, lines

LONGEST_SHOWN = 1200


def ask_content(turn: Turn, oa: OfficialAccount, whom: Whom, form: Form) -> Screen:
    """Words, a picture, a file? How buttons are written on demand; what was typed before to copy and mend."""
    t = turn.t
    how = t("send.how_buttons") if form.data.get("how") else None
    text = lines(to_title(turn, oa, whom), "", t("send.ask_content"), how, *before(turn, form))
    return Screen(text, _rows(turn, form), protect=True)


def before(turn: Turn, form: Form) -> list[Html]:
    """What was typed last, so that a wrong letter does not cost the whole text."""
    typed = str(form.data.get("before") or form.data.get("text") or "")
    if typed:
        return [Html(""), turn.t("send.before"), Html(f"<pre>{escape(typed[:LONGEST_SHOWN])}</pre>")]
    kind = next((name for name in ("image", "gif", "file") if form.data.get(name)), "")
    return [Html(""), letter(turn.t, kind, form.data, about=form.data.get("about"))] if kind else []


def _rows(turn: Turn, form: Form) -> Rows:
    t = turn.t
    tools = [] if form.data.get("how") else [Button(t.plain("button.add_buttons"), to("f", "content", "buttons"))]
    if something(form.data):
        tools.append(Button(t.plain("button.keep_as_is"), to("f", "content", "keep")))
    return [tools, cancel_row(t)]
