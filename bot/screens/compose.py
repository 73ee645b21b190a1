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
    told: list[Html] = []
    if typed:
        told = [Html(""), turn.t("send.before"), Html(f"<pre>{escape(typed[:LONGEST_SHOWN])}</pre>")]
    kind = next((name for name in ("image", "gif", "file") if form.data.get(name)), "")
    if kind and (not typed or _file_with_words(form)):
        told += [Html(""), letter(turn.t, kind, {kind: form.data[kind]}, about=form.data.get("about"))]
    return told


def _file_with_words(form: Form) -> bool:
    return bool(form.data.get("file") and form.data.get("text"))


def _rows(turn: Turn, form: Form) -> Rows:
    t = turn.t
    tools = [] if form.data.get("how") else [Button(t.plain("button.add_buttons"), to("f", "content", "buttons"))]
    if _file_with_words(form):
        bare = Button(t.plain("button.without_words"), to("f", "content", "bare"), style="primary")
        return [[bare], tools, cancel_row(t)]
    if something(form.data):
        tools.append(Button(t.plain("button.keep_as_is"), to("f", "content", "keep")))
    return [tools, cancel_row(t)]
